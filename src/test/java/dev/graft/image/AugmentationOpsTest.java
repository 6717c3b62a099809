package dev.graft.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.data.Augmentation;
import dev.graft.data.AugmentationStep;
import dev.graft.data.AugmentationStep.Range;
import dev.graft.data.Npy;
import dev.graft.data.Preparation;
import dev.graft.data.Preparation.ColourOrder;
import dev.graft.data.Sha256;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against what Keras's layers made of the same photograph; see testdata/augmentation/README.md. */
class AugmentationOpsTest {
  private static final Path PHOTO = Path.of("testdata", "preparation", "photo.jpg");
  private static final Path KERAS = Path.of("testdata", "augmentation");
  private static final Preparation PLAIN = Preparation.named("none", 20, 24);
  private static final int VALUES = 20 * 24 * 3;

  private byte[] photo;

  @BeforeEach
  void read() throws Exception {
    photo = Files.readAllBytes(PHOTO);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "rotation(0.1, 0.1)             | rotation",
        "zoom(0.2, 0.2)                 | zoom-out",
        "zoom(-0.3, -0.3)               | zoom-in",
        "contrast(0.5, 0.5)             | contrast",
        "brightness(0.2, 0.2)           | brightness",
        "saturation(0.6, 0.6)           | saturation",
        "shift(0.15, 0.15, -0.25, -0.25)| shift",
      })
  void aStepEqualsKerassLayer(String step, String layer) throws Exception {
    assertClose(view(PLAIN, step, 0), keras(layer));
  }

  @Test
  void hueTurnsBothWaysAsKerassLayerDoes() throws Exception {
    List<String> seen = new ArrayList<>();
    for (int view = 0; view < 20; view++) {
      float[] made = view(PLAIN, "hue(0.4, 0.4)", view);
      String name = largest(made, keras("hue-plus")) < 0.01 ? "hue-plus" : "hue-minus";
      assertClose(made, keras(name));
      seen.add(name);
    }
    assertThat(seen).contains("hue-plus", "hue-minus");
  }

  @Test
  void oneOfTwoViewsIsMirroredAsInKeras() throws Exception {
    float[] first = view(PLAIN, "flip", 6);
    float[] second = view(PLAIN, "flip", 7);
    float[] original = original(PLAIN);
    boolean firstIsOriginal = Arrays.equals(first, original);
    assertThat(firstIsOriginal ? second : first).isEqualTo(keras("flip"));
    assertThat(firstIsOriginal ? first : second).isEqualTo(original);
  }

  @Test
  void fourViewsAreMirroredInEachWayOnce() throws Exception {
    List<String> views = new ArrayList<>();
    for (int view = 0; view < 4; view++) {
      views.add(Arrays.toString(view(PLAIN, "flip(both)", view)));
    }
    assertThat(views).doesNotHaveDuplicates().contains(Arrays.toString(original(PLAIN)));
  }

  @Test
  void aCropIsAPartOfTheImageStretched() throws Exception {
    float[] whole = view(PLAIN, "crop(1)", 0);
    assertThat(whole).isEqualTo(original(PLAIN));
    // One row and one column: every pixel has the same colour, which is one of the image's.
    float[] one = view(PLAIN, "crop(0.001)", 3);
    List<String> colours = colours(original(PLAIN));
    assertThat(colours(one).stream().distinct()).hasSize(1);
    assertThat(colours).contains(colours(one).get(0));
    assertThat(colours(view(PLAIN, "crop(0.001)", 4)).get(0)).isNotEqualTo(colours(one).get(0));
  }

  @Test
  void noiseHasTheDeviationThatItSays() throws Exception {
    // Where a value is clipped, the noise that was added cannot be seen.
    float[] original = original(PLAIN);
    double sum = 0;
    double squares = 0;
    int count = 0;
    for (int view = 0; view < 20; view++) {
      float[] noisy = view(PLAIN, "noise(0.02)", view);
      for (int i = 0; i < VALUES; i++) {
        if (original[i] > 30 && original[i] < 225) {
          double added = noisy[i] - original[i];
          sum += added;
          squares += added * added;
          count++;
        }
      }
    }
    assertThat(count).isGreaterThan(10_000);
    assertThat(sum / count).isCloseTo(0, within(0.1));
    assertThat(Math.sqrt(squares / count)).isCloseTo(0.02 * 255, within(0.1));
  }

  @Test
  void cutoutCoversARectangleOfTheSizeThatItSays() throws Exception {
    float[] original = original(PLAIN);
    for (int view = 0; view < 10; view++) {
      float[] made = view(PLAIN, "cutout(0.25, 0.25)", view); // half of each side
      int covered = 0;
      for (int i = 0; i < VALUES; i++) {
        if (made[i] != original[i]) {
          assertThat(made[i]).isEqualTo(127.5f);
          covered++;
        }
      }
      assertThat(covered).isBetween(3 * 9 * 11, 3 * 11 * 13);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rotation(0.5)",
        "shift(0.9)",
        "zoom(-0.9, 1)",
        "contrast(1)",
        "brightness(1)",
        "hue(1)",
        "saturation(1)",
        "noise(1)",
        "cutout(1)",
        "crop(0.5)"
      })
  void theStrongestStepStaysInTheRangeOfPixelsAndRepeats(String step) throws Exception {
    List<String> views = new ArrayList<>();
    for (int view = 0; view < 5; view++) {
      float[] made = view(PLAIN, step, view);
      for (float value : made) {
        assertThat(value).isBetween(0f, 255f);
      }
      assertThat(view(PLAIN, step, view)).isEqualTo(made);
      views.add(Arrays.toString(made));
    }
    assertThat(views).doesNotHaveDuplicates();
  }

  @Test
  void aStepThatIsAddedLeavesThoseBeforeAsTheyWere() throws Exception {
    assertThat(view(PLAIN, "rotation(0.2), flip(vertical), brightness(0, 0)", 3))
        .isEqualTo(view(PLAIN, "rotation(0.2), flip(vertical)", 3));
  }

  @Test
  void theArithmeticOfThePreparationComesAfterTheAugmentation() throws Exception {
    float[] bgr = view(Preparation.named("caffe", 20, 24), "brightness(0.2, 0.2)", 0);
    float[] rgb = view(PLAIN, "brightness(0.2, 0.2)", 0);
    assertThat(bgr[2]).isCloseTo(rgb[0] - 123.68f, within(1e-4f));
    assertThat(bgr[0]).isCloseTo(rgb[2] - 103.939f, within(1e-4f));
  }

  @Test
  void greyImagesAreAugmentedToo() throws Exception {
    Preparation grey = PLAIN.withColourOrder(ColourOrder.GREY);
    assertThat(view(grey, "rotation(0.1), contrast(0.2), cutout(0.1), noise(0.1), crop(0.9)", 1))
        .hasSize(20 * 24);
    assertThatThrownBy(() -> view(grey, "hue(0.1)", 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("hue(0.1) needs images with red, green and blue");
  }

  @Test
  void anImageAsItIsDoesNotKnowOfTheAugmentation() throws Exception {
    Augmentation augmentation = Augmentation.standard();
    try (ImageReader reader = ImageReader.open(PLAIN, augmentation)) {
      assertThat(reader.read(photo)).isEqualTo(original(PLAIN));
    }
    try (ImageReader reader = ImageReader.open(PLAIN)) {
      assertThatThrownBy(() -> reader.readView(photo, Sha256.of(photo), 0))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("The image reader has no augmentation to make views.");
    }
  }

  @Test
  void aShiftInJavaMayGoOneWay() {
    AugmentationStep shift = new AugmentationStep.Shift(new Range(0, 0.1), Range.around(0.2));
    assertThat(shift.text()).isEqualTo("shift(0, 0.1, -0.2, 0.2)");
  }

  @Test
  void theContactSheetShowsTheImageAndItsViews() throws Exception {
    Path bad = Path.of("testdata", "images", "text.jpg");
    ContactSheet sheet =
        ContactSheet.of(
            List.of(PHOTO, bad),
            Preparation.named("caffe", 20, 24),
            Augmentation.parse("flip, views(3)"),
            1);
    assertThat(sheet.rows()).hasSize(1);
    ContactSheet.Row row = sheet.rows().get(0);
    assertThat(row.path()).isEqualTo(PHOTO);
    assertThat(row.views()).hasSize(3);
    try (ImageReader reader = ImageReader.open(PLAIN)) {
      assertClose(reader.read(row.original()), original(PLAIN), 0.51);
    }
    long mirrored =
        Stream.of(0, 1, 2).filter(i -> !Arrays.equals(row.original(), row.views().get(i))).count();
    assertThat(mirrored).isBetween(1L, 2L);
  }

  private float[] view(Preparation preparation, String steps, long view) throws Exception {
    try (ImageReader reader = ImageReader.open(preparation, Augmentation.parse(steps))) {
      return reader.readView(photo, Sha256.of(photo), view);
    }
  }

  private float[] original(Preparation preparation) throws Exception {
    try (ImageReader reader = ImageReader.open(preparation)) {
      return reader.read(photo);
    }
  }

  private static float[] keras(String layer) throws Exception {
    return Npy.readFloats(KERAS.resolve(layer + ".npy")).values();
  }

  private static List<String> colours(float[] image) {
    List<String> colours = new ArrayList<>();
    for (int pixel = 0; pixel < image.length; pixel += 3) {
      colours.add(image[pixel] + " " + image[pixel + 1] + " " + image[pixel + 2]);
    }
    return colours;
  }

  private static void assertClose(float[] actual, float[] expected) {
    assertClose(actual, expected, 0.01);
  }

  private static void assertClose(float[] actual, float[] expected, double tolerance) {
    assertThat(largest(actual, expected)).isLessThan(tolerance);
  }

  private static double largest(float[] actual, float[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    double largest = 0;
    for (int i = 0; i < actual.length; i++) {
      largest = Math.max(largest, Math.abs(actual[i] - expected[i]));
    }
    return largest;
  }
}
