package dev.graft;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.nio.file.Path;

/** {@code docs/handoff.schema.json}, which every handoff has to obey, whoever wrote it. */
final class HandoffSchema {
  private static final ObjectMapper JSON = new ObjectMapper();

  private HandoffSchema() {}

  /** Requires that the handoff of a model obeys. */
  static void assertObeyedBy(Path model) throws IOException {
    JsonSchema schema =
        JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
            .getSchema(JSON.readTree(Path.of("docs/handoff.schema.json").toFile()));
    Path file = model.resolve("handoff.json");
    assertThat(schema.validate(JSON.readTree(file.toFile()))).as(file.toString()).isEmpty();
  }
}
