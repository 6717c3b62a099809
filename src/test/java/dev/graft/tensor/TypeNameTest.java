package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.proto.DataType;

class TypeNameTest {
  @ParameterizedTest
  @CsvSource({
    "DT_FLOAT,float32",
    "DT_DOUBLE,float64",
    "DT_HALF,float16",
    "DT_INT32,int32",
    "DT_STRING,string",
    "DT_BFLOAT16,bfloat16"
  })
  void typesAreCalledAsNumpyCallsThem(DataType type, String name) {
    assertThat(TypeName.of(type)).isEqualTo(name);
    assertThat(TypeName.type(name)).isEqualTo(type);
  }

  @Test
  void anUnknownNameIsRefused() {
    assertThatThrownBy(() -> TypeName.type("float31"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("float31");
  }
}
