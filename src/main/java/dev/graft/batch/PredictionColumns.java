package dev.graft.batch;

import dev.graft.data.Task;
import dev.graft.predict.Predicted;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The columns of predictions: the path, what the model said, then what the input had. */
final class PredictionColumns {
  private static final Column PATH = Column.of("path", ColumnKind.TEXT);

  private final List<AnswerColumn> answers;
  private final List<Column> columns;

  private PredictionColumns(List<AnswerColumn> answers, List<Column> columns) {
    this.answers = answers;
    this.columns = columns;
  }

  /**
   * Chooses the columns.
   *
   * @param task what the model says
   * @param top how many classes or labels are named; more than one go into {@code top}
   * @param carried the input's; one with the name of another column gets {@code input_} before it
   */
  static PredictionColumns of(
      Task task, int top, boolean logits, boolean features, List<Column> carried) {
    List<AnswerColumn> answers = AnswerColumn.of(task, top > 1 ? top : 0, logits, features);
    List<Column> columns = new ArrayList<>(List.of(PATH));
    answers.forEach(answer -> columns.add(Column.of(answer.name(), answer.kind())));
    columns.addAll(renamed(columns, carried));
    return new PredictionColumns(answers, columns);
  }

  /** Carried columns under names that nothing else has. */
  static List<Column> renamed(List<Column> own, List<Column> carried) {
    Set<String> taken = Column.names(own.stream().map(Column::name).toList());
    List<Column> renamed = new ArrayList<>();
    for (Column column : carried) {
      renamed.add(column.named(Column.free(column.name(), "input_", taken)));
    }
    return renamed;
  }

  List<Column> columns() {
    return columns;
  }

  /** The row of a record that was answered. */
  List<Object> row(Predicted<InputRecord> predicted) {
    List<Object> row = new ArrayList<>();
    row.add(predicted.source().path());
    answers.forEach(answer -> row.add(answer.value().apply(predicted)));
    row.addAll(predicted.source().carried());
    return row;
  }
}
