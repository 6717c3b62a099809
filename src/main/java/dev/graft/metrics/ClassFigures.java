package dev.graft.metrics;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Precision, recall and F1 of one class or label, or an average over them.
 *
 * <p>A figure whose denominator is 0 (a class that was never predicted, or that has no examples) is
 * 0, as in scikit-learn with {@code zero_division=0}.
 *
 * @param label name of the class, or of the average
 * @param precision share of the examples predicted as this class that are of it, 0 to 1
 * @param recall share of the examples of this class that were predicted as it, 0 to 1
 * @param f1 harmonic mean of precision and recall, 0 to 1
 * @param support number of examples of this class
 */
public record ClassFigures(String label, double precision, double recall, double f1, int support) {

  static ClassFigures of(String label, int hits, int predicted, int support) {
    return new ClassFigures(
        label,
        ratio(hits, predicted),
        ratio(hits, support),
        ratio(2.0 * hits, (double) predicted + support),
        support);
  }

  /** Means of some figures; all are 0 when the weights are. */
  static ClassFigures mean(
      String name, List<ClassFigures> figures, ToDoubleFunction<ClassFigures> weight) {
    double weights = figures.stream().mapToDouble(weight).sum();
    double precision = 0;
    double recall = 0;
    double f1 = 0;
    int support = 0;
    for (ClassFigures figure : figures) {
      double share = weights == 0 ? 0 : weight.applyAsDouble(figure) / weights;
      precision += share * figure.precision();
      recall += share * figure.recall();
      f1 += share * figure.f1();
      support += figure.support();
    }
    return new ClassFigures(name, precision, recall, f1, support);
  }

  private static double ratio(double part, double whole) {
    return whole == 0 ? 0 : part / whole;
  }

  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("label", label);
    map.put("precision", precision);
    map.put("recall", recall);
    map.put("f1", f1);
    map.put("support", support);
    return map;
  }
}
