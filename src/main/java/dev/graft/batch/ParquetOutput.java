package dev.graft.batch;

import dev.graft.predict.Answer.Guess;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.KeyValue;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.format.Util;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.MessageType;

/**
 * Rows as a Parquet file, a row group a part. The footer names all row groups, so what is known of
 * them is kept in a second file until the end.
 *
 * @see <a href="https://parquet.apache.org/docs/file-format/">The file format</a>
 */
final class ParquetOutput implements BatchOutput {
  private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);

  private final AppendedFile file;
  private final AppendedFile groups;
  private final List<Column> columns;
  private final List<KeyValue> facts;
  private final List<SchemaElement> schema;
  private final MessageType message;
  private ParquetPages pages;
  private ColumnWriteStore store;
  private RecordConsumer rows;
  private long pending;

  /**
   * Goes on with files that may be empty.
   *
   * @param file the Parquet file
   * @param groups what is known of its row groups
   * @param facts about the table, for its footer
   */
  ParquetOutput(AppendedFile file, AppendedFile groups, List<Column> columns, List<KeyValue> facts)
      throws IOException {
    this.file = file;
    this.groups = groups;
    this.columns = columns;
    this.facts = facts;
    this.schema = ParquetSchema.of(columns);
    this.message = ParquetSchema.message(schema);
    if (file.length() == 0) {
      file.write(MAGIC);
    }
    begin();
  }

  private void begin() {
    pages = new ParquetPages(message);
    store = ParquetProperties.builder().build().newColumnWriteStore(message, pages);
    rows = new ColumnIOFactory().getColumnIO(message).getRecordWriter(store);
    pending = 0;
  }

  @Override
  public void write(List<Object> row) {
    rows.startMessage();
    for (int i = 0; i < row.size(); i++) {
      Object value = row.get(i);
      boolean isEmpty = value == null || value instanceof float[] none && none.length == 0;
      if (!isEmpty) {
        field(columns.get(i).name(), i, () -> add(value));
      }
    }
    rows.endMessage();
    pending++;
  }

  private void field(String name, int index, Runnable content) {
    rows.startField(name, index);
    content.run();
    rows.endField(name, index);
  }

  private void add(Object value) {
    if (value instanceof float[] values) {
      List<Object> boxed = new ArrayList<>();
      for (float number : values) {
        boxed.add(number);
      }
      addList(boxed);
    } else if (value instanceof Collection<?> list) {
      addList(list);
    } else if (value instanceof Guess guess) {
      rows.startGroup();
      field("label", 0, () -> add(guess.label()));
      field("probability", 1, () -> add(guess.probability()));
      rows.endGroup();
    } else {
      addSingle(value);
    }
  }

  private void addList(Collection<?> values) {
    rows.startGroup();
    if (!values.isEmpty()) {
      field("list", 0, () -> values.forEach(this::addElement));
    }
    rows.endGroup();
  }

  private void addElement(Object value) {
    rows.startGroup();
    field("element", 0, () -> add(value));
    rows.endGroup();
  }

  private void addSingle(Object value) {
    if (value instanceof String text) {
      rows.addBinary(Binary.fromString(text));
    } else if (value instanceof byte[] bytes) {
      rows.addBinary(Binary.fromConstantByteArray(bytes));
    } else if (value instanceof Boolean truth) {
      rows.addBoolean(truth);
    } else if (value instanceof Integer number) {
      rows.addInteger(number);
    } else if (value instanceof Long number) {
      rows.addLong(number);
    } else if (value instanceof Float number) {
      rows.addFloat(number);
    } else {
      rows.addDouble((Double) value);
    }
  }

  @Override
  public void seal() throws IOException {
    if (pending > 0) {
      rows.flush();
      store.flush();
      RowGroup group = pages.writeTo(file, pending);
      Util.writeFileMetaData(footer(List.of(group)), groups);
      store.close();
      begin();
    }
  }

  private FileMetaData footer(List<RowGroup> all) {
    long count = all.stream().mapToLong(RowGroup::getNum_rows).sum();
    FileMetaData footer = new FileMetaData(1, schema, count, all);
    footer.setCreated_by("graft");
    footer.setKey_value_metadata(facts);
    return footer;
  }

  @Override
  public void finish() throws IOException {
    groups.force();
    List<RowGroup> all = new ArrayList<>();
    try (InputStream in = new BufferedInputStream(Files.newInputStream(groups.path()))) {
      while (in.available() > 0) {
        all.addAll(Util.readFileMetaData(in).getRow_groups());
      }
    }
    ByteArrayOutputStream footer = new ByteArrayOutputStream();
    Util.writeFileMetaData(footer(all), footer);
    file.write(footer.toByteArray());
    file.write(
        ByteBuffer.allocate(Integer.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(0, footer.size())
            .array());
    file.write(MAGIC);
    file.force();
  }

  @Override
  public List<AppendedFile> files() {
    return List.of(file, groups);
  }
}
