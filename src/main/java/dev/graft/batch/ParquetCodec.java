package dev.graft.batch;

import io.airlift.compress.Decompressor;
import io.airlift.compress.lz4.Lz4Decompressor;
import io.airlift.compress.snappy.SnappyCompressor;
import io.airlift.compress.snappy.SnappyDecompressor;
import io.airlift.compress.zstd.ZstdDecompressor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import org.apache.parquet.format.CompressionCodec;

/** Pages of Parquet files, compressed and not, without native libraries. */
final class ParquetCodec {
  /** What Graft writes, as Spark does. */
  static final CompressionCodec WRITTEN = CompressionCodec.SNAPPY;

  private ParquetCodec() {}

  static byte[] compress(byte[] bytes) {
    SnappyCompressor snappy = new SnappyCompressor();
    byte[] compressed = new byte[snappy.maxCompressedLength(bytes.length)];
    int length = snappy.compress(bytes, 0, bytes.length, compressed, 0, compressed.length);
    return Arrays.copyOf(compressed, length);
  }

  /**
   * Decompresses a page.
   *
   * @param length of the result
   * @throws IOException when it is damaged, or the codec is none that Graft reads
   */
  static byte[] decompress(CompressionCodec codec, byte[] bytes, int length) throws IOException {
    return switch (codec) {
      case UNCOMPRESSED -> bytes;
      case SNAPPY -> decompress(new SnappyDecompressor(), bytes, length);
      case ZSTD -> decompress(new ZstdDecompressor(), bytes, length);
      case LZ4_RAW -> decompress(new Lz4Decompressor(), bytes, length);
      case GZIP -> {
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
          yield in.readNBytes(length);
        }
      }
      default ->
          throw new IOException(
              "The codec is "
                  + codec
                  + ", expected UNCOMPRESSED, SNAPPY, GZIP, ZSTD or LZ4_RAW: write the file again.");
    };
  }

  private static byte[] decompress(Decompressor codec, byte[] bytes, int length)
      throws IOException {
    byte[] result = new byte[length];
    try {
      int received = codec.decompress(bytes, 0, bytes.length, result, 0, length);
      if (received == length) {
        return result;
      }
      throw new IOException("A page has %d bytes, expected %d.".formatted(received, length));
    } catch (RuntimeException e) {
      throw new IOException("A page is damaged: " + e.getMessage(), e);
    }
  }
}
