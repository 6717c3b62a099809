package dev.graft.export;

import dev.graft.data.Npy;
import dev.graft.data.NpyArray;
import dev.graft.handoff.BackbonePrecision;
import dev.graft.handoff.Golden;
import dev.graft.handoff.GoldenSamples;
import dev.graft.handoff.Handoff;
import dev.graft.handoff.Signature;
import dev.graft.model.ArrayBatch;
import dev.graft.model.FrozenGraph;
import dev.graft.predict.Verification;
import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.HostTensor;
import dev.graft.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Golden samples that a model in bfloat16 has answered itself. */
final class Bfloat16Samples {
  /** One bfloat16 has 8 significant bits: no answer is held to less than twice its rounding. */
  private static final double LEAST_TOLERANCE = 1.0 / 128;

  private static final double MOST_TOLERANCE = 0.9;

  private Bfloat16Samples() {}

  /**
   * Puts the answers of the model in bfloat16 in place of those in float32 and compares the two.
   * Where a runtime rounds depends on what it fuses and on the processor. Each is about as far from
   * float32, so two of them are at most twice as far from each other, which is the tolerance.
   * Features differ the most and are what nobody but the head asks for: they are measured, but no
   * golden sample.
   *
   * @param folder with golden samples that were answered in float32
   * @param parts of the model in bfloat16
   */
  static Handoff replace(Path folder, ServedParts parts, Handoff handoff) throws IOException {
    Golden golden = handoff.golden().orElseThrow();
    GoldenSamples samples = golden.read(folder);
    Map<String, Double> differences = new LinkedHashMap<>();
    int agreeing = 0;
    int count = 0;
    double largest = 0;
    for (Map.Entry<String, HostTensor> answer :
        answers(parts, samples, List.copyOf(samples.outputs().keySet())).entrySet()) {
      String output = answer.getKey();
      float[] values = answer.getValue().floats();
      Verification.Comparison comparison =
          Verification.compare(
              Signature.SERVING_DEFAULT, output, samples.outputs().get(output), values, 1);
      differences.put(output, comparison.difference());
      if (output.equals(parts.answersName())) {
        count = comparison.samples();
        agreeing = Math.toIntExact(Math.round(comparison.agreement() * count));
      }
      if (golden.outputs().containsKey(output)) {
        largest = Math.max(largest, comparison.difference());
        Npy.writeFloats(
            folder.resolve(golden.outputs().get(output)),
            new NpyArray<>(answer.getValue().shape(), values));
      }
    }
    for (String file : golden.otherOutputs().values()) {
      Files.delete(folder.resolve(file));
    }
    double tolerance = Math.min(MOST_TOLERANCE, Math.max(LEAST_TOLERANCE, 2 * largest));
    return handoff
        .withGolden(golden.ofFirstSignature(tolerance))
        .withPrecision(new BackbonePrecision(Precision.BFLOAT16, count, agreeing, differences));
  }

  private static Map<String, HostTensor> answers(
      ServedParts parts, GoldenSamples samples, List<String> outputs) throws IOException {
    Map<String, HostTensor> values = new LinkedHashMap<>();
    parts.variables().forEach(variable -> values.put(variable.node(), variable.value()));
    List<HostTensor> batch = new ArrayList<>();
    for (ServedParts.Input input : parts.inputs()) {
      batch.add(
          ArrayBatch.tensor(
              input.dtype(),
              samples.input(parts.inputs().get(0).name(), input.name()).orElseThrow()));
    }
    try (FrozenGraph graph =
        FrozenGraph.open(
            Arithmetic.AS_BUILT,
            parts.graph(),
            values,
            parts.inputs().stream().map(ServedParts.Input::node).toList(),
            outputs.stream().map(parts::tensor).toList())) {
      List<HostTensor> computed = graph.run(batch);
      Map<String, HostTensor> answers = new LinkedHashMap<>();
      for (int i = 0; i < outputs.size(); i++) {
        answers.put(outputs.get(i), computed.get(i));
      }
      return answers;
    }
  }
}
