package dev.graft.train;

import dev.graft.data.Shuffle;
import dev.graft.model.FreezePlan;
import dev.graft.model.Head;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What is tried in tuning: every combination, or a random part of them.
 *
 * @param learningRates of the optimizer
 * @param heads in the head language; empty for the standard head, and the same with {@code
 *     dense(128, relu)} before its last layers
 * @param dropouts rates that take the place of those in the heads (0 takes the dropout out, and a
 *     head without one gets one before its last layer); empty to leave the heads as they are
 * @param plans which layers of the backbone train
 */
public record SearchSpace(
    List<Double> learningRates, List<String> heads, List<Double> dropouts, List<FreezePlan> plans) {
  /** Four rates, two heads, three rates of dropout, the backbone frozen: 24 combinations. */
  public static SearchSpace standard() {
    return new SearchSpace(
        List.of(3e-4, 1e-3, 3e-3, 1e-2),
        List.of(),
        List.of(0.0, 0.2, 0.5),
        List.of(FreezePlan.allFrozen()));
  }

  /** Copies the lists and reads the heads. */
  public SearchSpace {
    learningRates = List.copyOf(learningRates);
    heads = List.copyOf(heads);
    dropouts = List.copyOf(dropouts);
    plans = List.copyOf(plans);
    if (learningRates.isEmpty() || plans.isEmpty()) {
      throw new IllegalArgumentException(
          "Tuning needs at least one learning rate and one freeze plan.");
    }
    heads.forEach(Head::parse);
    for (double rate : learningRates) {
      if (!(rate > 0 && Double.isFinite(rate))) {
        throw new IllegalArgumentException("A learning rate must be above 0, got " + rate + ".");
      }
    }
    for (double rate : dropouts) {
      if (!(rate >= 0 && rate < 1)) {
        throw new IllegalArgumentException(
            "A rate of dropout must be at least 0 and below 1, got " + rate + ".");
      }
    }
  }

  /** The same with other learning rates. */
  public SearchSpace withLearningRates(List<Double> others) {
    return new SearchSpace(others, heads, dropouts, plans);
  }

  /** The same with other heads. */
  public SearchSpace withHeads(List<String> others) {
    return new SearchSpace(learningRates, others, dropouts, plans);
  }

  /** The same with other rates of dropout. */
  public SearchSpace withDropouts(List<Double> others) {
    return new SearchSpace(learningRates, heads, others, plans);
  }

  /** The same with other layers that train. */
  public SearchSpace withPlans(List<FreezePlan> others) {
    return new SearchSpace(learningRates, heads, dropouts, others);
  }

  /**
   * The combinations to try, in random order, each once.
   *
   * @param standard the head of the data and the backbone, in the head language
   * @param most how many at most
   */
  List<Candidate> candidates(String standard, int most, long seed) {
    Set<Candidate> all = new LinkedHashSet<>();
    for (FreezePlan plan : plans) {
      for (String head : heads(standard)) {
        for (double rate : learningRates) {
          all.add(new Candidate(head, rate, plan));
        }
      }
    }
    List<Candidate> shuffled = Shuffle.shuffled(List.copyOf(all), seed);
    return shuffled.subList(0, Math.min(most, shuffled.size()));
  }

  private Set<String> heads(String standard) {
    List<String> plain =
        heads.isEmpty() ? List.of(standard, beforeLast(standard, "dense(128, relu), ")) : heads;
    Set<String> all = new LinkedHashSet<>();
    for (String head : plain) {
      List<String> varied = new ArrayList<>();
      dropouts.forEach(rate -> varied.add(withDropout(head, rate)));
      (varied.isEmpty() ? List.of(head) : varied)
          .forEach(text -> all.add(Head.parse(text).describe()));
    }
    return all;
  }

  private static String withDropout(String head, double rate) {
    if (rate == 0) {
      return head.replaceAll("dropout\\s*\\([^)]*\\)\\s*,\\s*", "");
    }
    String layer = "dropout(" + rate + ")";
    return head.contains("dropout")
        ? head.replaceAll("dropout\\s*\\([^)]*\\)", layer)
        : beforeLast(head, layer + ", ");
  }

  /** Puts layers before the last dense layer, and before a dropout that stands before that. */
  private static String beforeLast(String head, String layers) {
    int last = head.lastIndexOf("dense");
    int dropout = head.lastIndexOf("dropout", last);
    boolean adjacent =
        dropout >= 0 && head.substring(dropout, last).matches("dropout\\([^)]*\\)\\s*,\\s*");
    int at = adjacent ? dropout : last;
    return head.substring(0, at) + layers + head.substring(at);
  }
}
