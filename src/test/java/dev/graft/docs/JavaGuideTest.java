package dev.graft.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.metrics.Epoch;
import dev.graft.model.JoinedModel;
import dev.graft.predict.Answer;
import dev.graft.tensor.HostTensor;
import dev.graft.train.FrozenVariable;
import dev.graft.train.TrainListener;
import dev.graft.train.TrainSettings;
import dev.graft.train.TrainedRun;
import dev.graft.train.TransferLearning;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/java.md shows is what is compiled here, and it runs. */
class JavaGuideTest {
  private static final Path PAGE = Path.of("docs/java.md");
  private static final Path SOURCE = Path.of("src/test/java/dev/graft/docs/JavaGuide.java");
  private static final Path BACKBONE = Path.of("testdata/models/residual");
  private static final int IMAGES = 10;

  @TempDir private Path folder;
  private Path images;

  @BeforeEach
  void copyImages() throws IOException {
    images = folder.resolve("images");
    for (String label : List.of("0", "1")) {
      Path target = Files.createDirectories(images.resolve(label));
      for (int i = 0; i < IMAGES; i++) {
        String name = "%03d.png".formatted(i);
        Files.copy(Path.of("testdata/digits", label, name), target.resolve(name));
      }
    }
  }

  @Test
  void thePageShowsWhatIsCompiled() throws IOException {
    assertThat(Page.read(PAGE).blocks("java")).isNotEmpty().isEqualTo(Page.regions(SOURCE));
  }

  @Test
  void oneCallProvesThatTheBackboneStayed() throws IOException {
    TrainedRun run = JavaGuide.trainInOneCall(images, BACKBONE, folder.resolve("run"));
    assertThat(run.proof().frozen()).isNotEmpty().allMatch(FrozenVariable::isUntouched);
    assertThat(run.outcome().history().epochs()).hasSize(30);
  }

  @Test
  void aRunWithSettingsPredicts() throws Exception {
    Path out = folder.resolve("run");
    TrainedRun run = JavaGuide.trainWithSettings(images, BACKBONE, out, folder.resolve("features"));
    assertThat(run.outcome().history().epochs()).hasSize(15);

    Path image = images.resolve("0/000.png");
    Path text = Files.writeString(folder.resolve("text.png"), "no image");
    List<String> said = JavaGuide.predict(out, image, List.of(image, text));
    assertThat(said).hasSize(2);
    assertThat(said.get(0)).matches(".*000\\.png: [01]");
    assertThat(said.get(1)).contains("is no image");

    JavaGuide.Counts counts =
        JavaGuide.predictForManyCallers(out, List.of(image, image, text, image));
    assertThat(counts.images()).isEqualTo(3);
    assertThat(counts.batches()).isBetween(1, 3);
    assertThat(counts.rejected()).isEqualTo(1);
  }

  @Test
  void aForeignModelAnswersAsItIsDescribed() throws Exception {
    BufferedImage image = ImageIO.read(images.resolve("0/000.png").toFile());
    Answer answer =
        JavaGuide.predictWithForeignModel(Path.of("testdata/models/keras3-saved"), image);
    assertThat(answer.top(4)).extracting(Answer.Guess::label).contains("ant", "bee", "cat", "dog");
    assertThat(answer.probability()).isBetween(0.25f, 1f);
  }

  @Test
  void twoPhasesLeaveAVerifiedModelWithATunedBackbone() throws IOException {
    Path out = folder.resolve("model");
    JoinedModel model =
        JavaGuide.trainInTwoPhases(images, BACKBONE, folder.resolve("features"), out);
    assertThat(JavaGuide.verify(out).isPassed()).isTrue();

    Map<String, HostTensor> before = model.backbone().values();
    assertThat(model.weights())
        .filteredOn(weight -> !weight.head())
        .filteredOn(weight -> !weight.value().equals(before.get(weight.node())))
        .extracting(JoinedModel.Weight::name)
        .isNotEmpty()
        .allMatch(name -> name.startsWith("block2_"));
  }

  @Test
  void aHeadWrittenByHandTrains() throws IOException {
    TrainSettings defaults = TrainSettings.of(images, BACKBONE, folder.resolve("run"));
    TrainSettings settings =
        defaults
            .withJoin(defaults.join().withHead(new JavaGuide.AverageAndMaximum()))
            .withOut(
                new TrainSettings.OutputSettings(
                    folder.resolve("run"), false, Optional.of(folder.resolve("features"))));
    TrainedRun run = TransferLearning.train(settings, TrainListener.none());
    List<Epoch> epochs = run.outcome().history().epochs();
    assertThat(epochs.get(29).loss()).isLessThan(epochs.get(0).loss());
    assertThat(run.model().weights())
        .filteredOn(JoinedModel.Weight::head)
        .extracting(JoinedModel.Weight::name)
        .containsExactly("answer/kernel", "answer/bias");
  }
}
