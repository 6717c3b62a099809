package dev.graft.train;

import dev.graft.data.Labels;
import dev.graft.features.Examples;
import dev.graft.features.LabeledFeatures;
import dev.graft.metrics.Epoch;
import dev.graft.metrics.Evaluation;
import dev.graft.metrics.History;
import dev.graft.metrics.Prediction;
import dev.graft.model.Graft;
import dev.graft.model.TaskPrediction;
import dev.graft.tensor.HostTensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.op.Op;

/**
 * Fits a graft to examples. Makes the same weights from the same graft, examples and phase, on the
 * same machine. Uses the graft's session but does not own it. Not thread-safe.
 */
public final class Trainer {
  private final Graft graft;
  private final Phase phase;
  private final GraftBatch batch;
  private final UpdateRule.Inputs inputs;
  private final List<Op> step;
  private final OptimizerSlots slots;
  private PhaseState state;
  private Map<String, HostTensor> best = Map.of();

  /**
   * Adds the gradients and the optimizer of a phase to the graft's graph, which takes one phase.
   */
  public Trainer(Graft graft, Phase phase) {
    this.graft = graft;
    this.phase = phase;
    this.batch = new GraftBatch(graft);
    this.inputs = UpdateRule.Inputs.add(graft);
    UpdateRule.Updates updates = UpdateRule.addAll(phase.optimizer(), graft, inputs);
    this.step = Stream.concat(updates.apply().stream(), graft.updates().stream()).toList();
    this.slots = new OptimizerSlots(graft, updates.slots());
    this.state = PhaseState.start(History.empty(), phase.optimizer().learningRate());
    if (!updates.initialize().isEmpty()) {
      Session.Runner runner = graft.session().runner();
      updates.initialize().forEach(runner::addTarget);
      runner.run().close();
    }
  }

  /**
   * Trains for the phase's epochs, or until it stops early; then the weights are those of its best
   * epoch.
   *
   * @param soFar epochs of the phases before, whose numbers go on
   * @return {@code soFar} and the epochs of this phase
   * @throws IllegalStateException when the loss is no longer a number, naming epoch and step
   */
  public History fit(
      Examples training, Examples validation, History soFar, TrainListener listener) {
    begin(soFar);
    fit(training, validation, LoopWatch.of(listener));
    return state.history();
  }

  /**
   * Goes on from the state that it is in; see the other {@code fit}.
   *
   * @return false if the watch ended it before its time
   */
  boolean fit(Examples training, Examples validation, LoopWatch watch) {
    Batches batches = new Batches(phase.batching(), training, state.position());
    boolean goesOn = true;
    try (StepsAhead steps = new StepsAhead(batches, batch)) {
      while (goesOn && !isEnded()) {
        goesOn = trainEpoch(phase.batching().stepsPerEpoch(training.size()), steps, watch);
        if (goesOn) {
          endEpoch(measure(validation, phase.batching().validationSteps()), watch);
        }
      }
    }
    restoreBest(watch.listener());
    return goesOn;
  }

  private boolean isEnded() {
    return state.epochs() >= phase.epochs()
        || phase.stopping().isPresent()
            && state.epochs() > 0
            && phase.stopping().get().stops(state.validationLosses(), state.waitsFrom());
  }

  private void endEpoch(Tally validated, LoopWatch watch) {
    Epoch epoch =
        new Epoch(
            state.epoch(),
            phase.name(),
            state.rate(),
            state.tally().loss(),
            state.tally().accuracy(),
            validated.loss(),
            validated.accuracy());
    if (!Double.isFinite(validated.loss())) {
      throw new IllegalStateException(
          "Training stopped in epoch %d, at its end: the validation loss is %s; lower the learning rate (%s)."
              .formatted(epoch.number(), validated.loss(), phase.optimizer().describe()));
    }
    state = state.withEpoch(epoch);
    if (phase.stopping().isPresent() && EarlyStopping.isBest(state.validationLosses())) {
      best = graft.values();
      state = state.withBest(epoch.number());
    }
    watch.epochEnded(this);
    watch.listener().epoch(epoch);
  }

  /** The last epoch's weights are the graft's already. */
  private void restoreBest(TrainListener listener) {
    if (state.bestEpoch() > 0
        && (state.bestEpoch() < state.epoch() - 1 || state.stepInEpoch() > 0)) {
      graft.assign(best);
      listener.note(
          "The weights of epoch %d (%s) are kept: its validation loss is the lowest."
              .formatted(state.bestEpoch(), phase.name()));
    }
  }

  /** How far it is. */
  PhaseState state() {
    return state;
  }

  /** The current values of the variables, by node. */
  Map<String, HostTensor> values() {
    return graft.values();
  }

  /** What the optimizer remembers. */
  Map<String, HostTensor> slots() {
    return slots.values();
  }

  /** The values of the best epoch so far; empty without early stopping. */
  Map<String, HostTensor> best() {
    return best;
  }

  /** Begins the phase after the epochs of others. */
  void begin(History soFar) {
    state = PhaseState.start(soFar, phase.optimizer().learningRate());
  }

  /**
   * Takes up the state in which a trainer of the same phase was interrupted. The values of the
   * variables are the graft's.
   */
  void goOn(RunCheckpoint checkpoint) {
    slots.assign(checkpoint.slots());
    state = checkpoint.state().progress();
    best = checkpoint.best();
  }

  /** Trains for the phase's epochs and hears nothing; see the other {@code fit}. */
  public History fit(Examples training, Examples validation) {
    return fit(training, validation, History.empty(), TrainListener.none());
  }

  /** Loss and accuracy on examples, or on some steps of them, without dropout. */
  private Tally measure(Examples examples, OptionalInt steps) {
    Tally[] tally = {Tally.EMPTY};
    grade(
        examples,
        steps.isPresent() ? examplesIn(steps.getAsInt(), examples.size()) : examples.size(),
        (example, loss, probabilities) -> {
          double right = examples.target(example).agreement(probabilities);
          tally[0] = tally[0].plus(loss, right, 1);
        });
    return tally[0];
  }

  /** What the model as it is now says, without dropout; {@code [examples][classes]}. */
  public float[][] probabilities(Examples examples) {
    float[][] all = new float[examples.size()][];
    grade(
        examples, examples.size(), (example, loss, probabilities) -> all[example] = probabilities);
    return all;
  }

  /** What the model as it is now says about each image, without dropout. */
  public List<Prediction> predict(LabeledFeatures images) {
    float[][] probabilities = probabilities(images);
    return IntStream.range(0, images.size())
        .mapToObj(
            i -> TaskPrediction.of(images.path(i).toString(), images.target(i), probabilities[i]))
        .toList();
  }

  /** How good the model is now on images, without dropout. */
  public Evaluation evaluate(LabeledFeatures images, Labels labels) {
    return Evaluation.of(labels.names(), predict(images));
  }

  /** Takes what the inference path says of one example. */
  @FunctionalInterface
  private interface Grades {
    void take(int example, float loss, float[] probabilities);
  }

  /**
   * Goes through the examples in their order, and round again when more are asked for. Weights are
   * read once a run, so more examples a run than a step has are faster.
   */
  private void grade(Examples examples, long count, Grades grades) {
    int atOnce = Math.max(phase.batching().size(), batch.fastest());
    for (long from = 0; from < count; from += atOnce) {
      int[] rows =
          LongStream.range(from, Math.min(count, from + atOnce))
              .mapToInt(place -> (int) (place % examples.size()))
              .toArray();
      Graded graded = batch.grade(examples, rows);
      for (int i = 0; i < rows.length; i++) {
        grades.take(rows[i], graded.losses()[i], graded.probabilities()[i]);
      }
    }
  }

  /** How many examples some steps see, where the last batch of a pass may have fewer. */
  private long examplesIn(int steps, int size) {
    int stepsOfPass = -Math.floorDiv(-size, phase.batching().size());
    return (long) (steps / stepsOfPass) * size
        + Math.min(size, (long) (steps % stepsOfPass) * phase.batching().size());
  }

  /** Trains to the end of the epoch, or until the watch ends it; then returns false. */
  private boolean trainEpoch(int stepsPerEpoch, StepsAhead steps, LoopWatch watch) {
    String task = phase.name() + ", epoch " + state.epoch();
    long total = state.tally().examples() + steps.examplesIn(stepsPerEpoch - state.stepInEpoch());
    List<Double> losses = state.validationLosses();
    while (state.stepInEpoch() < stepsPerEpoch) {
      double rate =
          phase
              .schedule()
              .rate(
                  phase.optimizer().learningRate(),
                  new Schedule.Moment(state.steps(), stepsPerEpoch, phase.epochs(), losses));
      Tally tally;
      Batches.Position after;
      try (StepsAhead.Step step = steps.next(state.stepInEpoch() + 1 < stepsPerEpoch)) {
        tally = trainStep(step, rate);
        after = step.after();
      }
      state = state.withStep(rate, after, tally);
      watch.listener().step(stepEnded(stepsPerEpoch));
      watch.listener().progress(task, tally.examples(), total);
      if (watch.stepEnded(this)) {
        return false;
      }
    }
    return true;
  }

  private TrainingStep stepEnded(int stepsPerEpoch) {
    return new TrainingStep(
        phase.name(),
        state.epoch(),
        state.firstEpoch() + phase.epochs() - 1,
        state.stepInEpoch(),
        stepsPerEpoch,
        state.tally().loss(),
        state.tally().accuracy());
  }

  private void requireNumber(double loss, Examples examples, int[] rows) {
    if (!Double.isFinite(loss)) {
      throw new IllegalStateException(
          "Training stopped in epoch %d at step %d: the loss is %s, on the batch of %s; lower the learning rate (%s)."
              .formatted(
                  state.epoch(),
                  state.stepInEpoch() + 1,
                  loss,
                  names(examples, rows),
                  phase.optimizer().describe()));
    }
  }

  private static String names(Examples examples, int[] rows) {
    return Arrays.stream(rows).mapToObj(examples::name).collect(Collectors.joining(", "));
  }

  private Tally trainStep(StepsAhead.Step made, double rate) {
    Examples examples = made.examples();
    int[] rows = made.rows();
    try (var step = HostTensor.of(new long[] {state.steps()}).toNative();
        var learningRate = HostTensor.of(new float[] {(float) rate}).toNative()) {
      Session.Runner runner =
          made.fed()
              .runner()
              .feed(graft.step(), step)
              .feed(inputs.learningRate(), learningRate)
              .fetch(graft.trainingLoss())
              .fetch(graft.trainingProbabilities());
      this.step.forEach(runner::addTarget);
      try (Result result = runner.run()) {
        double loss = HostTensor.fromNative(result.get(0)).floats()[0];
        requireNumber(loss, examples, rows);
        float[][] probabilities = GraftBatch.rows(result.get(1), rows.length);
        double right = 0;
        for (int i = 0; i < rows.length; i++) {
          right += examples.target(rows[i]).agreement(probabilities[i]);
        }
        return state.tally().plus(loss, right, rows.length);
      }
    }
  }

  /** Losses and probabilities of a batch. */
  record Graded(float[] losses, float[][] probabilities) {}
}
