package dev.graft.predict;

import dev.graft.data.NpyArray;
import dev.graft.data.NumberArray;
import dev.graft.data.Preparation;
import dev.graft.handoff.FileDifferences;
import dev.graft.handoff.Golden;
import dev.graft.handoff.GoldenSamples;
import dev.graft.handoff.Handoff;
import dev.graft.image.BadImageException;
import dev.graft.image.ImageReader;
import dev.graft.model.ArrayBatch;
import dev.graft.savedmodel.FlatInput;
import dev.graft.savedmodel.ModelFormatException;
import dev.graft.savedmodel.SavedModel;
import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.HostTensor;
import dev.graft.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Whether a model is the one that was handed over: its files have the hashes that the handoff says,
 * and it answers the golden samples as it did where it was made.
 *
 * @param files that differ from what the handoff says
 * @param comparisons of the golden samples: the prepared images, then each output
 */
public record Verification(FileDifferences files, List<Comparison> comparisons) {
  /** Copies the list. */
  public Verification {
    comparisons = List.copyOf(comparisons);
  }

  /**
   * One array, expected and received.
   *
   * @param name {@code preparation} or an output's alias
   * @param samples number of golden samples
   * @param difference largest difference over the largest magnitude expected
   * @param tolerance largest difference allowed
   * @param worst index of the sample with the largest difference
   * @param agreement share of samples whose largest value is at the same place, 0 to 1; NaN for
   *     pixels
   */
  public record Comparison(
      String name, int samples, double difference, double tolerance, int worst, double agreement) {
    /** Whether the difference is within the tolerance. */
    public boolean isPassed() {
      return difference <= tolerance;
    }
  }

  /** Whether all files and all samples are as expected. */
  public boolean isPassed() {
    return files.missing().isEmpty()
        && files.changed().isEmpty()
        && comparisons.stream().allMatch(Comparison::isPassed);
  }

  /** What is wrong, in one sentence; empty when nothing is. */
  public String complaint() {
    if (!files.missing().isEmpty() || !files.changed().isEmpty()) {
      return "The files are not those that were handed over ("
          + files
          + "): copy or export the model again.";
    }
    return comparisons.stream()
        .filter(comparison -> !comparison.isPassed())
        .findFirst()
        .map(
            comparison ->
                "Golden sample %d disagrees in \"%s\": largest relative difference %.3g, allowed %.3g."
                    .formatted(
                        comparison.worst(),
                        comparison.name(),
                        comparison.difference(),
                        comparison.tolerance()))
        .orElse("");
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
    if (!files.missing().isEmpty() || !files.changed().isEmpty()) {
      return new Verification(files, List.of());
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
    comparisons.addAll(outputs(folder, handoff, samples, Arithmetic.AS_BUILT));
    return new Verification(files, comparisons);
  }

  private static List<Comparison> outputs(
      Path folder, Handoff handoff, GoldenSamples samples, Arithmetic arithmetic)
      throws IOException {
    List<Comparison> comparisons = new ArrayList<>();
    try (ServedModel model = ServedModel.open(folder, arithmetic)) {
      Map<String, HostTensor> answers = model.run(inputs(folder, handoff, model, samples));
      samples
          .outputs()
          .forEach(
              (name, expected) ->
                  comparisons.add(
                      compare(name, expected, answers.get(name).floats(), samples.tolerance())));
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
    String outputs =
        outputs(folder, handoff.get(), samples, precision.arithmetic()).stream()
            .map(
                output ->
                    "\"%s\" differs by %.2g of its largest value, its largest value is at the same place in %d of %d"
                        .formatted(
                            output.name(),
                            output.difference(),
                            Math.round(output.agreement() * output.samples()),
                            output.samples()))
            .collect(Collectors.joining("; "));
    return Optional.of("In %s, of the golden samples %s.".formatted(precision.word(), outputs));
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
    Comparison compared = compare("preparation", samples.prepared(), received, samples.tolerance());
    return new Comparison(
        compared.name(),
        compared.samples(),
        compared.difference(),
        compared.tolerance(),
        compared.worst(),
        Double.NaN);
  }

  private static List<HostTensor> inputs(
      Path folder, Handoff handoff, ServedModel model, GoldenSamples samples)
      throws ModelFormatException {
    String first = handoff.signature().inputs().get(0).alias();
    List<HostTensor> inputs = new ArrayList<>();
    for (FlatInput input : model.inputs()) {
      Optional<NumberArray> array = samples.input(first, model.inputName(input));
      if (array.isEmpty()) {
        throw new ModelFormatException(
            folder,
            "%s has no golden samples of the input \"%s\": export it again."
                .formatted(folder, input.key()));
      }
      inputs.add(ArrayBatch.tensor(input.dtype(), array.get()));
    }
    return inputs;
  }

  /** Compares an output with what is expected of it, sample by sample. */
  static Comparison compare(
      String name, NpyArray<float[]> expected, float[] received, double tolerance) {
    int samples = Math.toIntExact(expected.shape().get(0));
    float[] wanted = expected.values();
    if (received.length != wanted.length) {
      return new Comparison(name, samples, Double.POSITIVE_INFINITY, tolerance, 0, 0);
    }
    double magnitude = 0;
    for (float value : wanted) {
      magnitude = Math.max(magnitude, Math.abs(value));
    }
    int row = wanted.length / samples;
    double largest = 0;
    int worst = 0;
    int agreeing = 0;
    for (int sample = 0; sample < samples; sample++) {
      double difference =
          difference(wanted, received, sample * row, row) / Math.max(magnitude, 1e-30);
      if (!(difference <= largest)) {
        largest = difference;
        worst = sample;
      }
      agreeing += argmax(wanted, sample * row, row) == argmax(received, sample * row, row) ? 1 : 0;
    }
    return new Comparison(name, samples, largest, tolerance, worst, (double) agreeing / samples);
  }

  private static double difference(float[] a, float[] b, int from, int count) {
    double largest = 0;
    for (int i = from; i < from + count; i++) {
      double difference = Math.abs((double) a[i] - b[i]);
      if (!(difference <= largest)) {
        largest = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference;
      }
    }
    return largest;
  }

  private static int argmax(float[] values, int from, int count) {
    int best = from;
    for (int i = from; i < from + count; i++) {
      best = values[i] > values[best] ? i : best;
    }
    return best - from;
  }
}
