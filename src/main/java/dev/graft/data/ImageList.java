package dev.graft.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.apache.commons.csv.DuplicateHeaderMode;

/**
 * Reads a list of images: a CSV file in UTF-8 with a header that names at least the columns {@code
 * path} and {@code label}. Relative paths start at the folder of the CSV. The classes are the
 * labels in Python's order of strings; the images stay in the order of the list.
 */
public final class ImageList {
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

  /**
   * Reads the list. Rows whose file does not exist are among the skipped.
   *
   * @throws IllegalArgumentException if there is no such file, if it is not such a CSV, or if fewer
   *     than two classes are left
   * @throws IOException if the disk fails
   */
  public static LabeledImages read(Path csv) throws IOException {
    if (!Files.isRegularFile(csv)) {
      throw new IllegalArgumentException(
          csv + " is not a file; expected a CSV with the columns path,label.");
    }
    List<Row> rows = new ArrayList<>();
    List<SkippedFile> skipped = new ArrayList<>();
    try (CSVParser parser = parser(csv)) {
      checkHeader(csv, parser.getHeaderNames());
      for (CSVRecord record : parser) {
        Row row = row(csv, record);
        if (Files.isRegularFile(row.path)) {
          rows.add(row);
        } else {
          skipped.add(new SkippedFile(row.path, "is listed in " + csv + " but is not there"));
        }
      }
    } catch (UncheckedIOException | IllegalStateException e) {
      throw new IllegalArgumentException(csv + " is not a valid CSV: " + e.getMessage(), e);
    }
    return assemble(csv, rows, skipped);
  }

  private static CSVParser parser(Path csv) throws IOException {
    String text = text(csv);
    try {
      return CSVParser.parse(text, FORMAT);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(csv + " is not a valid CSV: " + e.getMessage(), e);
    }
  }

  private static LabeledImages assemble(Path csv, List<Row> rows, List<SkippedFile> skipped) {
    List<String> names = rows.stream().map(Row::label).distinct().toList();
    if (names.size() < 2) {
      throw new IllegalArgumentException(
          csv
              + " lists "
              + rows.size()
              + " images that exist, of "
              + names.size()
              + " classes "
              + names
              + " ("
              + skipped.size()
              + " rows name files that do not exist); at least two classes are needed.");
    }
    Labels labels = Labels.sorted(names);
    List<LabeledImage> images =
        rows.stream().map(row -> new LabeledImage(row.path, labels.indexOf(row.label))).toList();
    return new LabeledImages(csv, labels, images, List.of(), List.of(), skipped);
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

  private static void checkHeader(Path csv, List<String> header) {
    if (!header.contains("path") || !header.contains("label")) {
      throw new IllegalArgumentException(
          csv + " must have the columns path,label but its first line has " + header + ".");
    }
  }

  private static Row row(Path csv, CSVRecord record) {
    String where = "Row " + record.getRecordNumber() + " of " + csv;
    if (!record.isConsistent()) {
      throw new IllegalArgumentException(
          where
              + " has "
              + record.size()
              + " values, other than the header; put values with commas"
              + " into double quotes.");
    }
    String label = record.get("label");
    if (label.isBlank()) {
      throw new IllegalArgumentException(where + " has no label.");
    }
    if (label.contains(";")) {
      throw new IllegalArgumentException(
          where
              + " has the label \""
              + label
              + "\"; several labels an image, separated by ;, are"
              + " not supported.");
    }
    return new Row(path(where, csv, record.get("path")), label);
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

  private record Row(Path path, String label) {}
}
