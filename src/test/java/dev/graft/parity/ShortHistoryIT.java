package dev.graft.parity;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** History parity in short: a head and then fine-tuning on VGG16. */
class ShortHistoryIT {
  private static final List<String> RECIPES = List.of("4-vgg16");

  @TestFactory
  Stream<DynamicTest> equalsKeras(@TempDir Path folder) throws IOException {
    return HistoryGallery.figures(folder, RECIPES).stream()
        .map(
            figures ->
                DynamicTest.dynamicTest(
                    figures.recipe().name(),
                    () -> assertThat(HistoryViolations.of(figures)).isEmpty()));
  }
}
