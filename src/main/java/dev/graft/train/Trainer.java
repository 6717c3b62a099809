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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
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
  private long steps;
  private double rate;

  /**
   * Adds the gradients and the optimizer of a phase to the graft's graph, which takes one phase.
   */
  public Trainer(Graft graft, Phase phase) {
    this.graft = graft;
    this.phase = phase;
    this.rate = phase.optimizer().learningRate();
    this.batch = new GraftBatch(graft);
    this.inputs = UpdateRule.Inputs.add(graft);
    UpdateRule.Updates updates = UpdateRule.addAll(phase.optimizer(), graft, inputs);
    this.step = Stream.concat(updates.apply().stream(), graft.updates().stream()).toList();
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
    History history = soFar;
    List<Double> losses = new ArrayList<>();
    Optional<Kept> best = Optional.empty();
    int first = soFar.epochs().size() + 1;
    Batches batches = new Batches(phase.batching(), training, new Batches.Position(first, 0));
    for (int number = first; number < first + phase.epochs() && !stops(losses); number++) {
      Tally trained = trainEpoch(training, batches, number, losses, listener);
      Tally validated = measure(validation, phase.batching().validationSteps());
      Epoch epoch =
          new Epoch(
              number,
              phase.name(),
              rate,
              trained.loss(),
              trained.accuracy(),
              validated.loss(),
              validated.accuracy());
      history = history.with(epoch);
      listener.epoch(epoch);
      losses.add(validated.loss());
      if (phase.stopping().isPresent() && EarlyStopping.isBest(losses)) {
        best = Optional.of(new Kept(number, graft.values()));
      }
    }
    best.filter(kept -> !EarlyStopping.isBest(losses)).ifPresent(kept -> restore(kept, listener));
    return history;
  }

  /** Weights of an epoch. */
  private record Kept(int epoch, Map<String, HostTensor> values) {}

  private boolean stops(List<Double> losses) {
    return phase.stopping().map(stopping -> stopping.stops(losses)).orElse(false);
  }

  private void restore(Kept best, TrainListener listener) {
    graft.assign(best.values());
    listener.note(
        "The weights of epoch %d (%s) are kept: its validation loss is the lowest."
            .formatted(best.epoch(), phase.name()));
  }

  /** Trains for the phase's epochs and hears nothing; see the other {@code fit}. */
  public History fit(Examples training, Examples validation) {
    return fit(training, validation, History.empty(), TrainListener.none());
  }

  /** Loss and accuracy on examples, or on some steps of them, without dropout. */
  private Tally measure(Examples examples, OptionalInt steps) {
    Tally tally = new Tally();
    grade(
        examples,
        steps.orElse(passSteps(examples)),
        (example, loss, probabilities) ->
            tally.add(loss, examples.target(example).agreement(probabilities), 1));
    return tally;
  }

  /** What the model as it is now says, without dropout; {@code [examples][classes]}. */
  public float[][] probabilities(Examples examples) {
    float[][] all = new float[examples.size()][];
    grade(
        examples,
        passSteps(examples),
        (example, loss, probabilities) -> all[example] = probabilities);
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

  /** Goes through the examples in their order, and round again when there are more steps. */
  private void grade(Examples examples, int steps, Grades grades) {
    int from = 0;
    for (int step = 0; step < steps; step++) {
      int to = Math.min(examples.size(), from + phase.batching().size());
      int[] rows = IntStream.range(from, to).toArray();
      Graded graded = batch.grade(examples, rows);
      for (int i = 0; i < rows.length; i++) {
        grades.take(rows[i], graded.losses()[i], graded.probabilities()[i]);
      }
      from = to < examples.size() ? to : 0;
    }
  }

  private int passSteps(Examples examples) {
    return -Math.floorDiv(-examples.size(), phase.batching().size());
  }

  private Tally trainEpoch(
      Examples examples, Batches batches, int number, List<Double> losses, TrainListener listener) {
    String task = phase.name() + ", epoch " + number;
    int stepsPerEpoch = phase.batching().stepsPerEpoch(examples.size());
    long total = batches.examplesIn(stepsPerEpoch);
    Tally tally = new Tally();
    for (int i = 0; i < stepsPerEpoch; i++) {
      rate =
          phase
              .schedule()
              .rate(
                  phase.optimizer().learningRate(),
                  new Schedule.Moment(steps, stepsPerEpoch, phase.epochs(), losses));
      int[] rows = batches.next();
      double loss = trainStep(batches.shown(), rows, tally);
      requireNumber(loss, number, i);
      listener.progress(task, tally.examples(), total);
    }
    return tally;
  }

  private void requireNumber(double loss, int epoch, int step) {
    if (!Double.isFinite(loss)) {
      throw new IllegalStateException(
          "Training stopped in epoch %d at step %d: the loss is %s; lower the learning rate (%s)."
              .formatted(epoch, step + 1, loss, phase.optimizer().describe()));
    }
  }

  private double trainStep(Examples examples, int[] rows, Tally tally) {
    try (GraftBatch.Fed fed = batch.feed(examples, rows);
        var step = HostTensor.of(new long[] {steps}).toNative();
        var learningRate = HostTensor.of(new float[] {(float) rate}).toNative()) {
      Session.Runner runner =
          fed.runner()
              .feed(graft.step(), step)
              .feed(inputs.learningRate(), learningRate)
              .fetch(graft.trainingLoss())
              .fetch(graft.trainingProbabilities());
      this.step.forEach(runner::addTarget);
      try (Result result = runner.run()) {
        double loss = HostTensor.fromNative(result.get(0)).floats()[0];
        float[][] probabilities = GraftBatch.rows(result.get(1), rows.length);
        double right = 0;
        for (int i = 0; i < rows.length; i++) {
          right += examples.target(rows[i]).agreement(probabilities[i]);
        }
        tally.add(loss, right, rows.length);
        steps++;
        return loss;
      }
    }
  }

  /** Losses and probabilities of a batch. */
  record Graded(float[] losses, float[][] probabilities) {}

  /** Sums over examples, not means of batch means. */
  static final class Tally {
    private double lossSum;
    private double right;
    private long examples;

    void add(double meanLoss, double rightOnes, int count) {
      lossSum += meanLoss * count;
      right += rightOnes;
      examples += count;
    }

    long examples() {
      return examples;
    }

    double loss() {
      return examples == 0 ? Double.NaN : lossSum / examples;
    }

    double accuracy() {
      return examples == 0 ? Double.NaN : right / examples;
    }
  }
}
