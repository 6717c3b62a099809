package dev.graft.spark;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import org.apache.spark.sql.catalyst.expressions.ScalaUDF;
import scala.Option;
import scala.Some;
import scala.Tuple3;
import scala.collection.immutable.Nil$;
import scala.collection.immutable.Seq;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/**
 * Gives every session the SQL function {@code graft_predict}, without a line of code: {@code
 * spark.sql.extensions=dev.graft.spark.GraftFunctions} and {@code spark.graft.model=FOLDER}, the
 * folder of a model or a run that the driver can read. {@code spark.graft.top} is the number of
 * classes or labels in {@code top}.
 */
public final class GraftFunctions extends AbstractFunction1<SparkSessionExtensions, BoxedUnit> {
  private static final String NAME = "graft_predict";
  private static final String MODEL = "spark.graft.model";
  private static final String TOP = "spark.graft.top";

  /** Called by Spark. */
  public GraftFunctions() {}

  @Override
  public BoxedUnit apply(SparkSessionExtensions session) {
    session.injectFunction(
        new Tuple3<>(
            new FunctionIdentifier(NAME),
            new ExpressionInfo(GraftFunctions.class.getName(), NAME),
            new Builder()));
    return BoxedUnit.UNIT;
  }

  /** Makes the expression of a call. */
  private static final class Builder extends AbstractFunction1<Seq<Expression>, Expression> {
    @Override
    public Expression apply(Seq<Expression> arguments) {
      if (arguments.size() != 1) {
        throw new IllegalArgumentException(
            "%s takes one argument, the bytes of an image or its path, got %d."
                .formatted(NAME, arguments.size()));
      }
      SparkPredictor predictor = predictor(SparkSession.active());
      return new ScalaUDF(
          new Call(predictor.function()),
          predictor.answerType(),
          arguments,
          none(),
          Option.empty(),
          new Some<>(NAME),
          true,
          true);
    }

    private static SparkPredictor predictor(SparkSession spark) {
      String model = spark.conf().get(MODEL, "");
      if (model.isEmpty()) {
        throw new IllegalArgumentException(
            "%s needs to know its model: set %s to the folder of a model or a run."
                .formatted(NAME, MODEL));
      }
      try {
        SparkPredictor predictor = SparkPredictor.of(spark, model);
        String top = spark.conf().get(TOP, "");
        return top.isEmpty() ? predictor : predictor.withTop(number(top));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static int number(String top) {
      try {
        return Integer.parseInt(top);
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            "%s must be a number of classes, got \"%s\".".formatted(TOP, top), e);
      }
    }

    /** The argument comes as it is. */
    @SuppressWarnings("unchecked")
    private static <T> Seq<T> none() {
      return (Seq<T>) (Seq<?>) Nil$.MODULE$;
    }
  }

  /** The function as Spark calls it. */
  private static final class Call extends AbstractFunction1<Object, Object>
      implements Serializable {
    private static final long serialVersionUID = 1L;

    private final PredictFunction function;

    Call(PredictFunction function) {
      this.function = function;
    }

    @Override
    public Object apply(Object image) {
      try {
        return function.call(image);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
