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
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/**
 * What a model says of the images of a run, as a CSV. Its columns are, after {@code split,path}:
 *
 * <ul>
 *   <li>of classes {@code actual,predicted} and {@code p_NAME}, the probability of each class;
 *   <li>of labels {@code labels,given}, several joined by semicolons, and {@code p_NAME};
 *   <li>of numbers {@code actual_NAME,predicted_NAME} of each number.
 * </ul>
 *
 * Floats are the shortest decimals that give the same when read, so that every figure can be
 * computed again to the last digit.
 *
 * @param names of the classes, labels or numbers
 * @param parts predictions of one kind by the part of the split that they are of, in order
 */
public record PredictionTable(List<String> names, Map<String, List<? extends Prediction>> parts) {
  private static final CSVFormat FORMAT = CSVFormat.RFC4180;

  /** Copies list and map. */
  public PredictionTable {
    names = List.copyOf(names);
    Map<String, List<? extends Prediction>> copy = new LinkedHashMap<>();
    parts.forEach((part, predictions) -> copy.put(part, List.copyOf(predictions)));
    parts = Collections.unmodifiableMap(copy);
  }

  /** The predictions of a part; none if it is not there. */
  public List<? extends Prediction> part(String name) {
    return parts.getOrDefault(name, List.of());
  }

  /** The columns of one kind of prediction. */
  private enum Kind {
    CLASSES(List.of("split", "path", "actual", "predicted"), List.of("p_")) {
      @Override
      Stream<String> cells(Prediction prediction, List<String> names) {
        ClassPrediction one = (ClassPrediction) prediction;
        return Stream.concat(
            Stream.of(names.get(one.actual()), names.get(one.predicted())),
            floats(one.probabilities()));
      }

      @Override
      Prediction prediction(CSVRecord record, List<String> names) {
        return new ClassPrediction(
            record.get(1), names.indexOf(record.get(2)), floats(record, 4, 1));
      }
    },
    LABELS(List.of("split", "path", "labels", "given"), List.of("p_")) {
      @Override
      Stream<String> cells(Prediction prediction, List<String> names) {
        LabelPrediction one = (LabelPrediction) prediction;
        boolean[] given = new boolean[one.labels()];
        for (int i = 0; i < given.length; i++) {
          given[i] = one.gives(i);
        }
        return Stream.concat(
            Stream.of(joined(one.actual(), names), joined(given, names)),
            floats(one.probabilities()));
      }

      @Override
      Prediction prediction(CSVRecord record, List<String> names) {
        boolean[] actual = new boolean[names.size()];
        for (String label : record.get(2).isEmpty() ? new String[0] : record.get(2).split(";")) {
          if (!names.contains(label)) {
            throw new IllegalArgumentException("There is no label " + label + ".");
          }
          actual[names.indexOf(label)] = true;
        }
        return new LabelPrediction(record.get(1), actual, floats(record, 4, 1));
      }
    },
    NUMBERS(List.of("split", "path"), List.of("actual_", "predicted_")) {
      @Override
      Stream<String> cells(Prediction prediction, List<String> names) {
        NumberPrediction one = (NumberPrediction) prediction;
        float[] actual = one.actual();
        float[] predicted = one.predicted();
        return IntStream.range(0, actual.length)
            .boxed()
            .flatMap(i -> floats(new float[] {actual[i], predicted[i]}));
      }

      @Override
      Prediction prediction(CSVRecord record, List<String> names) {
        return new NumberPrediction(record.get(1), floats(record, 2, 2), floats(record, 3, 2));
      }
    };

    private final List<String> first;
    private final List<String> prefixes;

    Kind(List<String> first, List<String> prefixes) {
      this.first = first;
      this.prefixes = prefixes;
    }

    abstract Stream<String> cells(Prediction prediction, List<String> names);

    abstract Prediction prediction(CSVRecord record, List<String> names);

    static Kind of(Prediction prediction) {
      if (prediction instanceof ClassPrediction) {
        return CLASSES;
      }
      return prediction instanceof LabelPrediction ? LABELS : NUMBERS;
    }

    List<String> header(List<String> names) {
      return Stream.concat(
              first.stream(),
              names.stream().flatMap(name -> prefixes.stream().map(prefix -> prefix + name)))
          .toList();
    }

    /** The names that make this header; none if it is not of this kind. */
    List<String> names(List<String> header) {
      String prefix = prefixes.get(0);
      List<String> names =
          IntStream.range(0, header.size())
              .filter(i -> i >= first.size() && (i - first.size()) % prefixes.size() == 0)
              .mapToObj(header::get)
              .filter(column -> column.startsWith(prefix))
              .map(column -> column.substring(prefix.length()))
              .toList();
      return header(names).equals(header) ? names : List.of();
    }

    private static Stream<String> floats(float[] values) {
      return IntStream.range(0, values.length).mapToObj(i -> Float.toString(values[i]));
    }

    private static float[] floats(CSVRecord record, int first, int step) {
      float[] values = new float[(record.size() - first + step - 1) / step];
      for (int i = 0; i < values.length; i++) {
        values[i] = Float.parseFloat(record.get(first + i * step));
      }
      return values;
    }

    private static String joined(boolean[] flags, List<String> names) {
      return IntStream.range(0, flags.length)
          .filter(i -> flags[i])
          .mapToObj(names::get)
          .collect(Collectors.joining(";"));
    }
  }

  /**
   * Writes the table.
   *
   * @throws IllegalArgumentException if it is empty, so that its columns are unknown
   * @throws IOException if the file can't be written
   */
  public void write(Path file) throws IOException {
    Kind kind =
        parts.values().stream()
            .flatMap(List::stream)
            .findFirst()
            .map(Kind::of)
            .orElseThrow(
                () -> new IllegalArgumentException("A table needs a prediction, but has none."));
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      line(out, kind.header(names).stream());
      for (Map.Entry<String, List<? extends Prediction>> part : parts.entrySet()) {
        for (Prediction one : part.getValue()) {
          line(out, Stream.concat(Stream.of(part.getKey(), one.path()), kind.cells(one, names)));
        }
      }
    }
  }

  private static void line(BufferedWriter out, Stream<String> cells) throws IOException {
    out.write(FORMAT.format(cells.toArray()));
    out.write('\n');
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
      List<String> header = null;
      Kind kind = null;
      List<String> names = List.of();
      Map<String, List<Prediction>> parts = new LinkedHashMap<>();
      for (CSVRecord record : parser) {
        if (kind == null) {
          header = record.toList();
          kind = kind(file, header);
          names = kind.names(header);
          continue;
        }
        try {
          requireAsMany(header, record);
          parts
              .computeIfAbsent(record.get(0), part -> new ArrayList<>())
              .add(kind.prediction(record, names));
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException(
              "Line %d of %s is no prediction: expected %s but got %s."
                  .formatted(
                      parser.getCurrentLineNumber(),
                      file,
                      String.join(",", header),
                      Arrays.toString(record.values())),
              e);
        }
      }
      if (kind == null) {
        kind(file, List.of());
      }
      return new PredictionTable(names, Collections.unmodifiableMap(parts));
    } catch (UncheckedIOException e) {
      throw new IllegalArgumentException(file + " is not a valid CSV: " + e.getMessage(), e);
    }
  }

  private static void requireAsMany(List<String> header, CSVRecord record) {
    if (record.size() != header.size()) {
      throw new IllegalArgumentException(
          "There are %d columns but %d cells.".formatted(header.size(), record.size()));
    }
  }

  private static Kind kind(Path file, List<String> header) {
    return Arrays.stream(Kind.values())
        .filter(kind -> !kind.names(header).isEmpty())
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "%s must begin with the columns split,path,actual,predicted and one p_CLASS for each class, or those of labels or numbers, but has %s."
                        .formatted(file, header)));
  }
}
