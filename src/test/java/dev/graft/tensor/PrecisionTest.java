package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class PrecisionTest {
  @Test
  void autoIsBfloat16WhereTheProcessorHasIt() {
    assertThat(Precision.parse("auto", true)).isEqualTo(Precision.BFLOAT16);
    assertThat(Precision.parse("auto", false)).isEqualTo(Precision.FLOAT32);
    assertThat(Precision.parse("float32", true)).isEqualTo(Precision.FLOAT32);
    assertThat(Precision.parse("bfloat16", true)).isEqualTo(Precision.BFLOAT16);
  }

  @Test
  void bfloat16IsRefusedWhereTheProcessorHasNone() {
    assertThatThrownBy(() -> Precision.parse("bfloat16", false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("avx512_bf16")
        .hasMessageContaining("--precision float32");
    assertThatThrownBy(() -> Precision.parse("half", true))
        .hasMessage("The precision is float32, bfloat16 or auto, but got \"half\".");
  }

  @Test
  void theProcessorsFlagsSayIt() {
    assertThat(Precision.isIn(List.of("model name : x", "flags\t\t: fpu avx2 avx512_bf16 fma")))
        .isTrue();
    assertThat(Precision.isIn(List.of("flags\t\t: fpu avx2", "bugs : avx512_bf16"))).isFalse();
  }
}
