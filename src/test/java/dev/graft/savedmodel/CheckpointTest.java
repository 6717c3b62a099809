package dev.graft.savedmodel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;

class CheckpointTest {
  private final TreeMap<String, HostTensor> values = new TreeMap<>();
  private Path prefix;

  @BeforeEach
  void makeValues(@TempDir Path folder) {
    prefix = folder.resolve("variables");
    values.put("a/kernel", HostTensor.of(new float[] {1, -2.5f, Float.NaN, 0, 4, 5}, 2, 3));
    values.put("a/kernel_with_a_long_name", HostTensor.of(new long[] {1L << 50}));
    values.put("empty", HostTensor.of(new float[0], 0, 7));
    values.put("flag", HostTensor.wrap(DataType.DT_BOOL, new byte[] {1, 0}, 2));
  }

  @Test
  void whatIsWrittenIsRead() throws IOException {
    CheckpointWriter.write(prefix, values);
    Checkpoint checkpoint = Checkpoint.open(prefix);
    assertThat(checkpoint.read(values.keySet())).isEqualTo(values);
    assertThat(checkpoint.keys()).hasSize(4);
    Checkpoint.Entry kernel = checkpoint.keys().get("a/kernel");
    assertThat(kernel.dtype()).isEqualTo(DataType.DT_FLOAT);
    assertThat(kernel.shape()).containsExactly(2L, 3L);
    assertThat(kernel.bytes()).isEqualTo(24);
  }

  @Test
  void tensorFlowReadsWhatIsWritten() throws IOException {
    Random random = new Random(1);
    for (int i = 0; i < 300; i++) {
      float[] some = {random.nextFloat(), random.nextFloat()};
      values.put("layer_" + i + "/kernel", HostTensor.of(some, 2));
    }
    CheckpointWriter.write(prefix, values);
    assertThat(restored()).isEqualTo(List.copyOf(values.values()));
  }

  @Test
  void whatTensorFlowWritesIsRead() throws IOException {
    List<byte[]> words = List.of("ä".getBytes(StandardCharsets.UTF_8), new byte[300], new byte[0]);
    values.put("words", HostTensor.ofStrings(words, 3));
    for (int i = 0; i < 300; i++) {
      values.put("layer_" + i + "/kernel", HostTensor.of(new float[] {i}, 1));
    }
    save();
    assertThat(Checkpoint.open(prefix).read(values.keySet())).isEqualTo(values);
  }

  private List<HostTensor> restored() {
    try (Graph graph = new Graph()) {
      graph.importGraphDef(storage("RestoreV2").build());
      try (Session session = new Session(graph)) {
        Session.Runner runner = session.runner();
        for (int i = 0; i < values.size(); i++) {
          runner.fetch("RestoreV2", i);
        }
        try (Result result = runner.run()) {
          List<HostTensor> restored = new ArrayList<>();
          result.forEach(entry -> restored.add(HostTensor.fromNative(entry.getValue())));
          return restored;
        }
      }
    }
  }

  private void save() {
    GraphDef.Builder graph = storage("SaveV2");
    int index = 0;
    for (HostTensor value : values.values()) {
      graph.addNode(Nodes.constant("value_" + index, value));
      graph.getNodeBuilder(3).addInput("value_" + index++);
    }
    try (Graph made = new Graph()) {
      made.importGraphDef(graph.build());
      try (Session session = new Session(made)) {
        session.runner().addTarget("SaveV2").run();
      }
    }
  }

  private GraphDef.Builder storage(String op) {
    List<DataType> types = values.values().stream().map(HostTensor::dtype).toList();
    return GraphDef.newBuilder()
        .addNode(Nodes.string("prefix", prefix.toString()))
        .addNode(Nodes.strings("keys", List.copyOf(values.keySet())))
        .addNode(Nodes.strings("slices", values.keySet().stream().map(key -> "").toList()))
        .addNode(
            Nodes.node(op, op, "prefix", "keys", "slices").putAttr("dtypes", Nodes.types(types)));
  }

  @Test
  void sameValuesGiveTheSameBytes() throws IOException {
    CheckpointWriter.write(prefix, values);
    Path again = prefix.resolveSibling("again");
    CheckpointWriter.write(again, values);
    assertThat(file(again, ".index")).hasSameBinaryContentAs(file(prefix, ".index"));
    assertThat(data(again)).hasSameBinaryContentAs(data(prefix));
  }

  @Test
  void refusesAKeyThatIsNotThere() throws IOException {
    CheckpointWriter.write(prefix, values);
    Checkpoint checkpoint = Checkpoint.open(prefix);
    assertThat(checkpoint.entry("b/kernel")).isNull();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> checkpoint.read("b/kernel"))
        .withMessageContaining("\"b/kernel\"");
  }

  @Test
  void refusesMissingFiles() throws IOException {
    assertRefused(".index", "is missing");
    CheckpointWriter.write(prefix, values);
    Files.delete(data(prefix));
    assertRefused(".data-00000-of-00001", "is missing");
  }

  @Test
  void refusesTruncatedDataWithoutReadingIt() throws IOException {
    CheckpointWriter.write(prefix, values);
    byte[] bytes = Files.readAllBytes(data(prefix));
    Files.write(data(prefix), java.util.Arrays.copyOf(bytes, bytes.length - 1));
    assertRefused(".data-00000-of-00001", "is truncated");
  }

  @Test
  void refusesDataThatShrinksAfterOpening() throws IOException {
    CheckpointWriter.write(prefix, values);
    Checkpoint checkpoint = Checkpoint.open(prefix);
    Files.write(data(prefix), new byte[3]);
    assertThatExceptionOfType(ModelFormatException.class)
        .isThrownBy(() -> checkpoint.read("a/kernel"))
        .withMessageContaining("is truncated");
  }

  @Test
  void refusesAChangedValue() throws IOException {
    CheckpointWriter.write(prefix, values);
    byte[] bytes = Files.readAllBytes(data(prefix));
    bytes[5] ^= 1;
    Files.write(data(prefix), bytes);
    Checkpoint checkpoint = Checkpoint.open(prefix);
    assertThatExceptionOfType(ModelFormatException.class)
        .isThrownBy(() -> checkpoint.read("a/kernel"))
        .withMessageContaining("\"a/kernel\"")
        .withMessageContaining("checksum");
    assertThat(checkpoint.read("flag")).isEqualTo(values.get("flag"));
  }

  @Test
  void refusesAnIndexCutAnywhereOrChangedAnywhereInItsEntries() throws IOException {
    CheckpointWriter.write(prefix, values);
    byte[] index = Files.readAllBytes(file(prefix, ".index"));
    for (int length = 0; length < index.length; length++) {
      Files.write(file(prefix, ".index"), java.util.Arrays.copyOf(index, length));
      assertRefused(".index", "is damaged");
    }
    for (int i = 0; i < index.length - 48; i++) {
      byte[] changed = index.clone();
      changed[i] ^= 0x40;
      Files.write(file(prefix, ".index"), changed);
      assertThatExceptionOfType(ModelFormatException.class)
          .as("byte %d", i)
          .isThrownBy(() -> Checkpoint.open(prefix));
    }
  }

  @Test
  void refusesRandomBytesAsIndex() throws IOException {
    Random random = new Random(2);
    byte[] magic = {0x57, (byte) 0xfb, (byte) 0x80, (byte) 0x8b, 0x24, 0x75, 0x47, (byte) 0xdb};
    for (int i = 0; i < 500; i++) {
      byte[] bytes = new byte[48 + random.nextInt(100)];
      random.nextBytes(bytes);
      System.arraycopy(magic, 0, bytes, bytes.length - 8, 8);
      Files.write(file(prefix, ".index"), bytes);
      assertRefused(".index", "is damaged");
    }
  }

  private void assertRefused(String ending, String why) {
    assertThatExceptionOfType(ModelFormatException.class)
        .isThrownBy(() -> Checkpoint.open(prefix))
        .withMessageContaining(why)
        .withMessageContaining(file(prefix, ending).toString())
        .satisfies(e -> assertThat(e.path()).isEqualTo(file(prefix, ending)));
  }

  private static Path data(Path prefix) {
    return file(prefix, ".data-00000-of-00001");
  }

  private static Path file(Path prefix, String ending) {
    return prefix.resolveSibling(prefix.getFileName() + ending);
  }

  @Test
  void readsSeveralAtOnceInTheOrderAskedFor() throws IOException {
    CheckpointWriter.write(prefix, values);
    Map<String, HostTensor> read = Checkpoint.open(prefix).read(List.of("flag", "a/kernel"));
    assertThat(read.keySet()).containsExactly("flag", "a/kernel");
  }
}
