package dev.graft.parity;

import dev.graft.data.LabeledImages;
import dev.graft.data.Split;
import dev.graft.data.Target;
import dev.graft.features.Examples;
import dev.graft.features.Featurizer;
import dev.graft.features.LabeledFeatures;
import dev.graft.image.BadImageException;
import dev.graft.image.ImageReader;
import dev.graft.metrics.Epoch;
import dev.graft.metrics.History;
import dev.graft.model.Backbone;
import dev.graft.model.CutModel;
import dev.graft.model.CutTensor;
import dev.graft.model.FreezePlan;
import dev.graft.model.FrozenGraph;
import dev.graft.model.Graft;
import dev.graft.model.Head;
import dev.graft.model.JoinedModel;
import dev.graft.parity.HistoryRecipe.PhaseRecord;
import dev.graft.parity.HistoryRecipe.State;
import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.HostTensor;
import dev.graft.tensor.Precision;
import dev.graft.train.Batching;
import dev.graft.train.ExampleOrder;
import dev.graft.train.Optimizer;
import dev.graft.train.Phase;
import dev.graft.train.TrainListener;
import dev.graft.train.Trainer;
import dev.graft.train.TrainerStates;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Fits a recipe as a user's run does, from images to history, and compares with Keras. */
final class HistoryRun {
  private final HistoryRecipe recipe;
  private final Precision precision;
  private final Split split;
  private final ExampleOrder order;
  private JoinedModel model;
  private History history = History.empty();

  private HistoryRun(HistoryRecipe recipe, Precision precision) throws IOException {
    this.recipe = recipe;
    this.precision = precision;
    this.split = Split.given(LabeledImages.read(recipe.folder().resolve("data")));
    this.order = ExampleOrder.read(recipe.folder().resolve("orders.npy"));
    this.model = join();
  }

  static HistoryFigures of(HistoryRecipe recipe) throws IOException {
    List<PhaseRecord> phases = recipe.manifest().phases();
    HistoryRun run = new HistoryRun(recipe, Precision.FLOAT32);
    long start = System.nanoTime();
    List<HistoryFigures.OfPhase> fitted = new ArrayList<>();
    for (PhaseRecord phase : phases) {
      fitted.add(run.fit(phase));
    }
    long seconds = (System.nanoTime() - start) / 1_000_000_000;
    return new HistoryFigures(recipe.manifest(), fitted, filtered(recipe, phases.get(0)), seconds);
  }

  /** The head again, on features by minimal filtering. */
  private static HistoryFigures.OfPhase filtered(HistoryRecipe recipe, PhaseRecord head)
      throws IOException {
    return new HistoryRun(recipe, Precision.WINOGRAD).fit(head);
  }

  private JoinedModel join() throws IOException {
    HistoryRecipe.Manifest manifest = recipe.manifest();
    Backbone loaded = Backbone.load(recipe.backbone());
    Backbone backbone =
        manifest.outputLayer() == null ? loaded : loaded.withOutput(manifest.outputLayer());
    JoinedModel joined = JoinedModel.join(backbone, Head.parse(manifest.head()), split.labels(), 1);
    List<JoinedModel.Weight> own =
        joined.weights().stream().filter(JoinedModel.Weight::head).toList();
    Map<String, HostTensor> first = new LinkedHashMap<>();
    List<HostTensor> handedOver = recipe.head();
    for (int i = 0; i < own.size(); i++) {
      first.put(own.get(i).node(), handedOver.get(i));
    }
    return joined.with(first);
  }

  private HistoryFigures.OfPhase fit(PhaseRecord phase) throws IOException {
    FreezePlan plan =
        phase.tunes()
            ? FreezePlan.unfreeze(phase.unfrozen().toArray(String[]::new))
            : FreezePlan.allFrozen();
    try (CutModel cut = model.cut(plan, precision);
        Featurizer featurizer = featurizer(cut)) {
      LabeledFeatures training = featurizer.extract(split.training());
      LabeledFeatures validation = featurizer.extract(split.validation());
      int before = history.epochs().size();
      history =
          new Trainer(cut.graft(), phase(phase))
              .fit(training, validation, history, TrainListener.none());
      List<Epoch> epochs = history.epochs().subList(before, history.epochs().size());
      model = model.with(cut.graft().values());
      return HistoryFigures.OfPhase.of(
          phase,
          epochs,
          HistoryFigures.Counts.of(phase, training.size(), validation.size()),
          steps(phase, plan, training, before));
    }
  }

  private Featurizer featurizer(CutModel cut) throws IOException {
    return Featurizer.open(
        cut, model.backbone().preparation().orElseThrow(), recipe.root().resolve("features"));
  }

  private Phase phase(PhaseRecord phase) {
    Batching batching =
        new Batching(
            phase.batch(), optional(phase.steps()), optional(phase.validationSteps()), order);
    return new Phase(phase.name(), phase.epochs(), 1, Optimizer.parse(phase.optimizer()), 1)
        .withBatching(batching);
  }

  private static OptionalInt optional(Integer value) {
    return value == null ? OptionalInt.empty() : OptionalInt.of(value);
  }

  /** Single steps from Keras's own weights and slots. */
  private List<HistoryFigures.Step> steps(
      PhaseRecord phase, FreezePlan plan, LabeledFeatures training, int epochsBefore)
      throws IOException {
    if (phase.states().isEmpty()) {
      return List.of();
    }
    List<HistoryFigures.Step> steps = new ArrayList<>();
    try (CutModel cut = model.cut(plan)) {
      List<Graft.Variable> variables = variables(cut.graft(), phase);
      Phase single = new Phase("step", 1, phase.batch(), Optimizer.parse(phase.optimizer()), 1);
      Trainer trainer = new Trainer(cut.graft(), single);
      for (State state : phase.states()) {
        List<List<float[]>> before = recipe.sets(phase, state.before(), 1 + state.slots().size());
        int[] rows = rows(phase, state, training.size(), epochsBefore);
        for (Arithmetic trunk : List.of(Arithmetic.FUSED, Arithmetic.AS_BUILT)) {
          cut.graft().assign(weights(phase, variables, before.get(0)));
          double loss =
              TrainerStates.step(
                  trainer,
                  slots(phase, variables, state, before),
                  state.step(),
                  trunk == Arithmetic.FUSED
                      ? new Chosen(training, rows)
                      : built(cut, training, rows));
          Map<String, HostTensor> values = cut.graft().values();
          steps.add(
              HistoryFigures.Step.of(
                  phase,
                  state,
                  trunk,
                  loss,
                  before.get(0),
                  recipe.sets(phase, state.after(), 1).get(0),
                  recipe.sets(phase, state.nearness(), 1).get(0),
                  recipe.sets(phase, state.own(), 1).get(0),
                  variables.stream().map(one -> values.get(one.node()).floats()).toList()));
        }
      }
    }
    return steps;
  }

  /** Some of the examples, with features of the trunk as Keras built it. */
  private Built built(CutModel cut, LabeledFeatures training, int[] rows) throws IOException {
    List<Integer> size = recipe.manifest().size();
    FloatBuffer images = FloatBuffer.allocate(rows.length * size.get(0) * size.get(1) * 3);
    try (ImageReader reader = ImageReader.open(model.backbone().preparation().orElseThrow())) {
      for (int row : rows) {
        images.put(reader.read(Files.readAllBytes(training.path(row))));
      }
    } catch (BadImageException e) {
      throw new IOException("A digit cannot be read.", e);
    }
    Map<String, HostTensor> values = new LinkedHashMap<>();
    model.weights().forEach(weight -> values.put(weight.node(), weight.value()));
    List<String> fed =
        model.backbone().flat().inputs().stream().map(input -> input.node()).toList();
    List<String> wanted = cut.tensors().stream().map(CutTensor::tensor).toList();
    try (FrozenGraph trunk =
        FrozenGraph.open(Arithmetic.AS_BUILT, model.inferenceGraph(), values, fed, wanted)) {
      HostTensor batch = HostTensor.of(images.array(), rows.length, size.get(0), size.get(1), 3);
      return new Built(
          cut.tensors(),
          trunk.run(List.of(batch)).stream().map(HostTensor::floats).toList(),
          new Chosen(training, rows));
    }
  }

  private static Map<String, HostTensor> weights(
      PhaseRecord phase, List<Graft.Variable> variables, List<float[]> values) {
    Map<String, HostTensor> weights = new LinkedHashMap<>();
    for (int i = 0; i < variables.size(); i++) {
      weights.put(variables.get(i).node(), phase.trained().get(i).tensor(values.get(i)));
    }
    return weights;
  }

  private static Map<String, HostTensor> slots(
      PhaseRecord phase, List<Graft.Variable> variables, State state, List<List<float[]>> before) {
    Map<String, HostTensor> slots = new LinkedHashMap<>();
    for (int slot = 0; slot < state.slots().size(); slot++) {
      String name = state.slots().get(slot);
      weights(phase, variables, before.get(1 + slot))
          .forEach((node, values) -> slots.put(node + "/" + name, values));
    }
    return slots;
  }

  /** The graft's variables in Keras's order: the backbone's by name, then the head's. */
  private List<Graft.Variable> variables(Graft graft, PhaseRecord phase) {
    Set<String> ofHead =
        model.weights().stream()
            .filter(JoinedModel.Weight::head)
            .map(JoinedModel.Weight::node)
            .collect(Collectors.toSet());
    Map<Boolean, List<Graft.Variable>> parts =
        graft.variables().stream()
            .collect(Collectors.partitioningBy(variable -> ofHead.contains(variable.node())));
    Map<String, Graft.Variable> byName =
        parts.get(false).stream()
            .collect(Collectors.toMap(Graft.Variable::name, Function.identity()));
    int backbone = phase.trained().size() - ofHead.size();
    List<Graft.Variable> variables = new ArrayList<>();
    for (HistoryRecipe.Weight weight : phase.trained().subList(0, backbone)) {
      variables.add(byName.get(weight.name()));
    }
    variables.addAll(parts.get(true));
    if (variables.contains(null) || variables.size() != graft.variables().size()) {
      throw new IllegalStateException(
          "Keras trains " + phase.trained() + " but Graft trains " + graft.variables() + ".");
    }
    return variables;
  }

  /** The examples of the batch of a step. */
  private int[] rows(PhaseRecord phase, State state, int examples, int epochsBefore) {
    int perPass = -Math.floorDiv(-examples, phase.batch());
    int pass = 1 + epochsBefore + state.step() / perPass;
    int from = state.step() % perPass * phase.batch();
    int to = Math.min(examples, from + phase.batch());
    return java.util.Arrays.copyOfRange(order.of(pass, examples), from, to);
  }

  /** Other features of some examples. */
  private record Built(List<CutTensor> tensors, List<float[]> features, Chosen examples)
      implements Examples {
    @Override
    public int size() {
      return examples.size();
    }

    @Override
    public Target target(int example) {
      return examples.target(example);
    }

    @Override
    public void read(int tensor, int example, FloatBuffer destination) {
      int row = tensors.get(tensor).rowSize();
      destination.put(features.get(tensor), example * row, row);
    }
  }

  /** Some of the examples. */
  private record Chosen(Examples all, int[] rows) implements Examples {
    @Override
    public int size() {
      return rows.length;
    }

    @Override
    public Target target(int example) {
      return all.target(rows[example]);
    }

    @Override
    public void read(int tensor, int example, FloatBuffer destination) {
      all.read(tensor, rows[example], destination);
    }
  }
}
