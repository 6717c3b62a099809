package dev.graft.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** docs/handoff.schema.json, docs/handoff-format.md and the code describe one format. */
class HandoffSchemaTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;
  private JsonSchema schema;

  @BeforeEach
  void readSchema() throws IOException {
    JsonNode text = JSON.readTree(Path.of("docs/handoff.schema.json").toFile());
    schema = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(text);
  }

  @Test
  void theSchemaItselfIsOne() throws IOException {
    JsonSchema metaSchema =
        JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
            .getSchema(SchemaLocation.of(SpecVersion.VersionFlag.V202012.getId()));
    assertThat(metaSchema.validate(JSON.readTree(Path.of("docs/handoff.schema.json").toFile())))
        .isEmpty();
  }

  @Test
  void whatJavaWritesConforms() throws IOException {
    TestModel.write(folder);
    assertThat(validate(written())).isEmpty();
  }

  @Test
  void theExampleOfTheDocumentationConforms() throws IOException {
    String text = Files.readString(Path.of("docs/handoff-format.md"));
    int start = text.indexOf("```json") + "```json".length();
    String example = text.substring(start, text.indexOf("```", start));
    assertThat(validate(JSON.readTree(example.replace("\"…\"", "\"" + "0".repeat(64) + "\""))))
        .isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "/; version; 2",
        "/; labels; []",
        "/model; parameters; -1",
        "/weights; file; \"../x\"",
        "/weights; file; \"a/../x\"",
        "/weights; file; \"a/..\"",
        "/weights; file; \"/x\"",
        "/weights; file; \"a//x\"",
        "/weights; file; \"C:x\"",
        "/signature; inputs; []",
        "/signature/inputs/0; dtype; \"float31\"",
        "/signature/inputs/0; shape; [-2]",
        "/preparation; mean; [1]",
        "/preparation; divisor; 0",
        "/preparation; orientation; \"up\"",
        "/preparation/resize; height; 0",
        "/layers/1/variables/0; shape; [-1]",
        "/layers/1/variables/0; sha256; \"ABC\"",
        "/precision; backbone; \"float16\"",
        "/precision; samples; 0",
        "/precision; agreeing; -1",
        "/precision; differences; {\"features\": -0.1}",
        "/golden; tolerance; 1",
        "/golden; outputs; {}",
      })
  void whatJavaRefusesDoesNotConform(String pointer, String member, String value)
      throws IOException {
    TestModel.write(folder);
    JsonNode root = written();
    JsonNode object = pointer.equals("/") ? root : root.at(pointer);
    ((ObjectNode) object).set(member, JSON.readTree(value));
    assertThat(validate(root)).isNotEmpty();
  }

  private Set<ValidationMessage> validate(JsonNode json) {
    return schema.validate(json);
  }

  private JsonNode written() throws IOException {
    return JSON.readTree(folder.resolve("handoff.json").toFile());
  }
}
