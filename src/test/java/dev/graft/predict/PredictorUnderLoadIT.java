package dev.graft.predict;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.data.ImageFolder;
import dev.graft.export.ModelExport;
import dev.graft.export.TinyClassifier;
import dev.graft.features.DrawnImages;
import dev.graft.model.Backbone;
import dev.graft.model.Head;
import dev.graft.model.JoinedModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Sixteen threads ask one predictor ten thousand times, in a process of its own whose heap is
 * touched in advance, so that what its anonymous memory grows by is native. The long one: {@code
 * mvn verify -Dgroups=long -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false
 * -Dit.test=PredictorUnderLoadIT}.
 */
@EnabledOnOs(OS.LINUX) // which says how much memory of a process is anonymous
class PredictorUnderLoadIT {
  private static final int THREADS = 16;
  private static final int PREDICTIONS = 10_000;

  @TempDir private Path folder;

  @Test
  void sixteenThreadsGetTheBitsOfOneInBoundedMemory() throws Exception {
    Path model = TinyClassifier.export(folder.resolve("model"));
    Path images = folder.resolve("images");
    DrawnImages.draw(images, 0, 40);
    requireEqualBitsAndBoundedMemory(model, images);
  }

  @Tag("long")
  @Test
  void sixteenThreadsGetTheBitsOfOneFromEfficientNet() throws Exception {
    Backbone backbone = Backbone.load(Path.of("savedmodels/efficientnet-lite0"));
    Path images = Path.of("testdata/digits");
    JoinedModel model =
        JoinedModel.join(
            backbone, Head.parse("gap, dense(softmax)"), ImageFolder.read(images).labels(), 1);
    Path exported = folder.resolve("model");
    new ModelExport(model, backbone.preparation().orElseThrow()).write(exported);
    requireEqualBitsAndBoundedMemory(exported, images);
  }

  private void requireEqualBitsAndBoundedMemory(Path model, Path images) throws Exception {
    String said = run(model, images);
    System.out.println(said);
    Matcher figures = Pattern.compile("equal=(\\d+) first=(\\d+) most=(\\d+)").matcher(said);
    assertThat(figures.find()).as(said).isTrue();
    assertThat(figures.group(1)).isEqualTo(Integer.toString(PREDICTIONS));
    long first = Long.parseLong(figures.group(2));
    assertThat(first).isPositive();
    assertThat(Long.parseLong(figures.group(3))).isBetween(1L, first + first / 20);
  }

  private static String run(Path model, Path images) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xms256m",
                    "-Xmx256m",
                    "-XX:+AlwaysPreTouch",
                    "-XX:+UseSerialGC",
                    "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
                    "-cp",
                    System.getProperty("java.class.path"),
                    ManyCallers.class.getName(),
                    model.toString(),
                    images.toString(),
                    Integer.toString(THREADS),
                    Integer.toString(PREDICTIONS)))
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor()).as(said).isZero();
    return said;
  }
}
