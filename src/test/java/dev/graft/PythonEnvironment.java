package dev.graft;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;

/**
 * The Python side, for tests that cross the languages: {@code python-export/.venv} with exactly the
 * packages of {@code python-export/requirements.lock} and graft-export itself, editable; and {@code
 * python-export/.venv-spark} with those of {@code spark.lock}, which are Spark as well. Made on
 * first use, and again when the lock changes. Safe for several threads and several test JVMs.
 *
 * <p>The interpreter is Python 3.11 or 3.12: the one that the environment variable {@code
 * GRAFT_PYTHON} names, or the first on the PATH. There is no skipping: without one, tests fail.
 */
public final class PythonEnvironment {
  private static final Path EXPORT = Path.of("python-export").toAbsolutePath();
  private static final Path PROJECT_FILE = EXPORT.resolve("pyproject.toml");
  private static final boolean WINDOWS = System.getProperty("os.name").startsWith("Windows");
  private static final String PROBE =
      "import sys; print('%d.%d' % sys.version_info[:2], sys.executable, sep='|'); import ensurepip";

  private static PythonEnvironment made;
  private static PythonEnvironment madeSpark;

  private final Path folder;
  private final Path lockFile;

  private PythonEnvironment(String folder, String lockFile) {
    this.folder = EXPORT.resolve(folder);
    this.lockFile = EXPORT.resolve(lockFile);
  }

  /**
   * The environment, made before if need be, which takes a minute or more.
   *
   * @throws IllegalStateException if there is no fitting Python, or a package cannot be installed
   */
  public static synchronized PythonEnvironment get() {
    if (made == null) {
      PythonEnvironment environment = new PythonEnvironment(".venv", "requirements.lock");
      environment.make(environment::installExport);
      made = environment;
    }
    return made;
  }

  /**
   * The environment with PySpark, made before if need be, for which 455 MB are fetched.
   *
   * @throws IllegalStateException as {@link #get}
   */
  public static synchronized PythonEnvironment spark() {
    if (madeSpark == null) {
      PythonEnvironment environment = new PythonEnvironment(".venv-spark", "spark.lock");
      environment.make(() -> {});
      madeSpark = environment;
    }
    return madeSpark;
  }

  /** The environment's own Python. */
  public Path executable() {
    return executable("python");
  }

  /**
   * Runs Python in the repository's root.
   *
   * @param arguments what stands behind {@code python}: a script and its arguments, {@code -m} and
   *     a module, or {@code -c} and code
   * @return what it wrote to standard output
   * @throws AssertionError if it fails, with what it wrote to standard error
   */
  public String python(String... arguments) {
    return output(command(executable("python"), arguments));
  }

  /**
   * Runs a command that the environment installed, such as {@code graft-export}, in the
   * repository's root.
   *
   * @return what it wrote to standard output
   * @throws AssertionError if it fails, with what it wrote to standard error
   */
  public String tool(String name, String... arguments) {
    return output(command(executable(name), arguments));
  }

  /**
   * Runs Python and prints what it writes as it comes.
   *
   * @return its exit code
   */
  public int show(Path in, String... arguments) {
    return run(command(executable("python"), arguments), in, System.out::println);
  }

  private String output(List<String> command) {
    try {
      Path errors = Files.createTempFile("python", ".err");
      try {
        List<String> lines = new ArrayList<>();
        Process process = process(command, Path.of("")).redirectError(errors.toFile()).start();
        int exit = await(process, lines::add);
        if (exit != 0) {
          throw new AssertionError(
              "%s ended with %d:%n%s%n%s"
                  .formatted(
                      String.join(" ", command),
                      exit,
                      String.join(System.lineSeparator(), lines),
                      Files.readString(errors)));
        }
        return String.join("\n", lines);
      } finally {
        Files.delete(errors);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What an environment has besides its packages. */
  private interface Addition {
    void install() throws IOException;
  }

  private void make(Addition addition) {
    if (!Files.isRegularFile(lockFile)) {
      throw new IllegalStateException("The Python side has no " + lockFile + ".");
    }
    try {
      Path lock = Files.createDirectories(Path.of("target")).resolve("python-environment.lock");
      try (FileChannel channel =
          FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        channel.lock(); // until the channel is closed
        installPackages();
        addition.install();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void installPackages() throws IOException {
    Path stamp = folder.resolve("packages.sha256");
    if (isStamped(stamp, lockFile)) {
      return;
    }
    String python = find(candidates(System.getenv("GRAFT_PYTHON")));
    System.out.println("Making " + folder + " with " + python + "; this takes a minute or more.");
    install(List.of(python, "-m", "venv", "--clear", folder.toString()));
    install(pip("install", "--require-hashes", "-r", lockFile.toString()));
    Files.writeString(stamp, sha256(lockFile));
  }

  private void installExport() throws IOException {
    Path stamp = folder.resolve("project.sha256");
    if (!isStamped(stamp, PROJECT_FILE)) {
      install(pip("install", "--no-deps", "-e", EXPORT.toString()));
      Files.writeString(stamp, sha256(PROJECT_FILE));
    }
  }

  /** A stamp is written last: without it, or with another hash, the work was not done. */
  private static boolean isStamped(Path stamp, Path source) throws IOException {
    return Files.isRegularFile(stamp) && Files.readString(stamp).equals(sha256(source));
  }

  private List<String> pip(String... arguments) {
    List<String> command = command(executable("python"), "-m", "pip");
    command.addAll(List.of("--disable-pip-version-check", "--no-input"));
    command.addAll(List.of(arguments));
    command.addAll(List.of("--progress-bar", "off"));
    return command;
  }

  private static void install(List<String> command) {
    int exit = run(command, Path.of(""), line -> System.out.println("  " + line));
    if (exit != 0) {
      throw new IllegalStateException(
          "%s ended with %d; what it said stands above."
              .formatted(String.join(" ", command), exit));
    }
  }

  /** The commands that may be Python, best first. */
  static List<List<String>> candidates(String chosen) {
    if (chosen != null && !chosen.isBlank()) {
      return List.of(List.of(chosen));
    }
    return WINDOWS
        ? List.of(List.of("py", "-3.12"), List.of("py", "-3.11"), List.of("python"))
        : List.of(
            List.of("python3.12"), List.of("python3.11"), List.of("python3"), List.of("python"));
  }

  /** The path of the first candidate that is Python 3.11 or 3.12 and can make environments. */
  static String find(List<List<String>> candidates) {
    List<String> tried = new ArrayList<>();
    for (List<String> candidate : candidates) {
      List<String> said = new ArrayList<>();
      int exit = probe(candidate, said);
      String[] answer = said.isEmpty() ? new String[0] : said.get(0).split("\\|", 2);
      boolean fits = answer.length == 2 && answer[0].matches("3\\.1[12]");
      if (fits && exit == 0) {
        return answer[1];
      }
      String name = String.join(" ", candidate);
      tried.add(
          answer.length != 2
              ? name + " is not there"
              : fits ? name + " has no venv" : name + " is Python " + answer[0]);
    }
    throw new IllegalStateException(
        "The tests that compare with Python need Python 3.11 or 3.12 with venv, but "
            + String.join(", ", tried)
            + "; install it (Debian, Ubuntu: sudo apt install python3-venv; macOS: brew install"
            + " python@3.12; Windows: winget install Python.Python.3.12) or set GRAFT_PYTHON to it.");
  }

  private static int probe(List<String> candidate, List<String> said) {
    List<String> command = new ArrayList<>(candidate);
    command.addAll(List.of("-c", PROBE));
    try {
      return await(process(command, Path.of("")).redirectErrorStream(true).start(), said::add);
    } catch (IOException e) {
      return -1; // no such program
    }
  }

  private Path executable(String name) {
    return WINDOWS
        ? folder.resolve("Scripts").resolve(name + ".exe")
        : folder.resolve("bin").resolve(name);
  }

  private static List<String> command(Path program, String... arguments) {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(List.of(arguments));
    return command;
  }

  private static int run(List<String> command, Path folder, Consumer<String> lines) {
    try {
      return await(process(command, folder).redirectErrorStream(true).start(), lines);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ProcessBuilder process(List<String> command, Path folder) {
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(folder.toAbsolutePath().toFile());
    builder.environment().keySet().removeAll(List.of("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"));
    builder.environment().put("PYTHONUTF8", "1");
    builder.environment().put("PYTHONUNBUFFERED", "1");
    builder.environment().put("KERAS_BACKEND", "tensorflow");
    builder.environment().put("TF_CPP_MIN_LOG_LEVEL", "2");
    return builder;
  }

  private static int await(Process process, Consumer<String> lines) throws IOException {
    try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
      process.getOutputStream().close();
      reader.lines().forEach(lines);
      return process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("Interrupted while Python ran.");
    } finally {
      process.destroy();
    }
  }

  private static String sha256(Path file) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(Files.readAllBytes(file)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
