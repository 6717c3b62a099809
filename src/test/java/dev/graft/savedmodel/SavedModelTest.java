package dev.graft.savedmodel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;

class SavedModelTest {
  private static final Path EXPORTED = Path.of("testdata", "models", "keras3-export");
  private static final Path SAVED = Path.of("testdata", "models", "keras3-saved");

  @TempDir Path temporary;
  private Path folder;

  @BeforeEach
  void nameFolder() {
    folder = temporary.resolve("model");
  }

  @Test
  void readsOnlyTheVariablesThatTheSignatureNeeds() throws IOException {
    SavedModel model = SavedModel.read(EXPORTED);
    List<FlatVariable> variables = model.flatten(null).variables();
    assertThat(model.checkpoint().keys().size()).isGreaterThan(2 * variables.size());
    assertThat(variables)
        .extracting(FlatVariable::name)
        .containsExactlyInAnyOrder(
            "block1_conv/kernel",
            "block1_bn/gamma",
            "block1_bn/beta",
            "block1_bn/moving_mean",
            "block1_bn/moving_variance",
            "block2_conv/kernel",
            "block2_conv/bias",
            "logits/kernel",
            "logits/bias");
    assertThat(variables)
        .filteredOn(variable -> !variable.trainable())
        .extracting(FlatVariable::name)
        .containsExactlyInAnyOrder("block1_bn/moving_mean", "block1_bn/moving_variance");
  }

  @Test
  void nodesKeepTheScopesOfTheLayers() throws IOException {
    assertThat(SavedModel.read(SAVED).flatten(null).graph().getNodeList())
        .extracting(NodeDef::getName)
        .doesNotHaveDuplicates()
        .contains("inputs", "plain_1/block1_conv_1/convolution", "block1_conv/kernel")
        .noneMatch(name -> name.contains("PartitionedCall"));
  }

  @Test
  void namesItsSignatures() throws IOException {
    assertThat(SavedModel.read(EXPORTED).signatures()).containsExactly("serve", "serving_default");
    assertThat(SavedModel.read(EXPORTED).defaultSignature()).isEqualTo("serving_default");
    assertThat(SavedModel.read(SAVED).directory()).isEqualTo(SAVED);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SavedModel.read(EXPORTED).flatten("train"))
        .withMessageContaining("no signature \"train\" but [serve, serving_default]");
  }

  @Test
  void refusesAFolderThatIsNotThere() {
    assertUnreadable(folder, "There is no folder " + folder);
  }

  @Test
  void refusesAFile() throws IOException {
    Files.writeString(folder, "keras");
    assertUnreadable(folder, "is a file, not a SavedModel");
  }

  @Test
  void refusesAFolderWithoutAModel() throws IOException {
    Files.createDirectory(folder);
    assertUnreadable(folder, "has no saved_model.pb");
  }

  @Test
  void refusesAnEmptyModelFile() throws IOException {
    copy(EXPORTED);
    Files.write(folder.resolve("saved_model.pb"), new byte[0]);
    assertUnreadable(folder, "saved_model.pb is empty or truncated");
  }

  @Test
  void refusesATruncatedModelFileWhereverItEnds() throws IOException {
    copy(EXPORTED);
    Path file = folder.resolve("saved_model.pb");
    byte[] bytes = Files.readAllBytes(file);
    for (int length = 10; length < bytes.length; length += bytes.length / 50) {
      Files.write(file, Arrays.copyOf(bytes, length));
      assertUnreadable(folder, "saved_model.pb");
    }
  }

  @Test
  void damagedModelFilesAreRefusedOrReadButNeverCrash() throws IOException {
    copy(SAVED);
    Path file = folder.resolve("saved_model.pb");
    byte[] bytes = Files.readAllBytes(file);
    Random random = new Random(1);
    int refused = 0;
    for (int i = 0; i < 400; i++) {
      byte[] changed = bytes.clone();
      for (int j = 0; j < 1 + i % 8; j++) {
        changed[random.nextInt(changed.length)] = (byte) random.nextInt();
      }
      Files.write(file, changed);
      refused += isRefused() ? 1 : 0;
    }
    assertThat(refused).isGreaterThan(100);
  }

  private boolean isRefused() throws IOException {
    try {
      SavedModel model = SavedModel.read(folder);
      if (!model.signatures().isEmpty()) {
        model.flatten(model.signatures().iterator().next());
      }
      return false;
    } catch (ModelFormatException e) {
      assertThat(e).hasMessageContaining(folder.toString());
      return true;
    }
  }

  @Test
  void refusesMissingOrTruncatedVariables() throws IOException {
    copy(EXPORTED);
    Path data = folder.resolve("variables").resolve("variables.data-00000-of-00001");
    Files.write(data, Arrays.copyOf(Files.readAllBytes(data), 100));
    assertUnreadable(folder, "is truncated");
    Files.delete(data);
    assertUnreadable(folder, "is missing, so the model has no weights");
    Files.delete(folder.resolve("variables").resolve("variables.index"));
    assertUnreadable(folder, "variables.index is missing");
  }

  @Test
  void refusesAModelThatIsNotForServing() throws IOException {
    copy(EXPORTED);
    org.tensorflow.proto.SavedModel.Builder model = parse();
    model.getMetaGraphsBuilder(0).getMetaInfoDefBuilder().clearTags().addTags("train");
    model.addMetaGraphs(model.getMetaGraphs(0));
    Files.write(folder.resolve("saved_model.pb"), model.build().toByteArray());
    assertUnreadable(folder, "has no graph with the tag \"serve\" but [[train], [train]]");
  }

  @Test
  void refusesAModelWithoutSignatures() throws IOException {
    change(EXPORTED, MetaGraphDef.Builder::clearSignatureDef);
    assertUnusable("has no signature");
  }

  @Test
  void refusesOpsThatThisTensorFlowDoesNotKnow() throws IOException {
    changeRelu(node -> node.setOp("FlashRelu"));
    assertUnusable("of op FlashRelu");
    assertUnusable("does not know");
  }

  @Test
  void dropsAnUnknownAttributeThatHasTheWritersDefault() throws IOException {
    AttrValue slow = AttrValue.newBuilder().setB(false).build();
    changeRelu(node -> node.putAttr("fast", slow));
    assertUnusable("has the attribute \"fast\"");
    change(
        EXPORTED,
        meta -> {
          functions(meta)
              .flatMap(SavedModelTest::nodes)
              .filter(node -> node.getOp().equals("Relu"))
              .forEach(node -> node.putAttr("fast", slow));
          meta.getMetaInfoDefBuilder().getStrippedOpListBuilder().getOpBuilderList().stream()
              .filter(op -> op.getName().equals("Relu"))
              .forEach(
                  op ->
                      op.addAttr(OpDef.AttrDef.newBuilder().setName("fast").setDefaultValue(slow)));
        });
    FlatModel flat = SavedModel.read(folder).flatten(null);
    assertThat(flat.graph().getNodeList())
        .filteredOn(node -> node.getOp().equals("Relu"))
        .isNotEmpty()
        .noneMatch(node -> node.containsAttr("fast"));
  }

  @Test
  void dropsAnAttributeOfALaterTensorFlowThatHasItsDefaultInALoopToo() throws IOException {
    addShapeType(DataType.DT_INT32);
    FlatModel flat = SavedModel.read(folder).flatten(null);
    assertThat(flat.graph().getLibrary().getFunctionList())
        .flatMap(FunctionDef::getNodeDefList)
        .filteredOn(node -> node.getOp().equals("TensorListGetItem"))
        .isNotEmpty()
        .noneMatch(node -> node.containsAttr("Tshape"));
  }

  @Test
  void refusesAnAttributeOfALaterTensorFlowThatHasAnotherValue() throws IOException {
    addShapeType(DataType.DT_INT64);
    assertUnusable("of op TensorListGetItem has the attribute \"Tshape\"");
  }

  /** An attribute that 2.21 added, in the loop of an LSTM, by a writer that lists no ops. */
  private void addShapeType(DataType type) throws IOException {
    change(
        Path.of("testdata", "parity", "tf221-lstm", "model"),
        meta -> {
          meta.getMetaInfoDefBuilder().clearStrippedOpList();
          functions(meta)
              .flatMap(SavedModelTest::nodes)
              .filter(node -> node.getOp().equals("TensorListGetItem"))
              .forEach(
                  node -> node.putAttr("Tshape", AttrValue.newBuilder().setType(type).build()));
        });
  }

  @Test
  void refusesAFunctionThatCallsItself() throws IOException {
    change(
        EXPORTED,
        meta ->
            functions(meta)
                .forEach(
                    function ->
                        nodes(function)
                            .filter(node -> node.getOp().equals("StatefulPartitionedCall"))
                            .forEach(
                                node ->
                                    node.putAttr(
                                        "f", function(function.getSignature().getName())))));
    assertUnusable("calls itself");
  }

  @Test
  void refusesAMissingFunction() throws IOException {
    change(EXPORTED, meta -> meta.getGraphDefBuilder().getLibraryBuilder().clearFunction());
    assertUnusable("is not in its library");
  }

  @ParameterizedTest
  @CsvSource({
    "HashTableV2, lookup table",
    "NextIteration, loop or branch of TensorFlow 1",
    "VariableV2, reference variable of TensorFlow 1",
    "Placeholder, needs a value that is no input",
  })
  void refusesByNameWhatCannotRun(String op, String why) throws IOException {
    NodeDef.Builder call =
        Nodes.node("Identity", "call", "odd").putAttr("T", Nodes.type(DataType.DT_FLOAT));
    GraphDef.Builder graph =
        GraphDef.newBuilder()
            .addNode(FlatRun.placeholder("x", DataType.DT_FLOAT, List.of()))
            .addNode(Nodes.node(op, "odd"))
            .addNode(call);
    write(serving(graph), folder);
    assertUnusable("node odd of op " + op);
    assertUnusable(why);
  }

  @Test
  void refusesASignatureThatTrainsAsItRuns() throws IOException {
    change(
        EXPORTED,
        meta -> {
          for (FunctionDef.Builder function : functions(meta).toList()) {
            List<NodeDef> reads =
                function.getNodeDefList().stream()
                    .filter(node -> node.getName().endsWith("bn_1/Cast/ReadVariableOp"))
                    .toList();
            reads.forEach(
                read ->
                    function.addNodeDef(
                        NodeDef.newBuilder()
                            .setName("update")
                            .setOp("AssignAddVariableOp")
                            .addInput(read.getInput(0))
                            .addInput(read.getName() + ":value:0")
                            .putAttr("dtype", Nodes.type(DataType.DT_FLOAT))));
          }
        });
    assertUnusable("node update changes variable block1_bn/moving_mean");
  }

  @Test
  void refusesVariablesOfAnotherShapeThanTheCheckpoint() throws IOException {
    change(
        EXPORTED,
        meta ->
            meta.getGraphDefBuilder().getNodeBuilderList().stream()
                .filter(node -> node.getName().startsWith("logits/bias"))
                .filter(node -> node.getOp().equals("VarHandleOp"))
                .forEach(node -> node.putAttr("shape", Nodes.shape(List.of(5L)))));
    assertUnusable("variable logits/bias is DT_FLOAT[5] in the graph but DT_FLOAT[4]");
  }

  @Test
  void branchesAndLoopsKeepTheFunctionsThatTheyNeedAndNoOthers() throws IOException {
    write(control(), folder);
    FlatModel flat = SavedModel.read(folder).flatten(null);
    assertThat(flat.graph().getLibrary().getFunctionList())
        .extracting(function -> function.getSignature().getName())
        .containsExactly("double", "negate");
    var positive = dev.graft.tensor.HostTensor.of(new float[] {3});
    var negative = dev.graft.tensor.HostTensor.of(new float[] {-3});
    assertThat(run(flat, positive)).containsExactly(6);
    assertThat(run(flat, negative)).containsExactly(3);
  }

  private static float[] run(FlatModel flat, dev.graft.tensor.HostTensor x) {
    return FlatRun.outputs(flat, java.util.Map.of(), java.util.Map.of("x", x)).get("y").floats();
  }

  /** x > 0 ? 2x : -x, the branch inside a function that is called. */
  private static MetaGraphDef control() {
    AttrValue floats = Nodes.types(List.of(DataType.DT_FLOAT));
    NodeDef.Builder branch =
        Nodes.node("StatelessIf", "branch", "positive:z:0", "v")
            .putAttr("Tcond", Nodes.type(DataType.DT_BOOL))
            .putAttr("Tin", floats)
            .putAttr("Tout", floats)
            .putAttr("then_branch", function("double"))
            .putAttr("else_branch", function("negate"));
    NodeDef.Builder positive =
        Nodes.node("Greater", "positive", "v", "zero:output:0")
            .putAttr("T", Nodes.type(DataType.DT_FLOAT));
    NodeDef zero = Nodes.constant("zero", dev.graft.tensor.HostTensor.of(new float[] {0}));
    FunctionDef.Builder body =
        unary("body", "branch:output:0").addNodeDef(zero).addNodeDef(positive).addNodeDef(branch);
    NodeDef.Builder call =
        Nodes.node("PartitionedCall", "call", "x")
            .putAttr("Tin", floats)
            .putAttr("Tout", floats)
            .putAttr("f", function("body"));
    GraphDef.Builder graph =
        GraphDef.newBuilder()
            .addNode(FlatRun.placeholder("x", DataType.DT_FLOAT, List.of()))
            .addNode(call);
    graph
        .getLibraryBuilder()
        .addFunction(body)
        .addFunction(unary("unused", "result:z:0").addNodeDef(binary("Mul")))
        .addFunction(
            unary("negate", "result:y:0").addNodeDef(binary("Neg").clearInput().addInput("v")))
        .addFunction(unary("double", "result:z:0").addNodeDef(binary("AddV2")));
    return serving(graph);
  }

  private static MetaGraphDef serving(GraphDef.Builder graph) {
    MetaGraphDef.Builder meta = MetaGraphDef.newBuilder().setGraphDef(graph);
    meta.getMetaInfoDefBuilder().addTags("serve");
    return meta.putSignatureDef("only", signature()).build();
  }

  private static org.tensorflow.proto.SignatureDef signature() {
    return org.tensorflow.proto.SignatureDef.newBuilder()
        .putInputs("x", tensor("x:0"))
        .putOutputs("y", tensor("call:0"))
        .build();
  }

  private static org.tensorflow.proto.TensorInfo tensor(String name) {
    return org.tensorflow.proto.TensorInfo.newBuilder()
        .setName(name)
        .setDtype(DataType.DT_FLOAT)
        .build();
  }

  private static void write(MetaGraphDef meta, Path folder) throws IOException {
    Files.createDirectory(folder);
    Files.write(
        folder.resolve("saved_model.pb"),
        org.tensorflow.proto.SavedModel.newBuilder().addMetaGraphs(meta).build().toByteArray());
  }

  private static FunctionDef.Builder unary(String name, String result) {
    OpDef.Builder signature = OpDef.newBuilder().setName(name);
    signature.addInputArgBuilder().setName("v").setType(DataType.DT_FLOAT);
    signature.addOutputArgBuilder().setName("out").setType(DataType.DT_FLOAT);
    return FunctionDef.newBuilder().setSignature(signature).putRet("out", result);
  }

  private static NodeDef.Builder binary(String op) {
    return Nodes.node(op, "result", "v", "v").putAttr("T", Nodes.type(DataType.DT_FLOAT));
  }

  private static AttrValue function(String name) {
    AttrValue.Builder value = AttrValue.newBuilder();
    value.getFuncBuilder().setName(name);
    return value.build();
  }

  private void changeRelu(Consumer<NodeDef.Builder> change) throws IOException {
    change(
        EXPORTED,
        meta ->
            functions(meta)
                .flatMap(SavedModelTest::nodes)
                .filter(node -> node.getOp().equals("Relu"))
                .forEach(change));
  }

  private static Stream<FunctionDef.Builder> functions(MetaGraphDef.Builder meta) {
    return meta.getGraphDefBuilder().getLibraryBuilder().getFunctionBuilderList().stream();
  }

  private static Stream<NodeDef.Builder> nodes(FunctionDef.Builder function) {
    return function.getNodeDefBuilderList().stream();
  }

  /** A copy of a model whose graph is changed. */
  private void change(Path from, Consumer<MetaGraphDef.Builder> change) throws IOException {
    copy(from);
    org.tensorflow.proto.SavedModel.Builder model = parse();
    change.accept(model.getMetaGraphsBuilder(0));
    Files.write(folder.resolve("saved_model.pb"), model.build().toByteArray());
  }

  private org.tensorflow.proto.SavedModel.Builder parse() throws IOException {
    byte[] bytes = Files.readAllBytes(folder.resolve("saved_model.pb"));
    return org.tensorflow.proto.SavedModel.parseFrom(bytes).toBuilder();
  }

  private void copy(Path from) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = folder.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
  }

  private void assertUnreadable(Path path, String why) {
    assertThatExceptionOfType(ModelFormatException.class)
        .isThrownBy(() -> SavedModel.read(path))
        .withMessageContaining(why)
        .withMessageContaining(path.toString())
        .satisfies(e -> assertThat(e.path().startsWith(path)).isTrue());
  }

  private void assertUnusable(String why) throws IOException {
    SavedModel model = SavedModel.read(folder);
    assertThatExceptionOfType(ModelFormatException.class)
        .isThrownBy(() -> model.flatten(null))
        .withMessageContaining(why)
        .withMessageContaining(folder.toString());
  }
}
