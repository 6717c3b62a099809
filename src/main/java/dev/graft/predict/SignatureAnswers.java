package dev.graft.predict;

import dev.graft.data.NumberArray;
import dev.graft.handoff.GoldenSamples;
import dev.graft.handoff.Handoff;
import dev.graft.handoff.Signature;
import dev.graft.handoff.TensorInfo;
import dev.graft.model.ArrayBatch;
import dev.graft.model.FrozenGraph;
import dev.graft.savedmodel.FlatInput;
import dev.graft.savedmodel.FlatModel;
import dev.graft.savedmodel.FlatOutput;
import dev.graft.savedmodel.ModelFormatException;
import dev.graft.savedmodel.SavedModel;
import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a signature answers to the golden samples.
 *
 * @param signature that was called
 * @param outputs by alias
 */
record SignatureAnswers(Signature signature, Map<String, HostTensor> outputs) {
  static SignatureAnswers of(
      Path folder,
      SavedModel saved,
      Handoff handoff,
      Signature signature,
      GoldenSamples samples,
      Arithmetic arithmetic)
      throws IOException {
    requireSignature(folder, saved, signature);
    FlatModel flat = saved.flatten(signature.name());
    Map<String, String> tensors = new LinkedHashMap<>();
    for (FlatOutput output : flat.outputs()) {
      tensors.put(output.key(), output.tensor());
    }
    List<String> fetched = new ArrayList<>();
    for (TensorInfo output : signature.outputs()) {
      fetched.add(require(folder, tensors, output));
    }
    try (FrozenGraph graph =
        FrozenGraph.open(
            arithmetic,
            flat.graph(),
            saved.values(flat),
            flat.inputs().stream().map(FlatInput::node).toList(),
            fetched)) {
      List<HostTensor> answers = graph.run(inputs(folder, handoff, signature, flat, samples));
      Map<String, HostTensor> outputs = new LinkedHashMap<>();
      for (int i = 0; i < answers.size(); i++) {
        outputs.put(signature.outputs().get(i).alias(), answers.get(i));
      }
      return new SignatureAnswers(signature, outputs);
    }
  }

  private static void requireSignature(Path folder, SavedModel saved, Signature signature)
      throws ModelFormatException {
    if (!saved.signatures().contains(signature.name())) {
      throw new ModelFormatException(
          folder,
          "The handoff names the signature \"%s\" but the model has %s; export it again."
              .formatted(signature.name(), String.join(", ", saved.signatures())));
    }
  }

  private static String require(Path folder, Map<String, String> tensors, TensorInfo output)
      throws ModelFormatException {
    String tensor = tensors.get(output.key());
    if (tensor == null) {
      throw new ModelFormatException(
          folder,
          "The handoff names the output \"%s\" but the model has %s; export it again."
              .formatted(output.key(), String.join(", ", tensors.keySet())));
    }
    return tensor;
  }

  private static List<HostTensor> inputs(
      Path folder, Handoff handoff, Signature signature, FlatModel flat, GoldenSamples samples)
      throws IOException {
    String first = handoff.signature().inputs().get(0).alias();
    List<HostTensor> inputs = new ArrayList<>();
    for (FlatInput input : flat.inputs()) {
      if (signature.name().equals(Signature.IMAGE_BYTES)) {
        inputs.add(files(samples.images()));
        continue;
      }
      NumberArray array =
          samples
              .input(first, alias(signature, input))
              .orElseThrow(
                  () ->
                      new ModelFormatException(
                          folder,
                          "%s has no golden samples of the input \"%s\": export it again."
                              .formatted(folder, input.key())));
      inputs.add(ArrayBatch.tensor(input.dtype(), array));
    }
    return inputs;
  }

  private static String alias(Signature signature, FlatInput input) {
    return signature.inputs().stream()
        .filter(info -> info.key().equals(input.key()))
        .map(TensorInfo::alias)
        .findFirst()
        .orElse(input.key());
  }

  private static HostTensor files(List<Path> images) throws IOException {
    List<byte[]> bytes = new ArrayList<>();
    for (Path image : images) {
      bytes.add(Files.readAllBytes(image));
    }
    return HostTensor.ofStrings(bytes, bytes.size());
  }

  /** Whether an output of this alias is texts. */
  boolean hasTexts(String alias) {
    return signature.outputs().stream()
        .anyMatch(output -> output.alias().equals(alias) && output.dtype().equals("string"));
  }

  HostTensor of(String alias) {
    return outputs.get(alias);
  }
}
