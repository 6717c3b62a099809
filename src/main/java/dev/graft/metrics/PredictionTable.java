package dev.graft.metrics;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/**
 * What a model says of the images of a run, as a CSV: {@code split,path,actual,predicted} and a
 * column {@code p_LABEL} for the probability of each class. The numbers are the shortest that give
 * the same floats when read, so that every figure can be computed again to the last digit.
 *
 * @param labels names of the classes
 * @param parts predictions by the part of the split that they are of, in order
 */
public record PredictionTable(List<String> labels, Map<String, List<Prediction>> parts) {
  private static final List<String> FIRST_COLUMNS = List.of("split", "path", "actual", "predicted");
  private static final String PROBABILITY = "p_";
  private static final CSVFormat FORMAT = CSVFormat.RFC4180;

  /** Copies lists and map. */
  public PredictionTable {
    labels = List.copyOf(labels);
    Map<String, List<Prediction>> copy = new LinkedHashMap<>();
    parts.forEach((part, predictions) -> copy.put(part, List.copyOf(predictions)));
    parts = Collections.unmodifiableMap(copy);
  }

  /** The predictions of a part; none if it is not there. */
  public List<Prediction> part(String name) {
    return parts.getOrDefault(name, List.of());
  }

  /**
   * Writes the table.
   *
   * @throws IOException if the file can't be written
   */
  public void write(Path file) throws IOException {
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      line(out, Stream.concat(FIRST_COLUMNS.stream(), labels.stream().map(PROBABILITY::concat)));
      for (Map.Entry<String, List<Prediction>> part : parts.entrySet()) {
        for (Prediction prediction : part.getValue()) {
          line(out, cells(part.getKey(), prediction));
        }
      }
    }
  }

  private static void line(BufferedWriter out, Stream<?> cells) throws IOException {
    out.write(FORMAT.format(cells.toArray()));
    out.write('\n');
  }

  private Stream<Object> cells(String part, Prediction prediction) {
    return Stream.concat(
        Stream.of(
            part,
            prediction.path(),
            labels.get(prediction.actual()),
            labels.get(prediction.predicted())),
        IntStream.range(0, prediction.classes()).mapToObj(prediction::probability));
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws IllegalArgumentException naming the line that is no prediction
   * @throws IOException if the file can't be read
   */
  public static PredictionTable read(Path file) throws IOException {
    try (Reader in = Files.newBufferedReader(file);
        CSVParser parser = CSVParser.parse(in, FORMAT)) {
      List<String> labels = null;
      Map<String, List<Prediction>> parts = new LinkedHashMap<>();
      for (CSVRecord record : parser) {
        if (labels == null) {
          labels = labels(file, record.toList());
        } else {
          parts
              .computeIfAbsent(record.get(0), part -> new ArrayList<>())
              .add(prediction(file, parser.getCurrentLineNumber(), record, labels));
        }
      }
      return new PredictionTable(labels == null ? labels(file, List.of()) : labels, parts);
    } catch (UncheckedIOException e) {
      throw new IllegalArgumentException(file + " is not a valid CSV: " + e.getMessage(), e);
    }
  }

  private static List<String> labels(Path file, List<String> header) {
    int first = FIRST_COLUMNS.size();
    if (header.size() < first
        || !header.subList(0, first).equals(FIRST_COLUMNS)
        || header.stream().skip(first).anyMatch(column -> !column.startsWith(PROBABILITY))) {
      throw new IllegalArgumentException(
          "%s must begin with the columns %s and one %sLABEL for each class, but has %s."
              .formatted(file, String.join(",", FIRST_COLUMNS), PROBABILITY, header));
    }
    return header.stream()
        .skip(first)
        .map(column -> column.substring(PROBABILITY.length()))
        .toList();
  }

  private static Prediction prediction(
      Path file, long line, CSVRecord record, List<String> labels) {
    int first = FIRST_COLUMNS.size();
    try {
      if (record.size() == first + labels.size()) {
        float[] probabilities = new float[labels.size()];
        for (int i = 0; i < probabilities.length; i++) {
          probabilities[i] = Float.parseFloat(record.get(first + i));
        }
        return new Prediction(record.get(1), labels.indexOf(record.get(2)), probabilities);
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(complaint(file, line, record, labels), e);
    }
    throw new IllegalArgumentException(complaint(file, line, record, labels));
  }

  private static String complaint(Path file, long line, CSVRecord record, List<String> labels) {
    return "Line %d of %s is no prediction: expected %s and %d probabilities but got %s."
        .formatted(
            line,
            file,
            String.join(",", FIRST_COLUMNS),
            labels.size(),
            Arrays.toString(record.values()));
  }
}
