package dev.graft.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LayeredHeadTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "dense(softmax)",
        "gap, dropout(0.2), dense(softmax)",
        "flatten, dense(256, relu), dropout(0.5), dense(10, softmax)",
        "gmp, batchnorm, dense(64), dense(1, sigmoid)",
        "gap, dense(256, relu, l1=0.001, l2=0.0001), dense(sigmoid, l2=0.5)",
        "dense(8), dense(linear)"
      })
  void whatIsReadIsWrittenAgain(String text) {
    assertThat(Head.parse(text).describe()).isEqualTo(text);
  }

  @Test
  void spacesDoNotMatter() {
    assertThat(Head.parse("  gap,dense( 4 ,softmax ) ").describe())
        .isEqualTo("gap, dense(4, softmax)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gap | must end with dense(softmax)",
        "gap, dense(5, relu) | activation softmax, sigmoid or linear",
        "dense(relu), dense(softmax) | Only the head's last dense layer",
        "gap, dense(softmax | at character 6 a layer is expected",
        "gap, conv(3), dense(softmax) | there is no layer \"conv\"",
        "gap(2), dense(softmax) | gap takes no arguments",
        "dropout(1.5), dense(softmax) | rate of at least 0 and less than 1",
        "dropout(x), dense(softmax) | dropout needs a number",
        "dense(0, softmax) | at least one unit",
        "dense(5, soft) | no activation \"soft\"",
        "gap,, dense(softmax) | at character 5",
        "dense(5, relu, l3=1), dense(softmax) | dense has no setting \"l3=1\"",
        "dense(l2=1, softmax) | settings after them",
        "dense(5, l2=x), dense(softmax) | dense needs a number",
        "dense(5, l2=-1), dense(softmax) | l1 and l2 of at least 0",
      })
  void aHeadThatCannotBeReadSaysWhy(String text, String why) {
    assertThatThrownBy(() -> Head.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(why);
  }

  @Test
  void theEmptyHeadIsRefused() {
    assertThatThrownBy(() -> Head.parse("")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theStandardHeadPoolsImagesOnly() {
    assertThat(Head.standard(4).describe()).isEqualTo("gap, dropout(0.2), dense(softmax)");
    assertThat(Head.standard(2).describe()).isEqualTo("dense(softmax)");
  }
}
