package dev.graft.parity;

import dev.graft.data.Labels;
import dev.graft.data.Target;
import dev.graft.features.Examples;
import dev.graft.metrics.History;
import dev.graft.model.Backbone;
import dev.graft.model.CutModel;
import dev.graft.model.CutTensor;
import dev.graft.model.FreezePlan;
import dev.graft.model.FrozenGraph;
import dev.graft.model.Graft;
import dev.graft.model.Head;
import dev.graft.model.JoinedModel;
import dev.graft.savedmodel.FlatVariable;
import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.HostTensor;
import dev.graft.train.Optimizer;
import dev.graft.train.Phase;
import dev.graft.train.TrainListener;
import dev.graft.train.Trainer;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/** A few steps of training of a model's last block and a head, as Graft trains. */
final class TrainingSteps {
  private final ParityRow.Training training;
  private final List<Integer> labels;
  private final JoinedModel model;
  private final FreezePlan plan;
  private final List<String> nodes;
  private final List<float[]> first;
  private final List<HostTensor> inputs;
  private List<float[]> features;
  private List<float[]> builtFeatures;

  private TrainingSteps(
      ParityRow.Training training,
      List<Integer> labels,
      JoinedModel model,
      FreezePlan plan,
      List<String> nodes,
      List<HostTensor> inputs) {
    this.training = training;
    this.labels = labels;
    this.model = model;
    this.plan = plan;
    this.nodes = nodes;
    this.inputs = inputs;
    Map<String, float[]> values = new LinkedHashMap<>();
    model.weights().forEach(weight -> values.put(weight.node(), ParityRow.floats(weight.value())));
    this.first = nodes.stream().map(values::get).toList();
  }

  /**
   * Joins the head of a row to its model.
   *
   * @param draw the inputs to train on
   * @param nodes of the model's variables by the SHA-256 of their values
   * @throws IllegalArgumentException when no head can be joined
   */
  static TrainingSteps of(
      ParityRow row, ParityRow.Draw draw, Backbone loaded, Map<String, FlatVariable> nodes)
      throws IOException {
    ParityRow.Training training = row.manifest().training();
    Backbone backbone =
        training.outputLayer() == null ? loaded : loaded.withOutput(training.outputLayer());
    List<String> names = IntStream.range(0, training.classes()).mapToObj(i -> "c" + i).toList();
    JoinedModel joined =
        JoinedModel.join(backbone, Head.parse(training.headText()), new Labels(names), 1);
    List<String> head =
        joined.weights().stream()
            .filter(JoinedModel.Weight::head)
            .map(JoinedModel.Weight::node)
            .toList();
    Map<String, HostTensor> changed = new LinkedHashMap<>();
    for (int i = 0; i < head.size(); i++) {
      changed.put(head.get(i), row.tensor(training.head().get(i).file()));
    }
    List<FlatVariable> block =
        training.variables().stream().map(weight -> nodes.get(weight.sha256())).toList();
    List<String> all = new ArrayList<>(block.stream().map(FlatVariable::node).toList());
    all.addAll(head);
    Set<String> layers = new LinkedHashSet<>();
    block.forEach(variable -> layers.add(backbone.layerOf(variable)));
    FreezePlan plan = FreezePlan.unfreeze(layers.toArray(String[]::new));
    return new TrainingSteps(
        training, draw.labels(), joined.with(changed), plan, all, inputs(row, draw, backbone));
  }

  private static List<HostTensor> inputs(ParityRow row, ParityRow.Draw draw, Backbone backbone)
      throws IOException {
    Map<String, HostTensor> byKey = new LinkedHashMap<>();
    for (int i = 0; i < row.manifest().inputs().size(); i++) {
      byKey.put(row.manifest().inputs().get(i).key(), row.tensor(draw.inputs().get(i)));
    }
    return backbone.flat().inputs().stream().map(input -> byKey.get(input.key())).toList();
  }

  /** Values of the variables before the first step: the block's, then the head's. */
  List<float[]> first() {
    return first;
  }

  /**
   * The variables after each step, in the order of {@link #first}.
   *
   * @param trunk the arithmetic of the trunk whose features are trained on; Graft's is FUSED
   */
  List<List<float[]>> run(String optimizer, Arithmetic trunk) {
    Phase phase = new Phase("parity", 1, training.batch(), Optimizer.parse(optimizer), 1);
    try (CutModel cut = model.cut(plan)) {
      requireSame(cut.graft());
      computeFeatures(cut);
      List<List<float[]>> steps = new ArrayList<>();
      Examples examples = examples(cut, trunk == Arithmetic.FUSED ? features : builtFeatures);
      new Trainer(cut.graft(), phase)
          .fit(examples, examples, History.empty(), recorder(cut.graft(), steps));
      if (steps.size() != training.steps()) {
        throw new IllegalStateException(
            "Expected " + training.steps() + " steps but got " + steps.size() + ".");
      }
      return steps;
    }
  }

  private void requireSame(Graft graft) {
    Set<String> trained = new LinkedHashSet<>();
    graft.variables().stream()
        .filter(Graft.Variable::trainable)
        .forEach(variable -> trained.add(variable.node()));
    if (!trained.equals(new LinkedHashSet<>(nodes))) {
      throw new IllegalStateException(
          "Python trains " + nodes + " but Graft trains " + trained + ".");
    }
  }

  private TrainListener recorder(Graft graft, List<List<float[]>> steps) {
    return new TrainListener() {
      @Override
      public void progress(String task, long done, long total) {
        Map<String, HostTensor> values = graft.values();
        steps.add(nodes.stream().map(node -> ParityRow.floats(values.get(node))).toList());
      }
    };
  }

  /**
   * Largest difference between the features of the trunk and those of the trunk as built, over the
   * largest magnitude.
   */
  double folding() {
    double worst = 0;
    for (int i = 0; i < features.size(); i++) {
      worst = Math.max(worst, Distance.relativeToLargest(features.get(i), builtFeatures.get(i)));
    }
    return worst;
  }

  private void computeFeatures(CutModel cut) {
    if (features == null) { // equal cuts have equal features
      features = floats(cut.trunk().run(inputs));
      Map<String, HostTensor> values = new LinkedHashMap<>();
      model.weights().forEach(weight -> values.put(weight.node(), weight.value()));
      List<String> fed =
          model.backbone().flat().inputs().stream().map(input -> input.node()).toList();
      List<String> wanted = cut.tensors().stream().map(CutTensor::tensor).toList();
      try (FrozenGraph trunk =
          FrozenGraph.open(Arithmetic.AS_BUILT, model.inferenceGraph(), values, fed, wanted)) {
        builtFeatures = floats(trunk.run(inputs));
      }
    }
  }

  private static List<float[]> floats(List<HostTensor> tensors) {
    return tensors.stream().map(HostTensor::floats).toList();
  }

  private Examples examples(CutModel cut, List<float[]> values) {
    List<CutTensor> tensors = cut.tensors();
    return new Examples() {
      @Override
      public int size() {
        return labels.size();
      }

      @Override
      public Target target(int example) {
        return new Target.OfClass(labels.get(example));
      }

      @Override
      public void read(int tensor, int example, FloatBuffer destination) {
        int row = tensors.get(tensor).rowSize();
        destination.put(values.get(tensor), example * row, row);
      }
    };
  }
}
