package dev.graft.spark;

import dev.graft.batch.AnswerColumn;
import dev.graft.batch.ColumnKind;
import dev.graft.data.Task;
import dev.graft.predict.Answer;
import dev.graft.predict.Predicted;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * What a model says about an image, as one column of Spark: the columns of {@code graft batch} as
 * its fields, then {@code error}.
 *
 * @param columns of an answer
 */
record AnswerStruct(List<AnswerColumn> columns) {
  /** Why there is no answer. */
  static final String ERROR = "error";

  private static final StructType GUESS =
      new StructType()
          .add("label", DataTypes.StringType, false)
          .add("probability", DataTypes.FloatType, false);

  static AnswerStruct of(Task task, Wanted wanted) {
    return new AnswerStruct(
        AnswerColumn.of(task, wanted.top(), wanted.logits(), wanted.features() != null));
  }

  /** The type of the values: all fields but {@code error}, or that one. */
  StructType type() {
    StructType type = new StructType();
    for (AnswerColumn column : columns) {
      type = type.add(column.name(), type(column.kind()));
    }
    return type.add(ERROR, DataTypes.StringType);
  }

  private static DataType type(ColumnKind kind) {
    return switch (kind) {
      case TEXT -> DataTypes.StringType;
      case FLOAT -> DataTypes.FloatType;
      case FLOATS -> DataTypes.createArrayType(DataTypes.FloatType, false);
      case GUESSES -> DataTypes.createArrayType(GUESS, false);
      case TRUTH, INT, LONG, DOUBLE, BYTES ->
          throw new IllegalStateException("No answer consists of " + kind + ".");
    };
  }

  /** The value for an image. */
  Row value(Predicted<?> predicted) {
    Object[] values = new Object[columns.size() + 1];
    if (predicted.answer().isPresent()) {
      for (int i = 0; i < columns.size(); i++) {
        values[i] = ofSpark(columns.get(i).value().apply(predicted));
      }
    } else {
      values[columns.size()] = predicted.rejection().orElseThrow();
    }
    return RowFactory.create(values);
  }

  private static Object ofSpark(Object value) {
    if (value instanceof float[] floats) {
      return floats(floats);
    }
    return value instanceof List<?> guesses ? guesses(guesses) : value;
  }

  private static Seq<Object> floats(float[] values) {
    List<Object> boxed = new ArrayList<>(values.length);
    for (float value : values) {
      boxed.add(value);
    }
    return CollectionConverters.asScala(boxed).toSeq();
  }

  private static Seq<Row> guesses(List<?> guesses) {
    return CollectionConverters.asScala(
            guesses.stream()
                .map(Answer.Guess.class::cast)
                .map(guess -> RowFactory.create(guess.label(), guess.probability()))
                .toList())
        .toSeq();
  }
}
