package dev.graft.batch;

import dev.graft.batch.Column.Kind;
import dev.graft.data.Task;
import dev.graft.predict.Answer;
import dev.graft.predict.Predicted;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The columns of predictions: what the model said, then what the input had. */
final class PredictionColumns {
  private static final Set<String> RESERVED = Set.of("path", "logits", "features");

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
   * Chooses the columns: of classes the likeliest, of labels those above a half, of numbers one
   * column each, called {@code number_NAME} where its name is taken.
   *
   * @param task what the model says
   * @param carried the input's; one with the name of another column gets {@code input_} before it
   */
  static PredictionColumns of(
      Task task, int top, boolean logits, boolean features, List<Column> carried) {
    PredictionColumns chosen = new PredictionColumns(new ArrayList<>(), new ArrayList<>());
    chosen.add("path", Kind.TEXT, (predicted, answer) -> predicted.source().path());
    switch (task.kind()) {
      case CLASSES -> {
        chosen.add("label", Kind.TEXT, (predicted, answer) -> answer.label());
        chosen.add("probability", Kind.FLOAT, (predicted, answer) -> answer.probability());
      }
      case LABELS -> chosen.add("labels", Kind.GUESSES, (predicted, answer) -> answer.labels());
      case NUMBERS -> chosen.addNumbers(task);
    }
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

  private void addNumbers(Task task) {
    List<Column> numbers =
        task.labels().names().stream().map(name -> Column.of(name, Kind.FLOAT)).toList();
    List<Column> free = renamed("number_", RESERVED, numbers);
    for (int i = 0; i < free.size(); i++) {
      int index = i;
      add(free.get(i).name(), Kind.FLOAT, (predicted, answer) -> answer.probabilities()[index]);
    }
  }

  private void add(String name, Kind kind, Cell cell) {
    columns.add(Column.of(name, kind));
    cells.add(cell);
  }

  /** Carried columns under names that nothing else has. */
  static List<Column> renamed(List<Column> own, List<Column> carried) {
    return renamed("input_", own.stream().map(Column::name).collect(Collectors.toSet()), carried);
  }

  private static List<Column> renamed(String prefix, Set<String> own, List<Column> others) {
    Set<String> taken = new HashSet<>(own);
    List<Column> renamed = new ArrayList<>();
    for (Column column : others) {
      String name = column.name();
      while (!taken.add(name)) {
        name = prefix + name;
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
