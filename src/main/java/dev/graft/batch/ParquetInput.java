package dev.graft.batch;

import dev.graft.image.ImageSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.parquet.filter2.compat.FilterCompat;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.io.api.RecordMaterializer;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/**
 * Rows of a Parquet file whose one column has the bytes or the path of an image. Its other columns
 * go over to the output if they are single values; groups and lists are left behind.
 */
final class ParquetInput implements BatchInput {
  private static final String PATH = "path";

  private final Path path;
  private final MessageType schema;
  private final List<Column> read;
  private final Optional<String> nested;
  private final int image;
  private final int name;
  private final long size;

  private ParquetInput(
      Path path,
      MessageType schema,
      List<Column> read,
      Optional<String> nested,
      int image,
      long size) {
    this.path = path;
    this.schema = schema;
    this.read = read;
    this.nested = nested;
    this.image = image;
    this.name = isBytes() ? indexOf(read, PATH, ColumnKind.TEXT) : image;
    this.size = size;
  }

  private boolean isBytes() {
    return read.get(image).kind() == ColumnKind.BYTES;
  }

  /**
   * Opens a file.
   *
   * @param column with the images; {@code group.field} names one in a group; if not said, the only
   *     one of bytes, else {@code path}
   */
  static ParquetInput open(Path path, Optional<String> column) throws IOException {
    try (ParquetFile file = ParquetFile.open(path)) {
      MessageType schema = ParquetSchema.message(file.schema());
      List<Column> columns = new ArrayList<>(ParquetSchema.columns(file.schema()));
      Optional<String> nested = column.filter(name -> isNested(schema, name));
      nested.ifPresent(name -> columns.add(Column.of(name, ColumnKind.BYTES)));
      int image = image(path, columns, column);
      return new ParquetInput(path, schema, columns, nested, image, file.rows());
    }
  }

  private static boolean isNested(MessageType schema, String name) {
    String[] parts = name.split("\\.");
    return parts.length == 2
        && schema.containsField(parts[0])
        && !schema.getType(parts[0]).isPrimitive()
        && !schema.getType(parts[0]).isRepetition(Type.Repetition.REPEATED)
        && schema.getType(parts[0]).asGroupType().containsField(parts[1])
        && schema.getType(parts).isPrimitive()
        && !schema.getType(parts).isRepetition(Type.Repetition.REPEATED);
  }

  private static int image(Path path, List<Column> columns, Optional<String> asked) {
    List<String> bytes =
        columns.stream().filter(c -> c.kind() == ColumnKind.BYTES).map(Column::name).toList();
    String name = asked.orElse(bytes.size() == 1 ? bytes.get(0) : PATH);
    int index =
        Math.max(indexOf(columns, name, ColumnKind.BYTES), indexOf(columns, name, ColumnKind.TEXT));
    if (index < 0) {
      throw new IllegalArgumentException(
          "%s has the columns %s; expected one with the bytes or the paths of images%s: name it with --column."
              .formatted(
                  path,
                  columns.stream().map(c -> c.name() + " (" + c.kind() + ")").toList(),
                  asked.map(column -> " called \"" + column + "\"").orElse("")));
    }
    return index;
  }

  private static int indexOf(List<Column> columns, String name, ColumnKind kind) {
    for (int i = 0; i < columns.size(); i++) {
      if (columns.get(i).name().equals(name) && columns.get(i).kind() == kind) {
        return i;
      }
    }
    return -1;
  }

  private boolean isCarried(int index) {
    return index != image && index != name;
  }

  @Override
  public List<Column> carried() {
    List<Column> carried = new ArrayList<>();
    for (int i = 0; i < read.size(); i++) {
      if (isCarried(i)) {
        carried.add(read.get(i));
      }
    }
    return carried;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public Records from(long index) throws IOException {
    return new Rows(ParquetFile.open(path)).from(index);
  }

  /** Rows that are being read, a row group after the other. */
  private final class Rows extends Records {
    private final ParquetFile file;
    private final Iterator<RowGroup> groups;
    private final MessageType wanted = wanted();
    private RecordReader<Object[]> reader;
    private long left;

    Rows(ParquetFile file) {
      super(size);
      this.file = file;
      this.groups = file.groups().iterator();
    }

    @Override
    void skip(long count) throws IOException {
      long index = 0;
      while (index < count) {
        openGroup(index);
        if (left <= count - index) {
          index += left;
          left = 0;
        } else {
          value(index++);
        }
      }
    }

    @Override
    InputRecord read(long index) throws IOException {
      openGroup(index);
      return record(index, value(index));
    }

    private void openGroup(long index) throws IOException {
      while (left == 0) {
        if (!groups.hasNext()) {
          throw damaged(index, "its row groups have fewer rows than it says", null);
        }
        RowGroup group = groups.next();
        MessageColumnIO columns = new ColumnIOFactory().getColumnIO(wanted, schema);
        ParquetGroup pages = new ParquetGroup(file, group);
        reader =
            decoded(
                index,
                () -> columns.getRecordReader(pages, new RowValues(wanted), FilterCompat.NOOP));
        left = group.getNum_rows();
      }
    }

    private Object[] value(long index) throws IOException {
      left--;
      return decoded(index, reader::read);
    }

    /** Whatever a decoder throws at bytes that are not what they say. */
    private <T> T decoded(long index, Supplier<T> decoding) throws IOException {
      try {
        return decoding.get();
      } catch (UncheckedIOException e) {
        throw e.getCause();
      } catch (RuntimeException e) {
        throw damaged(index, e.getMessage(), e);
      }
    }

    private IOException damaged(long index, String how, RuntimeException cause) {
      return new IOException("%s is damaged at row %d: %s".formatted(path, index, how), cause);
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  /** The columns that are read, in their order. */
  private MessageType wanted() {
    List<Type> types = new ArrayList<>();
    for (Column column : read) {
      if (nested.filter(column.name()::equals).isPresent()) {
        String[] parts = column.name().split("\\.");
        GroupType group = schema.getType(parts[0]).asGroupType();
        types.add(group.withNewFields(group.getType(parts[1])));
      } else {
        types.add(schema.getType(column.name()));
      }
    }
    return new MessageType(schema.getName(), types);
  }

  private InputRecord record(long index, Object[] row) {
    List<Object> carried = new ArrayList<>();
    for (int i = 0; i < row.length; i++) {
      if (isCarried(i)) {
        Object value = row[i];
        boolean isText = value instanceof byte[] && read.get(i).kind() == ColumnKind.TEXT;
        carried.add(isText ? text(value) : value);
      }
    }
    String unnamed = path + ":" + index;
    String called = name < 0 || row[name] == null ? unnamed : text(row[name]);
    if (row[image] == null) {
      return InputRecord.bad(
          index, called, "has no value in the column " + read.get(image).name(), carried);
    }
    try {
      return new InputRecord(index, called, source(row[image], called), carried);
    } catch (InvalidPathException e) {
      return InputRecord.bad(index, called, "is no possible path: " + e.getReason(), carried);
    }
  }

  private ImageSource source(Object value, String called) {
    return isBytes() ? () -> (byte[]) value : ListInput.image(path, called);
  }

  private static String text(Object value) {
    return new String((byte[]) value, java.nio.charset.StandardCharsets.UTF_8);
  }

  /** Collects a row's values, a slot a column. */
  private static final class RowValues extends RecordMaterializer<Object[]> {
    private final Group root;
    private Object[] row;

    RowValues(MessageType wanted) {
      root = new Group(wanted, -1);
      row = new Object[wanted.getFieldCount()];
    }

    @Override
    public Object[] getCurrentRecord() {
      return row;
    }

    @Override
    public GroupConverter getRootConverter() {
      return root;
    }

    /** The row itself, or a group in it of which one field is read. */
    private final class Group extends GroupConverter {
      private final Converter[] fields;
      private final boolean isRow;

      Group(GroupType type, int slot) {
        isRow = slot < 0;
        fields = new Converter[type.getFieldCount()];
        for (int i = 0; i < fields.length; i++) {
          int place = isRow ? i : slot;
          fields[i] =
              type.getType(i).isPrimitive()
                  ? new Value(place)
                  : new Group(type.getType(i).asGroupType(), place);
        }
      }

      @Override
      public Converter getConverter(int field) {
        return fields[field];
      }

      @Override
      public void start() {
        if (isRow) {
          row = Arrays.copyOf(new Object[0], row.length);
        }
      }

      @Override
      public void end() {}
    }

    /** A single value. */
    private final class Value extends PrimitiveConverter {
      private final int slot;

      Value(int slot) {
        this.slot = slot;
      }

      @Override
      public void addBinary(Binary value) {
        row[slot] = value.getBytes();
      }

      @Override
      public void addBoolean(boolean value) {
        row[slot] = value;
      }

      @Override
      public void addInt(int value) {
        row[slot] = value;
      }

      @Override
      public void addLong(long value) {
        row[slot] = value;
      }

      @Override
      public void addFloat(float value) {
        row[slot] = value;
      }

      @Override
      public void addDouble(double value) {
        row[slot] = value;
      }
    }
  }
}
