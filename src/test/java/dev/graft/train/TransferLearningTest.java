package dev.graft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.data.Augmentation;
import dev.graft.data.Npy;
import dev.graft.data.NpyArray;
import dev.graft.data.Preparation;
import dev.graft.data.Sha256;
import dev.graft.features.DrawnImages;
import dev.graft.features.StoredNumbers;
import dev.graft.handoff.Handoff;
import dev.graft.metrics.Epoch;
import dev.graft.metrics.History;
import dev.graft.model.FreezePlan;
import dev.graft.model.Head;
import dev.graft.predict.Predictor;
import dev.graft.predict.Verification;
import dev.graft.savedmodel.Checkpoint;
import dev.graft.savedmodel.SavedModel;
import dev.graft.tensor.Precision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** From a folder of drawn images and a tiny backbone to an exported model. */
class TransferLearningTest {
  private static final Path MODELS = Path.of("testdata", "models");
  private static final Path POOL = MODELS.resolve("pool");
  private static final List<String> LABELS = List.of("blue", "green", "red");

  @TempDir private Path folder;
  private Path data;

  @BeforeEach
  void draw() throws IOException {
    data = folder.resolve("data");
    DrawnImages.draw(data, 0, 5);
  }

  @Test
  void aRunLeavesTheModelItsHistoryAndItsReport() throws Exception {
    TrainedRun run = train(settings("run"));
    Path out = folder.resolve("run");
    assertThat(run.folder()).isEqualTo(out);
    assertThat(names(out))
        .containsExactly(
            "checkpoint",
            "events",
            "history.csv",
            "model",
            "pictures",
            "predictions.csv",
            "report.html",
            "run.json");
    assertThat(names(out.resolve("model")))
        .contains("assets", "golden", "handoff.json", "saved_model.pb", "variables");
    assertThat(History.parse(Files.readString(out.resolve("history.csv"))))
        .isEqualTo(run.outcome().history());
    assertThat(Files.readString(out.resolve("report.html"))).contains("<html", "pool", "green");
    assertThat(Files.readString(out.resolve("model/assets/labels.txt")))
        .isEqualTo("blue\ngreen\nred\n");

    JsonNode json = json(out);
    assertThat(json.at("/labels")).map(JsonNode::asText).isEqualTo(LABELS);
    assertThat(json.at("/command").asText()).startsWith("graft train " + data);
    assertThat(json.at("/split/training")).hasSize(12);
    assertThat(json.at("/split/validation")).hasSize(3);
    assertThat(json.at("/split/training/0").asText()).matches("(blue|green|red)/00\\d\\.png");
    assertThat(json.at("/imagesThroughTrunk").asInt()).isEqualTo(15);
    assertThat(json.at("/history")).hasSize(3);
    assertThat(json.at("/metrics/validation/accuracy").asDouble())
        .isEqualTo(run.outcome().after().accuracy());
    assertThat(json.at("/metrics").has("test")).isFalse();
    assertThat(json.at("/frozen")).hasSize(2);
    for (JsonNode frozen : json.at("/frozen")) {
      assertThat(frozen.at("/after").asText()).hasSize(64).isEqualTo(frozen.at("/before").asText());
    }
    assertThat(Verification.of(out.resolve("model")).isPassed()).isTrue();
    assertThat(run.proof().exportDifference()).isLessThan(1e-5);
    assertThat(partialFolders()).isEmpty();
  }

  @Test
  void whatIsReportedIsWhatTheExportedModelAnswers() throws Exception {
    TrainedRun run = train(settings("run").withLoop(loop().withEpochs(20)));
    assertThat(run.outcome().after().accuracy()).isEqualTo(1);
    try (Predictor predictor = Predictor.load(run.folder())) {
      assertThat(predictor.labels().names()).isEqualTo(LABELS);
      Predictor.Evaluated evaluated =
          predictor.evaluate(
              run.images().split().validation(), predictor.labels(), TrainListener.none());
      assertThat(evaluated.evaluation().accuracy()).isEqualTo(run.outcome().after().accuracy());
      assertThat(evaluated.rejected()).isEmpty();
    }
  }

  @Test
  void aSecondRunComputesNoFeaturesAndMakesTheSameBytes() throws Exception {
    TrainedRun first = train(settings("first"));
    TrainedRun second = train(settings("second"));
    TrainedRun afresh =
        train(
            settings("third")
                .withOut(output("third", false, Optional.of(folder.resolve("other features")))));
    assertThat(first.images().computed()).isEqualTo(15);
    assertThat(second.images().computed()).isZero();
    assertThat(json(second.folder()).at("/imagesThroughTrunk").asInt(-1)).isZero();
    assertThat(afresh.images().computed()).isEqualTo(15);
    assertThat(hashes(second.folder())).isEqualTo(hashes(first.folder())).hasSizeGreaterThan(8);
    assertThat(hashes(afresh.folder())).isEqualTo(hashes(first.folder()));
  }

  @ParameterizedTest
  @EnumSource(names = {"WINOGRAD", "BFLOAT16"})
  void featuresInAnotherPrecisionAreOthersAndTheirEffectIsSaid(Precision precision)
      throws Exception {
    train(settings("float32"));
    TrainSettings settings = settings("other");
    TrainedRun run =
        train(settings.withFeatures(settings.out().features().withPrecision(precision)));
    assertThat(run.images().computed()).isEqualTo(15);
    assertThat(run.images().notes())
        .anyMatch(
            note -> note.startsWith("In " + precision.describe() + ", of the golden samples "))
        .anyMatch(note -> note.contains("of 3 validation images the exported model, in float32"));
    assertThat(run.proof().exportDifference()).isLessThan(1e-5);
    JsonNode json = json(run.folder());
    assertThat(json.at("/settings/precision").asText()).isEqualTo(precision.word());
    assertThat(json.at("/command").asText()).contains("--precision " + precision.word());
    assertThat(Verification.of(run.folder().resolve("model")).isPassed()).isTrue();
  }

  @Test
  void featuresStoredInHalvesAreOthersAndTheirEffectIsSaid() throws Exception {
    train(settings("float32"));
    TrainSettings settings = settings("float16");
    TrainSettings halves =
        settings.withFeatures(settings.out().features().withStored(StoredNumbers.FLOAT16));
    TrainedRun run = train(halves);
    assertThat(run.images().computed()).isEqualTo(15);
    assertThat(run.images().notes())
        .anyMatch(
            note ->
                note.startsWith(
                    "The figures are those of features stored in float16; of 3 validation images"));
    assertThat(run.proof().exportDifference()).isLessThan(1e-5);
    JsonNode json = json(run.folder());
    assertThat(json.at("/settings/features-precision").asText()).isEqualTo("float16");
    assertThat(json.at("/command").asText()).contains("--features-precision float16");
    assertThat(Verification.of(run.folder().resolve("model")).isPassed()).isTrue();
    assertThat(settings.unchangeable()).isNotEqualTo(halves.unchangeable());
  }

  @Test
  void anotherSeedMakesAnotherSplitAndAnotherModel() throws Exception {
    TrainedRun one = train(settings("one"));
    TrainedRun two = train(settings("two").withLoop(loop().withSeed(2)));
    assertThat(two.images().split().validation()).isNotEqualTo(one.images().split().validation());
    assertThat(two.images().computed()).isZero();
    assertThat(hashes(two.folder())).isNotEqualTo(hashes(one.folder()));
  }

  @Test
  void theBackboneTrainsInASecondPhaseOnly() throws Exception {
    TrainSettings settings =
        settings("run")
            .withJoin(
                JoinSettings.of(MODELS.resolve("residual"))
                    .withPlan(FreezePlan.unfreeze("block2_*")))
            .withLoop(loop().withEpochs(2).withFineTune(2, 1e-4));
    TrainedRun run = train(settings);
    List<Epoch> epochs = run.outcome().history().epochs();
    assertThat(epochs.stream().map(Epoch::number)).containsExactly(1, 2, 3, 4);
    assertThat(epochs.stream().map(Epoch::phase))
        .containsExactly("head", "head", "fine-tune", "fine-tune");
    assertThat(epochs.stream().map(Epoch::learningRate)).containsExactly(0.05, 0.05, 1e-4, 1e-4);
    assertThat(run.images().computed()).isEqualTo(30);

    Checkpoint before = SavedModel.read(MODELS.resolve("residual")).checkpoint();
    Checkpoint after = SavedModel.read(run.folder().resolve("model")).checkpoint();
    List<String> changed = new ArrayList<>();
    for (var layer : Handoff.read(MODELS.resolve("residual")).orElseThrow().layers()) {
      for (var variable : layer.variables()) {
        if (!after.read(variable.name()).equals(before.read(variable.key()))) {
          changed.add(variable.name());
        }
      }
    }
    assertThat(changed)
        .containsExactlyInAnyOrder(
            "block2_dwconv/kernel",
            "block2_dwconv/bias",
            "block2_bn/gamma",
            "block2_bn/beta",
            "block2_project/kernel",
            "block2_project_bn/gamma",
            "block2_project_bn/beta");
    int variables = Handoff.read(MODELS.resolve("residual")).orElseThrow().variables().size();
    assertThat(run.proof().frozen())
        .hasSize(variables - changed.size())
        .allMatch(FrozenVariable::isUntouched);
  }

  @Test
  void eachPhaseHasACutOfItsOwn() throws Exception {
    TrainSettings two =
        settings("two")
            .withJoin(
                JoinSettings.of(MODELS.resolve("residual"))
                    .withPlan(FreezePlan.unfreeze("block2_project*")))
            .withLoop(loop().withEpochs(2).withFineTune(2, 1e-4));
    PhaseSettings second = two.phases().get(1);
    TrainSettings four =
        two.withOut(output("four", false, features()))
            .withLoop(
                two.loop()
                    .withPhases(
                        second
                            .withName("deeper")
                            .withEpochs(1)
                            .withPlan(FreezePlan.unfreeze("block2_dwconv")),
                        second.withName("head again").withPlan(FreezePlan.allFrozen())));
    TrainedRun first = train(two);
    TrainedRun run = train(four);
    assertThat(run.outcome().history().epochs().subList(0, 4))
        .isEqualTo(first.outcome().history().epochs());
    assertThat(run.outcome().history().epochs())
        .extracting(Epoch::phase)
        .containsExactly(
            "head", "head", "fine-tune", "fine-tune", "deeper", "head again", "head again");
    // The first two phases' features are known from the first run.
    assertThat(run.images().computed()).isEqualTo(30);

    Checkpoint before = SavedModel.read(MODELS.resolve("residual")).checkpoint();
    Checkpoint after = SavedModel.read(run.folder().resolve("model")).checkpoint();
    List<String> changed = new ArrayList<>();
    for (var layer : Handoff.read(MODELS.resolve("residual")).orElseThrow().layers()) {
      for (var variable : layer.variables()) {
        if (!after.read(variable.name()).equals(before.read(variable.key()))) {
          changed.add(layer.name());
        }
      }
    }
    assertThat(changed)
        .contains("block2_project", "block2_dwconv")
        .allMatch(n -> n.startsWith("block2_"));
    assertThat(run.proof().frozen()).isNotEmpty().allMatch(FrozenVariable::isUntouched);
    assertThat(Verification.of(run.folder().resolve("model")).isPassed()).isTrue();
  }

  @Test
  void whatALaterPhaseCannotUnfreezeIsRefusedBeforeTraining() {
    PhaseSettings head = settings("run").phases().get(0);
    LoopSettings loop =
        loop().withPhases(head.withName("later").withPlan(FreezePlan.unfreeze("block9_*")));
    List<Epoch> trained = new ArrayList<>();
    TrainListener listener =
        new TrainListener() {
          @Override
          public void epoch(Epoch epoch) {
            trained.add(epoch);
          }
        };
    assertThatThrownBy(() -> TransferLearning.train(settings("run").withLoop(loop), listener))
        .hasMessageContaining("block9_*");
    assertThat(trained).isEmpty();
    assertThatThrownBy(() -> settings("run").withLoop(loop().withPhases(head, head.withName("x"))))
        .hasMessageContaining("Two phases are called \"head\"");
  }

  @Test
  void anOrderThatEndsTooSoonIsRefusedBeforeTraining() throws IOException {
    Path order = folder.resolve("order.npy");
    int[] rows = new int[24];
    Arrays.setAll(rows, i -> i % 12);
    Npy.writeInts(order, NpyArray.of(rows, 2, 12));
    EpochSettings ordered = EpochSettings.PASS.withOrder(order);
    assertFails(
        settings("run").withLoop(loop().withEpoch(ordered)),
        IllegalArgumentException.class,
        "ends after 2 passes over the training examples, but pass 3 is needed");
    assertThat(
            catchThrowable(
                () -> train(settings("two").withLoop(loop().withEpochs(2).withEpoch(ordered)))))
        .isNull();
  }

  @Test
  void aFirstPhaseAloneMakesTheSameHead() throws Exception {
    JoinSettings residual = JoinSettings.of(MODELS.resolve("residual"));
    TrainSettings headOnly = settings("head").withJoin(residual);
    TrainSettings twoPhases =
        settings("both")
            .withJoin(residual.withPlan(FreezePlan.unfreezeLast(6)))
            .withLoop(loop().withFineTune(1, 1e-4));
    List<Epoch> alone = train(headOnly).outcome().history().epochs();
    assertThat(train(twoPhases).outcome().history().epochs().subList(0, 3)).isEqualTo(alone);
  }

  @Test
  void allLayersTrainWhenAskedTo() throws Exception {
    JoinSettings join = JoinSettings.of(POOL).withPlan(FreezePlan.unfreeze("*"));
    TrainedRun run = train(settings("run").withJoin(join));
    assertThat(run.proof().frozen()).isEmpty();
    assertThat(run.outcome().history().epochs())
        .extracting(Epoch::phase)
        .containsOnly("head and backbone");
    assertThat(Verification.of(run.folder().resolve("model")).isPassed()).isTrue();
  }

  @Test
  void testImagesAreEvaluatedAndTeachNothing() throws Exception {
    Path parts = folder.resolve("parts");
    DrawnImages.draw(parts.resolve("train"), 0, 4);
    DrawnImages.draw(parts.resolve("validation"), 10, 2);
    DrawnImages.draw(parts.resolve("test"), 20, 3);
    TrainedRun first =
        train(settings("first").withData(DataSettings.of(parts)).withLoop(loop().withEpochs(20)));
    assertThat(first.outcome().after().examples()).isEqualTo(6);
    assertThat(first.outcome().test().orElseThrow().examples()).isEqualTo(9);
    assertThat(json(first.folder()).at("/metrics/test/accuracy").asDouble())
        .isEqualTo(first.outcome().test().orElseThrow().accuracy());
    assertThat(first.images().split().training()).hasSize(12);

    // Every test image in the wrong folder: nothing but the test's figures may know.
    Files.move(parts.resolve("test/red"), parts.resolve("test/swap"));
    Files.move(parts.resolve("test/blue"), parts.resolve("test/red"));
    Files.move(parts.resolve("test/swap"), parts.resolve("test/blue"));
    TrainedRun second =
        train(settings("second").withData(DataSettings.of(parts)).withLoop(loop().withEpochs(20)));
    assertThat(second.outcome().test().orElseThrow().accuracy())
        .isLessThan(first.outcome().test().orElseThrow().accuracy());
    Map<String, String> known = hashes(first.folder());
    Map<String, String> found = hashes(second.folder());
    for (String figures : List.of("model/handoff.json", "model/MODEL.md")) {
      assertThat(known.remove(figures)).isNotEqualTo(found.remove(figures));
    }
    assertThat(found).isEqualTo(known).containsKey("model/variables/variables.index");
  }

  @Test
  void testImagesGoThroughTheTrunkOfTheLastPhaseOnly() throws Exception {
    Path parts = folder.resolve("parts");
    DrawnImages.draw(parts.resolve("train"), 0, 2);
    DrawnImages.draw(parts.resolve("validation"), 10, 1);
    DrawnImages.draw(parts.resolve("test"), 20, 1);
    TrainSettings settings =
        settings("run")
            .withData(DataSettings.of(parts))
            .withJoin(
                JoinSettings.of(MODELS.resolve("residual")).withPlan(FreezePlan.unfreezeLast(6)))
            .withLoop(loop().withFineTune(1, 1e-4));
    TrainedRun run = train(settings);
    assertThat(run.outcome().test().orElseThrow().examples()).isEqualTo(3);
    assertThat(run.images().computed()).isEqualTo(2 * (6 + 3) + 3);
  }

  @Test
  void aFolderOfItsOwnValidates() throws Exception {
    Path validation = folder.resolve("validation");
    DrawnImages.draw(validation, 10, 1);
    DataSettings given =
        new DataSettings(data, 0.2, Optional.of(validation), PreparationSettings.fromHandoff());
    TrainedRun run = train(settings("run").withData(given));
    assertThat(run.images().split().training()).hasSize(15);
    assertThat(run.outcome().after().examples()).isEqualTo(3);
  }

  @Test
  void filesThatCannotBeReadAreLeftOutAndListed() throws Exception {
    Path truncated = data.resolve("red/truncated.png");
    byte[] whole = Files.readAllBytes(data.resolve("red/000.png"));
    Files.write(truncated, Arrays.copyOf(whole, whole.length / 2));
    Path text = Files.copy(Path.of("testdata/images/text.jpg"), data.resolve("blue/text.jpg"));
    Path beside = Files.copy(data.resolve("blue/000.png"), data.resolve("beside.png"));
    TrainedRun run = train(settings("run"));
    assertThat(run.images().rejected()).containsOnlyKeys(truncated, text, beside);
    JsonNode rejected = json(run.folder()).at("/rejected");
    assertThat(rejected.at("/" + escaped(beside)).asText()).contains("no label");
    assertThat(rejected.at("/" + escaped(truncated)).asText()).isNotBlank();
    assertThat(rejected).hasSize(3);
    assertThat(run.images().computed()).isEqualTo(15);
    assertThat(Files.readString(run.folder().resolve("report.html")))
        .contains("truncated.png", "text.jpg", "beside.png");
  }

  @Test
  void nothingIsLeftWhenNoImageCanBeRead() throws IOException {
    Path bad = folder.resolve("bad");
    for (String label : LABELS) {
      Files.createDirectories(bad.resolve(label));
      for (int i = 0; i < 5; i++) {
        Files.writeString(bad.resolve(label).resolve(i + ".jpg"), "no image " + label + i);
      }
    }
    assertFails(
        settings("run").withData(DataSettings.of(bad)),
        IllegalArgumentException.class,
        "No image is left for training");
  }

  @Test
  void turnedImagesAreANoteUnlessTheyAreTurnedBack() throws Exception {
    for (int turn = 2; turn < 6; turn++) {
      Files.copy(
          Path.of("testdata/images/exif-" + turn + ".jpg"),
          data.resolve("red/turn" + turn + ".jpg"));
    }
    List<String> heard = new ArrayList<>();
    TrainListener listener =
        new TrainListener() {
          @Override
          public void note(String sentence) {
            heard.add(sentence);
          }
        };
    TrainedRun ignored = TransferLearning.train(settings("ignored"), listener);
    assertThat(ignored.images().notes()).anyMatch(note -> note.contains("EXIF orientation"));
    assertThat(heard).containsExactlyElementsOf(ignored.images().notes());
    PreparationSettings turning =
        new PreparationSettings(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.of(Preparation.Orientation.EXIF));
    DataSettings turned = new DataSettings(data, 0.2, Optional.empty(), turning);
    TrainedRun applied = train(settings("applied").withData(turned));
    assertThat(applied.images().notes()).noneMatch(note -> note.contains("EXIF"));
    assertThat(applied.images().computed()).isEqualTo(19);
  }

  @Test
  void withoutAHandoffThePreparationMustBeGiven() throws Exception {
    Path plain = copy(POOL, "plain");
    Files.delete(plain.resolve("handoff.json"));
    assertFails(
        settings("run").withJoin(JoinSettings.of(plain)),
        IllegalArgumentException.class,
        "give --preparation caffe, tf, torch, rescale, pil-nearest or none");
    TrainSettings given =
        settings("given")
            .withJoin(JoinSettings.of(plain))
            .withData(prepared("rescale", Optional.empty()));
    TrainedRun withHandoff = train(settings("handoff"));
    TrainedRun without = train(given);
    assertThat(without.outcome().history()).isEqualTo(withHandoff.outcome().history());
    assertThat(without.proof().frozen()).isEqualTo(withHandoff.proof().frozen()).hasSize(2);
    assertThat(Verification.of(without.folder().resolve("model")).isPassed()).isTrue();
  }

  @Test
  void aSizeThatTheBackboneDoesNotTakeIsRefused() {
    assertFails(
        settings("run")
            .withData(prepared("rescale", Optional.of(new PreparationSettings.Size(32, 32)))),
        IllegalArgumentException.class,
        "expects [?, 16, 16, 3] but images of [?, 32, 32, 3] were asked for");
  }

  @ParameterizedTest
  @CsvSource({"keras2,", "keras3-saved,", "keras3-export,", "keras3-saved,block2_conv"})
  void plainKerasModelsAreBackbonesToo(String name, String layer) throws Exception {
    JoinSettings join = JoinSettings.of(MODELS.resolve(name));
    TrainSettings settings =
        settings("run")
            .withJoin(layer == null ? join : join.withOutput(layer))
            .withData(prepared("rescale", Optional.empty()));
    TrainedRun run = train(settings);
    assertThat(run.outcome().history().epochs()).hasSize(3);
    assertThat(run.proof().frozen()).isNotEmpty().allMatch(FrozenVariable::isUntouched);
    assertThat(Verification.of(run.folder().resolve("model")).isPassed()).isTrue();
    try (Predictor predictor = Predictor.load(run.folder())) {
      byte[] image = Files.readAllBytes(data.resolve("green/000.png"));
      assertThat(LABELS).contains(predictor.predict(image).label());
    }
  }

  @Test
  void aRunIsReplacedOnlyWhenAskedAndOnlyIfItIsOne() throws Exception {
    train(settings("run"));
    String before = Files.readString(folder.resolve("run/run.json"));
    assertThatThrownBy(() -> train(settings("run")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(
            "exists already: choose another --out, or replace it with --overwrite");
    assertThat(Files.readString(folder.resolve("run/run.json"))).isEqualTo(before);

    TrainSettings shorter = settings("run").withLoop(loop().withEpochs(1));
    train(shorter.withOut(output("run", true, features())));
    assertThat(json(folder.resolve("run")).at("/history")).hasSize(1);

    Path notes = Files.createDirectories(folder.resolve("notes"));
    Files.writeString(notes.resolve("diary.txt"), "mine");
    assertThatThrownBy(() -> train(settings("notes").withOut(output("notes", true, features()))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("it has no run.json");
    assertThat(notes.resolve("diary.txt")).hasContent("mine");

    Files.createDirectories(folder.resolve("empty"));
    assertThat(train(settings("empty")).folder().resolve("run.json")).exists();
    assertThat(partialFolders()).isEmpty();
  }

  @Test
  void aTrainingThatDivergesLeavesNothing() {
    assertFails(
        settings("run").withLoop(loop().withOptimizer(Optimizer.parse("sgd(1e38)"))),
        IllegalStateException.class,
        "lower the learning rate");
  }

  @Test
  void settingsThatDoNotFitLeaveNothing() {
    TrainSettings settings = settings("run");
    assertFails(
        settings.withJoin(JoinSettings.of(POOL).withHead(Head.parse("dense(softmax)"))),
        IllegalArgumentException.class,
        "put gap, gmp or flatten before it");
    assertFails(
        settings.withJoin(JoinSettings.of(POOL).withPlan(FreezePlan.unfreeze("block9_*"))),
        IllegalArgumentException.class,
        "block9_*");
    assertFails(
        settings.withJoin(JoinSettings.of(POOL).withOutput("block9_pool")),
        IllegalArgumentException.class,
        "its layers are images, block1_conv, block1_pool");
    assertFails(
        settings.withJoin(JoinSettings.of(MODELS.resolve("vector"))),
        IllegalArgumentException.class,
        "");
    assertFails(settings.withJoin(JoinSettings.of(folder)), IOException.class, folder.toString());
  }

  @Test
  void fineTuningWithEverythingFrozenIsRefusedAtOnce() {
    LoopSettings twoPhases = loop().withFineTune(2, 1e-4);
    assertThatThrownBy(() -> settings("run").withLoop(twoPhases))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Fine-tuning needs layers that are unfrozen");
  }

  @Test
  void theRunsCommandRepeatsIt() {
    TrainSettings settings =
        settings("run")
            .withJoin(
                JoinSettings.of(POOL)
                    .withHead(Head.parse("gap, dense(softmax)"))
                    .withPlan(FreezePlan.unfreeze("block1_*")));
    assertThat(settings.command())
        .contains("--backbone " + POOL, "--head \"gap, dense(softmax)\"", "--unfreeze \"block1_*\"")
        .contains("--epochs 3", "--batch-size 4", "--optimizer \"adam(0.05)\"", "--seed 1")
        .endsWith("--out " + folder.resolve("run"));
  }

  private void assertFails(
      TrainSettings settings, Class<? extends Exception> type, String sentence) {
    assertThatThrownBy(() -> train(settings)).isInstanceOf(type).hasMessageContaining(sentence);
    assertThat(settings.out().folder()).doesNotExist();
    assertThat(partialFolders()).isEmpty();
  }

  private List<String> partialFolders() {
    return names(folder).stream()
        .filter(name -> name.contains("unfinished") || name.contains("replaced"))
        .toList();
  }

  private static TrainedRun train(TrainSettings settings) throws IOException {
    return TransferLearning.train(settings, TrainListener.none());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"flip, rotation(0.1), views(3) | 39", "flip, rotation(0.1), live | 3"})
  void augmentedTrainingRepeatsAndIsWrittenDown(String steps, int throughTrunk) throws Exception {
    Augmentation augmentation = Augmentation.parse(steps);
    TrainedRun first = train(augmented("first", augmentation));
    TrainedRun second = train(augmented("second", augmentation));
    TrainedRun plain = train(settings("plain"));
    assertThat(second.outcome().history()).isEqualTo(first.outcome().history());
    assertThat(plain.outcome().history()).isNotEqualTo(first.outcome().history());
    assertThat(second.outcome().after()).isEqualTo(first.outcome().after());

    JsonNode json = json(first.folder());
    assertThat(json.at("/settings/augment").asText()).isEqualTo(augmentation.describe());
    assertThat(json.at("/command").asText()).contains("--augment \"" + steps + "\"");
    assertThat(first.images().computed()).isEqualTo(throughTrunk);
    assertThat(first.images().sheet().orElseThrow().rows()).hasSize(3);
    assertThat(plain.images().sheet()).isEmpty();
  }

  @Test
  void theSplitMayHaveASeedOfItsOwn() throws Exception {
    TrainSettings settings = settings("run").withLoop(loop().withSeed(1));
    TrainSettings other =
        settings("other").withLoop(loop().withSeed(2)).withData(settings.data().withSplitSeed(1));
    TrainedRun first = train(settings);
    TrainedRun second = train(other);
    assertThat(second.images().split()).isEqualTo(first.images().split());
    assertThat(second.outcome().history()).isNotEqualTo(first.outcome().history());
    assertThat(json(second.folder()).at("/command").asText())
        .contains("--split-seed 1")
        .contains("--seed 2");
  }

  private TrainSettings augmented(String run, Augmentation augmentation) {
    TrainSettings settings = settings(run);
    return settings.withData(settings.data().withAugmentation(augmentation));
  }

  private TrainSettings settings(String run) {
    return TrainSettings.of(data, POOL, folder.resolve(run))
        .withLoop(loop())
        .withOut(output(run, false, features()));
  }

  private static LoopSettings loop() {
    return new LoopSettings(3, 4, Optimizer.parse("adam(0.05)"), LoopSettings.FineTune.NONE, 1);
  }

  private Optional<Path> features() {
    return Optional.of(folder.resolve("features"));
  }

  private TrainSettings.OutputSettings output(
      String run, boolean overwrite, Optional<Path> features) {
    return new TrainSettings.OutputSettings(folder.resolve(run), overwrite, features);
  }

  private DataSettings prepared(String name, Optional<PreparationSettings.Size> size) {
    PreparationSettings preparation =
        new PreparationSettings(
            Optional.of(name), Optional.empty(), Optional.empty(), size, Optional.empty());
    return new DataSettings(data, 0.2, Optional.empty(), preparation);
  }

  private Path copy(Path model, String name) throws IOException {
    Path target = folder.resolve(name);
    try (Stream<Path> files = Files.walk(model)) {
      for (Path file : files.toList()) {
        Files.copy(file, target.resolve(model.relativize(file).toString()));
      }
    }
    return target;
  }

  /** Of each file of the model, and of the history. */
  private static Map<String, String> hashes(Path run) throws IOException {
    Map<String, String> hashes = new TreeMap<>();
    hashes.put("history.csv", Sha256.of(run.resolve("history.csv")));
    try (Stream<Path> files = Files.walk(run.resolve("model"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        hashes.put(run.relativize(file).toString(), Sha256.of(file));
      }
    }
    return hashes;
  }

  private static List<String> names(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static JsonNode json(Path run) throws IOException {
    return new ObjectMapper().readTree(run.resolve("run.json").toFile());
  }

  private static String escaped(Path path) {
    return path.toString().replace("~", "~0").replace("/", "~1");
  }
}
