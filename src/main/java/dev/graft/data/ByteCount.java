package dev.graft.data;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers of bytes as people write them, in powers of 1000: {@code 1.5 GB}. */
public final class ByteCount {
  private static final List<String> UNITS = List.of("B", "KB", "MB", "GB", "TB");
  private static final Pattern TEXT =
      Pattern.compile("(\\d{1,12}(?:\\.\\d{1,6})?)\\s*([KMGT]?B)?", Pattern.CASE_INSENSITIVE);

  private ByteCount() {}

  /** With one digit behind the point, such as {@code 20.0 GB}. */
  public static String of(long bytes) {
    double value = bytes;
    int unit = 0;
    while (value >= 999.95 && unit < UNITS.size() - 1) {
      value /= 1000;
      unit++;
    }
    return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", value, UNITS.get(unit));
  }

  /**
   * Reads a number with or without a unit.
   *
   * @param name whose value it is, for the message
   * @throws IllegalArgumentException if it is none
   */
  public static long parse(String name, String text) {
    Matcher matcher = TEXT.matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "%s must be a number of bytes such as 500MB or 20GB, but is \"%s\"."
              .formatted(name, text));
    }
    String unit = matcher.group(2) == null ? "B" : matcher.group(2).toUpperCase(Locale.ROOT);
    return (long) (Double.parseDouble(matcher.group(1)) * Math.pow(1000, UNITS.indexOf(unit)));
  }
}
