package dev.graft.batch;

import dev.graft.predict.Answer;
import dev.graft.predict.Predicted;
import dev.graft.predict.Predictions;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The results of a job from the predictions of its model. */
final class Answering implements Job.Results {
  private final Predictions<InputRecord> predictions;
  private final Function<Predicted<InputRecord>, List<Object>> rows;

  Answering(
      Predictions<InputRecord> predictions, Function<Predicted<InputRecord>, List<Object>> rows) {
    this.predictions = predictions;
    this.rows = rows;
  }

  @Override
  public boolean hasNext() {
    return predictions.hasNext();
  }

  @Override
  public Job.Result next() throws IOException {
    Predicted<InputRecord> next = predictions.next();
    Optional<List<Object>> row =
        next.rejection().isPresent() ? Optional.empty() : Optional.of(rows.apply(next));
    return new Job.Result(
        next.source(),
        row,
        next.rejection(),
        next.answer().map(Answering::labels).orElse(List.of()));
  }

  private static List<String> labels(Answer answer) {
    return switch (answer.task().kind()) {
      case CLASSES -> List.of(answer.label());
      case LABELS -> answer.labels().stream().map(Answer.Guess::label).toList();
      case NUMBERS -> List.of();
    };
  }

  @Override
  public void close() {
    predictions.close();
  }
}
