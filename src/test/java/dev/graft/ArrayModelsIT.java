package dev.graft;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.data.LabeledArrays;
import dev.graft.data.Npy;
import dev.graft.data.NpyArray;
import dev.graft.model.FreezePlan;
import dev.graft.model.Head;
import dev.graft.predict.Answer;
import dev.graft.predict.ArrayPredictor;
import dev.graft.predict.Verification;
import dev.graft.train.JoinSettings;
import dev.graft.train.LoopSettings;
import dev.graft.train.Optimizer;
import dev.graft.train.TrainListener;
import dev.graft.train.TrainSettings;
import dev.graft.train.TrainedRun;
import dev.graft.train.TransferLearning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Models over sequences, vectors and two inputs: exported by Python, trained by Java on arrays,
 * exported again, and asked in Python.
 */
class ArrayModelsIT {
  private static Path folder;

  @BeforeAll
  static void make() throws IOException {
    folder = Digits.emptyTarget("arrays");
    PythonEnvironment.get().python("src/test/python/array_models.py", "make", folder.toString());
  }

  @Test
  void aHeadOnAFrozenLstmOverWords() throws IOException {
    TrainedRun run = trainAndAsk("text", FreezePlan.allFrozen(), Head.parse("dense(sigmoid)"));
    assertThat(run.model().task().describe()).isEqualTo("2 classes");
    assertThat(run.proof().frozen()).hasSize(4);
    assertThat(run.images().computed()).isEqualTo(60);
  }

  @Test
  void aPerceptronWithItsLastLayersUnfrozen() throws IOException {
    TrainedRun run =
        trainAndAsk("mlp", FreezePlan.unfreezeFrom("second"), Head.parse("dense(linear)"));
    assertThat(run.model().task().describe()).isEqualTo("2 numbers");
    assertThat(run.proof().frozen()).hasSize(2);
    assertThat(run.outcome().after().loss()).isLessThan(run.outcome().before().loss() / 2);
  }

  @Test
  void twoInputsAndThreeLabels() throws IOException {
    TrainedRun run = trainAndAsk("two", FreezePlan.unfreeze("join"), Head.parse("dense(sigmoid)"));
    assertThat(run.model().task().describe()).isEqualTo("3 labels");
    assertThat(run.outcome().after().examples()).isEqualTo(20);
    assertThat(run.outcome().after().loss()).isLessThan(run.outcome().before().loss());
  }

  private static TrainedRun trainAndAsk(String name, FreezePlan plan, Head head)
      throws IOException {
    Path backbone = folder.resolve(name);
    Path data = folder.resolve(name + ".npz");
    PythonEnvironment python = PythonEnvironment.get();
    python.tool(
        "graft-export",
        "--model",
        folder.resolve(name + ".keras").toString(),
        "--out",
        backbone.toString());
    assertThat(Verification.of(backbone).isPassed()).isTrue();

    Path out = folder.resolve(name + "-run");
    Optional<Path> features = Optional.of(folder.resolve("features"));
    TrainedRun run =
        TransferLearning.train(
            TrainSettings.of(data, backbone, out)
                .withJoin(JoinSettings.of(backbone).withPlan(plan).withHead(head))
                .withLoop(LoopSettings.defaults().withOptimizer(Optimizer.parse("adam(1e-2)")))
                .withOut(new TrainSettings.OutputSettings(out, false, features)),
            TrainListener.none());
    Path model = out.resolve("model");
    assertThat(run.proof().exportDifference()).isLessThan(1e-5);
    assertThat(Verification.of(model).isPassed()).isTrue();
    python.tool("graft-verify", model.toString());
    HandoffSchema.assertObeyedBy(model);
    sameAnswers(name, model, data);
    return run;
  }

  private static void sameAnswers(String name, Path model, Path data) throws IOException {
    Path file = folder.resolve(name + "-answers.npy");
    PythonEnvironment.get()
        .python(
            "src/test/python/array_models.py",
            "ask",
            model.toString(),
            data.toString(),
            file.toString(),
            folder.resolve(name + ".keras").toString());
    NpyArray<float[]> python = Npy.readFloats(file);
    List<Float> java = new ArrayList<>();
    try (ArrayPredictor predictor = ArrayPredictor.load(model)) {
      for (Answer answer : predictor.predict(LabeledArrays.readInputs(data))) {
        for (float value : answer.probabilities()) {
          java.add(value);
        }
      }
    }
    assertThat(java).hasSize(python.values().length);
    for (int i = 0; i < java.size(); i++) {
      assertThat(java.get(i)).isCloseTo(python.values()[i], Offset.offset(1e-5f));
    }
  }
}
