package dev.graft;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher itself, in a project of two files, with a {@code java} and an {@code mvn} before the
 * real ones on the PATH: they write down how they were called and leave what the real ones would.
 */
@DisabledOnOs(OS.WINDOWS) // where the launcher is graft.cmd
@Timeout(60)
class LauncherTest {
  private static final String JAVA =
      """
      #!/bin/sh
      if [ "$1" = -version ]; then
        echo "openjdk version \\"${FAKE_JAVA:-17.0.1}\\" 2021-10-19" >&2
        exit
      fi
      printf '%s\\n' "$@" "TF_CPP_MIN_LOG_LEVEL=$TF_CPP_MIN_LOG_LEVEL"
      exit "${FAKE_EXIT:-0}"
      """;

  /** Writes the command that made it into the archive. */
  private static final String ARCHIVING =
      """
      for argument; do
        case $argument in
          -XX:ArchiveClassesAtExit=*) archive=${argument#*=} ;;
          verify) [ -z "${archive:-}" ] || printf verify > "$archive" ;;
        esac
      done
      """;

  private static final String MAVEN =
      """
      #!/bin/sh
      for argument; do
        case $argument in
          --version)
            echo "Apache Maven ${FAKE_MAVEN:-3.8.7} (abc)"
            echo "Java version: ${FAKE_JAVA:-17.0.1}, vendor: X, runtime: $FAKE_JDK"
            exit ;;
          -Dlauncher=*) work=${argument#-Dlauncher=} ;;
        esac
      done
      echo "$@" >> "$FAKE_JDK/maven-calls"
      until [ -z "$FAKE_WAIT" ] || [ -e "$FAKE_WAIT" ]; do sleep 0.1; done
      if [ -n "$FAKE_ERROR" ]; then
        echo "[ERROR] $FAKE_ERROR"
        exit 1
      fi
      mkdir -p "$work/lib"
      echo library > "$work/lib/library-1.0.jar"
      echo graft > "$work/graft.jar"
      """;

  @TempDir private Path folder;
  private Path project;
  private Path jdk;
  private Path built;

  @BeforeEach
  void makeProject() throws IOException {
    project = Files.createDirectories(folder.resolve("my project"));
    jdk = folder.resolve("jdk");
    built = project.resolve("target/launcher");
    Files.createDirectories(project.resolve("src/main/java"));
    Files.createDirectories(jdk.resolve("bin"));
    Files.copy(Path.of("graft"), project.resolve("graft"));
    Files.writeString(project.resolve("pom.xml"), "<project/>");
    Files.writeString(project.resolve("src/main/java/A.java"), "class A {}");
    program("java", JAVA);
    program("javac", "#!/bin/sh\n");
    program("mvn", MAVEN);
  }

  @Test
  void theFirstStartBuildsAndTheSecondDoesNot() throws Exception {
    Ended first = start("inspect", "a model").end();
    assertThat(first.exit).isZero();
    assertThat(first.err).contains("graft: building", "160 MB", "graft: built");
    assertThat(first.out.lines()).contains("-jar", built.resolve("graft.jar").toString());
    assertThat(first.out).contains("inspect\na model\nTF_CPP_MIN_LOG_LEVEL=2\n");

    Ended second = start("--version").end();
    assertThat(second.err).isEmpty();
    assertThat(second.out).contains("--version\n");
    assertThat(mavenCalls()).isEqualTo(1);
    assertThat(built.resolve("lib/library-1.0.jar")).exists();
    try (Stream<Path> left = Files.list(built)) {
      assertThat(left.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("graft.jar", "lib", "stamp");
    }
  }

  @Test
  void startsUseAnArchiveOfClassesThatTheBuildMade() throws Exception {
    program("java", JAVA.replace("if [ \"$1\"", ARCHIVING + "if [ \"$1\""));
    Ended first = start("predict", "a model").end();
    Path archive = built.resolve("graft.jsa");
    assertThat(archive).hasContent("verify");
    assertThat(first.out.lines())
        .contains("-XX:SharedArchiveFile=" + archive, "-XX:Tier4InvocationThreshold=50000");
    assertThat(start("train").end().out).contains(archive.toString()).doesNotContain("Tier4");
    makeNewer(project.resolve("src/main/java/A.java"));
    program("java", JAVA);
    assertThat(start().end().out).doesNotContain("SharedArchive");
    assertThat(archive).doesNotExist();
  }

  @Test
  void forAGpuItIsBuiltApart() throws Exception {
    start().end();
    Ended gpu = start(builder -> builder.environment().put("GRAFT_GPU", "1"), "--version").end();
    assertThat(lastMavenCall()).contains(" -Dgpu ");
    assertThat(gpu.out).contains("launcher-gpu/graft.jar");
    assertThat(mavenCalls()).isEqualTo(2);
    assertThat(start().end().out).contains("launcher/graft.jar");
  }

  @Test
  void aChangedSourceIsBuiltAgainWithoutTheLibraries() throws Exception {
    start().end();
    makeNewer(project.resolve("src/main/java/A.java"));
    assertThat(start().end().err).contains("building again");
    assertThat(mavenCalls()).isEqualTo(2);
    assertThat(lastMavenCall()).contains(":compile").doesNotContain("copy-dependencies");
  }

  /** What runs on Windows is not run here: it is held to naming what this one names. */
  @Test
  void theLauncherOfWindowsNamesTheSameGoalsOptionsAndClasses() throws IOException {
    String unix = Files.readString(Path.of("graft"));
    String windows = Files.readString(Path.of("graft.cmd"));
    List<String> goals = found("(?:org\\.apache|io\\.github)\\.[\\w.-]+", unix);
    assertThat(goals).hasSize(2);
    assertThat(found("(?:org\\.apache|io\\.github)\\.[\\w.-]+", windows)).isEqualTo(goals);
    for (String named :
        List.of(
            "maven-[a-z]+-plugin:[a-z-]+|git-commit-id-maven-plugin:[a-z]+", // goals, in order
            "-XX:(?!ArchiveClasses|SharedArchive)[+\\w=]+", // the archive is Unix's alone
            "-Dorg\\.[\\w.=]+|-Dlauncher=|-Dstyle[\\w.=]+",
            "--enable-native-access=\\S+",
            "dev\\.graft\\.cli\\.Main",
            "GRAFT_JAVA_OPTS",
            "TF_CPP_MIN_LOG_LEVEL",
            "copy-dependencies")) {
      assertThat(Set.copyOf(found(named, windows)))
          .as(named)
          .isEqualTo(Set.copyOf(found(named, unix)))
          .isNotEmpty();
    }
    String goal = "maven-[a-z]+-plugin:[a-z-]+|git-commit-id-maven-plugin:[a-z]+";
    assertThat(found(goal, windows)).isEqualTo(found(goal, unix)).hasSize(5);
    String longer = "train resume tune evaluate";
    assertThat(windows).contains("in (" + longer + ")").contains("\\lib\\*\" dev.graft");
    assertThat(unix)
        .contains(longer.replace(" ", " | ") + ")")
        .contains("/lib")
        .contains("/*\" dev");
  }

  private static List<String> found(String pattern, String text) {
    return Pattern.compile(pattern).matcher(text).results().map(MatchResult::group).toList();
  }

  @Test
  void theCommitIsAskedForBeforeTheResourcesThatNameIt() throws Exception {
    start().end();
    assertThat(lastMavenCall())
        .containsSubsequence(
            "git-commit-id-maven-plugin:revision", "maven-resources-plugin:resources", ":compile");
  }

  @Test
  void aDeletedSourceIsBuiltAgain() throws Exception {
    start().end();
    Files.delete(project.resolve("src/main/java/A.java"));
    makeNewer(project.resolve("src/main/java"));
    assertThat(start().end().err).contains("building again");
  }

  @Test
  void aChangedPomIsBuiltAgainWithItsLibraries() throws Exception {
    start().end();
    makeNewer(project.resolve("pom.xml"));
    assertThat(start().end().err).contains("building again");
    assertThat(lastMavenCall()).contains("copy-dependencies");
  }

  @Test
  void aFailedBuildSaysWhyAndIsTriedAgain() throws Exception {
    Ended failed = start(builder -> builder.environment().put("FAKE_ERROR", "No network.")).end();
    assertThat(failed.exit).isEqualTo(1);
    assertThat(failed.err).contains("[ERROR] No network.", "build.log");
    assertThat(failed.out).isEmpty();
    assertThat(start().end().exit).isZero();
    assertThat(mavenCalls()).isEqualTo(2);
  }

  @Test
  void anInterruptedBuildLeavesNothingThatLooksWhole() throws Exception {
    Started started = startThatWaits();
    awaitMavenCall();
    started.process.toHandle().destroy(); // leaves the pipes open, to be read
    Ended interrupted = started.end();
    assertThat(interrupted.exit).isEqualTo(143);
    assertThat(interrupted.err).contains("interrupted");
    assertThat(built).isEmptyDirectory();
    assertThat(start().end().exit).isZero();
  }

  @Test
  void aKilledBuildIsTakenUpAgain() throws Exception {
    Started started = startThatWaits();
    awaitMavenCall();
    List<ProcessHandle> children = started.process.descendants().toList();
    started.process.destroyForcibly();
    children.forEach(ProcessHandle::destroyForcibly);
    started.process.waitFor();
    assertThat(built.resolve("stamp")).doesNotExist();

    assertThat(start().end().exit).isZero();
    try (Stream<Path> left = Files.list(built)) {
      assertThat(left.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("graft.jar", "lib", "stamp");
    }
  }

  @Test
  void twoStartsAtOnceBuildOnce() throws Exception {
    Started one = startThatWaits();
    awaitMavenCall();
    Started other = start();
    BufferedReader said = other.process.errorReader();
    assertThat(said.readLine()).contains("another graft is building");
    Files.createFile(folder.resolve("go"));
    assertThat(one.end().exit).isZero();
    assertThat(said.readLine()).isNull();
    assertThat(other.process.waitFor()).isZero();
    assertThat(mavenCalls()).isEqualTo(1);
  }

  @Test
  void theExitCodePassesThrough() throws Exception {
    Ended ended = start(builder -> builder.environment().put("FAKE_EXIT", "3")).end();
    assertThat(ended.exit).isEqualTo(3);
  }

  @Test
  void optionsForJavaComeBeforeTheJar() throws Exception {
    Ended ended =
        start(builder -> builder.environment().put("GRAFT_JAVA_OPTS", "-Xmx3g -Da=b")).end();
    assertThat(ended.out).containsSubsequence("-Xmx3g\n", "-Da=b\n", "-jar\n");
  }

  @Test
  void theUsersLogLevelStays() throws Exception {
    Ended ended = start(builder -> builder.environment().put("TF_CPP_MIN_LOG_LEVEL", "0")).end();
    assertThat(ended.out).contains("TF_CPP_MIN_LOG_LEVEL=0");
  }

  @Test
  void aSymbolicLinkFromElsewhereWorks() throws Exception {
    Path bin = Files.createDirectories(folder.resolve("bin"));
    Files.createSymbolicLink(bin.resolve("hop"), Path.of("../my project/graft"));
    Files.createSymbolicLink(bin.resolve("graft"), bin.resolve("hop"));
    Process process = builder(bin.resolve("graft").toString()).directory(bin.toFile()).start();
    assertThat(new Started(process).end().out)
        .contains(built.toRealPath().resolve("graft.jar").toString());
  }

  @Test
  void anOldJavaIsNamed() throws Exception {
    Ended ended = start(builder -> builder.environment().put("FAKE_JAVA", "11.0.2")).end();
    assertThat(ended.exit).isEqualTo(1);
    assertThat(ended.err).contains("is Java 11: install a JDK 17 or newer").hasLineCount(1);
  }

  @Test
  void aMissingJavaIsNamed() throws Exception {
    Ended ended = start(builder -> builder.environment().put("JAVA_HOME", folder.toString())).end();
    assertThat(ended.exit).isEqualTo(1);
    assertThat(ended.err).contains("has no bin/java: install a JDK 17 or newer").hasLineCount(1);
  }

  @Test
  void aJavaWithoutCompilerIsNamed() throws Exception {
    Files.delete(jdk.resolve("bin/javac"));
    assertThat(start().end().err).contains("has no compiler: install a JDK 17").hasLineCount(1);
  }

  @Test
  void anOldMavenIsNamed() throws Exception {
    Ended ended = start(builder -> builder.environment().put("FAKE_MAVEN", "3.6.3")).end();
    assertThat(ended.exit).isEqualTo(1);
    assertThat(ended.err).contains("this is Maven 3.6: install Maven 3.8").hasLineCount(1);
  }

  @Test
  void aNewMavenIsFine() throws Exception {
    Ended ended = start(builder -> builder.environment().put("FAKE_MAVEN", "3.10.0")).end();
    assertThat(ended.exit).isZero();
  }

  @Test
  void aMissingMavenIsNamed() throws Exception {
    Files.delete(jdk.resolve("bin/mvn"));
    for (String tool : List.of("sh", "dirname", "readlink", "find", "sed", "head", "cat")) {
      program(tool, "#!/bin/sh\nPATH=/usr/bin:/bin exec " + tool + " \"$@\"\n");
    }
    Ended ended =
        start(builder -> builder.environment().put("PATH", jdk.resolve("bin").toString())).end();
    assertThat(ended.exit).isEqualTo(1);
    assertThat(ended.err).contains("no Maven was found: install Maven 3.8").hasLineCount(1);
  }

  private record Ended(int exit, String out, String err) {}

  private final class Started {
    private final Process process;

    Started(Process process) {
      this.process = process;
    }

    Ended end() throws Exception {
      assertThat(process.waitFor(50, TimeUnit.SECONDS)).isTrue();
      return new Ended(
          process.exitValue(),
          new String(process.getInputStream().readAllBytes()),
          new String(process.getErrorStream().readAllBytes()));
    }
  }

  private interface Settings {
    void apply(ProcessBuilder builder);
  }

  private Started start(String... arguments) throws IOException {
    return start(builder -> {}, arguments);
  }

  private Started start(Settings settings, String... arguments) throws IOException {
    ProcessBuilder builder = builder(project.resolve("graft").toString());
    builder.command().addAll(List.of(arguments));
    settings.apply(builder);
    return new Started(builder.start());
  }

  private Started startThatWaits() throws IOException {
    String go = folder.resolve("go").toString();
    return start(builder -> builder.environment().put("FAKE_WAIT", go));
  }

  private ProcessBuilder builder(String command) {
    ProcessBuilder builder = new ProcessBuilder(new ArrayList<>(List.of(command)));
    builder.directory(folder.toFile());
    builder
        .environment()
        .keySet()
        .removeAll(List.of("JAVA_HOME", "GRAFT_JAVA_OPTS", "TF_CPP_MIN_LOG_LEVEL"));
    builder.environment().put("FAKE_JDK", jdk.toString());
    builder.environment().merge("PATH", "", (path, none) -> jdk.resolve("bin") + ":" + path);
    return builder;
  }

  private void program(String name, String script) throws IOException {
    Path program = Files.writeString(jdk.resolve("bin").resolve(name), script);
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static void makeNewer(Path file) throws IOException {
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(2)));
  }

  private void awaitMavenCall() throws Exception {
    while (!Files.exists(jdk.resolve("maven-calls"))) {
      Thread.sleep(Duration.ofMillis(20).toMillis());
    }
  }

  private long mavenCalls() throws IOException {
    return Files.readAllLines(jdk.resolve("maven-calls")).size();
  }

  private String lastMavenCall() throws IOException {
    return Files.readAllLines(jdk.resolve("maven-calls")).get((int) mavenCalls() - 1);
  }
}
