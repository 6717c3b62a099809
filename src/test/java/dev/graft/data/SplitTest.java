package dev.graft.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SplitTest {
  private static final Labels LABELS = Labels.of("Rose", "daisy");

  /**
   * Keras 3.15: {@code index_directory(seed=42)} and {@code validation_split=0.3} on these files.
   */
  @Test
  void splitEqualsKeras() {
    List<String> files =
        List.of(
            "Rose/r1.png",
            "Rose/r2.png",
            "daisy/.hidden.png",
            "daisy/10.jpg",
            "daisy/9.jpg",
            "daisy/Z.Jpg",
            "daisy/a.jpeg",
            "daisy/b.JPG",
            "daisy/broken.jpg",
            "daisy/link.jpg",
            "daisy/.dot/f.jpg",
            "daisy/sub/c.png",
            "daisy/sub-1/d.gif",
            "daisy/sub/deep/e.bmp");
    Split split = Split.of(data(files.stream().map(SplitTest::image).toList()), 0.3, 42);
    assertThat(split.training())
        .isEqualTo(
            Stream.of(
                    "daisy/link.jpg",
                    "daisy/sub/c.png",
                    "Rose/r1.png",
                    "daisy/sub-1/d.gif",
                    "daisy/Z.Jpg",
                    "daisy/broken.jpg",
                    "daisy/.hidden.png",
                    "Rose/r2.png",
                    "daisy/sub/deep/e.bmp",
                    "daisy/9.jpg")
                .map(SplitTest::image)
                .toList());
    assertThat(split.validation())
        .isEqualTo(
            Stream.of("daisy/b.JPG", "daisy/.dot/f.jpg", "daisy/10.jpg", "daisy/a.jpeg")
                .map(SplitTest::image)
                .toList());
  }

  @Test
  void fractionIsRoundedDownAsInPython() {
    assertThat(Split.of(numbered(7), 0.3, 1).validation()).hasSize(2);
    assertThat(Split.of(numbered(10), 0.29999, 1).validation()).hasSize(2);
    assertThat(Split.of(numbered(100), 0.29, 1).validation())
        .hasSize(28); // int(28.999999999999996)
  }

  @Property(tries = 200)
  void everyImageIsInOnePart(
      @ForAll @IntRange(min = 20, max = 500) int size,
      @ForAll @DoubleRange(min = 0.1, max = 0.9) double fraction,
      @ForAll @LongRange(max = 4294967295L) long seed) {
    LabeledImages data = numbered(size);
    Split split = Split.of(data, fraction, seed);
    assertThat(Stream.concat(split.training().stream(), split.validation().stream()))
        .containsExactlyInAnyOrderElementsOf(data.images());
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 1, -0.1, 1.5, Double.NaN})
  void fractionsOutOfRangeAreRefused(double fraction) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Split.of(numbered(10), fraction, 1))
        .withMessageContaining("expected above 0 and below 1");
  }

  @Test
  void emptyValidationIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Split.of(numbered(4), 0.2, 1))
        .withMessage(
            "A fraction of 0.2 for validation leaves 4 of the 4 images of data for training and 0"
                + " for validation; each needs at least one.");
  }

  @Test
  void givenValidationIsUsedAndExcludesAFraction() {
    LabeledImages data = numbered(4).withValidation(numbered(2));
    assertThat(Split.given(data).validation()).isEqualTo(numbered(2).images());
    assertThat(Split.given(data).training()).isEqualTo(data.images());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Split.of(data, 0.2, 1))
        .withMessageContaining("data has validation images of its own");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> data.withValidation(numbered(2)))
        .withMessageContaining("has its own validation images");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Split.given(numbered(4)))
        .withMessageContaining("give a fraction");
  }

  @Test
  void validationOfOtherClassesIsRefused() {
    LabeledImages other =
        new LabeledImages(
            Path.of("other"),
            Labels.of("Rose", "tulip"),
            numbered(2).images(),
            List.of(),
            List.of(),
            List.of());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> numbered(4).withValidation(other))
        .withMessage(
            "other must have the classes of data, but it has the missing classes [daisy] and the"
                + " unexpected classes [tulip].");
  }

  @Test
  void classesWithoutAnImageInAPartAreWarnedAbout() {
    List<LabeledImage> roses = List.of(image("Rose/1.png"));
    List<LabeledImage> daisies = List.of(image("daisy/1.png"));
    assertThat(new Split(LABELS, roses, daisies, List.of()).warnings())
        .containsExactly(
            "Class \"daisy\" has no training image: the model cannot learn it.",
            "Class \"Rose\" has no validation image: its accuracy is unknown.");
    List<LabeledImage> both = List.of(roses.get(0), daisies.get(0));
    assertThat(new Split(LABELS, both, both, List.of()).warnings()).isEmpty();
  }

  private static LabeledImages numbered(int size) {
    return data(
        IntStream.range(0, size)
            .mapToObj(i -> new LabeledImage(Path.of(i + ".png"), i % 2))
            .toList());
  }

  private static LabeledImages data(List<LabeledImage> images) {
    return new LabeledImages(Path.of("data"), LABELS, images, List.of(), List.of(), List.of());
  }

  private static LabeledImage image(String file) {
    return new LabeledImage(Path.of(file), file.startsWith("Rose") ? 0 : 1);
  }
}
