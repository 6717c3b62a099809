package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.ReadOnlyBufferException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tensorflow.Tensor;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;

class HostTensorTest {
  @Property(tries = 50)
  void floatsComeBackBitForBit(@ForAll @Size(6) float[] values) {
    HostTensor tensor = HostTensor.of(values, 2, 3);
    try (Tensor nativeTensor = tensor.toNative()) {
      assertThat(HostTensor.fromNative(nativeTensor)).isEqualTo(tensor);
    }
    assertThat(tensor.floats()).containsExactly(values);
  }

  @Test
  void elementsAreWhereTensorFlowLooksForThem() {
    try (Tensor tensor = HostTensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3).toNative()) {
      TFloat32 floats = (TFloat32) tensor;
      assertThat(floats.getFloat(0, 2)).isEqualTo(3);
      assertThat(floats.getFloat(1, 0)).isEqualTo(4);
    }
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "DT_FLOAT",
        "DT_DOUBLE",
        "DT_HALF",
        "DT_BFLOAT16",
        "DT_INT32",
        "DT_INT64",
        "DT_UINT8",
        "DT_UINT16",
        "DT_BOOL"
      })
  void everyTypeComesBackBitForBit(DataType dtype) {
    byte[] bytes = new byte[elementSize(dtype) * 4];
    new Random(1).nextBytes(bytes);
    HostTensor tensor = HostTensor.wrap(dtype, bytes, 4);
    try (Tensor nativeTensor = tensor.toNative()) {
      assertThat(nativeTensor.dataType()).isEqualTo(dtype);
      assertThat(HostTensor.fromNative(nativeTensor)).isEqualTo(tensor);
    }
  }

  private static int elementSize(DataType dtype) {
    return switch (dtype) {
      case DT_DOUBLE, DT_INT64 -> 8;
      case DT_FLOAT, DT_INT32 -> 4;
      case DT_UINT8, DT_BOOL -> 1;
      default -> 2;
    };
  }

  @Test
  void stringsOfAnyBytesComeBack() {
    List<byte[]> values =
        List.of(new byte[0], new byte[] {0, -1, 7}, "Löwe".getBytes(StandardCharsets.UTF_8));
    HostTensor tensor = HostTensor.ofStrings(values, 3, 1);
    try (Tensor nativeTensor = tensor.toNative()) {
      assertThat(((TString) nativeTensor).getObject(2, 0)).isEqualTo("Löwe");
      HostTensor back = HostTensor.fromNative(nativeTensor);
      assertThat(back).isEqualTo(tensor);
      assertThat(back.strings()).containsExactlyElementsOf(values);
    }
    assertThat(tensor.toProto().getStringVal(1).toByteArray()).isEqualTo(values.get(1));
  }

  @Test
  void scalarsAndEmptyTensorsComeBack() {
    for (HostTensor tensor :
        List.of(
            HostTensor.of(new float[] {3}),
            HostTensor.of(new float[0], 0, 4),
            HostTensor.of(new long[] {1L << 40}),
            HostTensor.ofStrings(List.of(), 0))) {
      try (Tensor nativeTensor = tensor.toNative()) {
        assertThat(HostTensor.fromNative(nativeTensor)).isEqualTo(tensor);
      }
    }
  }

  @Test
  void messageHoldsTypeShapeAndBytes() {
    TensorProto proto = HostTensor.of(new int[] {1, 256}, 2).toProto();
    assertThat(proto.getDtype()).isEqualTo(DataType.DT_INT32);
    assertThat(proto.getTensorShape().getDim(0).getSize()).isEqualTo(2);
    assertThat(proto.getTensorContent().toByteArray()).containsExactly(1, 0, 0, 0, 0, 1, 0, 0);
  }

  @Test
  void hashIsThatOfTheLittleEndianBytes() {
    assertThat(HostTensor.of(new float[0], 0).sha256())
        .isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assertThat(HostTensor.of(new int[] {0x64636261}).sha256())
        .as("abcd")
        .isEqualTo("88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589");
  }

  @Test
  void typeShapeAndValuesAllCount() {
    HostTensor tensor = HostTensor.of(new float[] {1, 2}, 2);
    assertThat(tensor).isEqualTo(HostTensor.of(new float[] {1, 2}, 2));
    assertThat(tensor).hasSameHashCodeAs(HostTensor.of(new float[] {1, 2}, 2));
    assertThat(tensor).isNotEqualTo(HostTensor.of(new float[] {1, 2}, 2, 1));
    assertThat(tensor).isNotEqualTo(HostTensor.of(new float[] {1, 3}, 2));
    assertThat(tensor).isNotEqualTo(HostTensor.of(new int[] {0x3f800000, 0x40000000}, 2));
  }

  @Test
  void laterChangesOfTheArrayDoNotReachTheTensor() {
    float[] values = {1, 2};
    HostTensor tensor = HostTensor.of(values, 2);
    values[0] = 9;
    tensor.floats()[1] = 9;
    assertThat(tensor.floats()).containsExactly(1, 2);
    org.assertj.core.api.Assertions.assertThatExceptionOfType(ReadOnlyBufferException.class)
        .isThrownBy(() -> tensor.bytes().put((byte) 1));
  }

  @Test
  void refusesAShapeThatDoesNotHoldTheValues() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HostTensor.of(new float[] {1, 2, 3}, 2, 2))
        .withMessage("A tensor of DT_FLOAT[2, 2] has 4 elements but got 12 bytes.");
    assertThatIllegalArgumentException().isThrownBy(() -> HostTensor.of(new float[0], -1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HostTensor.ofStrings(List.of(new byte[1]), 2));
  }

  @Test
  void refusesToReadOtherTypes() {
    assertThatIllegalStateException()
        .isThrownBy(() -> HostTensor.of(new int[] {1}).floats())
        .withMessageContaining("DT_INT32");
  }
}
