package dev.graft.export;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.data.Labels;
import dev.graft.data.Task;
import dev.graft.handoff.Handoff;
import dev.graft.handoff.Signature;
import dev.graft.handoff.TensorInfo;
import dev.graft.model.Head;
import dev.graft.predict.Predictor;
import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.SignatureDef;

/** An export in TensorFlow Java's own loader. */
class SignaturesTest {
  private static final List<Path> IMAGES =
      Stream.of(
              "rgb.jpg",
              "rgb.png",
              "rgb.bmp",
              "animated.gif",
              "exif-6.jpg",
              "progressive.jpg",
              "gray.png",
              "cmyk.jpg",
              "palette.png",
              "16-bit.png",
              "rgba.png")
          .map(name -> Path.of("testdata", "images", name))
          .toList();

  @TempDir private Path folder;

  @Test
  void bytesAreAnsweredAsPredictAnswersTheFiles() throws Exception {
    Path exported = TinyClassifier.export(folder.resolve("model"));
    List<byte[]> files = new ArrayList<>();
    List<float[]> expected = new ArrayList<>();
    try (Predictor predictor = Predictor.load(exported)) {
      for (Path image : IMAGES) {
        files.add(Files.readAllBytes(image));
        expected.add(predictor.predict(files.get(files.size() - 1)).probabilities());
      }
    }
    for (ConfigProto config :
        List.of(Arithmetic.AS_BUILT.config(), ConfigProto.getDefaultInstance())) {
      try (SavedModelBundle bundle = load(exported, config)) {
        Map<String, HostTensor> together = run(bundle, Signature.IMAGE_BYTES, strings(files));
        for (int i = 0; i < files.size(); i++) {
          Map<String, HostTensor> alone =
              run(bundle, Signature.IMAGE_BYTES, strings(files.subList(i, i + 1)));
          assertThat(alone.get("probabilities").floats())
              .as("%s", IMAGES.get(i))
              .isEqualTo(expected.get(i))
              .isEqualTo(row(together.get("probabilities"), i));
          int best = largest(expected.get(i));
          assertThat(texts(alone.get("label"))).containsExactly(TinyClassifier.LABELS.name(best));
          assertThat(texts(alone.get("labels"))).isEqualTo(TinyClassifier.LABELS.names());
        }
      }
    }
  }

  @Test
  void everySignatureSaysInTheHandoffWhatItIs() throws IOException {
    Path exported = TinyClassifier.export(folder.resolve("model"));
    Handoff handoff = Handoff.read(exported).orElseThrow();
    assertThat(handoff.allSignatures().stream().map(Signature::name))
        .containsExactly("serving_default", "image_bytes", "features");
    assertThat(handoff.signature().outputs())
        .containsExactly(
            new TensorInfo("probabilities", "probabilities", "float32", List.of(-1L, 3L)),
            new TensorInfo("logits", "logits", "float32", List.of(-1L, 3L)),
            new TensorInfo("label", "label", "string", List.of(-1L)),
            new TensorInfo("labels", "labels", "string", List.of(-1L, 3L)));
    assertThat(handoff.signatures().get(0).outputs()).isEqualTo(handoff.signature().outputs());
    assertThat(handoff.signatures().get(0).inputs())
        .containsExactly(new TensorInfo("image_bytes", "image_bytes", "string", List.of(-1L)));
    try (SavedModelBundle bundle = load(exported, ConfigProto.getDefaultInstance())) {
      Map<String, SignatureDef> inFile = bundle.metaGraphDef().getSignatureDefMap();
      assertThat(inFile).hasSize(3);
      for (Signature signature : handoff.allSignatures()) {
        assertThat(inFile.get(signature.name()).getOutputsMap().keySet())
            .containsExactlyInAnyOrderElementsOf(signature.outputAliases().toList());
      }
      assertThat(bundle.metaGraphDef().getMetaInfoDef().getStrippedDefaultAttrs()).isTrue();
      assertThat(
              bundle.metaGraphDef().getMetaInfoDef().getStrippedOpList().getOpList().stream()
                  .map(op -> op.getName()))
          .contains("MapDefun", "DecodeImage", "VarHandleOp");
    }
  }

  @Test
  void theFeaturesAreWhatTheHeadReads() throws Exception {
    Path exported = TinyClassifier.export(folder.resolve("model"));
    HostTensor pixels = HostTensor.of(new float[2 * 16 * 16 * 3], 2, 16, 16, 3);
    try (SavedModelBundle bundle = load(exported, ConfigProto.getDefaultInstance())) {
      assertThat(run(bundle, Signature.FEATURES, pixels).get("features").shape())
          .containsExactly(2L, 4L, 4L, 8L);
    }
  }

  @Test
  void labelsAndNumbersHaveAnswersThatFit() throws Exception {
    Path several =
        TinyClassifier.export(
            folder.resolve("several"),
            Head.parse("gap, dense(sigmoid)"),
            new Task(Task.Kind.LABELS, TinyClassifier.LABELS));
    assertThat(outputs(several)).containsExactly("probabilities", "logits", "labels");
    Path numbers =
        TinyClassifier.export(
            folder.resolve("numbers"),
            Head.parse("gap, dense(linear)"),
            new Task(Task.Kind.NUMBERS, Labels.of("x", "y")));
    assertThat(outputs(numbers)).containsExactly("numbers", "labels");
    List<byte[]> file = List.of(Files.readAllBytes(IMAGES.get(0)));
    try (SavedModelBundle bundle = load(numbers, ConfigProto.getDefaultInstance());
        Predictor predictor = Predictor.load(numbers)) {
      Map<String, HostTensor> answers = run(bundle, Signature.IMAGE_BYTES, strings(file));
      assertThat(answers.get("numbers").floats())
          .isEqualTo(predictor.predict(file.get(0)).probabilities());
      assertThat(texts(answers.get("labels"))).containsExactly("x", "y");
    }
  }

  private static List<String> outputs(Path exported) throws IOException {
    return Handoff.read(exported).orElseThrow().signature().outputAliases().toList();
  }

  private static SavedModelBundle load(Path exported, ConfigProto config) {
    return SavedModelBundle.loader(exported.toString())
        .withTags("serve")
        .withConfigProto(config)
        .load();
  }

  private static Map<String, HostTensor> run(
      SavedModelBundle bundle, String name, HostTensor input) {
    SignatureDef signature = bundle.metaGraphDef().getSignatureDefOrThrow(name);
    List<String> keys = List.copyOf(signature.getOutputsMap().keySet());
    Session.Runner runner = bundle.session().runner();
    keys.forEach(key -> runner.fetch(signature.getOutputsOrThrow(key).getName()));
    String fed = signature.getInputsMap().values().iterator().next().getName();
    try (Tensor tensor = input.toNative();
        Result result = runner.feed(fed, tensor).run()) {
      Map<String, HostTensor> answers = new LinkedHashMap<>();
      for (int i = 0; i < keys.size(); i++) {
        answers.put(keys.get(i), HostTensor.fromNative(result.get(i)));
      }
      return answers;
    }
  }

  private static HostTensor strings(List<byte[]> files) {
    return HostTensor.ofStrings(files, files.size());
  }

  private static List<String> texts(HostTensor strings) {
    return strings.strings().stream()
        .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
        .toList();
  }

  private static float[] row(HostTensor tensor, int row) {
    int size = Math.toIntExact(tensor.shape().get(1));
    float[] values = new float[size];
    System.arraycopy(tensor.floats(), row * size, values, 0, size);
    return values;
  }

  private static int largest(float[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      best = values[i] > values[best] ? i : best;
    }
    return best;
  }
}
