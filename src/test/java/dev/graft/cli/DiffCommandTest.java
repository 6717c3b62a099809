package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.graft.predict.ModelDiff;
import dev.graft.savedmodel.Checkpoint;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiffCommandTest {
  private static final String KERNEL = "block1_conv/kernel";

  @TempDir private static Path shared;
  private static Path run;
  private static Path tuned;

  @TempDir private Path folder;

  @BeforeAll
  static void train() throws IOException {
    run = Trainings.redAndBlue(shared);
    tuned = shared.resolve("tuned");
    Path data = shared.resolve("training-data");
    Trainings.train(shared, data, tuned, "--epochs", 1, "--unfreeze", "block1_conv", "--seed", 2)
        .done();
  }

  @Test
  void aHeadLeavesTheBackboneAsItWas() throws IOException {
    Ran ran = Ran.graft("diff", Trainings.POOL, run).done();
    assertThat(ran.out())
        .contains("frozen: 2 variables, identical; trained: 2 variables, only in " + run)
        .containsPattern("head/dense/kernel +\\[8, 2] +only in .*run +trained");
    JsonNode json = Ran.graft("diff", Trainings.POOL, run, "--json").done().json();
    assertThat(json.get("asExpected").asBoolean()).isTrue();
    assertThat(json.get("shared")).hasSize(2).allMatch(one -> one.get("identical").asBoolean());
    assertThat(json.get("onlyInSecond"))
        .map(JsonNode::asText)
        .containsExactly("head/dense/kernel", "head/dense/bias");
  }

  @Test
  void whatWasTrainedMayDiffer() throws IOException {
    Ran ran = Ran.graft("diff", Trainings.POOL, tuned).done();
    assertThat(ran.out())
        .contains("trained: 4 variables: 2 different, 2 only in " + tuned)
        .containsPattern(
            KERNEL + " +\\[3, 3, 3, 8] +\\d.\\d\\de-\\d\\d +\\d.\\d\\de-\\d\\d +trained");
    ModelDiff.Shared kernel = ModelDiff.of(Trainings.POOL, tuned).shared().get(0);
    HostTensor before = value(Trainings.POOL, kernel.name());
    HostTensor after = value(tuned.resolve("model"), kernel.name());
    double largest = 0;
    double squares = 0;
    double ofSquares = 0;
    for (int i = 0; i < before.size(); i++) {
      double apart = (double) before.floats()[i] - after.floats()[i];
      largest = Math.max(largest, Math.abs(apart));
      squares += apart * apart;
      ofSquares += Math.pow(before.floats()[i], 2);
    }
    assertThat(kernel.largest()).isEqualTo(largest);
    assertThat(kernel.relative()).isEqualTo(Math.sqrt(squares / ofSquares));
  }

  @Test
  void whatWasTrainedInEitherOfTwoRunsMayDiffer() {
    assertThat(Ran.graft("diff", run, tuned).done().out())
        .contains("frozen: 0 variables; trained: 4 variables, different");
  }

  @Test
  void aFrozenVariableThatDiffersIsFound() throws IOException {
    Path changed = BrokenModelTest.copy(run.resolve("model"), folder.resolve("model"));
    change(changed, KERNEL);
    Ran ran = Ran.graft("diff", Trainings.POOL, changed);
    ran.complained(3, "differ in " + KERNEL + ", expected every frozen variable identical");
    assertThat(ran.out())
        .contains("frozen: 2 variables: 1 identical, 1 different")
        .containsPattern(KERNEL + " .* 1\\.00e\\+00 .* frozen");
  }

  @Test
  void withoutWordOfTrainingEveryDifferenceCounts() throws IOException {
    Path plain = BrokenModelTest.copy(run.resolve("model"), folder.resolve("plain"));
    Files.delete(plain.resolve("handoff.json"));
    Path changed = BrokenModelTest.copy(plain, folder.resolve("changed"));
    change(changed, KERNEL);
    Ran ran = Ran.graft("diff", plain, changed, "--json");
    ran.complained(3, "differ in " + KERNEL + ", expected the same variables");
    assertThat(ran.json().get("trainingKnown").asBoolean()).isFalse();
    assertThat(ran.json().get("asExpected").asBoolean()).isFalse();
    assertThat(Ran.graft("diff", plain, plain).done().out())
        .isEqualToIgnoringNewLines("4 variables, identical");
  }

  @Test
  void otherModelsShareNothing() {
    Path vector = Path.of("testdata", "models", "vector");
    Ran.graft("diff", Trainings.POOL, vector).complained(3, KERNEL, "and 3 more");
  }

  private static HostTensor value(Path model, String name) throws IOException {
    Checkpoint checkpoint = Checkpoint.open(model.resolve("variables/variables"));
    String key =
        checkpoint.keys().keySet().stream()
            .filter(one -> one.contains(name))
            .findFirst()
            .orElseThrow();
    return checkpoint.read(key);
  }

  /** Adds 1 to the first number of a variable on disk. */
  private static void change(Path model, String name) throws IOException {
    Path prefix = model.resolve("variables/variables");
    Checkpoint checkpoint = Checkpoint.open(prefix);
    SortedMap<String, HostTensor> values = new TreeMap<>();
    for (String key : checkpoint.keys().keySet()) {
      HostTensor value = checkpoint.read(key);
      if (key.contains(name)) {
        float[] numbers = value.floats();
        numbers[0] += 1;
        value = HostTensor.of(numbers, value.shape().stream().mapToLong(Long::longValue).toArray());
      }
      values.put(key, value);
    }
    Files.delete(model.resolve("variables/variables.index"));
    Files.delete(model.resolve("variables/variables.data-00000-of-00001"));
    Checkpoint.write(prefix, values);
  }
}
