package dev.graft.savedmodel;

import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tensorflow.proto.DataType;

/** Reads the float32 arrays that numpy wrote beside the test models. */
final class Npy {
  private static final Pattern SHAPE = Pattern.compile("'shape': \\(([^)]*)\\)");

  private Npy() {}

  static HostTensor read(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int length = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getShort(8);
    String header = new String(bytes, 10, length, StandardCharsets.US_ASCII);
    if (!header.contains("'<f4'") || !header.contains("'fortran_order': False")) {
      throw new IOException(file + " is expected to hold float32 but has the header " + header);
    }
    Matcher shape = SHAPE.matcher(header);
    if (!shape.find()) {
      throw new IOException(file + " has no shape in its header " + header);
    }
    long[] sizes =
        Arrays.stream(shape.group(1).split(","))
            .map(String::strip)
            .filter(size -> !size.isEmpty())
            .mapToLong(Long::parseLong)
            .toArray();
    return HostTensor.wrap(
        DataType.DT_FLOAT, Arrays.copyOfRange(bytes, 10 + length, bytes.length), sizes);
  }
}
