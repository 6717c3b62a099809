package dev.graft.batch;

import dev.graft.data.ByteCount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What is left of a job will take on disk.
 *
 * @param records that are left
 * @param bytesPerRecord that one takes
 * @param folder where the job writes
 * @param free bytes that are free there
 */
record DiskDemand(long records, double bytesPerRecord, Path folder, long free) {
  static DiskDemand of(long records, double bytesPerRecord, Path folder) throws IOException {
    long free = Files.getFileStore(folder).getUsableSpace();
    return new DiskDemand(Math.max(0, records), bytesPerRecord, folder, free);
  }

  private long bytes() {
    return (long) Math.ceil(records * bytesPerRecord);
  }

  /** Refuses what cannot fit. */
  DiskDemand require() throws IOException {
    if (bytes() > free) {
      throw new IOException(
          "The %,d records that are left need about %s in %s, but %s are free there: make room and go on with --resume, or choose another disk with --out."
              .formatted(records, ByteCount.of(bytes()), folder, ByteCount.of(free)));
    }
    return this;
  }

  /** A sentence for people. */
  String describe() {
    return "The result: about %s on disk (%s an image); %s are free in %s."
        .formatted(
            ByteCount.of(bytes()),
            ByteCount.of(Math.round(bytesPerRecord)),
            ByteCount.of(free),
            folder);
  }
}
