package dev.graft.train;

import dev.graft.data.Augmentation;
import dev.graft.data.LabeledImage;
import dev.graft.data.Preparation;
import dev.graft.data.ProgressListener;
import dev.graft.data.Split;
import dev.graft.export.ModelExport;
import dev.graft.features.StoredNumbers;
import dev.graft.handoff.Handoff;
import dev.graft.image.BadImageException;
import dev.graft.image.ContactSheet;
import dev.graft.image.ImageReader;
import dev.graft.metrics.Epoch;
import dev.graft.metrics.Prediction;
import dev.graft.model.ArrayBatch;
import dev.graft.model.Backbone;
import dev.graft.model.FrozenGraph;
import dev.graft.model.ImagePipeline;
import dev.graft.model.JoinedModel;
import dev.graft.predict.Answer;
import dev.graft.predict.ArrayPredictor;
import dev.graft.predict.Predictor;
import dev.graft.savedmodel.FlatVariable;
import dev.graft.tensor.HostTensor;
import dev.graft.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Exports a fitted model and proves the export. */
final class RunExport {
  /** Images on the contact sheet. */
  private static final int PICTURED = 6;

  /** Of probabilities: the trunk's fused arithmetic moves features by a few millionths. */
  private static final double LARGEST_DIFFERENCE = 1e-3;

  /**
   * Of answers from features in float16. Each is off by 2^-11 of itself at most, up or down: a
   * probability moves so far where logits are sums of hundreds of terms as large as themselves.
   */
  private static final double LARGEST_OF_ROUNDED = 5e-2;

  /** How many validation images are answered again. */
  private static final int SAMPLE = 16;

  private RunExport() {}

  /**
   * Writes the model and the training's part of its handoff, and reads it again.
   *
   * @param folder where {@code model} goes
   * @throws IllegalStateException when the export does not prove right
   */
  static TrainedRun write(
      Path folder, TrainSettings settings, RunInputs inputs, PhaseFitting.Fitted fitted, RunLog log)
      throws IOException {
    Path exported = folder.resolve("model");
    new ModelExport(
            fitted.model(),
            inputs.examples().preparation(),
            training(settings, inputs.split(), fitted))
        .write(exported);
    double difference = difference(exported, settings, inputs, fitted.model(), sample(fitted), log);
    List<FrozenVariable> frozen =
        FrozenProof.of(fitted.model().backbone(), fitted.unfrozen(), exported);
    log.lap("export");
    return new TrainedRun(
        settings.out().folder(),
        fitted.model(),
        new TrainedRun.Outcome(
            fitted.before().orElseThrow(),
            fitted.after(),
            fitted.test(),
            fitted.history(),
            fitted.validationPredictions(),
            fitted.testPredictions()),
        new TrainedRun.Images(
            inputs.examples().kind(),
            inputs.split(),
            log.rejected(),
            log.computed(),
            log.notes(),
            inputs.duplicates(),
            sheet(settings, inputs)),
        new TrainedRun.Proof(frozen, difference),
        log.times(),
        log.memory(),
        log.calibrations(),
        fitted.stopped());
  }

  /** The first training images of some classes, with their views. */
  private static Optional<ContactSheet> sheet(TrainSettings settings, RunInputs inputs)
      throws IOException {
    Optional<Augmentation> augmentation = settings.data().augmentation();
    if (augmentation.isEmpty()) {
      return Optional.empty();
    }
    Map<String, Path> first = new TreeMap<>();
    for (LabeledImage image : inputs.split().training()) {
      first.putIfAbsent(inputs.split().task().text(image.target()), image.path());
    }
    List<Path> shown = first.values().stream().limit(PICTURED).toList();
    return Optional.of(
        ContactSheet.of(
            shown,
            inputs.examples().preparation().orElseThrow(),
            augmentation.get(),
            settings.loop().seed()));
  }

  private static Map<String, Object> training(
      TrainSettings settings, Split split, PhaseFitting.Fitted fitted) throws IOException {
    Map<String, Object> training = new LinkedHashMap<>();
    training.put("phases", settings.phases().stream().map(PhaseSettings::describe).toList());
    training.put("unfrozen", unfrozen(settings, fitted));
    training.put("batchNorm", settings.join().batchNorm().name().toLowerCase(Locale.ROOT));
    training.put("epochs", fitted.history().epochs().size());
    training.put("seed", settings.loop().seed());
    training.put("trainingImages", split.training().size());
    training.put("loss", fitted.model().loss().describe());
    training.put("validation", fitted.after().summary());
    fitted.test().ifPresent(test -> training.put("test", test.summary()));
    if (Double.isFinite(fitted.after().accuracy())) {
      training.put("validationAccuracy", fitted.after().accuracy());
    }
    training.put(Handoff.TRAINED, trained(fitted));
    training.put("data", DataHash.of(settings.data().folder(), split));
    training.put("settings", settings.withoutPaths(fitted.model().head().describe()));
    return training;
  }

  /** The layers of the backbone that trained, by phase, in the order of the model. */
  private static Map<String, List<String>> unfrozen(
      TrainSettings settings, PhaseFitting.Fitted fitted) {
    List<String> layers = fitted.model().backbone().layerNames();
    Set<String> trained =
        fitted.history().epochs().stream().map(Epoch::phase).collect(Collectors.toSet());
    Map<String, List<String>> unfrozen = new LinkedHashMap<>();
    for (PhaseSettings phase : settings.phases()) {
      if (trained.contains(phase.name())) {
        Set<String> plan = phase.plan().unfrozen(layers);
        unfrozen.put(phase.name(), layers.stream().filter(plan::contains).toList());
      }
    }
    return unfrozen;
  }

  /** Names of the variables that training changed or made, as the export calls them. */
  private static List<String> trained(PhaseFitting.Fitted fitted) {
    Backbone backbone = fitted.model().backbone();
    Set<String> changed =
        backbone.flat().variables().stream()
            .filter(variable -> backbone.changes(variable, fitted.unfrozen()))
            .map(FlatVariable::node)
            .collect(Collectors.toSet());
    return fitted.model().weights().stream()
        .filter(weight -> weight.head() || changed.contains(weight.node()))
        .map(ModelExport::name)
        .toList();
  }

  private static List<Prediction> sample(PhaseFitting.Fitted fitted) {
    List<Prediction> predictions = fitted.validationPredictions();
    return predictions.subList(0, Math.min(SAMPLE, predictions.size()));
  }

  /**
   * Lets the exported model answer some validation images again, from their files: what was
   * measured on features must hold for the model that leaves. Of features in another precision, or
   * rounded on disk, it is said how far off they are; the model that leaves must then be the one
   * that was built.
   */
  private static double difference(
      Path exported,
      TrainSettings settings,
      RunInputs inputs,
      JoinedModel model,
      List<Prediction> sample,
      RunLog log)
      throws IOException {
    List<Path> paths = sample.stream().map(Prediction::path).map(Path::of).toList();
    List<Optional<Answer>> answers = answers(exported, inputs, paths);
    List<float[]> measured = sample.stream().map(Prediction::answer).toList();
    boolean computed = settings.out().features().precision() != Precision.FLOAT32;
    boolean rounded = settings.out().features().stored() != StoredNumbers.FLOAT32;
    if (!computed && !rounded) {
      return difference(measured, answers, LARGEST_DIFFERENCE);
    }
    List<String> how = new ArrayList<>();
    if (computed) {
      how.add("computed in " + settings.out().features().precision().describe());
    }
    if (rounded) {
      how.add("stored in " + settings.out().features().stored().word());
    }
    log.note(effect(String.join(" and ", how), inputs.examples(), measured, answers));
    if (!computed) {
      difference(measured, answers, LARGEST_OF_ROUNDED);
    }
    return difference(built(model, inputs.examples(), paths), answers, LARGEST_DIFFERENCE);
  }

  /** How far the answers from such features are from those of the exported model. */
  private static String effect(
      String how, ExampleInputs examples, List<float[]> measured, List<Optional<Answer>> answers) {
    double largest = 0;
    int same = 0;
    for (int i = 0; i < answers.size(); i++) {
      float[] exported = answers.get(i).map(Answer::probabilities).orElseThrow();
      largest = Math.max(largest, difference(measured.get(i), answers.get(i)));
      same += argmax(measured.get(i)) == argmax(exported) ? 1 : 0;
    }
    return "The figures are those of features %s; of %d validation %s the exported model, in float32, says the same of %d, with answers that differ by at most %.2g."
        .formatted(how, answers.size(), examples.kind().word(), same, largest);
  }

  private static int argmax(float[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      best = values[i] > values[best] ? i : best;
    }
    // Of a single probability it is what it says: above a half or not.
    return values.length == 1 ? (values[0] > 0.5f ? 1 : 0) : best;
  }

  /** What the model says of examples before it is exported, in float32. */
  private static List<float[]> built(JoinedModel model, ExampleInputs examples, List<Path> paths)
      throws IOException {
    try (FrozenGraph graph = model.open()) {
      return examples instanceof ExampleInputs.Arrays arrays
          ? rows(graph.run(fed(graph, arrays.batch(), paths)).get(1), paths.size())
          : built(graph, examples.preparation().orElseThrow(), paths);
    }
  }

  private static List<HostTensor> fed(FrozenGraph graph, ArrayBatch arrays, List<Path> rows) {
    List<HostTensor> tensors = arrays.tensors(rows);
    return IntStream.range(0, tensors.size())
        .filter(i -> graph.inputs().contains(arrays.feeds().get(i).input().node()))
        .mapToObj(tensors::get)
        .toList();
  }

  private static List<float[]> built(FrozenGraph graph, Preparation how, List<Path> paths)
      throws IOException {
    try (ImageReader reader = ImageReader.open(how)) {
      List<float[]> pixels = new ArrayList<>();
      for (Path path : paths) {
        pixels.add(reader.read(Files.readAllBytes(path)));
      }
      return rows(ImagePipeline.run(graph, reader.shape(), pixels).get(1), paths.size());
    } catch (BadImageException e) {
      throw new IllegalStateException("An image that was read before " + e.getMessage() + ".", e);
    }
  }

  private static List<float[]> rows(HostTensor batch, int count) {
    float[] all = batch.floats();
    int row = all.length / count;
    return IntStream.range(0, count)
        .mapToObj(i -> Arrays.copyOfRange(all, i * row, (i + 1) * row))
        .toList();
  }

  private static List<Optional<Answer>> answers(Path exported, RunInputs inputs, List<Path> paths)
      throws IOException {
    List<Optional<Answer>> answers = new ArrayList<>();
    if (inputs.examples() instanceof ExampleInputs.Arrays arrays) {
      try (ArrayPredictor predictor = ArrayPredictor.load(exported)) {
        predictor
            .predict(arrays.batch().arrays(), paths, ProgressListener.none())
            .forEach(answer -> answers.add(Optional.of(answer)));
      }
    } else {
      try (Predictor predictor = Predictor.load(exported)) {
        predictor.predict(paths, (file, answer, rejection) -> answers.add(answer));
      }
    }
    return answers;
  }

  private static double difference(
      List<float[]> sample, List<Optional<Answer>> answers, double limit) {
    double largest = 0;
    for (int i = 0; i < answers.size(); i++) {
      double difference = difference(sample.get(i), answers.get(i));
      largest = difference <= largest ? largest : difference;
    }
    double allowed = limit * scale(sample);
    if (!(largest <= allowed)) {
      throw new IllegalStateException(
          ("The exported model's answers differ by %.3g from those that were evaluated,"
                  + " expected at most %s.")
              .formatted(largest, allowed));
    }
    return largest;
  }

  /** Probabilities are of the order of 1; numbers of any. */
  private static double scale(List<float[]> sample) {
    double scale = 1;
    for (float[] one : sample) {
      for (float value : one) {
        scale = Math.max(scale, Math.abs(value));
      }
    }
    return scale;
  }

  private static double difference(float[] expected, Optional<Answer> answer) {
    if (answer.isEmpty()) {
      return Double.NaN;
    }
    double largest = 0;
    float[] received = answer.get().probabilities();
    for (int i = 0; i < received.length; i++) {
      largest = Math.max(largest, Math.abs(received[i] - expected[i]));
    }
    return largest;
  }
}
