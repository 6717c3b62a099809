package dev.graft.data;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** Against the orders and the split that numpy and Keras wrote into {@code testdata}. */
class KerasSplitTest {
  private static final Path TESTDATA = Path.of("testdata");

  @Test
  void digitsAreSplitAsKerasSplitsThem() throws IOException {
    JsonNode keras = splits().get("keras");
    Path folder = TESTDATA.resolve(keras.get("folder").asText());
    Split split =
        Split.of(
            ImageFolder.read(folder),
            keras.get("validation_split").asDouble(),
            keras.get("seed").asLong());
    assertThat(names(folder, split.training())).isEqualTo(texts(keras.get("training")));
    assertThat(names(folder, split.validation())).isEqualTo(texts(keras.get("validation")));
  }

  @Test
  void ordersEqualNumpys() throws Exception {
    JsonNode shuffles = splits().get("shuffles");
    assertThat(shuffles).isNotEmpty();
    for (JsonNode shuffle : shuffles) {
      int[] order = Shuffle.permutation(shuffle.get("count").asInt(), shuffle.get("seed").asLong());
      String text = Arrays.stream(order).mapToObj(String::valueOf).collect(Collectors.joining(","));
      assertThat(sha256(text)).as(shuffle.toString()).isEqualTo(shuffle.get("sha256").asText());
    }
  }

  private static JsonNode splits() throws IOException {
    return new ObjectMapper().readTree(TESTDATA.resolve("splits.json").toFile());
  }

  private static List<String> texts(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).map(JsonNode::asText).toList();
  }

  private static List<String> names(Path folder, List<LabeledImage> images) {
    return images.stream()
        .map(image -> folder.relativize(image.path()).toString().replace('\\', '/'))
        .toList();
  }

  private static String sha256(String text) throws Exception {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }
}
