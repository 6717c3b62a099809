package dev.graft.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * All that decides a tuning.
 *
 * @param base what is the same in all trials: images, backbone, optimizer, schedule, seed; its
 *     head, learning rate and freeze plan are those of the candidates, its epochs the most that a
 *     trial is trained for, and its folder where the tuning goes
 * @param space what is tried
 * @param trials how many combinations are tried at most, at least 1
 */
public record TuneSettings(TrainSettings base, SearchSpace space, int trials) {
  /** Unless something else is said. */
  public static final int DEFAULT_TRIALS = 24;

  /** Of those that are tried for so long, one in so many is tried for so many times as long. */
  static final int REDUCTION = 3;

  /** Checks the numbers. */
  public TuneSettings {
    if (trials < 1) {
      throw new IllegalArgumentException(
          "The number of trials must be 1 or more, got " + trials + ".");
    }
    if (base.loop().epochs() < 1) {
      throw new IllegalArgumentException(
          "Tuning needs trials of at least 1 epoch, got " + base.loop().epochs() + ".");
    }
  }

  /** The standard space. */
  public static TuneSettings of(TrainSettings base) {
    return new TuneSettings(base, SearchSpace.standard(), DEFAULT_TRIALS);
  }

  /**
   * A round of successive halving.
   *
   * @param number from 1
   * @param candidates how many are tried in it
   * @param epochs for how long
   */
  record Rung(int number, int candidates, int epochs) {}

  /** As many rounds as leave one candidate or more and one epoch or more. */
  static List<Rung> rungs(int candidates, int epochs) {
    int count = 1;
    int divisor = REDUCTION;
    while (candidates >= divisor && epochs >= divisor) {
      count++;
      divisor *= REDUCTION;
    }
    List<Rung> rungs = new ArrayList<>();
    int left = candidates;
    for (int number = 1; number <= count; number++) {
      int share = (int) Math.pow(REDUCTION, count - number);
      rungs.add(new Rung(number, left, Math.max(1, Math.round((float) epochs / share))));
      left = Math.max(1, left / REDUCTION);
    }
    return rungs;
  }

  /** What a tuning that goes on must have been started with. */
  Map<String, String> describe() {
    Map<String, String> text = new LinkedHashMap<>(base.describe("that of the trial"));
    text.put("learning rates", space.learningRates().toString());
    text.put("heads", space.heads().toString());
    text.put("dropouts", space.dropouts().toString());
    text.put("freeze plans", space.plans().stream().map(plan -> plan.describe()).toList() + "");
    text.put("trials", String.valueOf(trials));
    return text;
  }
}
