package dev.graft.batch;

import dev.graft.data.Task;
import dev.graft.predict.Answer;
import dev.graft.predict.Predicted;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * A column of what a model says of an image, the same in a file and on a cluster.
 *
 * @param name unique among the columns of an answer
 * @param kind what its values are
 * @param value of an image that was answered
 */
public record AnswerColumn(String name, ColumnKind kind, Function<Predicted<?>, Object> value) {
  /** The names of other columns, which no number takes. */
  private static final List<String> RESERVED =
      List.of("path", "logits", "features", "error", "reason");

  /**
   * Chooses the columns: of classes the likeliest, of labels those above a half, of numbers one
   * column each, called {@code number_NAME} where its name is taken.
   *
   * @param task what the model says
   * @param top how many classes or labels the column {@code top} names; without it if 0 or if the
   *     model predicts numbers
   * @param logits whether there is a column of the output {@code logits}
   * @param features whether there is a column of the output {@code features}
   */
  public static List<AnswerColumn> of(Task task, int top, boolean logits, boolean features) {
    List<AnswerColumn> columns = new ArrayList<>();
    switch (task.kind()) {
      case CLASSES -> {
        columns.add(new AnswerColumn("label", ColumnKind.TEXT, of -> said(of).label()));
        columns.add(
            new AnswerColumn("probability", ColumnKind.FLOAT, of -> said(of).probability()));
      }
      case LABELS ->
          columns.add(new AnswerColumn("labels", ColumnKind.GUESSES, of -> said(of).labels()));
      case NUMBERS -> columns.addAll(numbers(task));
    }
    if (top > 0 && task.kind() != Task.Kind.NUMBERS) {
      columns.add(new AnswerColumn("top", ColumnKind.GUESSES, of -> said(of).top(top)));
    }
    if (logits) {
      columns.add(output("logits"));
    }
    if (features) {
      columns.add(output("features"));
    }
    return List.copyOf(columns);
  }

  private static Answer said(Predicted<?> predicted) {
    return predicted.answer().orElseThrow();
  }

  private static AnswerColumn output(String name) {
    return new AnswerColumn(name, ColumnKind.FLOATS, of -> of.outputs().get(name));
  }

  private static List<AnswerColumn> numbers(Task task) {
    Set<String> taken = Column.names(RESERVED);
    List<AnswerColumn> numbers = new ArrayList<>();
    for (String label : task.labels().names()) {
      int index = numbers.size();
      numbers.add(
          new AnswerColumn(
              Column.free(label, "number_", taken),
              ColumnKind.FLOAT,
              of -> said(of).probabilities()[index]));
    }
    return numbers;
  }
}
