package dev.graft.batch;

import dev.graft.image.ImageFile;
import dev.graft.image.ImageSource;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.commons.csv.CSVException;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.apache.commons.csv.DuplicateHeaderMode;

/**
 * Paths in a text file, one a line, or in a column of a CSV with a header; UTF-8, empty lines left
 * out. Relative paths start at the folder of the file.
 */
final class ListInput implements BatchInput {
  private static final CSVFormat CSV =
      CSVFormat.RFC4180
          .builder()
          .setHeader()
          .setDuplicateHeaderMode(DuplicateHeaderMode.DISALLOW)
          .setSkipHeaderRecord(true)
          .setIgnoreEmptyLines(true)
          .get();

  /** A line is a value: no path has the delimiter in it. */
  private static final CSVFormat LINES =
      CSVFormat.RFC4180
          .builder()
          .setDelimiter('\0')
          .setQuote(null)
          .setEscape(null)
          .setIgnoreEmptyLines(true)
          .setIgnoreSurroundingSpaces(true)
          .setHeader("path")
          .get();

  private final Path file;
  private final CSVFormat format;
  private final List<String> header;
  private final int pathColumn;
  private final long size;

  private ListInput(Path file, CSVFormat format, List<String> header, int pathColumn, long size) {
    this.file = file;
    this.format = format;
    this.header = header;
    this.pathColumn = pathColumn;
    this.size = size;
  }

  static ListInput lines(Path file) throws IOException {
    return open(file, LINES, "path");
  }

  /**
   * Opens a CSV.
   *
   * @param column of the paths; {@code path} if not said
   */
  static ListInput csv(Path file, Optional<String> column) throws IOException {
    return open(file, CSV, column.orElse("path"));
  }

  private static ListInput open(Path file, CSVFormat format, String column) throws IOException {
    try (CSVParser parser = parser(file, format)) {
      List<String> header = parser.getHeaderNames();
      int path = header.indexOf(column);
      if (path < 0) {
        throw new IllegalArgumentException(
            "%s has the columns %s, but none called \"%s\" with the paths of images: name it with --column."
                .formatted(file, header, column));
      }
      long size = 0;
      for (Iterator<CSVRecord> records = parser.iterator(); records.hasNext(); records.next()) {
        size++;
      }
      return new ListInput(file, format, header, path, size);
    } catch (UncheckedIOException | IllegalStateException e) {
      throw new IllegalArgumentException(file + " is not a valid CSV: " + e.getMessage() + ".", e);
    }
  }

  private static CSVParser parser(Path file, CSVFormat format) throws IOException {
    // Malformed text becomes U+FFFD: then that one file is not found, and the job goes on.
    BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8));
    try {
      reader.mark(1);
      if (reader.read() != '\uFEFF') {
        reader.reset();
      }
      return CSVParser.builder().setReader(reader).setFormat(format).get();
    } catch (IllegalArgumentException | CSVException e) {
      reader.close();
      String reason = e.getMessage().replaceFirst("\\. If this is valid.*", "");
      throw new IllegalArgumentException(file + " is not a valid CSV: " + reason + ".", e);
    } catch (IOException e) {
      reader.close();
      throw e;
    }
  }

  @Override
  public List<Column> carried() {
    return others().mapToObj(i -> Column.of(header.get(i), ColumnKind.TEXT)).toList();
  }

  private IntStream others() {
    return IntStream.range(0, header.size()).filter(i -> i != pathColumn);
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public Records from(long index) throws IOException {
    CSVParser parser = parser(file, format);
    Iterator<CSVRecord> rows = parser.iterator();
    return new Records(size) {
      @Override
      void skip(long count) {
        for (long i = 0; i < count; i++) {
          rows.next();
        }
      }

      @Override
      InputRecord read(long index) {
        return record(index, rows.next());
      }

      @Override
      public void close() throws IOException {
        parser.close();
      }
    }.from(index);
  }

  private InputRecord record(long index, CSVRecord row) {
    List<Object> none = Arrays.asList(new Object[header.size() - 1]);
    if (!row.isConsistent()) {
      return InputRecord.bad(
          index,
          file + ":" + (index + 1),
          "is a row of %d values where the header has %d".formatted(row.size(), header.size()),
          none);
    }
    String path = row.get(pathColumn);
    if (path.isBlank()) {
      return InputRecord.bad(index, file + ":" + (index + 1), "is a row without a path", none);
    }
    List<Object> carried =
        Collections.unmodifiableList(others().mapToObj(i -> (Object) row.get(i)).toList());
    try {
      return new InputRecord(index, path, image(file, path), carried);
    } catch (InvalidPathException e) {
      return InputRecord.bad(index, path, "is no possible path: " + e.getReason(), carried);
    }
  }

  /** The file of a path in a list. */
  static ImageSource image(Path list, String path) {
    boolean uri = path.startsWith("file:/");
    Path file = uri ? Path.of(java.net.URI.create(path)) : Path.of(path);
    return new ImageFile(list.toAbsolutePath().resolveSibling(file).normalize());
  }
}
