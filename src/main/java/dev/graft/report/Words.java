package dev.graft.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.util.Locale;

/** Numbers as people read them. */
final class Words {
  private Words() {}

  /** 1,234 */
  static String count(long number) {
    return format("%,d", number);
  }

  /** 1 image, 2 images */
  static String count(long number, String one, String many) {
    return count(number) + " " + (number == 1 ? one : many);
  }

  /** Images */
  static String title(String words) {
    return words.substring(0, 1).toUpperCase(Locale.ROOT) + words.substring(1);
  }

  /** 97.3% */
  static String percent(double share) {
    return Double.isFinite(share) ? format("%.1f%%", 100 * share) : "–";
  }

  /** 0.1234 */
  static String decimal(double value) {
    return Double.isFinite(value) ? format("%.4f", value) : "–";
  }

  /** 0.001 */
  static String rate(double rate) {
    return Double.isFinite(rate)
        ? new BigDecimal(rate).round(new MathContext(3)).stripTrailingZeros().toString()
        : "–";
  }

  /** Any number, in four digits: 1234, 0.1234, 1.234E+7 */
  static String number(double value) {
    if (!Double.isFinite(value)) {
      return "–";
    }
    BigDecimal rounded = new BigDecimal(value).round(new MathContext(4)).stripTrailingZeros();
    boolean readable = Math.abs(value) < 1e7 && (value == 0 || Math.abs(value) >= 1e-4);
    return readable ? rounded.toPlainString() : rounded.toString();
  }

  /** 312 MB, 1.4 GB */
  static String bytes(long bytes) {
    return bytes < 1L << 30
        ? format("%,d MB", Math.round(bytes / (double) (1 << 20)))
        : format("%.1f GB", bytes / (double) (1 << 30));
  }

  /** 4.7 M; exact below a hundred thousand */
  static String magnitude(long number) {
    return number < 100_000 ? count(number) : format("%,.1f M", number / 1e6);
  }

  /** 0.4 s, 41 s, 3 min 20 s, 1 h 5 min */
  static String time(Duration time) {
    if (time.toMillis() < 9_950) {
      return format("%.1f s", time.toMillis() / 1e3);
    }
    Duration rounded = Duration.ofSeconds((time.toMillis() + 500) / 1000);
    if (rounded.toMinutes() < 1) {
      return rounded.toSeconds() + " s";
    }
    return rounded.toHours() < 1
        ? "%d min %d s".formatted(rounded.toMinutes(), rounded.toSecondsPart())
        : "%d h %d min".formatted(rounded.toHours(), rounded.toMinutesPart());
  }

  static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
