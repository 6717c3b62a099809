package dev.graft.savedmodel;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Message;
import dev.graft.tensor.HostTensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDefLibrary;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.VersionDef;
import org.tensorflow.types.TUint8;

/**
 * What {@code fingerprint.pb} says of a SavedModel, as TensorFlow computes it for a graph without
 * function calls and without an object graph: {@code tensorflow/cc/saved_model/fingerprinting.cc}.
 */
final class Fingerprint {
  /** {@code kFingerprintProducer} of TensorFlow 2.18. */
  private static final int PRODUCER = 1;

  private static final long MULTIPLIER = 0xc6a4a7935bd1e995L;

  private Fingerprint() {}

  /**
   * The content of the file, a {@code FingerprintDef}.
   *
   * @param model the bytes of {@code saved_model.pb}
   * @param meta the graph in it
   * @param index the bytes of {@code variables/variables.index}; none if there are no variables
   */
  static byte[] of(byte[] model, MetaGraphDef meta, byte[] index) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    write(out, 1, hash(model));
    write(out, 2, hash(deterministic(simplified(meta.getGraphDef()))));
    write(out, 3, hash(meta.getSignatureDefMap()));
    write(out, 4, 0); // there is no object graph
    write(out, 5, index.length == 0 ? 0 : hash(index));
    out.writeMessage(6, VersionDef.newBuilder().setProducer(PRODUCER).build());
    out.flush();
    return bytes.toByteArray();
  }

  private static void write(CodedOutputStream out, int field, long hash) throws IOException {
    if (hash != 0) {
      out.writeUInt64(field, hash);
    }
  }

  /** Without what may differ between platforms. */
  private static GraphDef simplified(GraphDef graph) {
    GraphDef.Builder simple =
        graph.toBuilder()
            .clearNode()
            .setLibrary(FunctionDefLibrary.getDefaultInstance())
            .setVersions(VersionDef.getDefaultInstance());
    for (NodeDef node : graph.getNodeList()) {
      boolean isText =
          node.getOp().equals("Const")
              && node.getAttrOrThrow("dtype").getType() == DataType.DT_STRING;
      simple.addNode(
          isText
              ? node.toBuilder().putAttr("value", AttrValue.getDefaultInstance()).build()
              : node);
    }
    return simple.build();
  }

  private static long hash(Map<String, SignatureDef> signatures) throws IOException {
    long hash = 0;
    for (Map.Entry<String, SignatureDef> signature : new TreeMap<>(signatures).entrySet()) {
      hash = joined(hash, hash(signature.getKey().getBytes(StandardCharsets.UTF_8)));
      hash = joined(hash, hash(deterministic(signature.getValue())));
    }
    return hash;
  }

  static byte[] deterministic(Message message) throws IOException {
    byte[] bytes = new byte[message.getSerializedSize()];
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.useDeterministicSerialization();
    message.writeTo(out);
    out.checkNoSpaceLeft();
    return bytes;
  }

  /** {@code FingerprintCat64} of {@code tensorflow/core/platform/fingerprint.h}. */
  private static long joined(long first, long second) {
    long joined = first ^ MULTIPLIER;
    joined ^= shiftMixed(second * MULTIPLIER) * MULTIPLIER;
    joined *= MULTIPLIER;
    joined = shiftMixed(joined) * MULTIPLIER;
    return shiftMixed(joined);
  }

  private static long shiftMixed(long value) {
    return value ^ value >>> 47;
  }

  /** FarmHash's {@code Fingerprint64}, by TensorFlow's own op. */
  private static long hash(byte[] bytes) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Operand<TUint8> row = tf.placeholder(TUint8.class);
      Operand<TUint8> hash = tf.fingerprint(row, tf.constant("farmhash64"));
      try (Tensor fed = HostTensor.wrap(DataType.DT_UINT8, bytes, 1, bytes.length).toNative();
          Result result = session.runner().feed(row, fed).fetch(hash).run()) {
        return HostTensor.fromNative(result.get(0))
            .bytes()
            .order(ByteOrder.LITTLE_ENDIAN)
            .getLong();
      }
    }
  }
}
