package dev.graft.image;

/**
 * What became of something that was to be an image.
 *
 * @param <S> where its bytes come from
 */
public sealed interface PreparedImage<S extends ImageSource> {
  /** Where its bytes come from. */
  S source();

  /**
   * A prepared image.
   *
   * @param source where its bytes come from
   * @param sha256 of the bytes, 64 lower-case hexadecimal digits; for a view, {@link ImageView#key}
   * @param orientation the EXIF orientation, 1 to 8, whether it was applied or not
   * @param values as {@link ImageReader} gives them; the array belongs to the caller
   * @param <S> where its bytes come from
   */
  record Ready<S extends ImageSource>(S source, String sha256, int orientation, float[] values)
      implements PreparedImage<S> {}

  /**
   * An image whose values the caller did not want to be prepared.
   *
   * @param source where its bytes come from
   * @param sha256 of the bytes; for a view, {@link ImageView#key}
   * @param orientation the EXIF orientation, 1 to 8
   * @param <S> where its bytes come from
   */
  record Known<S extends ImageSource>(S source, String sha256, int orientation)
      implements PreparedImage<S> {}

  /**
   * Something that cannot be used.
   *
   * @param source where its bytes come from
   * @param reason why, as the end of a sentence that starts with the name of the source
   * @param <S> where its bytes come from
   */
  record Rejected<S extends ImageSource>(S source, String reason) implements PreparedImage<S> {}
}
