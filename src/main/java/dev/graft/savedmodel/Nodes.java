package dev.graft.savedmodel;

import com.google.protobuf.ByteString;
import dev.graft.tensor.HostTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalLong;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;

/** Makes nodes and attributes. */
final class Nodes {
  private Nodes() {}

  static NodeDef.Builder node(String op, String name, String... inputs) {
    return NodeDef.newBuilder().setOp(op).setName(name).addAllInput(List.of(inputs));
  }

  static NodeDef constant(String name, HostTensor value) {
    return node("Const", name)
        .putAttr("dtype", type(value.dtype()))
        .putAttr("value", AttrValue.newBuilder().setTensor(value.toProto()).build())
        .build();
  }

  static NodeDef strings(String name, List<String> values) {
    return constant(name, HostTensor.ofStrings(utf8(values), values.size()));
  }

  static NodeDef string(String name, String value) {
    return constant(name, HostTensor.ofStrings(utf8(List.of(value))));
  }

  static AttrValue type(DataType type) {
    return AttrValue.newBuilder().setType(type).build();
  }

  static AttrValue types(List<DataType> types) {
    return AttrValue.newBuilder()
        .setList(AttrValue.ListValue.newBuilder().addAllType(types))
        .build();
  }

  static AttrValue shape(List<Long> shape) {
    return AttrValue.newBuilder().setShape(Shapes.proto(shape)).build();
  }

  static AttrValue text(String text) {
    return AttrValue.newBuilder().setS(ByteString.copyFromUtf8(text)).build();
  }

  static AttrValue number(long number) {
    return AttrValue.newBuilder().setI(number).build();
  }

  static AttrValue numbers(List<Long> numbers) {
    return AttrValue.newBuilder()
        .setList(AttrValue.ListValue.newBuilder().addAllI(numbers))
        .build();
  }

  /** The value of a constant int32 or int64 of no dimensions; empty for any other node. */
  static OptionalLong scalar(NodeDef node) {
    TensorProto value = node.getAttrOrDefault("value", AttrValue.getDefaultInstance()).getTensor();
    if (!node.getOp().equals("Const") || value.getTensorShape().getDimCount() > 0) {
      return OptionalLong.empty();
    }
    ByteBuffer bytes =
        value.getTensorContent().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    return switch (value.getDtype()) {
      case DT_INT32 ->
          OptionalLong.of(
              bytes.hasRemaining()
                  ? bytes.getInt()
                  : value.getIntValCount() == 0 ? 0 : value.getIntVal(0));
      case DT_INT64 ->
          OptionalLong.of(
              bytes.hasRemaining()
                  ? bytes.getLong()
                  : value.getInt64ValCount() == 0 ? 0 : value.getInt64Val(0));
      default -> OptionalLong.empty();
    };
  }

  private static List<byte[]> utf8(List<String> values) {
    return values.stream().map(value -> value.getBytes(StandardCharsets.UTF_8)).toList();
  }
}
