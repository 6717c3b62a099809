package dev.graft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.data.LabeledImage;
import dev.graft.data.Split;
import dev.graft.features.DrawnImages;
import dev.graft.model.FreezePlan;
import dev.graft.predict.Predictor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Drawn images of three classes on the model {@code pool}. */
class TuningTest {
  private static final Path POOL = Path.of("testdata", "models", "pool");
  private static final String STANDARD = "gap, dropout(0.2), dense(softmax)";

  @TempDir private Path folder;
  private Path data;

  @BeforeEach
  void draw() throws IOException {
    data = folder.resolve("data");
    DrawnImages.draw(data, 0, 15);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "24 | 30 | 24 for 3, 8 for 10, 2 for 30",
        "27 | 27 | 27 for 1, 9 for 3, 3 for 9, 1 for 27",
        "9  | 4  | 9 for 1, 3 for 4",
        "2  | 30 | 2 for 30",
        "1  | 1  | 1 for 1",
      })
  void aThirdGoesOnForThreeTimesAsLong(int candidates, int epochs, String expected) {
    List<String> rungs = new ArrayList<>();
    TuneSettings.rungs(candidates, epochs)
        .forEach(rung -> rungs.add(rung.candidates() + " for " + rung.epochs()));
    assertThat(String.join(", ", rungs)).isEqualTo(expected);
  }

  @Test
  void theStandardSpaceHasTwoHeadsWithThreeRatesOfDropout() {
    List<Candidate> candidates = SearchSpace.standard().candidates(STANDARD, 100, 1);
    Set<String> heads = new TreeSet<>();
    candidates.forEach(candidate -> heads.add(candidate.head()));
    assertThat(heads)
        .containsExactly(
            "gap, dense(128, relu), dense(softmax)",
            "gap, dense(128, relu), dropout(0.2), dense(softmax)",
            "gap, dense(128, relu), dropout(0.5), dense(softmax)",
            "gap, dense(softmax)",
            "gap, dropout(0.2), dense(softmax)",
            "gap, dropout(0.5), dense(softmax)");
    assertThat(new HashSet<>(candidates)).hasSize(24);
    List<Candidate> some = SearchSpace.standard().candidates(STANDARD, 5, 1);
    assertThat(some).isEqualTo(candidates.subList(0, 5));
    assertThat(SearchSpace.standard().candidates(STANDARD, 5, 2)).isNotEqualTo(some);
  }

  @Test
  void aHeadWithoutDropoutGetsOneBeforeItsLastLayer() {
    SearchSpace space =
        SearchSpace.standard()
            .withHeads(List.of("flatten, dense(8, relu), dense(softmax)"))
            .withLearningRates(List.of(0.1))
            .withDropouts(List.of(0.0, 0.3));
    assertThat(space.candidates(STANDARD, 9, 1))
        .extracting(Candidate::head)
        .containsExactlyInAnyOrder(
            "flatten, dense(8, relu), dense(softmax)",
            "flatten, dense(8, relu), dropout(0.3), dense(softmax)");
  }

  @Test
  void theBestTrialBecomesARunOnAllTrainingImages() throws Exception {
    List<String> heard = new ArrayList<>();
    Tuned tuned = Tuning.tune(settings("tuned", 12), counting(heard));
    // 9 for 1 epoch, 3 for 4, 1 for 12.
    assertThat(tuned.trials()).hasSize(13);
    assertThat(heard).hasSize(13).first().isEqualTo("1 of 13");
    List<Trial> best = tuned.bestFirst();
    assertThat(best).extracting(Trial::epochs).startsWith(12, 4, 4, 4, 1);
    assertThat(best.get(1).accuracy()).isGreaterThanOrEqualTo(best.get(3).accuracy());
    assertThat(best.get(0).candidate()).contains("learning rate 0.05");
    assertThat(tuned.trainedOn()).isEqualTo(29);
    assertThat(tuned.heldOut()).isEqualTo(7);
    assertThat(tuned.best().loop().epochs()).isEqualTo(12);
    assertThat(tuned.best().loop().optimizer().learningRate()).isEqualTo(0.05);
    assertThat(tuned.accuracy()).isEqualTo(1);
    try (Predictor predictor = Predictor.load(tuned.run())) {
      assertThat(predictor.labels().names()).containsExactly("blue", "green", "red");
    }
    assertThat(Files.readAllLines(folder.resolve("tuned/trials.csv"))).hasSize(14);
  }

  @Test
  void trialsDoNotSeeTheValidationImages() throws Exception {
    TuneSettings settings = settings("tuned", 12);
    RunInputs whole = RunInputs.read(settings.base(), new RunLog(TrainListener.none()));
    Split inner = whole.heldOut(0.2, 1).split();
    Set<LabeledImage> training = new HashSet<>(inner.training());
    training.addAll(inner.validation());
    assertThat(training).isEqualTo(new HashSet<>(whole.split().training()));
    assertThat(inner.training()).doesNotContainAnyElementsOf(inner.validation());
    assertThat(inner.test()).isEmpty();
  }

  @Test
  void whatWasInterruptedGoesOnAndEndsAsItWouldHave() throws Exception {
    Tuned whole = Tuning.tune(settings("whole", 12), TuneListener.none());
    TuneListener interrupting =
        new TuneListener() {
          @Override
          public void trial(Trial trial, int done, int planned) {
            if (done == 10) {
              throw new UnsupportedOperationException("killed");
            }
          }
        };
    assertThatThrownBy(() -> Tuning.tune(settings("killed", 12), interrupting))
        .hasMessage("killed");
    Path record = folder.resolve("killed/tuning.json");
    assertThat(folder.resolve("killed/best")).doesNotExist();
    Files.writeString(folder.resolve("killed/.tuning.json.partial"), "{\"format");
    byte[] before = Files.readAllBytes(record);

    List<Trial> made = new ArrayList<>();
    Tuned rest =
        Tuning.tune(
            settings("killed", 12),
            new TuneListener() {
              @Override
              public void trial(Trial trial, int done, int planned) {
                made.add(trial);
              }
            });
    assertThat(made.subList(0, 10)).isEqualTo(rest.trials().subList(0, 10));
    assertThat(figures(rest)).isEqualTo(figures(whole));
    assertThat(new String(before)).contains("\"trials\"");
    assertThat(rest.accuracy()).isEqualTo(whole.accuracy());
    // The first ten are those that were made before, to their times.
    assertThat(new String(Files.readAllBytes(record)))
        .startsWith(new String(before, 0, new String(before).lastIndexOf('}', before.length - 3)));

    Tuned again = Tuning.tune(settings("killed", 12), TuneListener.none());
    assertThat(again).isEqualTo(rest);
  }

  @Test
  void aTuningWithOtherSettingsIsNotGoneOnWith() throws Exception {
    Tuning.tune(settings("tuned", 2), TuneListener.none());
    assertThatThrownBy(() -> Tuning.tune(settings("tuned", 3), TuneListener.none()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(
            "holds a tuning that was started with the epochs 2, not 3: go on with");
    TuneSettings again = settings("tuned", 3);
    TrainSettings base = again.base();
    TuneSettings overwriting =
        new TuneSettings(
            base.withOut(
                new TrainSettings.OutputSettings(base.out().folder(), true, Optional.empty())
                    .withFeatures(base.out().features())),
            again.space(),
            again.trials());
    assertThat(Tuning.tune(overwriting, TuneListener.none()).best().loop().epochs()).isEqualTo(3);

    Path other = Files.createDirectories(folder.resolve("other"));
    Files.writeString(other.resolve("thesis.txt"), "mine");
    assertThatThrownBy(() -> Tuning.tune(settings("other", 2), TuneListener.none()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is not the folder of a tuning (it has no tuning.json)");
  }

  @Test
  void aDamagedRecordIsRefused() throws Exception {
    Tuning.tune(settings("tuned", 2), TuneListener.none());
    Files.writeString(folder.resolve("tuned/tuning.json"), "{\"format\": \"graft-tuning\", \"ver");
    assertThatThrownBy(() -> Tuning.tune(settings("tuned", 2), TuneListener.none()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is damaged: start again with --overwrite");
  }

  @Test
  void aCandidateThatDivergesComesLast() throws Exception {
    TuneSettings settings = settings("tuned", 2);
    SearchSpace space =
        settings.space().withLearningRates(List.of(1e38, 0.05)).withDropouts(List.of());
    TrainSettings base =
        settings.base().withLoop(settings.base().loop().withOptimizer(Optimizer.parse("sgd(0.1)")));
    Tuned tuned = Tuning.tune(new TuneSettings(base, space, 10), TuneListener.none());
    assertThat(tuned.trials()).anyMatch(Trial::isDiverged);
    assertThat(tuned.bestFirst().get(0).isDiverged()).isFalse();
    assertThat(tuned.best().loop().optimizer().learningRate()).isEqualTo(0.05);
    Tuned again = Tuning.tune(new TuneSettings(base, space, 10), TuneListener.none());
    assertThat(again.trials()).anyMatch(Trial::isDiverged);
  }

  @Test
  void layersMayBeUnfrozenInTrials() throws Exception {
    TuneSettings settings = settings("tuned", 2);
    SearchSpace space =
        settings
            .space()
            .withLearningRates(List.of(0.01))
            .withDropouts(List.of())
            .withPlans(List.of(FreezePlan.allFrozen(), FreezePlan.unfreezeLast(2)));
    Tuned tuned = Tuning.tune(new TuneSettings(settings.base(), space, 10), TuneListener.none());
    assertThat(tuned.trials())
        .extracting(Trial::candidate)
        .anyMatch(text -> text.contains("frozen"))
        .anyMatch(text -> text.contains("last 2"));
  }

  private TuneSettings settings(String name, int epochs) {
    TrainSettings base = TrainSettings.of(data, POOL, folder.resolve(name));
    SearchSpace space =
        SearchSpace.standard()
            .withHeads(List.of(STANDARD))
            .withLearningRates(List.of(1e-6, 1e-5, 0.05));
    return new TuneSettings(
        base.withLoop(base.loop().withEpochs(epochs))
            .withOut(
                new TrainSettings.OutputSettings(
                    folder.resolve(name), false, Optional.of(folder.resolve("features")))),
        space,
        10);
  }

  private static TuneListener counting(List<String> heard) {
    return new TuneListener() {
      @Override
      public void trial(Trial trial, int done, int planned) {
        heard.add(done + " of " + planned);
      }
    };
  }

  private static List<String> figures(Tuned tuned) {
    return tuned.trials().stream()
        .map(trial -> trial.rung() + trial.candidate() + trial.accuracy() + trial.loss())
        .toList();
  }
}
