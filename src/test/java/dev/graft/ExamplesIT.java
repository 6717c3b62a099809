package dev.graft;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.export.TinyClassifier;
import dev.graft.features.DrawnImages;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The projects in {@code examples/}, copied, built and run by Maven as their README says, with
 * Graft's jar and POM in a local repository of their own. All else there is a link into the one of
 * the build that runs this test.
 */
@DisabledOnOs(OS.WINDOWS) // where links are a privilege
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ExamplesIT {
  private static final String VERSION = System.getProperty("graft.version");

  @TempDir private static Path folder;
  private static Path repository;
  private static Path model;
  private static List<Path> photos;

  @BeforeAll
  static void install() throws IOException {
    repository = Files.createDirectories(folder.resolve("repository"));
    Path surrounding = Path.of(System.getProperty("maven.repository"));
    link(surrounding, repository, "dev");
    Path dev = Files.createDirectories(repository.resolve("dev"));
    if (Files.exists(surrounding.resolve("dev"))) {
      link(surrounding.resolve("dev"), dev, "graft");
    }
    Path graft = Files.createDirectories(dev.resolve("graft/graft").resolve(VERSION));
    Files.copy(Path.of("target/graft.jar"), graft.resolve("graft-" + VERSION + ".jar"));
    Files.copy(Path.of("pom.xml"), graft.resolve("graft-" + VERSION + ".pom"));
    model = TinyClassifier.export(folder.resolve("model"));
    photos = DrawnImages.draw(folder.resolve("photos"), 0, 2);
  }

  private static void link(Path from, Path to, String except) throws IOException {
    try (Stream<Path> entries = Files.list(from)) {
      for (Path entry : entries.toList()) {
        if (!entry.getFileName().toString().equals(except)) {
          Files.createSymbolicLink(to.resolve(entry.getFileName()), entry);
        }
      }
    }
  }

  @AfterAll
  static void unlink() throws IOException {
    for (Path linking : List.of(repository, repository.resolve("dev"))) {
      try (Stream<Path> entries = Files.list(linking)) {
        for (Path link : entries.filter(Files::isSymbolicLink).toList()) {
          Files.delete(link);
        }
      }
    }
  }

  /** A copy, so that nothing is left beside the sources. */
  private static Path copy(String example) throws IOException {
    Path from = Path.of("examples", example);
    Path to = folder.resolve(example);
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path relative = from.relativize(file);
        if (!relative.startsWith("target")) {
          Files.copy(file, to.resolve(relative.toString()));
        }
      }
    }
    return to;
  }

  private static Process run(String example, Object... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("maven.home"), "bin", "mvn").toString());
    command.addAll(List.of("-B", "-q", "-Dstyle.color=never", "compile", "exec:java"));
    command.add(
        "-Dexec.args=" + String.join(" ", Stream.of(arguments).map(Object::toString).toList()));
    command.add("-Dmaven.repo.local=" + repository);
    command.add("-Dgraft.version=" + VERSION);
    command.add("-Dnatives=" + System.getProperty("graft.natives"));
    String[] session = System.getProperty("maven.session").split(" ", 2);
    if (Boolean.parseBoolean(session[0])) {
      command.add("-o");
    }
    if (Files.exists(Path.of(session[1]))) {
      command.addAll(List.of("-s", session[1]));
    }
    ProcessBuilder builder = new ProcessBuilder(command).directory(copy(example).toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    return builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  @Test
  void classifySaysWhatIsOnEachPhoto() throws Exception {
    Path text = Files.writeString(folder.resolve("text.png"), "no photo");
    Process process = run("classify", model, photos.get(0), text, photos.get(1));
    List<String> said;
    try (BufferedReader lines = process.inputReader()) {
      said = lines.lines().map(ExamplesIT::plain).filter(line -> !line.isEmpty()).toList();
    }
    assertThat(process.waitFor()).as(said.toString()).isZero();
    assertThat(said).hasSize(3);
    assertThat(said.get(0)).matches(".*000\\.png: (blue|green|red) 0\\.\\d{4}");
    assertThat(said.get(1)).startsWith(text + " is no");
    assertThat(said.get(2)).contains("001.png: ");
  }

  @Test
  void endpointAnswersPhotosAndSaysWhatItDid() throws Exception {
    Process process = run("endpoint", model, 0);
    try (BufferedReader said = process.inputReader()) {
      String address = plain(said.readLine());
      assertThat(address).startsWith("http://127.0.0.1:");
      HttpClient client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(30)).build();
      URI predict = URI.create(address + "/predict");
      List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
      for (int i = 0; i < 24; i++) {
        answers.add(
            client.sendAsync(
                post(predict, Files.readAllBytes(photos.get(i % photos.size()))),
                HttpResponse.BodyHandlers.ofString()));
      }
      for (int i = 0; i < answers.size(); i++) {
        HttpResponse<String> answer = answers.get(i).join();
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.body())
            .contains("\"label\":", "\"top\":")
            .isEqualTo(answers.get(i % photos.size()).join().body());
      }
      HttpResponse<String> bad =
          client.send(post(predict, "no photo".getBytes()), HttpResponse.BodyHandlers.ofString());
      assertThat(bad.statusCode()).isEqualTo(422);
      assertThat(bad.body()).contains("The photo is no");
      String metrics =
          client
              .send(
                  HttpRequest.newBuilder(URI.create(address + "/metrics")).build(),
                  HttpResponse.BodyHandlers.ofString())
              .body();
      assertThat(metrics)
          .contains("photos_answered_total 24\n", "photos_rejected_total 1\n")
          .contains("calls_refused_total 0\n");
    } finally {
      end(process);
    }
  }

  private static HttpRequest post(URI address, byte[] body) {
    return HttpRequest.newBuilder(address)
        .POST(HttpRequest.BodyPublishers.ofByteArray(body))
        .build();
  }

  @Test
  void inboxAnswersWhatArrivesAndGoesOnWithWhatWasInterrupted() throws Exception {
    Path work = Files.createDirectories(folder.resolve("work"));
    Path interrupted = Files.createDirectories(work.resolve("taken/earlier"));
    Files.copy(photos.get(0), interrupted.resolve("a.png"));
    Path inbox = Files.createDirectories(work.resolve("inbox"));
    Files.copy(photos.get(1), inbox.resolve("b.png"));
    Files.writeString(inbox.resolve("c.png"), "no photo");
    Process process = run("inbox", model, work, 1);
    try (BufferedReader said = process.inputReader()) {
      String arrived = plain(said.readLine());
      assertThat(arrived).matches("Answered \\d{8}-\\d{6}-\\d{3}");
      assertThat(said.readLine()).isEqualTo("Answered earlier");
      String name = arrived.substring("Answered ".length());
      assertThat(work.resolve("results/earlier.csv")).content().contains("a.png");
      assertThat(work.resolve("results/" + name + ".csv"))
          .content()
          .contains("b.png")
          .doesNotContain("c.png");
      assertThat(work.resolve("results/" + name + ".csv.rejected.jsonl"))
          .content()
          .contains("c.png");
      assertThat(work.resolve("done/" + name + "/b.png")).exists();
      assertThat(inbox).isEmptyDirectory();
      Path late = Files.copy(photos.get(2), work.resolve("d.png"));
      Files.move(late, inbox.resolve("d.png"));
      assertThat(said.readLine()).startsWith("Answered ");
    } finally {
      end(process);
    }
  }

  /** Some Mavens colour what others print. */
  private static String plain(String line) {
    return line.replaceAll("\u001B\\[[;\\d]*m", "");
  }

  /** Maven is a script that becomes Java, or starts it. */
  private static void end(Process process) throws InterruptedException {
    process.descendants().forEach(ProcessHandle::destroy);
    process.destroy();
    if (!process.waitFor(30, TimeUnit.SECONDS)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor();
    }
  }
}
