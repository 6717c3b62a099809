package dev.graft.report;

/** What a run calls what it learned from. */
public enum Examples {
  /** Pictures, which a report can show. */
  IMAGES("image", "images"),
  /** Rows of arrays. */
  EXAMPLES("example", "examples");

  private final String one;
  private final String many;

  Examples(String one, String many) {
    this.one = one;
    this.many = many;
  }

  /** The word that {@code run.json} has for it. */
  public String word() {
    return many;
  }

  /** The kind of a word; images where there is none. */
  static Examples named(String word) {
    return EXAMPLES.many.equals(word) ? EXAMPLES : IMAGES;
  }

  String one() {
    return one;
  }

  String many() {
    return many;
  }

  /** 1 image, 2 images */
  String count(long number) {
    return Words.count(number, one, many);
  }

  /** 1 validation image, 2 validation images */
  String count(long number, String part) {
    return Words.count(number, part + " " + one, part + " " + many);
  }
}
