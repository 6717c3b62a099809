package dev.graft.predict;

import dev.graft.data.NpyArray;
import dev.graft.data.Preparation;
import dev.graft.data.Target;
import dev.graft.handoff.FileDifferences;
import dev.graft.handoff.Golden;
import dev.graft.handoff.GoldenSamples;
import dev.graft.handoff.Handoff;
import dev.graft.handoff.Signature;
import dev.graft.handoff.TensorInfo;
import dev.graft.image.BadImageException;
import dev.graft.image.ImageReader;
import dev.graft.savedmodel.ModelFormatException;
import dev.graft.savedmodel.SavedModel;
import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Whether a model is the one that was handed over: its files have the hashes that the handoff says,
 * and it answers the golden samples as it did where it was made.
 *
 * @param files that differ from what the handoff says
 * @param contradictions labels and weights that differ from what the handoff says, a sentence each
 * @param comparisons of the golden samples: the prepared images, then each output of each signature
 */
public record Verification(
    FileDifferences files, List<String> contradictions, List<Comparison> comparisons) {
  /** Copies the lists. */
  public Verification {
    contradictions = List.copyOf(contradictions);
    comparisons = List.copyOf(comparisons);
  }

  /**
   * One array, expected and received.
   *
   * @param signature that was called; empty for the preparation
   * @param name {@code preparation} or an output's alias
   * @param samples number of golden samples
   * @param difference largest difference over the largest magnitude expected
   * @param tolerance largest difference allowed
   * @param worst index of the sample with the largest difference
   * @param expected the value there
   * @param received the value there; NaN where there is none
   * @param agreement share of samples whose largest value is at the same place, 0 to 1; NaN for
   *     pixels
   */
  public record Comparison(
      String signature,
      String name,
      int samples,
      double difference,
      double tolerance,
      int worst,
      double expected,
      double received,
      double agreement) {
    /** Whether the difference is within the tolerance. */
    public boolean isPassed() {
      return difference <= tolerance;
    }

    private Comparison ofPixels() {
      return new Comparison(
          "", name, samples, difference, tolerance, worst, expected, received, Double.NaN);
    }

    private String complaint() {
      return "Golden sample %d disagrees in \"%s\"%s: expected %.6g, received %.6g; largest relative difference %.3g, allowed %.3g."
          .formatted(
              worst,
              name,
              signature.isEmpty() ? "" : " of " + signature,
              expected,
              received,
              difference,
              tolerance);
    }
  }

  /** Whether all files, labels, weights and samples are as expected. */
  public boolean isPassed() {
    return files.allAsListed()
        && contradictions.isEmpty()
        && comparisons.stream().allMatch(Comparison::isPassed);
  }

  /** What is wrong, a sentence each; empty when nothing is. */
  public List<String> complaints() {
    List<String> complaints = new ArrayList<>(contradictions);
    if (!files.allAsListed()) {
      complaints.add(
          "The files are not those that were handed over ("
              + files
              + "): copy or export the model again.");
    }
    comparisons.stream()
        .filter(comparison -> !comparison.isPassed())
        .findFirst()
        .ifPresent(comparison -> complaints.add(comparison.complaint()));
    return complaints;
  }

  /** The {@link #complaints} in one line; empty when there are none. */
  public String complaint() {
    return String.join(" ", complaints());
  }

  /**
   * Verifies a model against its handoff.
   *
   * @param folder of the model
   * @throws ModelFormatException when it has no handoff with golden samples, or can't be used
   * @throws IOException when it can't be read
   */
  public static Verification of(Path folder) throws IOException {
    Optional<Handoff> known = Handoff.read(folder);
    if (known.isEmpty()) {
      SavedModel.read(folder);
      throw new ModelFormatException(
          folder,
          folder + " has no handoff.json to verify it against: export it with graft-export.");
    }
    Handoff handoff = known.get();
    FileDifferences files = handoff.compareFiles(folder);
    List<String> contradictions = new ArrayList<>(Contradictions.ofLabels(folder, handoff));
    contradictions.addAll(Contradictions.ofWeights(folder, handoff, files));
    if (!files.allAsListed()) {
      return new Verification(files, contradictions, List.of());
    }
    Golden golden =
        handoff
            .golden()
            .orElseThrow(
                () ->
                    new ModelFormatException(
                        folder,
                        folder
                            + " has no golden samples to verify it against: export it with"
                            + " graft-export."));
    GoldenSamples samples = golden.read(folder);
    List<Comparison> comparisons = new ArrayList<>();
    if (handoff.preparation().isPresent() && !samples.images().isEmpty()) {
      comparisons.add(preparation(handoff.preparation().get(), samples));
    }
    SavedModel saved = SavedModel.read(folder);
    for (Signature signature : handoff.allSignatures()) {
      SignatureAnswers answers =
          SignatureAnswers.of(folder, saved, handoff, signature, samples, Arithmetic.AS_BUILT);
      contradictions.addAll(Contradictions.ofAnswers(folder, handoff, answers));
      comparisons.addAll(compared(answers, samples));
    }
    return new Verification(files, contradictions, comparisons);
  }

  private static List<Comparison> compared(SignatureAnswers answers, GoldenSamples samples) {
    List<Comparison> comparisons = new ArrayList<>();
    for (TensorInfo output : answers.signature().outputs()) {
      NpyArray<float[]> expected = samples.outputs().get(output.alias());
      if (expected != null) {
        float[] received = answers.of(output.alias()).floats();
        comparisons.add(
            compare(
                answers.signature().name(),
                output.alias(),
                expected,
                received,
                samples.tolerance()));
      }
    }
    return comparisons;
  }

  /**
   * What a precision makes of a model's golden samples, in a sentence for people.
   *
   * @param folder of the model
   * @return empty when it has no golden samples, or the precision is that of Keras
   * @throws IOException when they can't be read
   */
  public static Optional<String> effect(Path folder, Precision precision) throws IOException {
    Optional<Handoff> handoff = Handoff.read(folder);
    if (precision == Precision.FLOAT32 || handoff.flatMap(Handoff::golden).isEmpty()) {
      return Optional.empty();
    }
    GoldenSamples samples = handoff.get().golden().get().read(folder);
    SignatureAnswers answers =
        SignatureAnswers.of(
            folder,
            SavedModel.read(folder),
            handoff.get(),
            handoff.get().signature(),
            samples,
            precision.arithmetic());
    String outputs =
        compared(answers, samples).stream()
            .map(
                output ->
                    "\"%s\" differs by %.2g of its largest value, its largest value is at the same place in %d of %d"
                        .formatted(
                            output.name(),
                            output.difference(),
                            Math.round(output.agreement() * output.samples()),
                            output.samples()))
            .collect(Collectors.joining("; "));
    return Optional.of("In %s, of the golden samples %s.".formatted(precision.describe(), outputs));
  }

  private static Comparison preparation(Preparation preparation, GoldenSamples samples)
      throws IOException {
    float[] received = new float[samples.prepared().values().length];
    try (ImageReader reader = ImageReader.open(preparation)) {
      int at = 0;
      for (Path image : samples.images()) {
        float[] values = reader.read(Files.readAllBytes(image));
        System.arraycopy(values, 0, received, at, values.length);
        at += values.length;
      }
    } catch (BadImageException e) {
      throw new ModelFormatException(
          samples.images().get(0).getParent(), "A golden image can't be read: " + e.getMessage());
    }
    return compare("", "preparation", samples.prepared(), received, samples.tolerance()).ofPixels();
  }

  /**
   * Compares an output with what is expected of it, sample by sample.
   *
   * @param signature that was called
   * @param name the output's alias
   * @param expected first axis the samples
   * @param received row-major, of the same shape
   * @param tolerance largest difference allowed, over the largest magnitude expected
   */
  public static Comparison compare(
      String signature,
      String name,
      NpyArray<float[]> expected,
      float[] received,
      double tolerance) {
    int samples = Math.toIntExact(expected.shape().get(0));
    float[] wanted = expected.values();
    if (received.length != wanted.length) {
      return new Comparison(
          signature,
          name,
          samples,
          Double.POSITIVE_INFINITY,
          tolerance,
          0,
          wanted[0],
          Double.NaN,
          0);
    }
    double magnitude = 1e-30;
    for (float value : wanted) {
      magnitude = Math.max(magnitude, Math.abs(value));
    }
    int row = wanted.length / samples;
    int worst = 0;
    int agreeing = 0;
    for (int i = 0; i < wanted.length; i++) {
      worst = difference(wanted, received, i) > difference(wanted, received, worst) ? i : worst;
    }
    for (int sample = 0; sample < samples; sample++) {
      agreeing += likeliest(wanted, sample, row) == likeliest(received, sample, row) ? 1 : 0;
    }
    return new Comparison(
        signature,
        name,
        samples,
        difference(wanted, received, worst) / magnitude,
        tolerance,
        worst / row,
        wanted[worst],
        received[worst],
        (double) agreeing / samples);
  }

  private static double difference(float[] a, float[] b, int at) {
    double difference = Math.abs((double) a[at] - b[at]);
    return Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference;
  }

  private static int likeliest(float[] values, int sample, int row) {
    return Target.OfClass.likeliest(Arrays.copyOfRange(values, sample * row, (sample + 1) * row));
  }
}
