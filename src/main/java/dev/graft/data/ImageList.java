package dev.graft.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.apache.commons.csv.DuplicateHeaderMode;

/**
 * Reads a list of images: a CSV file in UTF-8 with a header that names the column {@code path} and
 * what the images show. Relative paths start at the folder of the CSV; the images stay in the order
 * of the list. A column {@code weight} may say how much an image counts in the loss.
 *
 * <ul>
 *   <li>{@code label} with one name an image: classes, in Python's order of strings;
 *   <li>{@code label} with names separated by {@code ;} in a row at least: labels, in the same
 *       order; an image may have none;
 *   <li>{@code label} with numbers, not all of them whole: one number;
 *   <li>no column {@code label}: each of the other columns is a number of that name.
 * </ul>
 *
 * <p>Whole numbers are taken for the names of classes, unless numbers are asked for.
 */
public final class ImageList {
  private static final String PATH = "path";
  private static final String LABEL = "label";
  private static final String WEIGHT = "weight";
  private static final CSVFormat FORMAT =
      CSVFormat.RFC4180
          .builder()
          .setHeader()
          .setDuplicateHeaderMode(DuplicateHeaderMode.DISALLOW)
          .setSkipHeaderRecord(true)
          .setIgnoreEmptyLines(true)
          .setIgnoreSurroundingSpaces(true)
          .get();

  private ImageList() {}

  /** Reads the list as what it looks like; see the other {@code read}. */
  public static LabeledImages read(Path csv) throws IOException {
    return read(csv, Optional.empty());
  }

  /**
   * Reads the list. Rows whose file does not exist are among the skipped.
   *
   * @param kind what the column {@code label} holds; by default what it looks like
   * @throws IllegalArgumentException if there is no such file, if it is not such a CSV, or if fewer
   *     than two classes are left
   * @throws IOException if the disk fails
   */
  public static LabeledImages read(Path csv, Optional<Task.Kind> kind) throws IOException {
    if (!Files.isRegularFile(csv)) {
      throw new IllegalArgumentException(
          csv + " is not a file; expected a CSV with the columns path,label.");
    }
    List<Row> rows = new ArrayList<>();
    List<SkippedFile> skipped = new ArrayList<>();
    List<String> columns;
    try (CSVParser parser = parser(csv)) {
      columns = targetColumns(csv, parser.getHeaderNames());
      for (CSVRecord record : parser) {
        Row row = row(csv, record, columns);
        if (Files.isRegularFile(row.path)) {
          rows.add(row);
        } else {
          skipped.add(new SkippedFile(row.path, "is listed in " + csv + " but is not there"));
        }
      }
    } catch (UncheckedIOException | IllegalStateException e) {
      throw new IllegalArgumentException(csv + " is not a valid CSV: " + e.getMessage(), e);
    }
    Task task = task(csv, columns, rows, kind, skipped.size());
    List<LabeledImage> images =
        rows.stream()
            .map(row -> new LabeledImage(row.path, target(task, row), row.weight))
            .toList();
    return new LabeledImages(csv, task, images, List.of(), List.of(), skipped);
  }

  private static CSVParser parser(Path csv) throws IOException {
    String text = text(csv);
    try {
      return CSVParser.parse(text, FORMAT);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(csv + " is not a valid CSV: " + e.getMessage(), e);
    }
  }

  private static Task task(
      Path csv, List<String> columns, List<Row> rows, Optional<Task.Kind> asked, int missing) {
    Task.Kind kind = asked.orElseGet(() -> looksLike(columns, rows));
    boolean single = columns.equals(List.of(LABEL));
    if (!single && kind != Task.Kind.NUMBERS) {
      throw new IllegalArgumentException(
          csv + " must have the columns path,label but has numbers in " + columns + ".");
    }
    if (kind == Task.Kind.NUMBERS) {
      requireSome(csv, rows, missing);
      rows.forEach(row -> row.numbers().ifPresent(ImageList::refuse));
      return new Task(kind, new Labels(columns));
    }
    List<String> names =
        rows.stream()
            .flatMap(
                row -> kind == Task.Kind.LABELS ? row.names().stream() : Stream.of(row.label()))
            .distinct()
            .toList();
    if (kind == Task.Kind.CLASSES) {
      rows.forEach(Row::requireOne);
    }
    if (names.size() < (kind == Task.Kind.CLASSES ? 2 : 1)) {
      throw new IllegalArgumentException(
          csv
              + " lists "
              + rows.size()
              + " images that exist, of "
              + names.size()
              + " classes "
              + names
              + " ("
              + missing
              + " rows name files that do not exist); at least two classes are needed.");
    }
    return new Task(kind, Labels.sorted(names));
  }

  private static void requireSome(Path csv, List<Row> rows, int missing) {
    if (rows.isEmpty()) {
      throw new IllegalArgumentException(
          "%s lists no image that exists (%d rows name files that do not exist)."
              .formatted(csv, missing));
    }
  }

  private static void refuse(String problem) {
    throw new IllegalArgumentException(problem);
  }

  private static Task.Kind looksLike(List<String> columns, List<Row> rows) {
    if (!columns.equals(List.of(LABEL))) {
      return Task.Kind.NUMBERS;
    }
    if (rows.stream().anyMatch(row -> row.label().contains(";"))) {
      return Task.Kind.LABELS;
    }
    boolean numbers = !rows.isEmpty() && rows.stream().allMatch(row -> row.numbers().isEmpty());
    boolean whole = rows.stream().allMatch(row -> row.label().matches("[+-]?\\d+"));
    return numbers && !whole ? Task.Kind.NUMBERS : Task.Kind.CLASSES;
  }

  private static Target target(Task task, Row row) {
    return switch (task.kind()) {
      case CLASSES -> new Target.OfClass(task.labels().indexOf(row.label()));
      case LABELS -> new Target.OfLabels(row.names().stream().map(task.labels()::indexOf).toList());
      case NUMBERS -> {
        float[] values = new float[row.values.size()];
        for (int i = 0; i < values.length; i++) {
          values[i] = Float.parseFloat(row.values.get(i));
        }
        yield new Target.OfNumbers(values);
      }
    };
  }

  /** The text without the byte order mark that spreadsheets put first. */
  private static String text(Path csv) throws IOException {
    try {
      String text = Files.readString(csv);
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(csv + " is not UTF-8 text; save it as UTF-8.", e);
    }
  }

  /** The columns that say what an image shows. */
  private static List<String> targetColumns(Path csv, List<String> header) {
    List<String> numbers =
        header.stream().filter(name -> !List.of(PATH, WEIGHT).contains(name)).toList();
    if (!header.contains(PATH) || numbers.isEmpty()) {
      throw new IllegalArgumentException(
          csv + " must have the columns path,label but its first line has " + header + ".");
    }
    return header.contains(LABEL) ? List.of(LABEL) : numbers;
  }

  private static Row row(Path csv, CSVRecord record, List<String> columns) {
    String where = "Row " + record.getRecordNumber() + " of " + csv;
    if (!record.isConsistent()) {
      throw new IllegalArgumentException(
          where
              + " has "
              + record.size()
              + " values, other than the header; put values with commas"
              + " into double quotes.");
    }
    return new Row(
        where,
        path(where, csv, record.get(PATH)),
        columns.stream().map(record::get).toList(),
        record.isMapped(WEIGHT) ? weight(where, record.get(WEIGHT)) : 1);
  }

  private static float weight(String where, String text) {
    try {
      float weight = Float.parseFloat(text);
      if (weight >= 0 && Float.isFinite(weight)) {
        return weight;
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(noWeight(where, text), e);
    }
    throw new IllegalArgumentException(noWeight(where, text));
  }

  private static String noWeight(String where, String text) {
    return where + " has the weight \"" + text + "\"; expected a number of at least 0.";
  }

  private static Path path(String where, Path csv, String text) {
    if (text.isBlank()) {
      throw new IllegalArgumentException(where + " has no path.");
    }
    try {
      return csv.toAbsolutePath().resolveSibling(text).normalize();
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException(where + " has an impossible path: " + e.getMessage(), e);
    }
  }

  /**
   * A row of the list.
   *
   * @param where it stands, at the start of a sentence
   * @param values what the image shows, as text
   */
  private record Row(String where, Path path, List<String> values, float weight) {
    String label() {
      return values.get(0);
    }

    /** The names in a list of them; a name that stands twice counts once. */
    List<String> names() {
      return Arrays.stream(label().split(";"))
          .map(String::strip)
          .filter(name -> !name.isEmpty())
          .distinct()
          .toList();
    }

    void requireOne() {
      if (label().isBlank()) {
        throw new IllegalArgumentException(where + " has no label.");
      }
      if (label().contains(";")) {
        throw new IllegalArgumentException(
            where + " has the labels \"" + label() + "\"; expected one class.");
      }
    }

    /** What is wrong with the numbers, if anything. */
    Optional<String> numbers() {
      for (String value : values) {
        try {
          if (!Float.isFinite(Float.parseFloat(value))) {
            return Optional.of(where + " has \"" + value + "\"; expected a finite number.");
          }
        } catch (NumberFormatException e) {
          return Optional.of(
              where
                  + " has \""
                  + value
                  + "\"; expected a number (names of classes stand in the column label).");
        }
      }
      return Optional.empty();
    }
  }
}
