package dev.graft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.data.Sha256;
import dev.graft.export.FolderDeletion;
import dev.graft.features.DrawnImages;
import dev.graft.metrics.Epoch;
import dev.graft.model.Calibration;
import dev.graft.model.FreezePlan;
import dev.graft.model.Head;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that are interrupted, and what they become when they go on. */
class ResumeTest {
  private static final Path RESIDUAL = Path.of("testdata", "models", "residual");
  private static final Path POOL = Path.of("testdata", "models", "pool");

  /** 12 images in batches of 5: three steps an epoch, 8 epochs. */
  private static final int STEPS = 24;

  @TempDir private static Path shared;
  private static Path data;
  private static Map<String, String> whole;

  @TempDir private Path folder;

  @BeforeAll
  static void trainWithoutInterruption() throws IOException {
    data = shared.resolve("data");
    DrawnImages.draw(data, 0, 5);
    TrainSettings settings = settings(shared.resolve("whole"), Duration.ofHours(1));
    whole = result(TransferLearning.train(settings, TrainListener.none()).folder());
  }

  @Test
  void aRunThatIsInterruptedAnywhereEndsAsIfItHadNotBeen() throws Exception {
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < 2; i++) {
      // With a checkpoint after each step, then with those at the ends of the epochs alone.
      TrainSettings settings = settings("killed" + i, Duration.ofMillis(i == 0 ? 0 : 600_000));
      int first = random.nextInt(4, STEPS - 3);
      int second = random.nextInt(1, 4);
      assertDies(() -> TransferLearning.train(settings, new Killer(first)));
      assertThat(folder.resolve("killed" + i)).doesNotExist();
      assertDies(() -> TransferLearning.resume(settings, new Killer(second)));
      assertThat(folder.resolve("killed" + i)).doesNotExist();
      TransferLearning.resume(settings, TrainListener.none());
      assertThat(result(folder.resolve("killed" + i))).isEqualTo(whole);
      assertThat(folder.resolve("killed" + i + ".unfinished")).doesNotExist();
    }
  }

  /** Neither another measurement nor features made in another way meanwhile change its bits. */
  @Test
  void aRunGoesOnWithTheCalibrationThatItBeganWith() throws Exception {
    Calibration begun = new Calibration(1, 4, 0);
    TrainSettings settings = settings("calibrated", Duration.ofMillis(0));
    FeatureSettings own = FeatureSettings.in(Optional.of(folder.resolve("own")));
    TrainSettings first = settings.withFeatures(own.withCalibration(begun));
    assertDies(() -> TransferLearning.train(first, new Killer(4)));
    TransferLearning.resume(
        settings.withFeatures(own.withCalibration(new Calibration(1, 16, 0))),
        TrainListener.none());
    Path run = first.out().folder();
    assertThat(json(run, "/calibration/head")).isEqualTo(begun.describe());
    assertThat(json(run, "/calibration/fine-tune"))
        .isEqualTo("1 side by side of 16 images, all threads each");
    assertThat(result(run)).isEqualTo(whole);
  }

  @Test
  void featuresThatAreThereAreUsedHoweverTheyWereMade() throws Exception {
    Path standard = train("standard");
    assertThat(json(standard, "/calibration/head")).isEqualTo(Calibration.standard().describe());
    TrainSettings again = settings("again", Duration.ofHours(1));
    TrainedRun run =
        TransferLearning.train(
            again.withFeatures(again.out().features().withCalibration(new Calibration(1, 2, 0))),
            TrainListener.none());
    assertThat(run.images().computed()).isZero();
    assertThat(run.calibrations()).containsEntry("head", Calibration.standard());
  }

  @Test
  void whatFailsBeforeTheFirstCheckpointLeavesNothing() throws Exception {
    assertDies(() -> TransferLearning.train(settings("run", Duration.ofHours(1)), new Killer(2)));
    assertThat(names(folder)).isEmpty();
  }

  @Test
  void aCheckpointThatCannotBeWrittenEndsTheRun() {
    Path checkpoints = folder.resolve("run.unfinished/checkpoint");
    TrainListener spoiler =
        new TrainListener() {
          @Override
          public void step(TrainingStep step) {
            if (step.epoch() == 3 && step.step() == 1) {
              try {
                while (!Files.exists(checkpoints.resolve("000000002"))) {
                  Thread.onSpinWait();
                }
                FolderDeletion.delete(checkpoints);
                Files.writeString(checkpoints, "not a folder");
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            }
          }
        };
    assertThatThrownBy(() -> TransferLearning.train(settings("run", Duration.ofHours(1)), spoiler))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining(checkpoints.toString());
    assertThat(folder.resolve("run")).doesNotExist();
  }

  @Test
  void aRunThatIsStoppedIsWholeAndGoesOn() throws Exception {
    for (int steps : new int[] {3, 20}) {
      Path run = folder.resolve("stopped" + steps);
      TrainSettings settings = settings("stopped" + steps, Duration.ofHours(1));
      TrainedRun stopped = TransferLearning.train(settings, new Stopper(steps));
      assertThat(stopped.stopped()).isTrue();
      assertThat(names(run)).contains("model", "run.json", "report.html", "history.csv");
      assertThat(json(run, "/status")).isEqualTo("stopped");
      assertThat(json(run, "/epochs")).isEqualTo(String.valueOf((steps - 1) / 3));
      assertThat(stopped.outcome().history().epochs()).hasSize((steps - 1) / 3);
      TrainedRun resumed = TransferLearning.resume(settings, TrainListener.none());
      assertThat(resumed.stopped()).isFalse();
      assertThat(json(run, "/status")).isEqualTo("finished");
      assertThat(result(run)).isEqualTo(whole);
    }
  }

  @Test
  void aFinishedRunThatGetsMoreEpochsIsALongerRun() throws Exception {
    TrainSettings longer = settings("longer", Duration.ofHours(1));
    LoopSettings loop = longer.loop().withFineTune(7, 1e-3);
    longer = longer.withLoop(loop);
    TransferLearning.train(longer, TrainListener.none());

    Path run = train("run");
    TrainSettings more = settings("run", Duration.ofHours(1)).withLoop(loop);
    TransferLearning.resume(more, TrainListener.none());
    assertThat(result(run)).isEqualTo(result(folder.resolve("longer")));
  }

  @Test
  void whatAFailedStartLeavesDoesNotHideTheRun() throws Exception {
    Path run = train("run");
    Path left =
        Files.createDirectories(folder.resolve("run.unfinished").resolve("checkpoint.partial"));
    Files.writeString(left.resolve("command.json"), "[\"tra");
    assertThat(ResumableRun.find(run).finished()).isTrue();
    TrainSettings same = settings("run", Duration.ofHours(1));
    TransferLearning.resume(same.withLoop(same.loop().withFineTune(6, 1e-3)), TrainListener.none());
    assertThat(Files.exists(folder.resolve("run.unfinished"))).isFalse();
  }

  @Test
  void whatStoppedEarlyWaitsAnewWhenItGetsMoreEpochs() throws Exception {
    LoopSettings loop =
        new LoopSettings(20, 5, Optimizer.parse("sgd(1e-30)"), LoopSettings.FineTune.NONE, 1)
            .withEarlyStopping(new EarlyStopping(2));
    TrainSettings frozen = onPool("run", POOL, Optional.empty()).withLoop(loop);
    assertThat(epochs(TransferLearning.train(frozen, TrainListener.none()))).isEqualTo(3);
    assertThat(epochs(TransferLearning.resume(frozen, TrainListener.none()))).isEqualTo(3);
    TrainSettings longer = frozen.withLoop(loop.withEpochs(25));
    assertThat(epochs(TransferLearning.resume(longer, TrainListener.none()))).isEqualTo(5);
  }

  private static int epochs(TrainedRun run) {
    return run.outcome().history().epochs().size();
  }

  @Test
  void aDamagedCheckpointFallsBackToTheOneBefore() throws Exception {
    assertDies(
        () -> TransferLearning.train(settings("killed", Duration.ofHours(1)), new Killer(17)));
    Path killed = folder.resolve("killed.unfinished/checkpoint");
    assertThat(names(killed)).containsExactly("000000004", "000000005", "command.json");
    for (String damage : List.of("truncated", "flipped", "missing")) {
      Path checkpoints = folder.resolve(damage + ".unfinished/checkpoint");
      copy(killed, checkpoints);
      damage(checkpoints.resolve("000000005"), damage);
      if (damage.equals("flipped")) {
        damage(checkpoints.resolve("000000004"), damage); // then it begins again
      }
      List<String> notes = new ArrayList<>();
      TrainListener listening =
          new TrainListener() {
            @Override
            public void note(String sentence) {
              notes.add(sentence);
            }
          };
      TransferLearning.resume(settings(damage, Duration.ofHours(1)), listening);
      assertThat(notes.get(0)).contains("000000005 can't be used, so the run goes on from before");
      assertThat(result(folder.resolve(damage))).isEqualTo(whole);
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to.getParent());
    try (Stream<Path> walk = Files.walk(from)) {
      for (Path path : walk.toList()) {
        Files.copy(path, to.resolve(from.relativize(path).toString()));
      }
    }
  }

  private static void damage(Path checkpoint, String damage) throws IOException {
    Path values = checkpoint.resolve("values.data-00000-of-00001");
    byte[] bytes = Files.readAllBytes(values);
    switch (damage) {
      case "truncated" -> Files.write(values, java.util.Arrays.copyOf(bytes, bytes.length - 1));
      case "missing" -> Files.delete(checkpoint.resolve("values.index"));
      default -> {
        bytes[bytes.length / 2] ^= 1;
        Files.write(values, bytes);
      }
    }
  }

  @Test
  void anotherRunIsNotGoneOnWith() throws Exception {
    TrainSettings settings = settings("run", Duration.ofHours(1));
    assertThatThrownBy(() -> TransferLearning.resume(settings, TrainListener.none()))
        .hasMessageContaining("There is no run to go on with");
    assertDies(() -> TransferLearning.train(settings, new Killer(17)));
    assertThatThrownBy(() -> TransferLearning.train(settings, TrainListener.none()))
        .hasMessageContaining("go on with \"graft resume " + folder.resolve("run"));

    assertRefused(settings.withLoop(settings.loop().withSeed(2)), "another seed", "\"1\" then");
    assertRefused(
        settings.withJoin(settings.join().withHead(Head.parse("gap, dense(softmax)"))),
        "another head");
    assertRefused(
        settings.withJoin(settings.join().withPlan(FreezePlan.unfreezeLast(1))), "another phase 2");
    assertRefused(settings.withLoop(settings.loop().withEpochs(4)), "another phase 1");

    Path more = folder.resolve("more");
    copy(data, more);
    Files.copy(data.resolve("red/002.png"), more.resolve("red/001.png"), REPLACE);
    assertRefused(
        settings.withData(DataSettings.of(more)),
        "images have changed since the run was interrupted");
    TransferLearning.resume(settings, TrainListener.none());
    assertThat(result(folder.resolve("run"))).isEqualTo(whole);
  }

  @Test
  void anotherBackboneIsNotGoneOnWith() throws Exception {
    TrainSettings tuned =
        onPool("tuned", POOL, Optional.empty())
            .withJoin(JoinSettings.of(POOL).withPlan(FreezePlan.unfreeze("*")));
    Path other = TransferLearning.train(tuned, TrainListener.none()).folder().resolve("model");
    TrainSettings settings = onPool("run", POOL, Optional.of("block1_pool"));
    assertDies(() -> TransferLearning.train(settings, new Killer(4)));
    assertRefused(
        onPool("run", other, Optional.of("block1_pool")),
        "backbone has changed since the run was interrupted");
  }

  private TrainSettings onPool(String name, Path backbone, Optional<String> output) {
    return TrainSettings.of(data, backbone, folder.resolve(name))
        .withJoin(
            new JoinSettings(
                backbone, output, Optional.empty(), FreezePlan.allFrozen(), BatchNorm.INFERENCE))
        .withLoop(
            new LoopSettings(2, 5, Optimizer.parse("sgd(0.1)"), LoopSettings.FineTune.NONE, 1))
        .withOut(output(folder.resolve(name), Duration.ofHours(1)));
  }

  private static final java.nio.file.CopyOption REPLACE =
      java.nio.file.StandardCopyOption.REPLACE_EXISTING;

  private void assertRefused(TrainSettings settings, String... parts) {
    assertThatThrownBy(() -> TransferLearning.resume(settings, TrainListener.none()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(parts);
    assertThat(folder.resolve("run.unfinished/checkpoint")).exists();
  }

  @Test
  void aRunThatIsBeingTrainedIsInUse() throws Exception {
    TrainSettings settings = settings("run", Duration.ofHours(1));
    TrainListener other =
        new TrainListener() {
          @Override
          public void epoch(Epoch epoch) {
            assertThatThrownBy(() -> TransferLearning.resume(settings, TrainListener.none()))
                .hasMessageContaining("is in use: another graft trains this run");
          }
        };
    assertThat(epochs(TransferLearning.train(settings, other))).isEqualTo(8);
  }

  private Path train(String name) throws IOException {
    return TransferLearning.train(settings(name, Duration.ofHours(1)), TrainListener.none())
        .folder();
  }

  /** Dropout, batch norm, slots, early stopping, two phases with two cuts. */
  private TrainSettings settings(String name, Duration checkpointEvery) {
    return settings(folder.resolve(name), checkpointEvery);
  }

  private static TrainSettings settings(Path run, Duration checkpointEvery) {
    LoopSettings loop =
        new LoopSettings(3, 5, Optimizer.parse("adam(0.01)"), LoopSettings.FineTune.NONE, 1)
            .withSchedule(Schedule.parse("exponential"))
            .withEarlyStopping(new EarlyStopping(9))
            .withFineTune(5, 1e-3);
    return TrainSettings.of(data, RESIDUAL, run)
        .withJoin(
            JoinSettings.of(RESIDUAL)
                .withHead(Head.parse("gap, batchnorm, dropout(0.3), dense(softmax)"))
                .withPlan(FreezePlan.unfreeze("block2_project*")))
        .withLoop(loop)
        .withOut(output(run, checkpointEvery));
  }

  private static TrainSettings.OutputSettings output(Path run, Duration checkpointEvery) {
    return new TrainSettings.OutputSettings(run, false, Optional.of(shared.resolve("features")))
        .withCheckpointEvery(checkpointEvery);
  }

  private static void assertDies(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThatThrownBy(call).hasMessage("killed");
  }

  /** Throws after so many steps. */
  private static class Killer implements TrainListener {
    private final int steps;
    private int seen;

    Killer(int steps) {
      this.steps = steps;
    }

    @Override
    public void progress(String task, long done, long total) {
      if (task.contains("epoch") && ++seen > steps) {
        throw new IllegalStateException("killed");
      }
    }
  }

  /** Asks to stop after so many steps. */
  private static final class Stopper implements TrainListener {
    private final int steps;
    private int seen;

    Stopper(int steps) {
      this.steps = steps;
    }

    @Override
    public void progress(String task, long done, long total) {
      seen += task.contains("epoch") ? 1 : 0;
    }

    @Override
    public boolean isStopAsked() {
      return seen >= steps;
    }
  }

  private static String json(Path run, String pointer) throws IOException {
    return new ObjectMapper().readTree(run.resolve("run.json").toFile()).at(pointer).asText();
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> inside = Files.list(folder)) {
      return inside.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  /** Hashes of the exported weights and of the history. */
  private static Map<String, String> result(Path run) throws IOException {
    Map<String, String> hashes = new TreeMap<>();
    try (Stream<Path> files = Files.walk(run)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = run.relativize(file).toString();
        if (name.startsWith("model") || name.equals("history.csv")) {
          hashes.put(name, Sha256.of(file));
        }
      }
    }
    assertThat(hashes).hasSizeGreaterThan(5);
    return hashes;
  }
}
