package dev.graft;

import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Tensor;
import org.tensorflow.proto.SignatureDef;

/** A model in TensorFlow Java's own loader, as an application without Graft has it. */
final class StockLoader {
  private static final int BATCH = 100;

  private StockLoader() {}

  /** The probabilities that the bytes of files get, in their order. */
  static List<float[]> probabilities(Path model, List<Path> files) throws IOException {
    List<float[]> all = new ArrayList<>();
    try (SavedModelBundle bundle = SavedModelBundle.load(model.toString(), "serve")) {
      SignatureDef signature = bundle.metaGraphDef().getSignatureDefOrThrow("image_bytes");
      for (int from = 0; from < files.size(); from += BATCH) {
        List<byte[]> bytes = new ArrayList<>();
        for (Path file : files.subList(from, Math.min(from + BATCH, files.size()))) {
          bytes.add(Files.readAllBytes(file));
        }
        try (Tensor fed = HostTensor.ofStrings(bytes, bytes.size()).toNative();
            Result result =
                bundle
                    .session()
                    .runner()
                    .feed(signature.getInputsOrThrow("image_bytes").getName(), fed)
                    .fetch(signature.getOutputsOrThrow("probabilities").getName())
                    .run()) {
          float[] answers = HostTensor.fromNative(result.get(0)).floats();
          int row = answers.length / bytes.size();
          for (int i = 0; i < bytes.size(); i++) {
            all.add(Arrays.copyOfRange(answers, i * row, (i + 1) * row));
          }
        }
      }
    }
    return all;
  }
}
