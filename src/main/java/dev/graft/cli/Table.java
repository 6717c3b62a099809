package dev.graft.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Rows under a heading, in columns as wide as what stands in them; numbers to the right. */
final class Table {
  private static final String GAP = "  ";

  private final List<String> heading;
  private final List<List<String>> rows = new ArrayList<>();

  Table(String... heading) {
    this.heading = List.of(heading);
  }

  /**
   * Adds a row.
   *
   * @param cells one for each column; whole numbers get thousands separators, null leaves it empty
   * @throws IllegalArgumentException if there are not as many cells as columns
   */
  Table row(Object... cells) {
    if (cells.length != heading.size()) {
      throw new IllegalArgumentException(
          "A table of %d columns got a row of %d cells: %s"
              .formatted(heading.size(), cells.length, Arrays.toString(cells)));
    }
    rows.add(Arrays.stream(cells).map(Table::text).toList());
    return this;
  }

  /** Whether there are no rows. */
  boolean isEmpty() {
    return rows.isEmpty();
  }

  private static String text(Object cell) {
    if (cell == null) {
      return "";
    }
    return cell instanceof Integer || cell instanceof Long
        ? "%,d".formatted(cell)
        : cell.toString();
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    append(text, heading);
    rows.forEach(row -> append(text, row));
    return text.toString();
  }

  private void append(StringBuilder text, List<String> cells) {
    StringBuilder line = new StringBuilder();
    for (int column = 0; column < cells.size(); column++) {
      String cell = cells.get(column);
      String padding = " ".repeat(width(column) - length(cell));
      line.append(isNumeric(column) ? padding + cell : cell + padding).append(GAP);
    }
    text.append(line.toString().stripTrailing()).append(System.lineSeparator());
  }

  private int width(int column) {
    int widest = rows.stream().mapToInt(row -> length(row.get(column))).max().orElse(0);
    return Math.max(widest, length(heading.get(column)));
  }

  private boolean isNumeric(int column) {
    return !rows.isEmpty()
        && rows.stream()
            .map(row -> row.get(column))
            .allMatch(cell -> cell.matches("[-+−]?[\\d.,]*%?"));
  }

  private static int length(String text) {
    return text.codePointCount(0, text.length());
  }
}
