package dev.graft.handoff;

import dev.graft.data.Npy;
import dev.graft.data.NpyArray;
import dev.graft.data.Preparation;
import dev.graft.data.Task;
import dev.graft.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A folder with the files of a model, small and of no meaning to TensorFlow, and a handoff for it.
 */
final class TestModel {
  static final Golden GOLDEN =
      new Golden(
          List.of("golden/images/0.jpg", "golden/images/1.jpg"),
          "golden/prepared.npy",
          Map.of(),
          Map.of("features", "golden/features.npy"),
          Map.of("means", "golden/means.npy"),
          1e-5);

  private TestModel() {}

  static Handoff write(Path folder) throws IOException {
    Files.createDirectories(folder.resolve("variables"));
    Files.createDirectories(folder.resolve("golden/images"));
    Files.writeString(folder.resolve("saved_model.pb"), "graph");
    Files.write(folder.resolve("variables/variables.index"), new byte[300_000]);
    Files.writeString(folder.resolve("LICENSE.weights"), "Apache");
    Files.writeString(folder.resolve("golden/images/0.jpg"), "one");
    Files.writeString(folder.resolve("golden/images/1.jpg"), "two");
    Npy.writeFloats(
        folder.resolve("golden/prepared.npy"), NpyArray.of(new float[2 * 2 * 2 * 3], 2, 2, 2, 3));
    Npy.writeFloats(
        folder.resolve("golden/features.npy"), NpyArray.of(new float[] {1, 2, 3, 4}, 2, 2));
    Npy.writeFloats(folder.resolve("golden/means.npy"), NpyArray.of(new float[4], 2, 2));
    Handoff handoff = handoff().withGolden(GOLDEN).withFiles(Handoff.hashFiles(folder));
    handoff.write(folder);
    return handoff;
  }

  static Handoff handoff() {
    Map<String, String> versions = new LinkedHashMap<>();
    versions.put("graft", "0.1.0");
    versions.put("keras", "3.15.1");
    Map<String, Object> training = new LinkedHashMap<>();
    training.put("epochs", 10);
    training.put("unfrozen", List.of("block5_*"));
    return new Handoff(
        new ModelInfo("vgg16", "keras.applications", false, 8),
        new WeightsInfo(
            "random, seed 1", Optional.of("Apache-2.0"), Optional.of("LICENSE.weights")),
        versions,
        new Signature(
            "serving_default",
            List.of(new TensorInfo("images", "keras_tensor", "float32", List.of(-1L, 2L, 2L, 3L))),
            List.of(new TensorInfo("features", "output_0", "float32", List.of(-1L, 2L)))),
        List.of(
            new Signature(
                "image_bytes",
                List.of(new TensorInfo("image_bytes", "image_bytes", "string", List.of(-1L))),
                List.of(new TensorInfo("means", "output_1", "float32", List.of(-1L, 2L))))),
        Optional.of(Preparation.named("caffe", 2, 2)),
        Optional.of(Task.Kind.LABELS),
        Optional.of(List.of("daisy", "Gänseblümchen")),
        List.of(
            new Layer(
                "images", "InputLayer", Optional.of(List.of(-1L, 2L, 2L, 3L)), 0, true, List.of()),
            new Layer("dense", "Dense", Optional.empty(), 8, true, List.of(kernel(), bias()))),
        Map.of(),
        Optional.empty(),
        Optional.of(new BackbonePrecision(Precision.BFLOAT16, 3, 2, Map.of("features", 0.004))),
        Optional.of(training));
  }

  private static LayerVariable kernel() {
    return new LayerVariable(
        "dense/kernel",
        "dense/kernel/.ATTRIBUTES/VARIABLE_VALUE",
        "float32",
        List.of(3L, 2L),
        true,
        "0123456789abcdef".repeat(4));
  }

  private static LayerVariable bias() {
    return new LayerVariable(
        "dense/bias",
        "dense/bias/.ATTRIBUTES/VARIABLE_VALUE",
        "float32",
        List.of(2L),
        true,
        "fedcba9876543210".repeat(4));
  }
}
