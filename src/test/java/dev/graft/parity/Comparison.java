package dev.graft.parity;

import dev.graft.model.Backbone;
import dev.graft.model.FrozenGraph;
import dev.graft.model.Preflight;
import dev.graft.parity.Figures.Training;
import dev.graft.savedmodel.FlatModel;
import dev.graft.savedmodel.FlatOutput;
import dev.graft.savedmodel.FlatVariable;
import dev.graft.savedmodel.ModelFormatException;
import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.tensorflow.exceptions.TFInvalidArgumentException;

/** Computes in Java what Python computed for one row, and compares. */
final class Comparison {
  private final ParityRow row;
  private final ParityRow.Manifest manifest;
  private final Backbone backbone;
  private final Map<String, HostTensor> values;
  private final Map<String, FlatVariable> bySha = new HashMap<>();

  private Comparison(ParityRow row) throws IOException {
    this.row = row;
    this.manifest = row.manifest();
    this.backbone = Backbone.load(row.model());
    this.values = backbone.values();
    backbone
        .flat()
        .variables()
        .forEach(variable -> bySha.put(values.get(variable.node()).sha256(), variable));
  }

  static Figures of(ParityRow row) throws IOException {
    Comparison comparison;
    try {
      comparison = new Comparison(row);
    } catch (ModelFormatException e) {
      return Figures.unusable(row.manifest(), e.getMessage());
    }
    return comparison.figures();
  }

  private Figures figures() throws IOException {
    requireSameVariables();
    Map<String, String> refused = refused();
    List<String> allowed =
        manifest.variables().stream()
            .filter(weight -> !refused.containsKey(weight.name()))
            .map(weight -> bySha.get(weight.sha256()).node())
            .toList();
    Map<String, float[]> gradients = LiveGradients.of(backbone, allowed, inputs(), seeds());
    Training trained = manifest.training() == null ? Training.none() : train();
    return new Figures(manifest, outputs(), compare(gradients), refused, trained, null);
  }

  /** Why the preflight refuses to unfreeze a variable, by its name. */
  private Map<String, String> refused() {
    Preflight preflight = Preflight.of(backbone);
    Map<String, String> reasons = new LinkedHashMap<>();
    for (ParityRow.Weight weight : manifest.variables()) {
      preflight
          .verdict(backbone.layerOf(bySha.get(weight.sha256())))
          .flatMap(Preflight.Verdict::obstacle)
          .ifPresent(obstacle -> reasons.put(weight.name(), obstacle.describe()));
    }
    return reasons;
  }

  /** Java knows exactly Python's trainable variables as trainable, with their values. */
  private void requireSameVariables() {
    Set<String> expected =
        manifest.variables().stream().map(ParityRow.Weight::sha256).collect(Collectors.toSet());
    if (expected.size() != manifest.variables().size()) {
      throw new IllegalStateException("Two variables have the same values.");
    }
    Map<String, String> missing = new TreeMap<>();
    manifest.variables().stream()
        .filter(weight -> !bySha.containsKey(weight.sha256()))
        .forEach(weight -> missing.put(weight.name(), weight.sha256()));
    List<String> unexpected =
        bySha.entrySet().stream()
            .filter(e -> e.getValue().trainable() != expected.contains(e.getKey()))
            .map(e -> e.getValue().name())
            .toList();
    if (!missing.isEmpty() || !unexpected.isEmpty()) {
      throw new IllegalStateException(
          "Variables of Python that Java has not: "
              + missing.keySet()
              + "; trainable in one of the two only: "
              + unexpected);
    }
  }

  private Map<String, HostTensor> inputs() throws IOException {
    Map<String, HostTensor> inputs = new LinkedHashMap<>();
    for (ParityRow.Input input : manifest.inputs()) {
      inputs.put(input.key(), row.input(input));
    }
    return inputs;
  }

  private Map<String, HostTensor> seeds() throws IOException {
    Map<String, HostTensor> seeds = new LinkedHashMap<>();
    for (ParityRow.OutputFiles output : manifest.outputs()) {
      seeds.put(output.key(), row.tensor(output.seed()));
    }
    return seeds;
  }

  private Map<String, Double> outputs() throws IOException {
    FlatModel flat = backbone.flat();
    Map<String, HostTensor> inputs = inputs();
    List<HostTensor> answers;
    try (FrozenGraph graph =
        FrozenGraph.open(
            Arithmetic.AS_BUILT,
            flat.graph(),
            values,
            flat.inputs().stream().map(input -> input.node()).toList(),
            flat.outputs().stream().map(FlatOutput::tensor).toList())) {
      answers = graph.run(flat.inputs().stream().map(input -> inputs.get(input.key())).toList());
    }
    Map<String, HostTensor> byKey = new HashMap<>();
    for (int i = 0; i < answers.size(); i++) {
      byKey.put(flat.outputs().get(i).key(), answers.get(i));
    }
    Map<String, Double> figures = new LinkedHashMap<>();
    for (ParityRow.OutputFiles output : manifest.outputs()) {
      HostTensor expected = row.tensor(output.values());
      HostTensor actual = byKey.get(output.key());
      if (!actual.shape().equals(expected.shape())) {
        throw new IllegalStateException(
            "Output " + output.key() + " is " + actual + ", expected " + expected + ".");
      }
      figures.put(
          output.key(), Distance.relativeToLargest(ParityRow.floats(actual), expected.floats()));
    }
    return figures;
  }

  private List<Figures.Gradient> compare(Map<String, float[]> actual) throws IOException {
    List<float[]> expected =
        row.arrays(
            "gradients.npy", manifest.variables().stream().map(ParityRow.Weight::size).toList());
    double squares = 0;
    for (float[] one : expected) {
      squares += Math.pow(Distance.norm(one), 2);
    }
    List<Figures.Gradient> figures = new ArrayList<>();
    for (int i = 0; i < expected.size(); i++) {
      ParityRow.Weight weight = manifest.variables().get(i);
      float[] found = actual.get(bySha.get(weight.sha256()).node());
      if (found != null) {
        figures.add(
            new Figures.Gradient(
                weight.name(),
                Distance.between(found, expected.get(i)),
                Distance.norm(expected.get(i)),
                Math.sqrt(squares)));
      }
    }
    return figures;
  }

  private Training train() throws IOException {
    ParityRow.Training training = manifest.training();
    List<Figures.Run> runs = new ArrayList<>();
    List<Figures.Run> built = new ArrayList<>();
    try {
      TrainingSteps steps = TrainingSteps.of(row, training.draw(), backbone, bySha);
      for (ParityRow.Run run : training.runs()) {
        runs.add(compare(run, steps, Arithmetic.FUSED));
        if (runs.size() == 1 || !runs.get(runs.size() - 1).isSteady()) {
          built.add(compare(run, steps, Arithmetic.AS_BUILT));
        }
      }
      return new Training(runs, built, unsteady(), steps.folding(), null);
    } catch (IllegalArgumentException e) {
      return Training.refused(message(e));
    }
  }

  private List<Figures.Unsteady> unsteady() throws IOException {
    List<Figures.Unsteady> figures = new ArrayList<>();
    if (manifest.training().unsteady() != null) {
      for (ParityRow.Draw draw : manifest.training().unsteady()) {
        TrainingSteps steps = TrainingSteps.of(row, draw, backbone, bySha);
        ParityRow.Run run = draw.runs().get(0);
        figures.add(
            new Figures.Unsteady(
                compare(run, steps, Arithmetic.FUSED), compare(run, steps, Arithmetic.AS_BUILT)));
      }
    }
    return figures;
  }

  private Figures.Run compare(ParityRow.Run run, TrainingSteps steps, Arithmetic trunk)
      throws IOException {
    return compare(run, steps.first(), steps.run(run.optimizer(), trunk));
  }

  private Figures.Run compare(ParityRow.Run run, List<float[]> first, List<List<float[]>> steps)
      throws IOException {
    List<Integer> sizes = first.stream().map(values -> values.length).toList();
    List<Integer> allSizes = new ArrayList<>();
    steps.forEach(step -> allSizes.addAll(sizes));
    List<float[]> expected = row.arrays(run.weights(), allSizes);
    List<float[]> nearness = row.arrays(run.nearness(), sizes);
    StepFigures figures = new StepFigures(run.optimizer(), names());
    for (int step = 0; step < steps.size(); step++) {
      for (int i = 0; i < first.size(); i++) {
        float[] python = expected.get(step * first.size() + i);
        boolean dead = manifest.isDead(names().get(i));
        figures.add(i, first.get(i), python, steps.get(step).get(i), nearness.get(i), dead);
      }
    }
    return figures.result(first, run);
  }

  private List<String> names() {
    List<String> names =
        new ArrayList<>(
            manifest.training().variables().stream().map(ParityRow.Weight::name).toList());
    for (int i = 0; i < manifest.training().head().size(); i++) {
      names.add("head " + i);
    }
    return names;
  }

  /** What Graft says; an error of TensorFlow is none of its refusals. */
  private static String message(IllegalArgumentException e) {
    if (e instanceof TFInvalidArgumentException) {
      throw e;
    }
    return e.getMessage();
  }
}
