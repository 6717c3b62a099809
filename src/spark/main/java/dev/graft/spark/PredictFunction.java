package dev.graft.spark;

import dev.graft.predict.Predictions;
import dev.graft.predict.Predictor;
import java.io.IOException;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;

/**
 * The function {@code graft_predict}, one row at a time. Each task has a copy of its own, which
 * leases the executor's model at its first row.
 */
final class PredictFunction implements UDF1<Object, Row> {
  private static final long serialVersionUID = 1L;

  private final ClusterModel model;
  private final Wanted wanted;
  private final SerializableConfiguration files;
  private transient ExecutorModels.Lease lease;

  PredictFunction(ClusterModel model, Wanted wanted, SerializableConfiguration files) {
    this.model = model;
    this.wanted = wanted;
    this.files = files;
  }

  @Override
  public Row call(Object image) throws IOException {
    TaskContext task = TaskContext.get();
    if (task == null) { // The driver answers small tables itself, without a task.
      try (ExecutorModels.Lease once = ExecutorModels.lease(model, wanted.features())) {
        return answer(once, image);
      }
    }
    if (lease == null) {
      ExecutorModels.Lease taken = ExecutorModels.lease(model, wanted.features());
      lease = taken;
      task.addTaskCompletionListener((TaskCompletionListener) context -> taken.close());
    }
    return answer(lease, image);
  }

  /** A batch of one. */
  private Row answer(ExecutorModels.Lease leased, Object image) throws IOException {
    RowImage source = new RowImage(null, image, files.value());
    Predictor predictor = leased.predictor();
    try (Predictions<RowImage> one = predictor.start(List.of(source).iterator(), 1)) {
      return AnswerStruct.of(predictor.task(), wanted).value(one.next());
    }
  }
}
