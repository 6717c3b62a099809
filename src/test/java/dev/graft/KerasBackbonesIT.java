package dev.graft;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.data.Npy;
import dev.graft.data.NpyArray;
import dev.graft.handoff.Handoff;
import dev.graft.handoff.Layer;
import dev.graft.handoff.LayerVariable;
import dev.graft.model.Backbone;
import dev.graft.model.FreezePlan;
import dev.graft.model.FrozenGraph;
import dev.graft.predict.Verification;
import dev.graft.savedmodel.Checkpoint;
import dev.graft.savedmodel.FlatInput;
import dev.graft.savedmodel.FlatVariable;
import dev.graft.savedmodel.SavedModel;
import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.HostTensor;
import dev.graft.train.JoinSettings;
import dev.graft.train.LoopSettings;
import dev.graft.train.Optimizer;
import dev.graft.train.TrainListener;
import dev.graft.train.TrainSettings;
import dev.graft.train.TrainedRun;
import dev.graft.train.TransferLearning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Real architectures with lively weights, exported from Keras in every way, trained in Java. */
class KerasBackbonesIT {
  private static Path folder;
  private static Path data;

  enum Architecture {
    VGG16("vgg16", 150, "block5_"),
    RESNET50("resnet50", 224, "conv5_");

    private final String name;
    private final int size;
    private final String lastBlock;

    Architecture(String name, int size, String lastBlock) {
      this.name = name;
      this.size = size;
      this.lastBlock = lastBlock;
    }

    Path handoff() {
      return folder.resolve(name);
    }
  }

  @BeforeAll
  static void export() throws IOException {
    folder = Digits.emptyTarget("backbones");
    data = Digits.copy(folder.resolve("digits"), 4, "0", "1");
    PythonEnvironment python = PythonEnvironment.get();
    for (Architecture each : Architecture.values()) {
      python.tool(
          "graft-export",
          each.name,
          "--weights=none",
          "--seed=1",
          "--input-size=" + each.size,
          "--out=" + each.handoff());
    }
    python.python(
        "src/test/python/backbones.py",
        folder.toString(),
        Architecture.VGG16.name + ":" + Architecture.VGG16.size,
        Architecture.RESNET50.name + ":" + Architecture.RESNET50.size);
  }

  @ParameterizedTest
  @EnumSource
  void theHandoffIsVerified(Architecture architecture) throws IOException {
    HandoffSchema.assertObeyedBy(architecture.handoff());
    Verification verification = Verification.of(architecture.handoff());
    assertThat(verification.complaint()).isEmpty();
    assertThat(verification.comparisons()).hasSize(2);
    assertThat(verification.comparisons())
        .allSatisfy(comparison -> assertThat(comparison.difference()).isLessThanOrEqualTo(1e-5));
  }

  @ParameterizedTest
  @EnumSource
  void whatKerasExportsAnswersAsInPython(Architecture architecture) throws IOException {
    answersAsInPython(
        architecture, folder.resolve(architecture.name + "-exported"), Arithmetic.AS_BUILT);
  }

  /** Folded and fused, and by minimal filtering. */
  @ParameterizedTest
  @EnumSource
  void aTrunkAnswersAsInPython(Architecture architecture) throws IOException {
    for (Arithmetic arithmetic : List.of(Arithmetic.FUSED, Arithmetic.WINOGRAD)) {
      answersAsInPython(architecture, folder.resolve(architecture.name + "-exported"), arithmetic);
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatTensorFlowSavesAnswersAsInPython(Architecture architecture) throws IOException {
    answersAsInPython(
        architecture, folder.resolve(architecture.name + "-saved"), Arithmetic.AS_BUILT);
  }

  private static void answersAsInPython(
      Architecture architecture, Path plain, Arithmetic arithmetic) throws IOException {
    Backbone backbone = Backbone.load(plain);
    assertThat(backbone.handoff()).isEmpty();
    Map<String, HostTensor> values = backbone.values();
    Map<String, String> hashes = new HashMap<>();
    for (FlatVariable variable : backbone.flat().variables()) {
      hashes.put(variable.name(), values.get(variable.node()).sha256());
    }
    assertThat(hashes).isEqualTo(hashes(handoff(architecture)));

    NpyArray<float[]> inputs = Npy.readFloats(folder.resolve(architecture.name + "-inputs.npy"));
    try (FrozenGraph graph =
        FrozenGraph.open(
            arithmetic,
            backbone.flat().graph(),
            values,
            backbone.flat().inputs().stream().map(FlatInput::node).toList(),
            List.of(backbone.output()))) {
      HostTensor answer =
          graph
              .run(
                  List.of(
                      HostTensor.of(
                          inputs.values(),
                          inputs.shape().stream().mapToLong(Long::longValue).toArray())))
              .get(0);
      PythonArrays.assertClose(
          answer.shape(),
          answer.floats(),
          folder.resolve(architecture.name + "-outputs.npy"),
          1e-5);
    }
  }

  @ParameterizedTest
  @EnumSource
  void trainingTheHeadLeavesTheBackboneAsItIs(Architecture architecture) throws IOException {
    TrainedRun run = train(architecture, "head", FreezePlan.allFrozen());
    assertThat(changed(architecture, run)).isEmpty();
    assertThat(run.proof().frozen()).hasSameSizeAs(handoff(architecture).variables());
  }

  @ParameterizedTest
  @EnumSource
  void aStepChangesAllThatIsUnfrozenAndNothingElse(Architecture architecture) throws IOException {
    TrainedRun run =
        train(architecture, "block", FreezePlan.unfreeze(architecture.lastBlock + "*"));
    Set<String> unfrozen =
        handoff(architecture).layers().stream()
            .filter(layer -> layer.name().startsWith(architecture.lastBlock))
            .map(Layer::variables)
            .flatMap(List::stream)
            .filter(LayerVariable::trainable)
            .map(LayerVariable::name)
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(unfrozen).hasSizeGreaterThan(5);
    assertThat(changed(architecture, run)).isEqualTo(unfrozen);
    isAKerasModelAgain(architecture, run.folder());
  }

  /** Imported, it has answered the golden samples as Java did. */
  private static void isAKerasModelAgain(Architecture architecture, Path run) throws IOException {
    JsonNode imported =
        new ObjectMapper()
            .readTree(
                PythonEnvironment.get()
                    .python(
                        "src/test/python/backbones.py",
                        "import",
                        run.toString(),
                        architecture.lastBlock));
    assertThat(imported.get("keras").asDouble()).isLessThanOrEqualTo(1e-5);
    assertThat(imported.get("onnx").asDouble()).isLessThanOrEqualTo(1e-4);
    assertThat(imported.get("trainable")).isEqualTo(imported.get("unfrozen")).isNotEmpty();
  }

  /** Two steps of four images each, and an export. */
  private static TrainedRun train(Architecture architecture, String name, FreezePlan plan)
      throws IOException {
    Path out = folder.resolve(architecture.name + "-" + name);
    TrainSettings settings =
        TrainSettings.of(data, architecture.handoff(), out)
            .withJoin(JoinSettings.of(architecture.handoff()).withPlan(plan))
            .withLoop(
                new LoopSettings(1, 4, Optimizer.parse("sgd(1e-3)"), LoopSettings.FineTune.NONE, 1))
            .withOut(
                new TrainSettings.OutputSettings(
                    out, false, Optional.of(folder.resolve("features"))));
    TrainedRun run = TransferLearning.train(settings, TrainListener.none());
    HandoffSchema.assertObeyedBy(out.resolve("model"));
    return run;
  }

  /** Names of the backbone's variables whose values on disk differ from those handed over. */
  private static Set<String> changed(Architecture architecture, TrainedRun run) throws IOException {
    Checkpoint trained = SavedModel.read(run.folder().resolve("model")).checkpoint();
    Set<String> changed = new TreeSet<>();
    for (LayerVariable variable : handoff(architecture).variables()) {
      if (!trained.read(variable.name()).sha256().equals(variable.sha256())) {
        changed.add(variable.name());
      }
    }
    return changed;
  }

  private static Map<String, String> hashes(Handoff handoff) {
    return handoff.variables().stream()
        .collect(Collectors.toMap(LayerVariable::name, LayerVariable::sha256));
  }

  private static Handoff handoff(Architecture architecture) throws IOException {
    return Handoff.read(architecture.handoff()).orElseThrow();
  }
}
