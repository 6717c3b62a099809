package dev.graft.export;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Message;
import dev.graft.data.MaskedCrc;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.TreeMap;
import org.tensorflow.proto.TensorProto;

/**
 * {@code assets.extra/tf_serving_warmup_requests}: what TensorFlow Serving runs when it has loaded
 * a model, so that the first caller does not wait. TFRecords of {@code PredictionLog} messages, of
 * which <a
 * href="https://github.com/tensorflow/serving/tree/master/tensorflow_serving/apis">TensorFlow
 * Serving's protocol</a> is needed no more than is written here.
 */
final class WarmupRequests {
  private static final int LOG_PREDICT = 6;
  private static final int PREDICT_REQUEST = 1;
  private static final int REQUEST_MODEL = 1;
  private static final int REQUEST_INPUTS = 2;
  private static final int MODEL_NAME = 1;
  private static final int MODEL_SIGNATURE = 3;
  private static final int ENTRY_KEY = 1;
  private static final int ENTRY_VALUE = 2;

  private final ByteArrayOutputStream records = new ByteArrayOutputStream();
  private final String model;

  /**
   * @param model its name
   */
  WarmupRequests(String model) {
    this.model = model;
  }

  /** Writes a message's fields. */
  private interface Fields {
    void write(CodedOutputStream out) throws IOException;
  }

  /** Adds a request. */
  WarmupRequests add(String signature, Map<String, TensorProto> inputs) throws IOException {
    byte[] spec =
        message(
            out -> {
              out.writeString(MODEL_NAME, model);
              out.writeString(MODEL_SIGNATURE, signature);
            });
    byte[] request =
        message(
            out -> {
              out.writeByteArray(REQUEST_MODEL, spec);
              for (Map.Entry<String, TensorProto> input : new TreeMap<>(inputs).entrySet()) {
                out.writeByteArray(REQUEST_INPUTS, entry(input.getKey(), input.getValue()));
              }
            });
    byte[] predict = message(out -> out.writeByteArray(PREDICT_REQUEST, request));
    append(message(out -> out.writeByteArray(LOG_PREDICT, predict)));
    return this;
  }

  private static byte[] entry(String key, Message value) throws IOException {
    return message(
        out -> {
          out.writeString(ENTRY_KEY, key);
          out.writeMessage(ENTRY_VALUE, value);
        });
  }

  private static byte[] message(Fields fields) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    fields.write(out);
    out.flush();
    return bytes.toByteArray();
  }

  /** Length, its checksum, the message, its checksum. */
  private void append(byte[] message) {
    ByteBuffer numbers = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    byte[] length = numbers.putLong(message.length).array();
    records.writeBytes(length);
    records.writeBytes(crc(length));
    records.writeBytes(message);
    records.writeBytes(crc(message));
  }

  private static byte[] crc(byte[] bytes) {
    return ByteBuffer.allocate(Integer.BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(MaskedCrc.of(bytes, 0, bytes.length))
        .array();
  }

  /** The content of the file. */
  byte[] bytes() {
    return records.toByteArray();
  }
}
