package dev.graft.features;

import dev.graft.data.ByteCount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Turns the system's words for a full disk into a sentence that helps. */
public final class DiskFull {
  private DiskFull() {}

  /** The failure itself, or one that says how much is needed and what to do if the disk is full. */
  static IOException explain(IOException failure, Path folder, long needed) {
    long free;
    try {
      free = Files.getFileStore(folder).getUsableSpace();
    } catch (IOException e) {
      failure.addSuppressed(e);
      return failure;
    }
    return isReasonOf(failure) || free < needed
        ? new IOException(sentence(folder, needed, free), failure)
        : failure;
  }

  static String sentence(Path folder, long needed, long free) {
    return ("Features need %s in %s, but %s are free there: make room, or choose another disk with"
            + " --features DIR or the environment variable GRAFT_CACHE.")
        .formatted(ByteCount.of(needed), folder, ByteCount.of(free));
  }

  /** Whether a failure of the disk is that it, or what a user may have of it, is full. */
  public static boolean isReasonOf(IOException failure) {
    String message = String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT);
    return message.contains("no space left")
        || message.contains("not enough space")
        || message.contains("quota exceeded")
        || message.contains("file too large");
  }
}
