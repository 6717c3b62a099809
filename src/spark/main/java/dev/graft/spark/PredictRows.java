package dev.graft.spark;

import dev.graft.predict.Predicted;
import dev.graft.predict.Predictions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;

/**
 * One task: the rows of a partition go through the executor's model in batches, on as many threads
 * as the task has processors.
 */
final class PredictRows implements MapPartitionsFunction<Row, Row> {
  private static final long serialVersionUID = 1L;

  private final ClusterModel model;
  private final int column;
  private final Wanted wanted;
  private final SerializableConfiguration files;

  PredictRows(ClusterModel model, int column, Wanted wanted, SerializableConfiguration files) {
    this.model = model;
    this.column = column;
    this.wanted = wanted;
    this.files = files;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> rows) throws IOException {
    TaskContext task = TaskContext.get();
    ExecutorModels.Lease lease = ExecutorModels.lease(model, wanted.features());
    // Listeners run in reverse order: the answers under way end before the lease.
    task.addTaskCompletionListener((TaskCompletionListener) context -> lease.close());
    Predictions<RowImage> predictions =
        lease.predictor().start(RowImage.all(rows, column, files.value()), task.cpus());
    task.addTaskCompletionListener((TaskCompletionListener) context -> predictions.close());
    AnswerStruct answers = AnswerStruct.of(lease.predictor().task(), wanted);
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return predictions.hasNext();
      }

      @Override
      public Row next() {
        try {
          return answered(predictions.next(), answers);
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    };
  }

  private static Row answered(Predicted<RowImage> predicted, AnswerStruct answers) {
    Row row = predicted.source().row();
    Object[] values = new Object[row.size() + 1];
    for (int i = 0; i < row.size(); i++) {
      values[i] = row.get(i);
    }
    values[row.size()] = answers.value(predicted);
    return RowFactory.create(values);
  }
}
