package dev.graft.model;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How a machine runs a frozen model. Which is fastest depends on both and is found by measuring
 * ({@link Calibrator}); it does not decide what a model says, but for the last bit of a {@code
 * sigmoid}, which in TensorFlow depends on its place in the batch.
 *
 * @param runs side by side, at least 1
 * @param batch images of a run: a power of two from 2 to 64, so that parts of a job end with a
 *     batch; never 1, because kernels round a lone row differently
 * @param threads that share the arithmetic of an op; 0 for as many as there are processors. A
 *     process has one such number ({@link dev.graft.tensor.Arithmetic#THREADS}), so it must be set
 *     before its first run
 */
public record Calibration(int runs, int batch, int threads) {
  /** Images a run where nothing was measured. */
  public static final int STANDARD_BATCH = 8;

  private static final int LARGEST_BATCH = 64;
  private static final Pattern TEXT =
      Pattern.compile("(\\d+) side by side of (\\d+) images, (all|\\d+) threads? each");

  /** Checks the numbers. */
  public Calibration {
    if (runs < 1 || threads < 0) {
      throw new IllegalArgumentException(
          "Expected at least 1 run side by side and 0 threads or more, but got %d and %d."
              .formatted(runs, threads));
    }
    if (batch < 2 || batch > LARGEST_BATCH || Integer.bitCount(batch) != 1) {
      throw new IllegalArgumentException(
          "Expected a run of 2, 4, 8, 16, 32 or %d images but got %d."
              .formatted(LARGEST_BATCH, batch));
    }
  }

  /** What is used where nothing was measured: runs of 8 images, all threads for each op. */
  public static Calibration standard(int runs) {
    return new Calibration(runs, STANDARD_BATCH, 0);
  }

  /** The standard with one run a processor. */
  public static Calibration standard() {
    return standard(Runtime.getRuntime().availableProcessors());
  }

  /** For people and files; {@link #parse} reads it. */
  public String describe() {
    return "%d side by side of %d images, %s each"
        .formatted(
            runs,
            batch,
            threads == 0 ? "all threads" : threads == 1 ? "1 thread" : threads + " threads");
  }

  /**
   * Reads what {@link #describe} said.
   *
   * @throws IllegalArgumentException when it is something else
   */
  public static Calibration parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "Expected a calibration such as \"%s\" but got \"%s\"."
              .formatted(standard(2).describe(), text));
    }
    String threads = matcher.group(3);
    return new Calibration(
        Integer.parseInt(matcher.group(1)),
        Integer.parseInt(matcher.group(2)),
        threads.equals("all") ? 0 : Integer.parseInt(threads));
  }
}
