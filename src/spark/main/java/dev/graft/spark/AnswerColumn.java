package dev.graft.spark;

import dev.graft.predict.Answer;
import dev.graft.predict.Predicted;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/** What a model says about an image, as one column. */
final class AnswerColumn {
  private static final StructType GUESS =
      new StructType()
          .add("label", DataTypes.StringType, false)
          .add("probability", DataTypes.FloatType, false);

  private AnswerColumn() {}

  /** Either label, probability and so on, or error. */
  static StructType type(Wanted wanted) {
    StructType type =
        new StructType()
            .add("label", DataTypes.StringType)
            .add("probability", DataTypes.FloatType)
            .add("top", DataTypes.createArrayType(GUESS, false));
    for (String output : outputs(wanted)) {
      type = type.add(output, DataTypes.createArrayType(DataTypes.FloatType, false));
    }
    return type.add("error", DataTypes.StringType);
  }

  private static List<String> outputs(Wanted wanted) {
    List<String> outputs = new ArrayList<>();
    if (wanted.logits()) {
      outputs.add("logits");
    }
    if (wanted.features() != null) {
      outputs.add("features");
    }
    return outputs;
  }

  /** The value for an image. */
  static Row of(Predicted<?> predicted, Wanted wanted) {
    return predicted.answer().isPresent()
        ? of(predicted.answer().get(), predicted.outputs(), wanted)
        : error(predicted.rejection().orElseThrow(), wanted);
  }

  private static Row of(Answer answer, Map<String, float[]> outputs, Wanted wanted) {
    List<Object> values = new ArrayList<>(List.of(answer.label(), answer.probability()));
    values.add(
        CollectionConverters.asScala(
                answer.top(wanted.top()).stream()
                    .map(guess -> RowFactory.create(guess.label(), guess.probability()))
                    .toList())
            .toSeq());
    outputs(wanted).forEach(output -> values.add(floats(outputs.get(output))));
    values.add(null);
    return RowFactory.create(values.toArray());
  }

  private static Seq<Object> floats(float[] values) {
    List<Object> boxed = new ArrayList<>(values.length);
    for (float value : values) {
      boxed.add(value);
    }
    return CollectionConverters.asScala(boxed).toSeq();
  }

  private static Row error(String reason, Wanted wanted) {
    Object[] values = new Object[4 + outputs(wanted).size()];
    values[values.length - 1] = reason;
    return RowFactory.create(values);
  }
}
