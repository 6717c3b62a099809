package dev.graft.batch;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.predict.Answer.Guess;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import org.apache.commons.csv.CSVFormat;

/** Rows as CSV or as JSON Lines, in UTF-8. */
final class TextOutput implements BatchOutput {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final CSVFormat CSV = CSVFormat.RFC4180.builder().setRecordSeparator("\n").get();

  private final AppendedFile file;
  private final List<Column> columns;
  private final boolean csv;

  private TextOutput(AppendedFile file, List<Column> columns, boolean csv) {
    this.file = file;
    this.columns = columns;
    this.csv = csv;
  }

  static TextOutput jsonLines(AppendedFile file, List<Column> columns) {
    return new TextOutput(file, columns, false);
  }

  /** CSV with a header; lists are in it as JSON. */
  static TextOutput csv(AppendedFile file, List<Column> columns) throws IOException {
    TextOutput output = new TextOutput(file, columns, true);
    if (file.length() == 0) {
      output.line(CSV.format(columns.stream().map(Column::name).toArray()));
    }
    return output;
  }

  @Override
  public void write(List<Object> row) throws IOException {
    line(csv ? CSV.format(cells(row)) : object(row));
  }

  private void line(String text) throws IOException {
    file.write((text + '\n').getBytes(StandardCharsets.UTF_8));
  }

  private static Object[] cells(List<Object> row) throws IOException {
    Object[] cells = new Object[row.size()];
    for (int i = 0; i < cells.length; i++) {
      Object value = row.get(i);
      boolean isList = value instanceof float[] || value instanceof Collection;
      cells[i] = isList ? json(value) : value instanceof byte[] bytes ? base64(bytes) : value;
    }
    return cells;
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static String json(Object value) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      write(json, value);
    }
    return text.toString();
  }

  private String object(List<Object> row) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.writeStartObject();
      for (int i = 0; i < columns.size(); i++) {
        json.writeFieldName(columns.get(i).name());
        write(json, row.get(i));
      }
      json.writeEndObject();
    }
    return text.toString();
  }

  private static void write(JsonGenerator json, Object value) throws IOException {
    if (value instanceof float[] values) {
      json.writeStartArray();
      for (float number : values) {
        json.writeNumber(number);
      }
      json.writeEndArray();
    } else if (value instanceof Collection<?> list) {
      json.writeStartArray();
      for (Object element : list) {
        write(json, element);
      }
      json.writeEndArray();
    } else if (value instanceof Guess guess) {
      json.writeStartObject();
      json.writeStringField("label", guess.label());
      json.writeNumberField("probability", guess.probability());
      json.writeEndObject();
    } else {
      json.writePOJO(value);
    }
  }

  @Override
  public void seal() {}

  @Override
  public void finish() {}

  @Override
  public List<AppendedFile> files() {
    return List.of(file);
  }
}
