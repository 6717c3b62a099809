package dev.graft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.data.Labels;
import dev.graft.data.Target;
import dev.graft.data.Task;
import dev.graft.features.Examples;
import dev.graft.metrics.Epoch;
import dev.graft.model.CutModel;
import dev.graft.model.FreezePlan;
import dev.graft.model.GoldenModel;
import dev.graft.model.Graft;
import dev.graft.model.Head;
import dev.graft.model.JoinedModel;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Losses, weights of examples and classes, and penalties give Keras's history and weights, which
 * {@code src/test/python/keras_objectives.py} recorded.
 */
class KerasObjectivesTest {
  private static Stream<JsonNode> cases() throws IOException {
    try (InputStream in = KerasObjectivesTest.class.getResourceAsStream("objectives.json")) {
      return StreamSupport.stream(new ObjectMapper().readTree(in).spliterator(), false)
          .toList()
          .stream();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void fiveStepsGoAsInKeras(JsonNode recorded) throws IOException {
    Task task = task(recorded);
    ObjectiveSettings settings = settings(recorded.get("settings"));
    JoinedModel model =
        JoinedModel.join(
            new GoldenModel("pool").backbone(),
            Head.parse(recorded.get("head").asText()),
            settings.of(task),
            1);
    Rows plain = rows(task, recorded, "x", "y", "weights");
    Examples training =
        settings.classWeights().map(weights -> weights.weigh(plain, task.labels())).orElse(plain);
    Rows validation = rows(task, recorded, "validationX", "validationY", "validationWeights");
    try (CutModel cut = model.cut(FreezePlan.allFrozen())) {
      assign(cut.graft(), recorded.get("initial"));
      Phase phase =
          new Phase("head", 5, plain.size(), Optimizer.parse("sgd(0.1, momentum=0.9)"), 1);
      List<Epoch> epochs = new Trainer(cut.graft(), phase).fit(training, validation).epochs();
      for (int i = 0; i < 5; i++) {
        assertThat(epochs.get(i).loss())
            .isCloseTo(recorded.get("loss").get(i).asDouble(), within(2e-6));
        assertThat(epochs.get(i).validationLoss())
            .isCloseTo(recorded.get("validationLoss").get(i).asDouble(), within(2e-6));
      }
      assertThat(epochs.get(4).loss()).isNotCloseTo(epochs.get(0).loss(), within(1e-2));
      assertFinal(cut.graft(), recorded.get("final"));
    }
  }

  private static Task task(JsonNode recorded) {
    List<String> names =
        IntStream.range(0, recorded.get("size").asInt()).mapToObj(String::valueOf).toList();
    return new Task(Task.Kind.named(recorded.get("kind").asText()), new Labels(names));
  }

  private static ObjectiveSettings settings(JsonNode json) {
    return new ObjectiveSettings(
        Optional.ofNullable(json.get("loss")).map(JsonNode::asText),
        json.path("labelSmoothing").asDouble(),
        Optional.ofNullable(json.get("classWeights"))
            .map(JsonNode::asText)
            .map(ClassWeights::parse));
  }

  private static void assign(Graft graft, JsonNode values) {
    Map<String, HostTensor> tensors = new LinkedHashMap<>();
    for (int i = 0; i < graft.variables().size(); i++) {
      Graft.Variable variable = graft.variables().get(i);
      tensors.put(
          variable.node(),
          HostTensor.of(
              floats(values.get(i)),
              variable.shape().stream().mapToLong(Long::longValue).toArray()));
    }
    graft.assign(tensors);
  }

  private static void assertFinal(Graft graft, JsonNode expected) {
    Map<String, HostTensor> values = graft.values();
    for (int i = 0; i < graft.variables().size(); i++) {
      float[] received = values.get(graft.variables().get(i).node()).floats();
      for (int j = 0; j < received.length; j++) {
        assertThat((double) received[j])
            .as(graft.variables().get(i).name() + "[" + j + "]")
            .isCloseTo(expected.get(i).get(j).asDouble(), within(2e-6));
      }
    }
  }

  private static float[] floats(JsonNode row) {
    float[] values = new float[row.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) row.get(i).asDouble();
    }
    return values;
  }

  private static Rows rows(Task task, JsonNode recorded, String x, String y, String weights) {
    List<float[]> features = new ArrayList<>();
    List<Target> targets = new ArrayList<>();
    recorded.get(x).forEach(row -> features.add(floats(row)));
    recorded.get(y).forEach(row -> targets.add(target(task, row)));
    float[] given = new float[features.size()];
    for (int i = 0; i < given.length; i++) {
      given[i] =
          recorded.get(weights).isNull() ? 1 : (float) recorded.get(weights).get(i).asDouble();
    }
    return new Rows(features, targets, given);
  }

  private static Target target(Task task, JsonNode json) {
    return switch (task.kind()) {
      case CLASSES -> new Target.OfClass(json.asInt());
      case NUMBERS -> new Target.OfNumbers(floats(json));
      case LABELS ->
          new Target.OfLabels(
              IntStream.range(0, json.size())
                  .filter(i -> json.get(i).asDouble() == 1)
                  .boxed()
                  .toList());
    };
  }

  /** Weighted examples of any kind in memory. */
  private record Rows(List<float[]> features, List<Target> targets, float[] weights)
      implements Examples {
    @Override
    public int size() {
      return targets.size();
    }

    @Override
    public Target target(int example) {
      return targets.get(example);
    }

    @Override
    public float weight(int example) {
      return weights[example];
    }

    @Override
    public void read(int tensor, int example, FloatBuffer destination) {
      destination.put(features.get(example));
    }
  }
}
