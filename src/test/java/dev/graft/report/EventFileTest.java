package dev.graft.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.data.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.proto.Event;

/** The framing by hand; TensorBoard's own reader reads a run's in {@code TensorBoardIT}. */
class EventFileTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-01-01T00:00:00.5Z"), ZoneOffset.UTC);

  @TempDir private Path folder;

  private static void write(Path folder) throws IOException {
    try (EventFile file = EventFile.create(folder, CLOCK)) {
      file.scalars(7, Map.of("loss", 0.25, "diverged", Double.NaN));
    }
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  @Test
  void eachRecordIsLengthChecksumMessageChecksum() throws Exception {
    write(folder.resolve("made/events"));
    Path file = files(folder.resolve("made/events")).get(0);
    assertThat(file).hasFileName("events.out.tfevents.1767225600.graft.000");
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(next(bytes).getFileVersion()).isEqualTo("brain.Event:2");
    Event event = next(bytes);
    assertThat(event.getStep()).isEqualTo(7);
    assertThat(event.getWallTime()).isEqualTo(1767225600.5);
    assertThat(event.getSummary().getValueList()).hasSize(1);
    assertThat(event.getSummary().getValue(0).getTag()).isEqualTo("loss");
    assertThat(event.getSummary().getValue(0).getSimpleValue()).isEqualTo(0.25f);
    assertThat(bytes.hasRemaining()).isFalse();
  }

  private static Event next(ByteBuffer bytes) throws Exception {
    byte[] length = new byte[8];
    bytes.get(length);
    assertThat(bytes.getInt()).isEqualTo(masked(length));
    byte[] message =
        new byte[(int) ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong()];
    bytes.get(message);
    assertThat(bytes.getInt()).isEqualTo(masked(message));
    return Event.parseFrom(message);
  }

  /** As tensorflow/core/lib/hash/crc32c.h has it. */
  private static int masked(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
  }

  @Test
  void aSecondFileOfTheSameSecondStandsBesideTheFirstWithTheSameBytes() throws IOException {
    write(folder);
    write(folder);
    List<Path> files = files(folder);
    assertThat(files).hasSize(2);
    assertThat(Sha256.of(files.get(0))).isEqualTo(Sha256.of(files.get(1)));
  }
}
