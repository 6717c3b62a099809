package dev.graft.savedmodel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.graft.savedmodel.SavedModelWriter.SignatureTensor;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Tensor;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.VariableDef;

class SavedModelWriterTest {
  private static final HostTensor KERNEL = HostTensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
  private static final HostTensor SHIFT = HostTensor.of(new float[] {10, 20, 30}, 3);
  private static final HostTensor X = HostTensor.of(new float[] {1, 0, 0, 1, 1, 1}, 3, 2);
  private static final float[] Y = {11, 22, 33, 14, 25, 36, 15, 27, 39};

  @TempDir Path folder;

  /** x · kernel + shift; a plain node sits on the name that a variable wants. */
  private static GraphDef graph() {
    return GraphDef.newBuilder()
        .addNode(FlatRun.placeholder("x", DataType.DT_FLOAT, List.of(-1L, 2L)))
        .addNode(variable("handle_0", List.of(2L, 3L)))
        .addNode(variable("handle_1", List.of(3L)))
        .addNode(read("read_0", "handle_0"))
        .addNode(read("read_1", "handle_1"))
        .addNode(floats("MatMul", "dense/kernel", "x", "read_0"))
        .addNode(floats("AddV2", "sum", "dense/kernel", "read_1"))
        .build();
  }

  private static NodeDef.Builder variable(String name, List<Long> shape) {
    return Nodes.node("VarHandleOp", name)
        .putAttr("dtype", Nodes.type(DataType.DT_FLOAT))
        .putAttr("shape", Nodes.shape(shape));
  }

  private static NodeDef.Builder read(String name, String handle) {
    return Nodes.node("ReadVariableOp", name, handle)
        .putAttr("dtype", Nodes.type(DataType.DT_FLOAT));
  }

  private static NodeDef.Builder floats(String op, String name, String... inputs) {
    return Nodes.node(op, name, inputs).putAttr("T", Nodes.type(DataType.DT_FLOAT));
  }

  private static SavedModelWriter writer() {
    return withSignature(
        new SavedModelWriter(graph())
            .variable("handle_0", "dense/kernel", KERNEL, true)
            .variable("handle_1", "norm/shift", SHIFT, false)
            .asset("labels.txt", "cat\ndog\n".getBytes(StandardCharsets.UTF_8)));
  }

  private static SavedModelWriter withSignature(SavedModelWriter writer) {
    return writer.signature(
        "serving_default",
        Map.of("images", new SignatureTensor("x", DataType.DT_FLOAT, List.of(-1L, 2L))),
        Map.of("features", new SignatureTensor("sum:0", DataType.DT_FLOAT, List.of(-1L, 3L))));
  }

  @Test
  void theStockLoaderRestoresAndRunsIt() throws IOException {
    writer().write(folder.resolve("model"));
    try (SavedModelBundle bundle =
            SavedModelBundle.load(folder.resolve("model").toString(), "serve");
        Tensor x = X.toNative();
        Result result = bundle.function("serving_default").call(Map.of("images", x))) {
      assertThat(HostTensor.fromNative(result.get("features").orElseThrow()).floats())
          .containsExactly(Y);
    }
  }

  @Test
  void ourOwnReaderFindsVariablesWithNamesAndFlags() throws Exception {
    writer().write(folder.resolve("model"));
    SavedModel model = SavedModel.read(folder.resolve("model"));
    FlatModel flat = model.flatten(null);
    assertThat(flat.variables())
        .containsExactlyInAnyOrder(
            new FlatVariable(
                "dense/kernel",
                "dense/kernel",
                "dense/kernel",
                DataType.DT_FLOAT,
                List.of(2L, 3L),
                true),
            new FlatVariable(
                "norm/shift", "norm/shift", "norm/shift", DataType.DT_FLOAT, List.of(3L), false));
    Map<String, HostTensor> values = FlatRun.values(flat, model.checkpoint());
    assertThat(FlatRun.outputs(flat, values, Map.of("images", X)).get("features").floats())
        .containsExactly(Y);
    assertThat(flat.inputs().get(0).node()).isEqualTo("images");
  }

  @Test
  void sameInputGivesTheSameBytesOfEveryFile() throws IOException {
    writer().write(folder.resolve("first"));
    writer().write(folder.resolve("second"));
    assertThat(contents(folder.resolve("second"))).isEqualTo(contents(folder.resolve("first")));
    assertThat(contents(folder.resolve("first")).keySet())
        .containsExactly(
            "assets/labels.txt",
            "fingerprint.pb",
            "saved_model.pb",
            "variables/variables.data-00000-of-00001",
            "variables/variables.index");
  }

  private static Map<String, List<Byte>> contents(Path folder) throws IOException {
    Map<String, List<Byte>> contents = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = folder.relativize(file).toString().replace('\\', '/');
        contents.put(name, asList(Files.readAllBytes(file)));
      }
    }
    return contents;
  }

  private static List<Byte> asList(byte[] bytes) {
    Byte[] boxed = new Byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      boxed[i] = bytes[i];
    }
    return List.of(boxed);
  }

  @Test
  void whatPythonNeedsIsInTheFile() throws IOException {
    writer().write(folder.resolve("model"));
    MetaGraphDef meta = metaGraph(folder.resolve("model"));
    assertThat(names(meta, "variables")).containsExactly("dense/kernel:0", "norm/shift:0");
    assertThat(names(meta, "trainable_variables")).containsExactly("dense/kernel:0");
    assertThat(meta.getMetaInfoDef().getStrippedDefaultAttrs()).isTrue();
    assertThat(meta.getMetaInfoDef().getStrippedOpList().getOpList())
        .extracting(org.tensorflow.proto.OpDef::getName)
        .contains("AddV2", "MatMul", "RestoreV2", "SaveV2", "VarHandleOp")
        .isSorted();
    assertThat(meta.getAssetFileDef(0).getFilename()).isEqualTo("labels.txt");
  }

  private static List<String> names(MetaGraphDef meta, String collection) throws IOException {
    List<String> names = new java.util.ArrayList<>();
    for (var bytes : meta.getCollectionDefOrThrow(collection).getBytesList().getValueList()) {
      names.add(VariableDef.parseFrom(bytes).getVariableName());
    }
    return names;
  }

  private static MetaGraphDef metaGraph(Path model) throws IOException {
    byte[] bytes = Files.readAllBytes(model.resolve("saved_model.pb"));
    return org.tensorflow.proto.SavedModel.parseFrom(bytes).getMetaGraphs(0);
  }

  @Test
  void defaultAttributesAreLeftOut() throws IOException {
    NodeDef.Builder multiplied = graph().getNode(5).toBuilder();
    multiplied.putAttr(
        "transpose_a", org.tensorflow.proto.AttrValue.newBuilder().setB(false).build());
    GraphDef explicit = graph().toBuilder().setNode(5, multiplied).build();
    withSignature(
            new SavedModelWriter(explicit)
                .variable("handle_0", "dense/kernel", KERNEL, true)
                .variable("handle_1", "norm/shift", SHIFT, false))
        .write(folder.resolve("model"));
    assertThat(metaGraph(folder.resolve("model")).getGraphDef().getNodeList())
        .filteredOn(node -> node.getOp().equals("MatMul"))
        .singleElement()
        .satisfies(node -> assertThat(node.getAttrMap()).containsOnlyKeys("T"));
  }

  @Test
  void aModelWithoutVariablesIsWrittenAndRead() throws Exception {
    GraphDef doubled =
        GraphDef.newBuilder()
            .addNode(FlatRun.placeholder("x", DataType.DT_FLOAT, List.of(-1L, 2L)))
            .addNode(floats("AddV2", "sum", "x", "x"))
            .build();
    withSignature(new SavedModelWriter(doubled)).write(folder.resolve("model"));
    FlatModel flat = SavedModel.read(folder.resolve("model")).flatten("serving_default");
    assertThat(FlatRun.outputs(flat, Map.of(), Map.of("images", X)).get("features").floats())
        .containsExactly(2, 0, 0, 2, 2, 2);
  }

  @Test
  void neverOverwrites() throws IOException {
    Path model = Files.createDirectory(folder.resolve("model"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> writer().write(model))
        .withMessageContaining(model.toString())
        .withMessageContaining("exists already");
  }

  @Test
  void leavesNothingBehindWhenTheDiskFails() throws IOException {
    Path parent = Files.writeString(folder.resolve("file"), "in the way");
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> writer().write(parent.resolve("model")));
    writer().write(folder.resolve("model"));
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).containsExactlyInAnyOrder(parent, folder.resolve("model"));
    }
  }

  @Test
  void refusesWhatDoesNotFit() {
    SavedModelWriter missing =
        withSignature(new SavedModelWriter(graph()).variable("handle_0", "k", KERNEL, true));
    assertRefused(missing, "[handle_1] have no values");
    assertRefused(withSignature(writer().variable("handle_2", "k", KERNEL, true)), "\"handle_2\"");
    assertRefused(
        withSignature(
            new SavedModelWriter(graph())
                .variable("handle_0", "k", SHIFT, true)
                .variable("handle_1", "s", SHIFT, true)),
        "DT_FLOAT[2, 3] in the graph but its value is DT_FLOAT[3]");
    assertRefused(new SavedModelWriter(graph()), "needs a signature");
    Map<String, SignatureTensor> nowhere =
        Map.of("y", new SignatureTensor("nowhere:0", DataType.DT_FLOAT, null));
    assertRefused(writer().signature("second", Map.of(), nowhere), "\"nowhere\"");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> writer().variable("handle_1", "dense/kernel", SHIFT, true))
        .withMessageContaining("Two variables are called \"dense/kernel\"");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> writer().asset("../labels.txt", new byte[0]));
  }

  private void assertRefused(SavedModelWriter writer, String why) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> writer.write(folder.resolve("model")))
        .withMessageContaining(why);
    assertThat(folder.resolve("model")).doesNotExist();
  }
}
