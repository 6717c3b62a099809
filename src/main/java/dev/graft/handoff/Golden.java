package dev.graft.handoff;

import dev.graft.data.Npy;
import dev.graft.data.NpyArray;
import dev.graft.data.NpyFormatException;
import dev.graft.data.NpyType;
import dev.graft.data.NumberArray;
import dev.graft.savedmodel.ModelFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Where the golden samples are: images that the sender made, and what the model answered there.
 * Paths are relative to the model's folder, with {@code /}.
 *
 * @param images the image files; empty for a model that does not take images
 * @param prepared the {@code .npy} file with the prepared input of all of them; of a model with
 *     several inputs, the first
 * @param otherInputs by alias, the {@code .npy} files with the other inputs
 * @param outputs by alias, the {@code .npy} file with that output for that input; at least one
 * @param otherOutputs the same for outputs that only other signatures have
 * @param tolerance the largest allowed difference, relative to the largest magnitude of the
 *     expected output; above 0, below 1
 */
public record Golden(
    List<String> images,
    String prepared,
    Map<String, String> otherInputs,
    Map<String, String> outputs,
    Map<String, String> otherOutputs,
    double tolerance) {
  /**
   * Copies and checks the values.
   *
   * @throws IllegalArgumentException if a path leaves the folder, there is no output, or the
   *     tolerance is out of range
   */
  public Golden {
    images = List.copyOf(images);
    outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    otherInputs = Collections.unmodifiableMap(new LinkedHashMap<>(otherInputs));
    otherOutputs = Collections.unmodifiableMap(new LinkedHashMap<>(otherOutputs));
    images.forEach(Checks::path);
    otherInputs.values().forEach(Checks::path);
    Checks.path(prepared);
    outputs.values().forEach(Checks::path);
    otherOutputs.values().forEach(Checks::path);
    if (outputs.isEmpty()) {
      throw new IllegalArgumentException("Golden samples need at least one output, but have none.");
    }
    if (!(tolerance > 0 && tolerance < 1)) {
      throw new IllegalArgumentException(
          "The tolerance of golden samples lies between 0 and 1, but is " + tolerance + ".");
    }
  }

  /** Samples of a model with one input. */
  public Golden(
      List<String> images, String prepared, Map<String, String> outputs, double tolerance) {
    this(images, prepared, Map.of(), outputs, Map.of(), tolerance);
  }

  /**
   * These samples without those of outputs that only other signatures have, held to a tolerance.
   */
  public Golden ofFirstSignature(double tolerance) {
    return new Golden(images, prepared, otherInputs, outputs, Map.of(), tolerance);
  }

  /** The paths of all files, images first. */
  public List<String> files() {
    return Stream.of(
            images.stream(),
            Stream.of(prepared),
            otherInputs.values().stream(),
            outputs.values().stream(),
            otherOutputs.values().stream())
        .flatMap(paths -> paths)
        .toList();
  }

  /**
   * Reads the samples.
   *
   * @param modelFolder the folder that the paths are relative to
   * @throws ModelFormatException if a file is missing or not a float32 array, the arrays are not of
   *     one number of samples, or a value is not finite
   * @throws IOException if a file cannot be read
   */
  public GoldenSamples read(Path modelFolder) throws IOException {
    List<Path> imageFiles = new ArrayList<>();
    for (String image : images) {
      Path file = modelFolder.resolve(image);
      if (!Files.isRegularFile(file)) {
        throw missing(file);
      }
      imageFiles.add(file);
    }
    NumberArray input = input(modelFolder.resolve(prepared), images.size());
    if (!images.isEmpty() && input.type() != NpyType.FLOAT32) {
      throw new ModelFormatException(
          modelFolder.resolve(prepared),
          "The prepared images %s must have elements of type '<f4', but have '%s'."
              .formatted(prepared, input.type().descr()));
    }
    Map<String, NumberArray> others = new LinkedHashMap<>();
    for (Map.Entry<String, String> other : otherInputs.entrySet()) {
      others.put(other.getKey(), input(modelFolder.resolve(other.getValue()), input.rows()));
    }
    Map<String, NpyArray<float[]>> expected = new LinkedHashMap<>();
    for (Map<String, String> some : List.of(outputs, otherOutputs)) {
      for (Map.Entry<String, String> output : some.entrySet()) {
        Path file = modelFolder.resolve(output.getValue());
        expected.put(output.getKey(), array(file, input.rows()));
      }
    }
    return new GoldenSamples(
        List.copyOf(imageFiles),
        input,
        Collections.unmodifiableMap(others),
        Collections.unmodifiableMap(expected),
        tolerance);
  }

  /**
   * Reads an input of any type.
   *
   * @param samples the expected first size; 0 for any
   */
  private static NumberArray input(Path file, int samples) throws IOException {
    try {
      if (Npy.header(file).type() == NpyType.FLOAT32) {
        return new NumberArray(NpyType.FLOAT32, array(file, samples));
      }
      NumberArray array = NumberArray.read(file);
      requireSamples(file, array.array().shape(), samples);
      return array;
    } catch (NpyFormatException e) {
      throw new ModelFormatException(file, "Golden samples: " + e.getMessage(), e);
    } catch (NoSuchFileException e) {
      throw missing(file);
    }
  }

  /**
   * Reads an array.
   *
   * @param samples the expected first size; 0 for any
   */
  private static NpyArray<float[]> array(Path file, int samples) throws IOException {
    NpyArray<float[]> array;
    try {
      array = Npy.readFloats(file);
    } catch (NpyFormatException e) {
      throw new ModelFormatException(file, "Golden samples: " + e.getMessage(), e);
    } catch (NoSuchFileException e) {
      throw missing(file);
    }
    requireSamples(file, array.shape(), samples);
    requireFinite(file, array.values());
    return array;
  }

  private static void requireSamples(Path file, List<Long> shape, int samples)
      throws ModelFormatException {
    long first = shape.isEmpty() ? 0 : shape.get(0);
    if (first == 0 || samples > 0 && first != samples) {
      throw new ModelFormatException(
          file,
          "The golden samples %s must hold %s, but have the shape %s."
              .formatted(file, samples == 0 ? "at least one" : samples + " samples", shape));
    }
  }

  private static void requireFinite(Path file, float[] values) throws ModelFormatException {
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw new ModelFormatException(
            file,
            "The golden samples %s must be finite, but value %d is %s."
                .formatted(file, i, values[i]));
      }
    }
  }

  private static ModelFormatException missing(Path file) {
    return new ModelFormatException(
        file,
        "The golden sample " + file + " that handoff.json names is missing: copy the model whole.");
  }
}
