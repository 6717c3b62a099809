package dev.graft.spark;

import dev.graft.predict.Answer;
import dev.graft.predict.Predicted;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import scala.jdk.javaapi.CollectionConverters;

/** What a model says about an image, as one column. */
final class AnswerColumn {
  private static final StructType GUESS =
      new StructType()
          .add("label", DataTypes.StringType, false)
          .add("probability", DataTypes.FloatType, false);

  /** Either label, probability and top, or error. */
  static final StructType TYPE =
      new StructType()
          .add("label", DataTypes.StringType)
          .add("probability", DataTypes.FloatType)
          .add("top", DataTypes.createArrayType(GUESS, false))
          .add("error", DataTypes.StringType);

  private AnswerColumn() {}

  /**
   * The value for an image.
   *
   * @param top number of classes in {@code top}
   */
  static Row of(Predicted<?> predicted, int top) {
    return predicted.answer().isPresent()
        ? of(predicted.answer().get(), top)
        : error(predicted.rejection().orElseThrow());
  }

  static Row of(Answer answer, int top) {
    List<Row> guesses =
        answer.top(top).stream()
            .map(guess -> RowFactory.create(guess.label(), guess.probability()))
            .toList();
    return RowFactory.create(answer.label(),
        answer.probability(),
        CollectionConverters.asScala(guesses).toSeq(),
        null);
  }

  static Row error(String reason) {
    return RowFactory.create(null, null, null, reason);
  }
}
