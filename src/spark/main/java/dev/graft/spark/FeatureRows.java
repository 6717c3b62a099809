package dev.graft.spark;

import dev.graft.image.PreparedImage;
import dev.graft.model.ImagePipeline;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;
import scala.jdk.javaapi.CollectionConverters;

/** One task: the images of a partition become features. */
final class FeatureRows implements MapPartitionsFunction<Row, Row> {
  /** What became of an image: a hash and the bytes of each tensor, or a reason. */
  static final StructType SCHEMA =
      new StructType()
          .add("name", DataTypes.StringType)
          .add("sha256", DataTypes.StringType)
          .add("features", DataTypes.createArrayType(DataTypes.BinaryType, false))
          .add("reason", DataTypes.StringType);

  private static final long serialVersionUID = 1L;

  private final ClusterTrunk trunk;
  private final int column;
  private final SerializableConfiguration files;

  FeatureRows(ClusterTrunk trunk, int column, SerializableConfiguration files) {
    this.trunk = trunk;
    this.column = column;
    this.files = files;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> rows) throws IOException {
    TaskContext task = TaskContext.get();
    ImagePipeline.Run<RowImage> run =
        trunk.pipeline(task.cpus()).start(RowImage.all(rows, column, files.value()));
    task.addTaskCompletionListener((TaskCompletionListener) context -> run.close());
    Deque<Row> ready = new ArrayDeque<>();
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return !ready.isEmpty() || run.hasNext();
      }

      @Override
      public Row next() {
        try {
          if (ready.isEmpty()) {
            ready.addAll(rows(run.next()));
          }
          return ready.remove();
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    };
  }

  private static List<Row> rows(ImagePipeline.Chunk<RowImage> chunk) {
    List<Row> rows = new ArrayList<>();
    int computed = 0;
    for (PreparedImage<RowImage> image : chunk.images()) {
      String name = image.source().toString();
      if (image instanceof PreparedImage.Ready<RowImage> ready) {
        rows.add(RowFactory.create(name, ready.sha256(), row(chunk.outputs(), computed++), null));
      } else if (image instanceof PreparedImage.Rejected<RowImage> bad) {
        rows.add(RowFactory.create(name, null, null, bad.reason()));
      }
    }
    return rows;
  }

  private static Object row(List<HostTensor> tensors, int row) {
    List<byte[]> parts = new ArrayList<>();
    for (HostTensor tensor : tensors) {
      ByteBuffer all = tensor.bytes();
      byte[] part = new byte[all.remaining() / Math.toIntExact(tensor.shape().get(0))];
      all.get(all.position() + row * part.length, part);
      parts.add(part);
    }
    return CollectionConverters.asScala(parts).toSeq();
  }
}
