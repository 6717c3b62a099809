package dev.graft.report;

import dev.graft.data.MaskedCrc;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import org.tensorflow.proto.Event;
import org.tensorflow.proto.Summary;

/**
 * A file of scalars that TensorBoard opens, also while it grows: TFRecords of {@code Event}
 * messages. But for the wall times, the same values give the same bytes. Owns the file; for one
 * thread at a time.
 */
public final class EventFile implements Closeable {
  private static final String VERSION = "brain.Event:2";
  private static final int LENGTH_BYTES = Long.BYTES + Integer.BYTES;

  private final FileChannel channel;
  private final Clock clock;

  private EventFile(FileChannel channel, Clock clock) {
    this.channel = channel;
    this.clock = clock;
  }

  /**
   * Starts a new file in a folder. What others there hold stays: TensorBoard reads them one after
   * the other.
   *
   * @param folder made if need be
   */
  public static EventFile create(Path folder, Clock clock) throws IOException {
    Files.createDirectories(folder);
    EventFile file = new EventFile(open(folder, clock.instant().getEpochSecond()), clock);
    file.append(file.event().setFileVersion(VERSION).build());
    return file;
  }

  private static FileChannel open(Path folder, long second) throws IOException {
    for (int sameSecond = 0; ; sameSecond++) {
      String name = Words.format("events.out.tfevents.%010d.graft.%03d", second, sameSecond);
      try {
        return FileChannel.open(
            folder.resolve(name), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      } catch (FileAlreadyExistsException e) {
        // Resumed within a second.
      }
    }
  }

  /**
   * Appends values.
   *
   * @param step where they stand on TensorBoard's axis, such as the epoch
   * @param values by their tags; those that are not finite are left out
   */
  public void scalars(long step, Map<String, Double> values) throws IOException {
    Summary.Builder summary = Summary.newBuilder();
    values.forEach(
        (tag, value) -> {
          if (Double.isFinite(value)) {
            summary.addValue(
                Summary.Value.newBuilder().setTag(tag).setSimpleValue(value.floatValue()));
          }
        });
    append(event().setStep(step).setSummary(summary).build());
  }

  private Event.Builder event() {
    Instant now = clock.instant();
    return Event.newBuilder().setWallTime(now.getEpochSecond() + now.getNano() / 1e9);
  }

  /** Length, its checksum, the message, its checksum. */
  private void append(Event event) throws IOException {
    byte[] message = event.toByteArray();
    ByteBuffer record =
        ByteBuffer.allocate(LENGTH_BYTES + message.length + Integer.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(message.length);
    record.putInt(MaskedCrc.of(record.array(), 0, Long.BYTES));
    record.put(message).putInt(MaskedCrc.of(message, 0, message.length)).flip();
    while (record.hasRemaining()) {
      channel.write(record);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
