package dev.graft.train;

import java.util.List;

/**
 * How the learning rate changes over a phase. Read one with {@link #parse}. Lengths are counted in
 * epochs, so that a schedule means the same for any number of images; where Keras has a schedule of
 * the same kind, the rate of each step equals that one's.
 */
public sealed interface Schedule {
  /** The rate of the optimizer throughout. */
  Schedule CONSTANT = new Constant();

  /**
   * Where in a phase a step is.
   *
   * @param step number of the step in the phase, from 0
   * @param stepsPerEpoch at least 1
   * @param epochs of the phase, at least 1
   * @param validationLosses of the phase's epochs that have ended, in order
   */
  record Moment(long step, long stepsPerEpoch, int epochs, List<Double> validationLosses) {
    /** Copies the losses. */
    public Moment {
      validationLosses = List.copyOf(validationLosses);
    }

    /** Epochs so far, with the part of the epoch that has passed. */
    double epoch() {
      return (double) step / stepsPerEpoch;
    }
  }

  /**
   * The learning rate of a step.
   *
   * @param base rate of the optimizer
   */
  double rate(double base, Moment moment);

  /** As {@link #parse} reads it. */
  String describe();

  /** The same rate throughout. */
  record Constant() implements Schedule {
    @Override
    public double rate(double base, Moment moment) {
      return base;
    }

    @Override
    public String describe() {
      return "constant";
    }
  }

  /**
   * Multiplies the rate at intervals.
   *
   * @param epochs between two changes, at least 1
   * @param factor above 0
   */
  record Step(int epochs, double factor) implements Schedule {
    /** Checks the ranges. */
    public Step {
      requirePositive("epochs", epochs);
      requirePositive("factor", factor);
    }

    @Override
    public double rate(double base, Moment moment) {
      return base * Math.pow(factor, moment.step() / moment.stepsPerEpoch() / epochs);
    }

    @Override
    public String describe() {
      return "step(epochs=" + epochs + ", factor=" + factor + ")";
    }
  }

  /**
   * Multiplies the rate a little at every step, Keras {@code ExponentialDecay}.
   *
   * @param factor of an epoch, above 0
   */
  record Exponential(double factor) implements Schedule {
    /** Checks the range. */
    public Exponential {
      requirePositive("factor", factor);
    }

    @Override
    public double rate(double base, Moment moment) {
      return base * Math.pow(factor, moment.epoch());
    }

    @Override
    public String describe() {
      return "exponential(factor=" + factor + ")";
    }
  }

  /**
   * Falls to a share of the rate over the phase, Keras {@code PolynomialDecay}.
   *
   * @param end share of the rate at the end, at least 0
   * @param power of the curve, above 0; 1 for a line
   */
  record Polynomial(double end, double power) implements Schedule {
    /** Checks the ranges. */
    public Polynomial {
      requireShare("end", end);
      requirePositive("power", power);
    }

    @Override
    public double rate(double base, Moment moment) {
      double left = Math.max(0, 1 - moment.epoch() / moment.epochs());
      return base * (end + (1 - end) * Math.pow(left, power));
    }

    @Override
    public String describe() {
      return "polynomial(end=" + end + ", power=" + power + ")";
    }
  }

  /**
   * Rises from 0 in a line, then falls along half a cosine to the end of the phase, Keras {@code
   * CosineDecay}.
   *
   * @param warmup epochs of the rise, at least 0
   * @param end share of the rate at the end, at least 0
   */
  record Cosine(double warmup, double end) implements Schedule {
    /** Checks the ranges. */
    public Cosine {
      requireShare("end", end);
      if (!(warmup >= 0 && warmup < Double.POSITIVE_INFINITY)) {
        throw refuse("warmup", "at least 0", warmup);
      }
    }

    @Override
    public double rate(double base, Moment moment) {
      if (moment.epoch() < warmup) {
        return base * moment.epoch() / warmup;
      }
      double falling = moment.epochs() - warmup;
      double done = falling <= 0 ? 1 : Math.min(1, (moment.epoch() - warmup) / falling);
      return base * (end + (1 - end) * (1 + Math.cos(Math.PI * done)) / 2);
    }

    @Override
    public String describe() {
      return "cosine(warmup=" + warmup + ", end=" + end + ")";
    }
  }

  /**
   * Multiplies the rate when the validation loss has not fallen for some epochs, Keras {@code
   * ReduceLROnPlateau}.
   *
   * @param factor 0 to 1, both excluded
   * @param patience epochs without progress before the rate falls, at least 1
   * @param minDelta fall of the loss that counts as progress, at least 0
   * @param cooldown epochs after a fall of the rate that are not counted, at least 0
   * @param end share of the rate below which it does not fall, at least 0
   */
  record Plateau(double factor, int patience, double minDelta, int cooldown, double end)
      implements Schedule {
    /** Checks the ranges. */
    public Plateau {
      if (!(factor > 0 && factor < 1)) {
        throw refuse("factor", "above 0 and below 1", factor);
      }
      requirePositive("patience", patience);
      requireShare("end", end);
      if (!(minDelta >= 0) || cooldown < 0) {
        throw refuse("min_delta and cooldown", "at least 0", Math.min(minDelta, cooldown));
      }
    }

    /** Plays the epochs so far again: nothing else decides. */
    @Override
    public double rate(double base, Moment moment) {
      double share = 1;
      double best = Double.POSITIVE_INFINITY;
      int waited = 0;
      int cooling = 0;
      for (double loss : moment.validationLosses()) {
        if (cooling > 0) {
          cooling--;
          waited = 0;
        }
        if (loss < best - minDelta) {
          best = loss;
          waited = 0;
        } else if (cooling == 0 && ++waited >= patience && share > end) {
          share = Math.max(share * factor, end);
          cooling = cooldown;
          waited = 0;
        }
      }
      return base * share;
    }

    @Override
    public String describe() {
      return "plateau(factor=%s, patience=%s, min_delta=%s, cooldown=%s, end=%s)"
          .formatted(factor, patience, minDelta, cooldown, end);
    }
  }

  /**
   * Reads {@code constant}, {@code step(epochs=10, factor=0.1)}, {@code exponential(factor=0.9)},
   * {@code polynomial(end=0, power=1)}, {@code cosine(warmup=0, end=0)}, {@code plateau(factor=0.1,
   * patience=10, min_delta=1e-4, cooldown=0, end=0)}. Settings may be left out; those are the
   * defaults.
   *
   * @throws IllegalArgumentException when the text is none of these
   */
  static Schedule parse(String text) {
    CallText call = CallText.parse("Schedule", "cosine(warmup=1)", text);
    Schedule schedule =
        switch (call.name()) {
          case "constant" -> CONSTANT;
          case "step" -> new Step(call.whole("epochs", 10), call.number("factor", 0.1));
          case "exponential" -> new Exponential(call.number("factor", 0.9));
          case "polynomial" -> new Polynomial(call.number("end", 0), call.number("power", 1));
          case "cosine" -> new Cosine(call.number("warmup", 0), call.number("end", 0));
          case "plateau" ->
              new Plateau(
                  call.number("factor", 0.1),
                  call.whole("patience", 10),
                  call.number("min_delta", 1e-4),
                  call.whole("cooldown", 0),
                  call.number("end", 0));
          default ->
              throw call.refuse(
                  "there is no schedule \""
                      + call.name()
                      + "\"; known are constant, step, exponential, polynomial, cosine, plateau");
        };
    call.requireAllRead();
    return schedule;
  }

  private static void requirePositive(String name, double value) {
    if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
      throw refuse(name, "above 0", value);
    }
  }

  private static void requireShare(String name, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw refuse(name, "0 to 1", value);
    }
  }

  private static IllegalArgumentException refuse(String name, String expected, double received) {
    return new IllegalArgumentException(
        "The schedule's " + name + " must be " + expected + ", got " + received + ".");
  }
}
