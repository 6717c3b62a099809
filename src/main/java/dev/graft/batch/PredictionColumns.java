package dev.graft.batch;

import dev.graft.batch.Column.Kind;
import dev.graft.predict.Answer;
import dev.graft.predict.Predicted;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The columns of predictions: what the model said, then what the input had. */
final class PredictionColumns {
  private final List<Column> columns;
  private final List<Cell> cells;

  /** Makes the value of a column. */
  @FunctionalInterface
  private interface Cell {
    Object of(Predicted<InputRecord> predicted, Answer answer);
  }

  private PredictionColumns(List<Column> columns, List<Cell> cells) {
    this.columns = columns;
    this.cells = cells;
  }

  /**
   * Chooses the columns.
   *
   * @param carried the input's; one with the name of another column gets {@code input_} before it
   */
  static PredictionColumns of(int top, boolean logits, boolean features, List<Column> carried) {
    PredictionColumns chosen = new PredictionColumns(new ArrayList<>(), new ArrayList<>());
    chosen.add("path", Kind.TEXT, (predicted, answer) -> predicted.source().path());
    chosen.add("label", Kind.TEXT, (predicted, answer) -> answer.label());
    chosen.add("probability", Kind.FLOAT, (predicted, answer) -> answer.probability());
    if (top > 1) {
      chosen.add("top", Kind.GUESSES, (predicted, answer) -> answer.top(top));
    }
    if (logits) {
      chosen.add("logits", Kind.FLOATS, (predicted, answer) -> predicted.outputs().get("logits"));
    }
    if (features) {
      chosen.add(
          "features", Kind.FLOATS, (predicted, answer) -> predicted.outputs().get("features"));
    }
    chosen.columns.addAll(renamed(chosen.columns, carried));
    return chosen;
  }

  private void add(String name, Kind kind, Cell cell) {
    columns.add(Column.of(name, kind));
    cells.add(cell);
  }

  /** Carried columns under names that nothing else has. */
  static List<Column> renamed(List<Column> own, List<Column> carried) {
    Set<String> taken = new HashSet<>();
    own.forEach(column -> taken.add(column.name()));
    List<Column> renamed = new ArrayList<>();
    for (Column column : carried) {
      String name = column.name();
      while (!taken.add(name)) {
        name = "input_" + name;
      }
      renamed.add(column.named(name));
    }
    return renamed;
  }

  List<Column> columns() {
    return columns;
  }

  /** The row of a record that was answered. */
  List<Object> row(Predicted<InputRecord> predicted) {
    Answer answer = predicted.answer().orElseThrow();
    List<Object> row = new ArrayList<>();
    cells.forEach(cell -> row.add(cell.of(predicted, answer)));
    row.addAll(predicted.source().carried());
    return row;
  }
}
