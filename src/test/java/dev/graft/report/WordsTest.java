package dev.graft.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class WordsTest {
  @Test
  void timesAreRoundedToWhatMatters() {
    assertThat(Words.time(Duration.ofMillis(412))).isEqualTo("0.4 s");
    assertThat(Words.time(Duration.ofMillis(9_960))).isEqualTo("10 s");
    assertThat(Words.time(Duration.ofMillis(59_700))).isEqualTo("1 min 0 s");
    assertThat(Words.time(Duration.ofSeconds(200))).isEqualTo("3 min 20 s");
    assertThat(Words.time(Duration.ofMinutes(65))).isEqualTo("1 h 5 min");
  }

  @Test
  void numbersReadLikeEnglish() {
    assertThat(Words.count(1, "image", "images")).isEqualTo("1 image");
    assertThat(Words.count(12345, "image", "images")).isEqualTo("12,345 images");
    assertThat(Words.magnitude(12_810)).isEqualTo("12,810");
    assertThat(Words.magnitude(4_694_024)).isEqualTo("4.7 M");
    assertThat(Words.rate(1e-4)).isEqualTo("0.0001");
    assertThat(Words.rate(0.00012345)).isEqualTo("0.000123");
    assertThat(Words.percent(0.9734)).isEqualTo("97.3%");
    assertThat(Words.percent(Double.NaN)).isEqualTo("–");
  }
}
