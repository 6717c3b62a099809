package dev.graft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.data.Shuffle;
import dev.graft.data.Target;
import dev.graft.features.Examples;
import dev.graft.metrics.Epoch;
import dev.graft.metrics.History;
import dev.graft.model.CutModel;
import dev.graft.model.FreezePlan;
import dev.graft.model.GoldenModel;
import dev.graft.model.JoinedModel;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A head on 8 features. */
class TrainerTest {
  private static final RowExamples TRAINING = RowExamples.random(7, 8, 3, 1);
  private static final RowExamples VALIDATION = RowExamples.random(5, 8, 3, 2);

  /** A step too small to change any weight. */
  private static final Optimizer STILL = Optimizer.parse("sgd(1e-30)");

  private static JoinedModel plain;
  private static JoinedModel dropping;

  @BeforeAll
  static void join() throws IOException {
    GoldenModel pool = new GoldenModel("pool");
    plain = pool.join("gap, dense(softmax)", 3);
    dropping = pool.join("gap, dropout(0.5), dense(16, relu), dropout(0.2), dense(softmax)", 3);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 7, 100})
  void lossAndAccuracyAreMeansOverTheExamplesWhateverTheBatch(int batchSize) {
    double[] expected = lossAndAccuracy(TRAINING);
    double[] validated = lossAndAccuracy(VALIDATION);
    Phase phase = new Phase("head", 1, batchSize, STILL, 1);
    Epoch epoch = fit(plain, phase, TRAINING, VALIDATION).history().epochs().get(0);
    assertThat(epoch.loss()).isCloseTo(expected[0], within(1e-6));
    assertThat(epoch.accuracy()).isEqualTo(expected[1]);
    assertThat(epoch.validationLoss()).isCloseTo(validated[0], within(1e-6));
    assertThat(epoch.validationAccuracy()).isEqualTo(validated[1]);
  }

  /** Cross-entropy and accuracy of the untrained head, reckoned in double precision. */
  private static double[] lossAndAccuracy(RowExamples examples) {
    float[] kernel = weight("dense/kernel");
    double loss = 0;
    double right = 0;
    for (int i = 0; i < examples.size(); i++) {
      double[] logits = new double[3];
      for (int j = 0; j < 24; j++) {
        logits[j % 3] += (double) kernel[j] * examples.rows()[i][j / 3];
      }
      double sum = 0;
      int best = 0;
      for (int label = 0; label < 3; label++) {
        sum += Math.exp(logits[label]);
        best = logits[label] > logits[best] ? label : best;
      }
      loss -= Math.log(Math.exp(logits[examples.labels()[i]]) / sum);
      right += best == examples.labels()[i] ? 1 : 0;
    }
    return new double[] {loss / examples.size(), right / examples.size()};
  }

  private static float[] weight(String name) {
    return plain.weights().stream()
        .filter(weight -> weight.name().equals(name))
        .findFirst()
        .orElseThrow()
        .value()
        .floats();
  }

  @Test
  void theShortLastBatchTrainsToo() {
    // One step of four examples and one of three: the second moves the weights again.
    List<String> progress = new ArrayList<>();
    TrainListener listener =
        new TrainListener() {
          @Override
          public void progress(String task, long done, long total) {
            progress.add(task + " " + done + "/" + total);
          }
        };
    Phase phase = new Phase("head", 1, 4, Optimizer.parse("sgd(0.1)"), 1);
    Map<String, HostTensor> both = fit(plain, phase, TRAINING, VALIDATION, listener).values();
    assertThat(progress).containsExactly("head, epoch 1 4/7", "head, epoch 1 7/7");
    RowExamples spoiled = new RowExamples(TRAINING.rows(), TRAINING.labels().clone());
    int last = Shuffle.permutation(7, 1_000_004)[6];
    spoiled.labels()[last] = (spoiled.labels()[last] + 1) % 3;
    assertThat(fit(plain, phase, spoiled, VALIDATION, listener).values()).isNotEqualTo(both);
  }

  @Test
  void theSameSettingsMakeTheSameWeightsAndTheSameHistory() {
    Phase phase = new Phase("head", 4, 3, Optimizer.parse("adam(1e-2)"), 9);
    Fitted first = fit(dropping, phase, TRAINING, VALIDATION);
    assertThat(fit(dropping, phase, TRAINING, VALIDATION)).isEqualTo(first);
    Phase other = new Phase("head", 4, 3, Optimizer.parse("adam(1e-2)"), 10);
    assertThat(fit(dropping, other, TRAINING, VALIDATION).values()).isNotEqualTo(first.values());
  }

  @Test
  void aGivenOrderIsFollowed() {
    List<int[]> given = List.of(new int[] {6, 5, 4, 3, 2, 1, 0}, new int[] {3, 0, 6, 1, 5, 2, 4});
    List<Integer> read = new ArrayList<>();
    Phase phase = new Phase("head", 2, 3, Optimizer.parse("sgd(0.1)"), 1);
    Batching batching = phase.batching().withOrder((pass, examples) -> given.get(pass - 1));
    fit(plain, phase.withBatching(batching), recording(read), VALIDATION);
    assertThat(read).containsExactly(6, 5, 4, 3, 2, 1, 0, 3, 0, 6, 1, 5, 2, 4);
  }

  @Test
  void stepsOfAnEpochGoRoundTheExamplesFromEpochToEpoch() {
    List<int[]> given = List.of(new int[] {6, 5, 4, 3, 2, 1, 0}, new int[] {3, 0, 6, 1, 5, 2, 4});
    List<Integer> read = new ArrayList<>();
    List<String> progress = new ArrayList<>();
    Batching batching =
        Batching.of(3, 1).withSteps(2).withOrder((pass, examples) -> given.get(pass - 1));
    Phase phase = new Phase("head", 2, 3, Optimizer.parse("sgd(0.1)"), 1).withBatching(batching);
    TrainListener listener =
        new TrainListener() {
          @Override
          public void progress(String task, long done, long total) {
            progress.add(task + " " + done + "/" + total);
          }
        };
    fit(plain, phase, recording(read), VALIDATION, listener);
    assertThat(read).containsExactly(6, 5, 4, 3, 2, 1, 0, 3, 0, 6);
    assertThat(progress)
        .containsExactly(
            "head, epoch 1 3/6", "head, epoch 1 6/6", "head, epoch 2 1/4", "head, epoch 2 4/4");
  }

  @Test
  void stepsOfAsManyExamplesAsThereAreChangeNothing() {
    Phase phase = new Phase("head", 3, 3, Optimizer.parse("adam(0.05)"), 1);
    Phase stepped = phase.withBatching(phase.batching().withSteps(3).withValidationSteps(2));
    assertThat(fit(dropping, stepped, TRAINING, VALIDATION))
        .isEqualTo(fit(dropping, phase, TRAINING, VALIDATION));
  }

  @Test
  void validationStepsTakeTheFirstExamplesAndGoRound() {
    Phase phase = new Phase("head", 1, 2, STILL, 1);
    for (int steps : new int[] {1, 2, 4}) {
      List<Integer> read = new ArrayList<>();
      Batching batching = phase.batching().withValidationSteps(steps);
      Epoch epoch =
          fit(plain, phase.withBatching(batching), TRAINING, recording(VALIDATION, read))
              .history()
              .epochs()
              .get(0);
      int examples = steps == 4 ? 7 : 2 * steps; // the third step has one
      assertThat(read).isEqualTo(List.of(0, 1, 2, 3, 4, 0, 1).subList(0, examples));
      double sum = 0;
      for (int i = 0; i < examples; i++) {
        sum += lossAndAccuracy(VALIDATION.only(i % 5))[0];
      }
      assertThat(epoch.validationLoss()).isCloseTo(sum / examples, within(1e-6));
    }
  }

  private static Examples recording(List<Integer> read) {
    return recording(TRAINING, read);
  }

  /** Examples that write down which of them are read. */
  private static Examples recording(RowExamples examples, List<Integer> read) {
    return new Examples() {
      @Override
      public int size() {
        return examples.size();
      }

      @Override
      public Target target(int example) {
        return examples.target(example);
      }

      @Override
      public void read(int tensor, int example, FloatBuffer destination) {
        read.add(example);
        examples.read(tensor, example, destination);
      }
    };
  }

  @Test
  void trainingLearns() {
    RowExamples training = RowExamples.random(60, 8, 3, 3);
    Phase phase = new Phase("head", 30, 8, Optimizer.parse("adam(0.05)"), 1);
    Fitted fitted = fit(plain, phase, training, RowExamples.random(30, 8, 3, 4));
    List<Epoch> epochs = fitted.history().epochs();
    assertThat(epochs).hasSize(30);
    assertThat(epochs.get(29).loss()).isLessThan(epochs.get(0).loss() / 4);
    assertThat(epochs.get(29).validationAccuracy()).isGreaterThan(0.9);
  }

  @Test
  void epochsGoOnFromThoseBefore() {
    Phase head = new Phase("head", 2, 4, Optimizer.parse("sgd(0.1)"), 1);
    Phase fine = new Phase("fine-tune", 1, 4, Optimizer.parse("sgd(0.01)"), 1);
    History first = fit(plain, head, TRAINING, VALIDATION).history();
    try (CutModel cut = plain.cut(FreezePlan.allFrozen())) {
      History both =
          new Trainer(cut.graft(), fine).fit(TRAINING, VALIDATION, first, TrainListener.none());
      assertThat(both.epochs().stream().map(Epoch::number)).containsExactly(1, 2, 3);
      assertThat(both.epochs().stream().map(Epoch::phase))
          .containsExactly("head", "head", "fine-tune");
      assertThat(both.epochs().get(2).learningRate()).isEqualTo(0.01);
    }
  }

  @Test
  void theHistoryHasTheRateOfEachEpochsLastStep() {
    Phase phase =
        new Phase("head", 3, 4, Optimizer.parse("sgd(0.1)"), 1)
            .withSchedule(Schedule.parse("polynomial"));
    assertThat(fit(plain, phase, TRAINING, VALIDATION).history().epochs())
        .extracting(Epoch::learningRate)
        .usingElementComparator((a, b) -> Math.abs(a - b) < 1e-12 ? 0 : 1)
        .containsExactly(0.1 * 5 / 6, 0.1 * 3 / 6, 0.1 * 1 / 6);
  }

  @Test
  void aScheduleChangesTheSteps() {
    Phase constant = new Phase("head", 2, 4, Optimizer.parse("sgd(0.1)"), 1);
    Phase falling = constant.withSchedule(Schedule.parse("step(epochs=1, factor=0.5)"));
    Fitted first = fit(plain, constant, TRAINING, VALIDATION);
    Fitted second = fit(plain, falling, TRAINING, VALIDATION);
    assertThat(second.history().epochs().get(0)).isEqualTo(first.history().epochs().get(0));
    assertThat(second.values()).isNotEqualTo(first.values());
  }

  @Test
  void stoppingEarlyGivesTheWeightsOfTheBestEpochBack() {
    // What is learnt is wrong for the validation: from some epoch on its loss rises.
    RowExamples misleading = new RowExamples(VALIDATION.rows(), shifted(VALIDATION.labels()));
    Phase phase =
        new Phase("head", 40, 4, Optimizer.parse("sgd(0.05, momentum=0.9)"), 1)
            .withEarlyStopping(new EarlyStopping(3));
    Fitted stopped = fit(plain, phase, TRAINING, misleading);
    List<Epoch> epochs = stopped.history().epochs();
    int best = 0;
    for (int i = 1; i < epochs.size(); i++) {
      best = epochs.get(i).validationLoss() < epochs.get(best).validationLoss() ? i : best;
    }
    assertThat(epochs).hasSize(best + 1 + 3).hasSizeLessThan(40);
    Phase upToBest = new Phase("head", best + 1, 4, phase.optimizer(), 1);
    assertThat(stopped.values()).isEqualTo(fit(plain, upToBest, TRAINING, misleading).values());
  }

  @Test
  void thePhasesEndGivesTheBestWeightsBackToo() {
    RowExamples misleading = new RowExamples(VALIDATION.rows(), shifted(VALIDATION.labels()));
    Phase patient =
        new Phase("head", 4, 4, Optimizer.parse("sgd(0.05)"), 1)
            .withEarlyStopping(new EarlyStopping(10));
    Fitted ended = fit(plain, patient, TRAINING, misleading);
    assertThat(ended.history().epochs()).hasSize(4);
    Phase first = new Phase("head", 1, 4, patient.optimizer(), 1);
    assertThat(ended.values()).isEqualTo(fit(plain, first, TRAINING, misleading).values());
  }

  private static int[] shifted(int[] labels) {
    return java.util.Arrays.stream(labels).map(label -> (label + 1) % 3).toArray();
  }

  @Test
  void aLossThatIsNoNumberStopsTheTraining() {
    float[][] rows = RowExamples.random(7, 8, 3, 1).rows();
    rows[Shuffle.permutation(7, 1_000_004)[3]][0] = Float.NaN;
    RowExamples broken = new RowExamples(rows, TRAINING.labels());
    Phase phase = new Phase("head", 2, 2, Optimizer.parse("adam(1e-3)"), 1);
    assertThatThrownBy(() -> fit(plain, phase, broken, VALIDATION))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "Training stopped in epoch 1 at step 2: the loss is NaN, on the batch of example %d,"
                    .formatted(Shuffle.permutation(7, 1_000_004)[2])
                + " example %d; lower the learning rate (adam(0.001))."
                    .formatted(Shuffle.permutation(7, 1_000_004)[3]));
  }

  @Test
  void aRateThatIsMuchTooHighStopsTheTraining() {
    Phase phase = new Phase("head", 5, 4, Optimizer.parse("sgd(1e38)"), 1);
    assertThatThrownBy(() -> fit(plain, phase, TRAINING, VALIDATION))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("Training stopped in epoch")
        .hasMessageContaining("sgd(1.0E38)");
  }

  @Test
  void oneExampleValidatesAsItDoesAmongOthers() {
    RowExamples lone = new RowExamples(new float[][] {VALIDATION.rows()[0]}, new int[] {0});
    Phase phase = new Phase("head", 1, 32, STILL, 1);
    Epoch epoch = fit(plain, phase, TRAINING, lone).history().epochs().get(0);
    assertThat(epoch.validationLoss()).isCloseTo(lossAndAccuracy(lone)[0], within(1e-6));
    try (CutModel cut = plain.cut(FreezePlan.allFrozen())) {
      Trainer trainer = new Trainer(cut.graft(), phase);
      assertThat(trainer.probabilities(lone))
          .isDeepEqualTo(new float[][] {trainer.probabilities(VALIDATION)[0]});
    }
  }

  @Test
  void anEpochCountOfZeroTrainsNothing() {
    Phase phase = new Phase("head", 0, 4, Optimizer.parse("sgd(0.1)"), 1);
    Fitted fitted = fit(plain, phase, TRAINING, VALIDATION);
    assertThat(fitted.history().epochs()).isEmpty();
    assertThat(fitted.values().values().stream().map(HostTensor::floats))
        .containsExactly(weight("dense/kernel"), weight("dense/bias"));
  }

  @Test
  void aPhaseNeedsABatchAndNoNegativeEpochs() {
    assertThatThrownBy(() -> new Phase("head", 1, 0, STILL, 1))
        .hasMessageContaining("batch size must be 1 or more, got 0");
    assertThatThrownBy(() -> new Phase("head", -1, 1, STILL, 1))
        .hasMessageContaining("must be 0 or more, got -1");
  }

  /** What came of a training. */
  private record Fitted(History history, Map<String, HostTensor> values) {}

  private static Fitted fit(
      JoinedModel model, Phase phase, Examples training, Examples validation) {
    return fit(model, phase, training, validation, TrainListener.none());
  }

  private static Fitted fit(
      JoinedModel model,
      Phase phase,
      Examples training,
      Examples validation,
      TrainListener listener) {
    try (CutModel cut = model.cut(FreezePlan.allFrozen())) {
      History history =
          new Trainer(cut.graft(), phase).fit(training, validation, History.empty(), listener);
      return new Fitted(history, cut.graft().values());
    }
  }
}
