package dev.graft.cli;

import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * A line every ten seconds and one at the end, for logs. Work shorter than that has only one, work
 * of less than two seconds none.
 */
final class ProgressInLines implements Progress {
  private static final long INTERVAL = Duration.ofSeconds(10).toNanos();
  private static final long WORTH_A_LINE = Duration.ofSeconds(2).toNanos();

  private final Consumer<String> lines;
  private final String task;
  private final long total;
  private final String unit;
  private final LongSupplier nanoTime;
  private final long start;
  private long lastLine;
  private long done;
  private String note = "";
  private boolean closed;

  ProgressInLines(
      Consumer<String> lines, String task, long total, String unit, LongSupplier nanoTime) {
    this.lines = lines;
    this.task = task;
    this.total = total;
    this.unit = unit;
    this.nanoTime = nanoTime;
    this.start = nanoTime.getAsLong();
    this.lastLine = start;
  }

  @Override
  public synchronized void step(long steps) {
    done += steps;
    long now = nanoTime.getAsLong();
    if (now - lastLine >= INTERVAL) {
      lastLine = now;
      lines.accept(line(now));
    }
  }

  @Override
  public synchronized void note(String note) {
    this.note = note;
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      long now = nanoTime.getAsLong();
      if (now - start >= WORTH_A_LINE) {
        lines.accept(line(now));
      }
    }
  }

  private String line(long now) {
    double seconds = (now - start) / 1e9;
    StringBuilder line = new StringBuilder(task).append(": ").append("%,d".formatted(done));
    if (total >= 0) {
      line.append(" of %,d".formatted(total));
    }
    line.append(" ").append(unit).append(", %.0f s".formatted(seconds));
    if (done > 0 && seconds > 0) {
      line.append(", %s a second".formatted(rate(done / seconds)));
    }
    if (total > done && done > 0) {
      line.append(", about %.0f s left".formatted(seconds * (total - done) / done));
    }
    return note.isEmpty() ? line.toString() : line.append(", ").append(note).toString();
  }

  /** Whole numbers where a digit behind the point would say nothing. */
  private static String rate(double aSecond) {
    return aSecond < 10 ? "%.1f".formatted(aSecond) : "%,.0f".formatted(aSecond);
  }
}
