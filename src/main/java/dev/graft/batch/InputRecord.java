package dev.graft.batch;

import dev.graft.image.BadImageException;
import dev.graft.image.ImageSource;
import java.io.IOException;
import java.util.List;

/** One record of a job's input. */
final class InputRecord implements ImageSource {
  private final long index;
  private final String path;
  private final ImageSource image;
  private final List<Object> carried;
  private final long taken = System.nanoTime();

  /**
   * A record that was just taken from the input.
   *
   * @param index from 0
   * @param path what the input calls it
   * @param image its bytes
   * @param carried values of the input's other columns, some null
   */
  InputRecord(long index, String path, ImageSource image, List<Object> carried) {
    this.index = index;
    this.path = path;
    this.image = image;
    this.carried = carried;
  }

  /** A record that is known to be of no use. */
  static InputRecord bad(long index, String path, String reason, List<Object> carried) {
    ImageSource none =
        () -> {
          throw new BadImageException(reason);
        };
    return new InputRecord(index, path, none, carried);
  }

  long index() {
    return index;
  }

  String path() {
    return path;
  }

  List<Object> carried() {
    return carried;
  }

  /** Nanoseconds since it was taken from the input. */
  long age() {
    return System.nanoTime() - taken;
  }

  @Override
  public byte[] read() throws IOException, BadImageException {
    return image.read();
  }

  @Override
  public String toString() {
    return path;
  }
}
