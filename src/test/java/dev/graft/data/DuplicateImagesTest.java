package dev.graft.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DuplicateImagesTest {
  @TempDir private Path folder;

  private LabeledImage image(String name, String content, int label) throws IOException {
    return new LabeledImage(Files.writeString(folder.resolve(name), content), label);
  }

  private static Split split(
      List<LabeledImage> training, List<LabeledImage> validation, List<LabeledImage> test) {
    return new Split(Labels.of("cat", "dog"), training, validation, test);
  }

  @Test
  void sameBytesInTwoPartsAreFoundWithAllPaths() throws IOException {
    LabeledImage first = image("a.png", "same", 0);
    LabeledImage copy = image("copy of a.png", "same", 0);
    LabeledImage tested = image("tested.png", "same", 0);
    Split split =
        split(
            List.of(image("x.png", "also", 0), first),
            List.of(copy, image("y.png", "0ther", 1)),
            List.of(tested));
    assertThat(DuplicateImages.of(split))
        .containsExactly(
            new DuplicateImages(
                Sha256.of("same".getBytes()),
                List.of(
                    new DuplicateImages.Copy("training", first),
                    new DuplicateImages.Copy("validation", copy),
                    new DuplicateImages.Copy("test", tested))));
    assertThat(DuplicateImages.of(split).get(0).crossesClasses()).isFalse();
  }

  @Test
  void sameBytesOfTwoClassesAreFoundInOnePartToo() throws IOException {
    Split split =
        split(
            List.of(image("cat.png", "same", 0), image("dog.png", "same", 1)),
            List.of(image("v.png", "another", 1)),
            List.of());
    assertThat(DuplicateImages.of(split)).hasSize(1);
    assertThat(DuplicateImages.of(split).get(0).crossesParts()).isFalse();
  }

  @Test
  void copiesWithinAPartAndFilesThatAreGoneAreNoDuplicates() throws IOException {
    Split split =
        split(
            List.of(image("a.png", "same", 0), image("b.png", "same", 0)),
            List.of(
                new LabeledImage(folder.resolve("gone.png"), 0),
                new LabeledImage(folder.resolve("gone too.png"), 0)),
            List.of());
    assertThat(DuplicateImages.of(split)).isEmpty();
  }
}
