package dev.graft.features;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/**
 * A process that appends images 0, 1, 2 … in batches of 3 and says after each batch how many there
 * are.
 */
final class FillingProcess {
  private FillingProcess() {}

  static Process start(Path root, int images) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx64m",
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("java.class.path"),
            FillingProcess.class.getName(),
            root.toString(),
            Integer.toString(images))
        .redirectErrorStream(true)
        .start();
  }

  public static void main(String[] arguments) throws IOException {
    try (FeatureStore store = TestFeatures.open(Path.of(arguments[0]))) {
      int images = Integer.parseInt(arguments[1]);
      for (int image = 0; image < images; image += 3) {
        TestFeatures.append(store, image, image + 3);
        System.out.println(image + 3);
      }
    }
  }

  /**
   * Reads what the process says until it has appended so many images, and returns the last number.
   */
  static int lastImageAfter(Process process, int images) throws IOException {
    BufferedReader lines = process.inputReader();
    int last = 0;
    while (last < images) {
      last = Integer.parseInt(lines.readLine());
    }
    return last;
  }

  static String output(Process process) {
    try {
      return new String(process.getInputStream().readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
