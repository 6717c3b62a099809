package dev.graft.savedmodel;

import com.google.protobuf.ByteString;
import dev.graft.tensor.HostTensor;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;

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

  private static List<byte[]> utf8(List<String> values) {
    return values.stream().map(value -> value.getBytes(StandardCharsets.UTF_8)).toList();
  }
}
