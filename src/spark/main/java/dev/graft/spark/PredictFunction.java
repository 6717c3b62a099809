package dev.graft.spark;

import dev.graft.image.BadImageException;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
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
  private final int top;
  private final SerializableConfiguration files;
  private transient ExecutorModels.Lease lease;

  PredictFunction(ClusterModel model, int top, SerializableConfiguration files) {
    this.model = model;
    this.top = top;
    this.files = files;
  }

  @Override
  public Row call(Object image) throws IOException {
    TaskContext task = TaskContext.get();
    if (task == null) { // The driver answers small tables itself, without a task.
      try (ExecutorModels.Lease once = ExecutorModels.lease(model)) {
        return answer(once, image);
      }
    }
    if (lease == null) {
      ExecutorModels.Lease taken = ExecutorModels.lease(model);
      lease = taken;
      task.addTaskCompletionListener((TaskCompletionListener) context -> taken.close());
    }
    return answer(lease, image);
  }

  private Row answer(ExecutorModels.Lease leased, Object image) {
    Configuration configuration = files.value();
    try {
      byte[] bytes = new RowImage(null, image, configuration).read();
      return AnswerColumn.of(leased.predictor().predict(bytes), top);
    } catch (BadImageException e) {
      return AnswerColumn.error(e.getMessage());
    } catch (IOException e) {
      return AnswerColumn.error("cannot be read: " + e);
    }
  }
}
