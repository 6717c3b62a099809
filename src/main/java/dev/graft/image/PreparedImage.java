package dev.graft.image;

import java.nio.file.Path;

/** What became of a file that was to be an image. */
public sealed interface PreparedImage {
  /** The file. */
  Path path();

  /**
   * A prepared image.
   *
   * @param path the file
   * @param sha256 of the file's bytes, 64 lower-case hexadecimal digits; of a view, its {@link
   *     ImageView#key}
   * @param orientation the EXIF orientation, 1 to 8, whether it was applied or not
   * @param values as {@link ImageReader} gives them; the array belongs to the caller
   */
  record Ready(Path path, String sha256, int orientation, float[] values)
      implements PreparedImage {}

  /**
   * A file whose values the caller did not want to be prepared.
   *
   * @param path the file
   * @param sha256 of the file's bytes; of a view, its {@link ImageView#key}
   * @param orientation the EXIF orientation, 1 to 8
   */
  record Known(Path path, String sha256, int orientation) implements PreparedImage {}

  /**
   * A file that cannot be used.
   *
   * @param path the file
   * @param reason why, as the end of a sentence that starts with the path
   */
  record Rejected(Path path, String reason) implements PreparedImage {}
}
