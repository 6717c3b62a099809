package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PrecisionTest {
  @Test
  void autoIsBfloat16WhereTheProcessorHasIt() {
    assertThat(Precision.parse("auto", Precision.FLOAT32, true)).isEqualTo(Precision.BFLOAT16);
    assertThat(Precision.parse("auto", Precision.FLOAT32, false)).isEqualTo(Precision.FLOAT32);
    assertThat(Precision.parse("auto", Precision.WINOGRAD, false)).isEqualTo(Precision.WINOGRAD);
  }

  @ParameterizedTest
  @EnumSource
  void eachIsReadFromItsWord(Precision precision) {
    assertThat(Precision.parse(precision.word(), Precision.FLOAT32, true)).isEqualTo(precision);
  }

  @Test
  void exportsAreInFloat32OrBfloat16() {
    assertThat(Precision.named("bfloat16")).isEqualTo(Precision.BFLOAT16);
    assertThatThrownBy(() -> Precision.named("winograd"))
        .hasMessage("The precision is float32 or bfloat16, but got \"winograd\".");
  }

  @Test
  void bfloat16IsRefusedWhereTheProcessorHasNone() {
    assertThatThrownBy(() -> Precision.parse("bfloat16", Precision.FLOAT32, false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("avx512_bf16")
        .hasMessageContaining("--precision float32");
    assertThatThrownBy(() -> Precision.parse("half", Precision.FLOAT32, true))
        .hasMessage("The precision is float32, winograd, bfloat16 or auto, but got \"half\".");
  }

  @Test
  void theProcessorsFlagsSayIt() {
    assertThat(Precision.isIn(List.of("model name : x", "flags\t\t: fpu avx2 avx512_bf16 fma")))
        .isTrue();
    assertThat(Precision.isIn(List.of("flags\t\t: fpu avx2", "bugs : avx512_bf16"))).isFalse();
  }
}
