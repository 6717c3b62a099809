package dev.graft.batch;

import java.util.Locale;

/**
 * How many records may be bad before a job stops.
 *
 * @param count the most, or -1 for none
 * @param share of all records the most, 0 to 1, or NaN for none
 */
public record MaxRejected(long count, double share) {
  /** Any number: a bad file never stops the night. */
  public static final MaxRejected UNLIMITED = new MaxRejected(-1, Double.NaN);

  /**
   * Reads {@code 100}, {@code 0.01} or {@code 1%}: with a point or a percent sign it is a share.
   *
   * @throws IllegalArgumentException if it is none of these
   */
  public static MaxRejected parse(String text) {
    try {
      String number = text.strip().toLowerCase(Locale.ROOT);
      if (!number.endsWith("%") && !number.contains(".") && !number.contains("e")) {
        long count = Long.parseLong(number);
        if (count >= 0) {
          return new MaxRejected(count, Double.NaN);
        }
      } else {
        boolean percent = number.endsWith("%");
        double value =
            Double.parseDouble(percent ? number.substring(0, number.length() - 1) : number);
        double share = percent ? value / 100 : value;
        if (share >= 0 && share <= 1) {
          return new MaxRejected(-1, share);
        }
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new IllegalArgumentException(
        "--max-rejected must be a number of records such as 100, or a share such as 0.01 or 1%%, but is \"%s\"."
            .formatted(text));
  }

  /** The most bad records among so many. */
  public long among(long records) {
    long most = count >= 0 ? count : Long.MAX_VALUE;
    return Double.isNaN(share) ? most : Math.min(most, (long) Math.floor(share * records));
  }
}
