package dev.graft.savedmodel;

import dev.graft.data.MaskedCrc;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.zip.CRC32C;
import org.tensorflow.proto.BundleEntryProto;
import org.tensorflow.proto.BundleHeaderProto;
import org.tensorflow.proto.VersionDef;

/**
 * Writes a checkpoint: an index and one data file, with values in the order of their keys. The same
 * values give the same bytes, and no value is copied.
 */
final class CheckpointWriter {
  private CheckpointWriter() {}

  /**
   * Writes {@code prefix.index} and {@code prefix.data-00000-of-00001}.
   *
   * @param values numbers and truth values by key
   */
  static void write(Path prefix, SortedMap<String, HostTensor> values) throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("", header());
    Path data = prefix.resolveSibling(prefix.getFileName() + ".data-00000-of-00001");
    try (FileChannel channel =
        FileChannel.open(data, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (Map.Entry<String, HostTensor> value : values.entrySet()) {
        entries.put(value.getKey(), entry(channel.position(), value.getValue()));
        ByteBuffer bytes = value.getValue().bytes();
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
      }
    }
    Path index = prefix.resolveSibling(prefix.getFileName() + ".index");
    Files.write(index, SortedTable.format(entries), StandardOpenOption.CREATE_NEW);
  }

  private static byte[] header() {
    return BundleHeaderProto.newBuilder()
        .setNumShards(1)
        .setVersion(VersionDef.newBuilder().setProducer(1))
        .build()
        .toByteArray();
  }

  private static byte[] entry(long offset, HostTensor value) {
    CRC32C crc = new CRC32C();
    crc.update(value.bytes());
    return BundleEntryProto.newBuilder()
        .setDtype(value.dtype())
        .setShape(Shapes.proto(value.shape()))
        .setOffset(offset)
        .setSize(value.bytes().remaining())
        .setCrc32C(MaskedCrc.mask((int) crc.getValue()))
        .build()
        .toByteArray();
  }
}
