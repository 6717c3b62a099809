package dev.graft.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.graft.data.Preparation.ColourOrder;
import dev.graft.data.Preparation.Method;
import dev.graft.data.Preparation.Orientation;
import dev.graft.data.Preparation.Resize;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreparationTest {
  @Test
  void caffeIsThatOfTheHandoffFormat() {
    assertThat(Preparation.named("caffe", 224, 200))
        .isEqualTo(
            new Preparation(
                Preparation.Decoder.TENSORFLOW,
                Orientation.IGNORE,
                new Resize(Method.BILINEAR, 224, 200),
                ColourOrder.BGR,
                1,
                1,
                List.of(103.939, 116.779, 123.68),
                List.of(1.0, 1.0, 1.0),
                false));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "caffe   | 8×9 bilinear, bgr, − [103.939, 116.779, 123.68]",
        "tf      | 8×9 bilinear, rgb, / 127.5, − 1",
        "torch   | 8×9 bilinear, rgb, / 255, − [0.485, 0.456, 0.406], / [0.229, 0.224, 0.225]",
        "rescale | 8×9 bilinear, rgb, × 0.003921569",
        "none    | 8×9 bilinear, rgb, scaled by the model"
      })
  void namedPreparationsDescribeThemselves(String name, String description) {
    assertThat(Preparation.named(name, 8, 9).describe()).isEqualTo(description);
  }

  @Test
  void everyNameIsKnownAndOthersAreRefused() {
    assertThat(Preparation.NAMES).allSatisfy(name -> Preparation.named(name, 8, 8));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Preparation.named("keras", 8, 8))
        .withMessage(
            "No preparation is called \"keras\"; expected one of"
                + " [caffe, tf, torch, rescale, pil-nearest, none].");
  }

  @Test
  void changesKeepTheRest() {
    Preparation changed =
        Preparation.named("tf", 8, 8)
            .withOrientation(Orientation.EXIF)
            .withResize(new Resize(Method.AREA, 4, 4))
            .withSize(6, 5);
    assertThat(changed.describe()).isEqualTo("6×5 area, turned as EXIF says, rgb, / 127.5, − 1");
    assertThat(changed.withResize(null).describe()).startsWith("size as it is, ");
    assertThat(changed.withColourOrder(ColourOrder.BGR).mean()).containsExactly(1.0, 1.0, 1.0);
    assertThat(changed.withColourOrder(ColourOrder.GREY).mean()).containsExactly(0.0);
  }

  @Test
  void numbersThatCannotBeComputedWithAreRefused() {
    Preparation tf = Preparation.named("tf", 8, 8);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tf.withDivisor(0))
        .withMessageContaining("divisor of a preparation must not be zero");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tf.withScale(1e-60))
        .withMessageContaining("scale of a preparation must not be zero in float32");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tf.withMean(List.of(1.0, Double.NaN, 1.0)))
        .withMessageContaining("mean of a preparation must be finite");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tf.withDeviation(List.of(1.0, 0.0, 1.0)))
        .withMessageContaining("deviation of a preparation must not be zero");
  }

  @Test
  void channelsMustFitTheColours() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Preparation.named("tf", 8, 8).withMean(List.of(1.0)))
        .withMessage(
            "The mean of a preparation with rgb colours needs 3 values, one a channel, but got"
                + " [1.0].");
  }

  @Test
  void preparationInTheGraphMustHaveNoEffect() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Preparation.named("caffe", 8, 8).withInGraph(true))
        .withMessageContaining("must have rgb or grey colours, divisor 1")
        .withMessageContaining("but got bgr, 1.0, 1.0, [103.939, 116.779, 123.68]");
  }

  @Test
  void sizesOutOfRangeAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Preparation.named("tf", 0, 8))
        .withMessage("Images cannot be resized to 0×8; expected 1 to 16384 pixels a side.");
    assertThatIllegalArgumentException().isThrownBy(() -> Preparation.named("tf", 8, 16_385));
  }

  @Test
  void wordsOfTheHandoffFormatAreRead() {
    assertThat(Orientation.named("exif")).isEqualTo(Orientation.EXIF);
    assertThat(ColourOrder.named("bgr")).isEqualTo(ColourOrder.BGR);
    assertThat(Method.named("lanczos5")).isEqualTo(Method.LANCZOS5);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Method.named("cubic"))
        .withMessage(
            "No resize method is called \"cubic\"; expected one of [bilinear, nearest, bicubic,"
                + " area, lanczos3, lanczos5, gaussian, mitchellcubic].");
  }
}
