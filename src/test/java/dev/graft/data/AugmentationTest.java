package dev.graft.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AugmentationTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "flip | flip, views(4)",
        " flip( both ),rotation( -0.1 ) | flip(both), rotation(0.1), views(4)",
        "rotation(-0.2, 0.3), views(2) | rotation(-0.2, 0.3), views(2)",
        "live, shift(0.1, 0.2) | shift(0.1, 0.2), live",
        "shift(0.1) | shift(0.1), views(4)",
        "shift(0, 0.1, -0.2, 0.2) | shift(0, 0.1, -0.2, 0.2), views(4)",
        "zoom(-0.2, 0), crop(0.9), contrast(0.5) | zoom(-0.2, 0), crop(0.9), contrast(0.5), views(4)",
        "brightness(0.1), hue(0.2), saturation(0.3, 0.7)"
            + " | brightness(0.1), hue(0.2), saturation(0.3, 0.7), views(4)",
        "noise(0.02), cutout(0.02, 0.1) | noise(0.02), cutout(0.02, 0.1), views(4)",
        "'' | flip, rotation(0.05), shift(0.05), zoom(0.1), contrast(0.1), views(4)",
        "live | flip, rotation(0.05), shift(0.05), zoom(0.1), contrast(0.1), live",
        "views(8) | flip, rotation(0.05), shift(0.05), zoom(0.1), contrast(0.1), views(8)",
      })
  void isReadAndWrittenInOneLanguage(String text, String described) {
    Augmentation augmentation = Augmentation.parse(text);
    assertThat(augmentation.describe()).isEqualTo(described);
    assertThat(Augmentation.parse(described)).isEqualTo(augmentation);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "spin(0.1) | there is no step \"spin\"",
        "flip rotation(0.1) | at character 1 a step is expected",
        "flip, | at character 6 a step is expected",
        "flip(left) | flip goes horizontal, vertical or both ways, got \"left\"",
        "rotation | rotation takes 1 or 2 numbers, got \"\"",
        "rotation(1.5) | rotation needs factors from -1 to 1, got 1.5",
        "rotation(0.3, 0.1) | a range goes from the lower to the higher number, got 0.3 to 0.1",
        "rotation(much) | rotation needs numbers, got \"much\"",
        "rotation(NaN) | a range goes from the lower to the higher number",
        "zoom(-1, 0) | zoom needs factors from -0.9 to 1, got -1, 0",
        "crop(0) | crop needs a share above 0 to 1, got 0",
        "crop(0.5, 0.6) | crop takes one number, got \"0.5, 0.6\"",
        "hue(-0.1, 0.1) | hue needs factors from 0 to 1, got -0.1, 0.1",
        "noise(2) | noise needs a share from 0 to 1, got 2",
        "views(0) | views needs a number of 1 or more, got 0 (live keeps none)",
        "views(2), live | views or live stands there once",
        "live(3) | live takes no number",
      })
  void whatCannotBeReadIsNamedWithWhatCan(String text, String reason) {
    assertThatThrownBy(() -> Augmentation.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("Augmentation \"" + text + "\" can't be read: " + reason)
        .hasMessageContaining("steps are flip, flip(vertical)");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 7})
  void everyKeptViewIsShownAsOftenAsTheOthers(int views) {
    Augmentation augmentation = Augmentation.parse("flip").withViews(views);
    for (int image = 0; image < 20; image++) {
      int[] shown = new int[views];
      for (int epoch = 1; epoch <= 3 * views; epoch++) {
        shown[(int) augmentation.view(5, image, epoch)]++;
      }
      assertThat(shown).containsOnly(3);
    }
  }

  @Test
  void imagesBeginWithViewsOfTheirOwnWhichTheSeedChooses() {
    Augmentation augmentation = Augmentation.standard();
    long[] one = first(augmentation, 1);
    assertThat(Arrays.stream(one).distinct().count()).isEqualTo(4);
    assertThat(first(augmentation, 1)).isEqualTo(one);
    assertThat(first(augmentation, 2)).isNotEqualTo(one);
  }

  @Test
  void liveViewsAreOthersInEachEpochOfEachSeed() {
    Augmentation live = Augmentation.parse("live");
    long[] numbers =
        IntStream.range(0, 300)
            .mapToLong(i -> live.view(1 + i % 2, i / 2 % 10, 1 + i / 20))
            .toArray();
    assertThat(Arrays.stream(numbers).distinct().count()).isEqualTo(300);
    assertThat(Arrays.stream(numbers).min().getAsLong()).isNotNegative();
  }

  private static long[] first(Augmentation augmentation, long seed) {
    return IntStream.range(0, 50).mapToLong(image -> augmentation.view(seed, image, 1)).toArray();
  }
}
