package dev.graft.parity;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * The parity table in short: four families, Keras 2 and a newer TensorFlow, a few shapes of model;
 * two optimizers each.
 */
class ShortParityIT {
  private static final List<String> MADE =
      List.of(
          "vgg16",
          "resnet50",
          "mobilenetv2",
          "efficientnetb0",
          "shape-several-inputs",
          "shape-several-outputs",
          "shape-attention",
          "shape-lstm",
          "shape-float16",
          "shape-text");

  @TestFactory
  Stream<DynamicTest> savedByOtherVersions() throws IOException {
    return Gallery.committed().stream().map(ShortParityIT::equalsPython);
  }

  @TestFactory
  Stream<DynamicTest> madeByPython(@TempDir Path folder) {
    Gallery.makeShort(folder, MADE);
    return MADE.stream().map(name -> equalsPython(folder.resolve(name)));
  }

  private static DynamicTest equalsPython(Path folder) {
    return DynamicTest.dynamicTest(
        folder.getFileName().toString(),
        () -> assertThat(Violations.of(Comparison.of(ParityRow.read(folder)))).isEmpty());
  }
}
