package dev.graft.savedmodel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The models of testdata/models, in every form that Keras writes, against Python's own answers. */
class GoldenModelsTest {
  private static final Path MODELS = Path.of("testdata", "models");
  private static final double OUTPUT_TOLERANCE = 1e-5;
  private static final double GRADIENT_TOLERANCE = 1e-5;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "pool",
        "residual",
        "nested",
        "dilated",
        "vector",
        "keras2",
        "keras3-export",
        "keras3-saved"
      })
  void outputsEqualPythons(String name) throws Exception {
    SavedModel model = SavedModel.read(MODELS.resolve(name));
    FlatModel flat = model.flatten(null);
    assertClose(outputs(model, flat, name), expected(name), OUTPUT_TOLERANCE);
    assertClose(
        outputs(model, Rewrites.forGradients(flat), name), expected(name), OUTPUT_TOLERANCE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"residual", "dilated", "vector", "keras3-saved"})
  void gradientsEqualPythons(String name) throws Exception {
    SavedModel model = SavedModel.read(MODELS.resolve(name));
    FlatModel flat = Rewrites.forGradients(model.flatten(null));
    List<FlatVariable> trainable =
        flat.variables().stream().filter(FlatVariable::trainable).toList();
    assertThat(trainable.stream().map(variable -> file(name, variable)))
        .containsExactlyInAnyOrderElementsOf(files(golden(name).resolve("gradients")));
    List<HostTensor> gradients =
        FlatRun.gradients(
            flat,
            FlatRun.values(flat, model.checkpoint()),
            inputs(flat, name),
            Npy.read(golden(name).resolve("seed.npy")),
            trainable.stream().map(FlatVariable::node).toList());
    for (int i = 0; i < trainable.size(); i++) {
      HostTensor expected = Npy.read(file(name, trainable.get(i)));
      assertThat(largest(expected)).as(trainable.get(i).name()).isGreaterThan(1e-3);
      assertClose(gradients.get(i), expected, GRADIENT_TOLERANCE);
    }
  }

  private static Path file(String name, FlatVariable variable) {
    return golden(name).resolve("gradients").resolve(variable.name().replace("/", "__") + ".npy");
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"residual", "dilated", "keras2", "keras3-saved"})
  void readingTwiceGivesTheSameModel(String name) throws Exception {
    FlatModel first = SavedModel.read(MODELS.resolve(name)).flatten(null);
    FlatModel second = SavedModel.read(MODELS.resolve(name)).flatten(null);
    assertThat(second).isEqualTo(first);
    assertThat(Rewrites.forGradients(second)).isEqualTo(Rewrites.forGradients(first));
  }

  @ParameterizedTest
  @ValueSource(strings = {"residual", "nested", "dilated", "keras2", "keras3-export"})
  void whatIsWrittenAgainGivesTheSameBits(String name, @TempDir Path folder) throws Exception {
    SavedModel model = SavedModel.read(MODELS.resolve(name));
    FlatModel flat = model.flatten(null);
    write(flat, model.checkpoint(), folder.resolve("model"));
    SavedModel written = SavedModel.read(folder.resolve("model"));
    FlatModel again = written.flatten(null);
    assertThat(outputs(written, again, name)).isEqualTo(outputs(model, flat, name));
    assertThat(again.variables().stream().map(FlatVariable::name))
        .containsExactlyElementsOf(flat.variables().stream().map(FlatVariable::name).toList());
    assertThat(again.variables().stream().map(FlatVariable::trainable))
        .containsExactlyElementsOf(flat.variables().stream().map(FlatVariable::trainable).toList());
  }

  private static void write(FlatModel flat, Checkpoint checkpoint, Path folder) throws IOException {
    SavedModelWriter writer = new SavedModelWriter(flat.graph());
    for (FlatVariable variable : flat.variables()) {
      HostTensor value = checkpoint.read(variable.key());
      writer.variable(variable.node(), variable.name(), value, variable.trainable());
    }
    Map<String, SavedModelWriter.SignatureTensor> inputs = new HashMap<>();
    flat.inputs()
        .forEach(
            i ->
                inputs.put(
                    i.key(), new SavedModelWriter.SignatureTensor(i.node(), i.dtype(), i.shape())));
    Map<String, SavedModelWriter.SignatureTensor> outputs = new HashMap<>();
    flat.outputs()
        .forEach(
            o ->
                outputs.put(
                    o.key(),
                    new SavedModelWriter.SignatureTensor(o.tensor(), o.dtype(), o.shape())));
    writer.signature("serving_default", inputs, outputs).write(folder);
  }

  private static HostTensor outputs(SavedModel model, FlatModel flat, String name)
      throws Exception {
    Map<String, HostTensor> values = FlatRun.values(flat, model.checkpoint());
    return FlatRun.outputs(flat, values, inputs(flat, name)).get(flat.outputs().get(0).key());
  }

  private static Map<String, HostTensor> inputs(FlatModel flat, String name) throws IOException {
    Path prepared = golden(name).resolve("prepared.npy");
    Path inputs = Files.exists(prepared) ? prepared : golden(name).resolve("inputs.npy");
    return Map.of(flat.inputs().get(0).key(), Npy.read(inputs));
  }

  private static HostTensor expected(String name) throws IOException {
    for (String file : List.of("features.npy", "probabilities.npy", "outputs.npy")) {
      if (Files.exists(golden(name).resolve(file))) {
        return Npy.read(golden(name).resolve(file));
      }
    }
    throw new IOException(golden(name) + " has no answers");
  }

  private static Path golden(String name) {
    return MODELS.resolve(name).resolve("golden");
  }

  private static void assertClose(HostTensor actual, HostTensor expected, double tolerance) {
    assertThat(actual.shape()).isEqualTo(expected.shape());
    double allowed = tolerance * largest(expected);
    float[] a = actual.floats();
    float[] e = expected.floats();
    double worst = 0;
    for (int i = 0; i < a.length; i++) {
      worst = Math.max(worst, Math.abs((double) a[i] - e[i]));
    }
    assertThat(worst).isLessThanOrEqualTo(allowed);
  }

  private static double largest(HostTensor tensor) {
    double largest = 0;
    for (float value : tensor.floats()) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }
}
