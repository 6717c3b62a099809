package dev.graft.model;

import dev.graft.data.Labels;
import dev.graft.data.Npy;
import dev.graft.data.NpyArray;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/** A model of testdata/models. */
public record GoldenModel(String name) {
  /** Where it is. */
  public Path folder() {
    return Path.of("testdata", "models", name);
  }

  /** The model as a backbone. */
  public Backbone backbone() throws IOException {
    return Backbone.load(folder());
  }

  /** Some inputs, first axis the batch. */
  public HostTensor inputs() throws IOException {
    boolean plain = Files.exists(golden("inputs.npy"));
    return read(golden(plain ? "inputs.npy" : "prepared.npy"));
  }

  /** What the gradients of the trainable variables were taken of: sum(output × seed). */
  HostTensor seed() throws IOException {
    return read(golden("seed.npy"));
  }

  /** Python's gradient with respect to a variable. */
  HostTensor gradient(String variable) throws IOException {
    return read(golden("gradients").resolve(variable.replace("/", "__") + ".npy"));
  }

  /** The model with a head of the head language, telling 0, 1, 2, … apart. */
  public JoinedModel join(String head, int classes) throws IOException {
    return join(Head.parse(head), classes);
  }

  /** The model with a head, telling 0, 1, 2, … apart. */
  public JoinedModel join(Head head, int classes) throws IOException {
    return JoinedModel.join(backbone(), head, labels(classes), 1);
  }

  static Labels labels(int classes) {
    List<String> names =
        IntStream.range(0, classes).mapToObj(label -> "%03d".formatted(label)).toList();
    return new Labels(names);
  }

  private Path golden(String file) {
    return folder().resolve("golden").resolve(file);
  }

  private static HostTensor read(Path file) throws IOException {
    NpyArray<float[]> array = Npy.readFloats(file);
    return HostTensor.of(
        array.values(), array.shape().stream().mapToLong(Long::longValue).toArray());
  }
}
