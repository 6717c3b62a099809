package dev.graft.spark;

import dev.graft.PythonEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Spark as users have it, from PySpark's package, and the jar that {@code mvn package} makes for
 * it. Everything listens on the loopback only.
 */
final class SparkInstallation {
  private static final Path JAR = Path.of("target", "graft-spark.jar").toAbsolutePath();

  private final PythonEnvironment python = PythonEnvironment.spark();
  private final Path home =
      Path.of(
          python.python(
              "-c", "import pathlib, pyspark; print(pathlib.Path(pyspark.__file__).parent)"));

  /** The jar for {@code spark-submit}; fails where it is not as new as the classes. */
  static Path jar() throws IOException {
    if (!Files.exists(JAR) || Files.getLastModifiedTime(JAR).compareTo(newestClass()) < 0) {
      throw new IllegalStateException(
          JAR
              + " is not there or older than the classes: make it with mvn package -DskipTests"
              + " (-Dit.test alone leaves it out).");
    }
    return JAR;
  }

  private static FileTime newestClass() throws IOException {
    FileTime newest = FileTime.fromMillis(0);
    try (Stream<Path> classes = Files.walk(Path.of("target", "classes", "dev"))) {
      for (Path file : classes.filter(Files::isRegularFile).toList()) {
        FileTime time = Files.getLastModifiedTime(file);
        newest = time.compareTo(newest) > 0 ? time : newest;
      }
    }
    return newest;
  }

  /** A program of Spark's {@code bin}, to be started in the repository's root. */
  ProcessBuilder program(String name, List<String> arguments, Path log) {
    String ending = System.getProperty("os.name").startsWith("Windows") ? ".cmd" : "";
    return started(home.resolve("bin").resolve(name + ending), arguments, log);
  }

  /** A script, to be started in the repository's root. */
  ProcessBuilder python(List<String> arguments, Path log) {
    return started(python.executable(), arguments, log);
  }

  /** A line for the shell as users have it, in another folder; {@code GRAFT} is the project's. */
  ProcessBuilder shell(String line, Path folder, Path log) {
    ProcessBuilder builder = new ProcessBuilder("sh", "-c", line).directory(folder.toFile());
    String programs = python.executable().getParent().toString();
    builder.environment().merge("PATH", programs, (path, ours) -> ours + ":" + path);
    builder.environment().put("PYSPARK_DRIVER_PYTHON_OPTS", "-i"); // as where somebody types
    builder.environment().put("GRAFT", Path.of("").toAbsolutePath().toString());
    return configured(builder, log);
  }

  private ProcessBuilder started(Path program, List<String> arguments, Path log) {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("SPARK_HOME", home.toString());
    return configured(builder, log);
  }

  private ProcessBuilder configured(ProcessBuilder builder, Path log) {
    builder.redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    builder.environment().put("PYSPARK_PYTHON", python.executable().toString());
    builder.environment().put("TF_CPP_MIN_LOG_LEVEL", "2");
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    return builder;
  }
}
