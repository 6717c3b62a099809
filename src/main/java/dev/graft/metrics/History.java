package dev.graft.metrics;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/**
 * The course of a training, epoch by epoch. Immutable and safe for use by several threads.
 *
 * @param epochs in the order in which they were trained
 */
public record History(List<Epoch> epochs) {
  private static final String HEADER =
      "epoch,phase,learning_rate,loss,accuracy,validation_loss,validation_accuracy";
  private static final int COLUMNS = 7;

  private static final Comparator<Epoch> BEST_FIRST =
      Comparator.<Epoch>comparingDouble(epoch -> -or(epoch.validationAccuracy(), -1))
          .thenComparingDouble(epoch -> or(epoch.validationLoss(), Double.POSITIVE_INFINITY))
          .thenComparingDouble(epoch -> or(epoch.loss(), Double.POSITIVE_INFINITY));

  /** Copies the list. */
  public History {
    epochs = List.copyOf(epochs);
  }

  /** A history without epochs. */
  public static History empty() {
    return new History(List.of());
  }

  /** This history and one more epoch. */
  public History with(Epoch epoch) {
    List<Epoch> longer = new ArrayList<>(epochs);
    longer.add(epoch);
    return new History(longer);
  }

  /**
   * The epoch with the highest validation accuracy; among equals the one with the lowest validation
   * loss, then with the lowest training loss, then the first. Empty without epochs.
   */
  public Optional<Epoch> best() {
    return epochs.stream().min(BEST_FIRST);
  }

  private static double or(double value, double replacement) {
    return Double.isNaN(value) ? replacement : value;
  }

  /**
   * A line of names, then a line for each epoch, with line feeds. Numbers are the shortest decimals
   * that give the same double when read; NaN is an empty field. The same history gives the same
   * text: there are no times in it.
   */
  public String toCsv() {
    return epochs.stream()
        .map(History::line)
        .collect(Collectors.joining("\n", HEADER + "\n", epochs.isEmpty() ? "" : "\n"));
  }

  private static String line(Epoch epoch) {
    return DoubleStream.of(
            epoch.learningRate(),
            epoch.loss(),
            epoch.accuracy(),
            epoch.validationLoss(),
            epoch.validationAccuracy())
        .mapToObj(History::shortest)
        .collect(Collectors.joining(",", epoch.number() + "," + epoch.phase() + ",", ""));
  }

  /** Double.toString is not always the shortest before Java 19. */
  private static String shortest(double value) {
    if (Double.isNaN(value)) {
      return "";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    BigDecimal exact = new BigDecimal(value);
    int digits = 1;
    while (exact.round(new MathContext(digits)).doubleValue() != value) {
      digits++;
    }
    BigDecimal rounded = exact.round(new MathContext(digits)).stripTrailingZeros();
    boolean readable = rounded.precision() - rounded.scale() <= 17;
    return readable && rounded.scale() < 0 ? rounded.toPlainString() : rounded.toString();
  }

  /**
   * Reads what {@link #toCsv()} wrote.
   *
   * @param csv the text; lines may end with carriage return and line feed
   * @throws IllegalArgumentException naming the line that is no epoch
   */
  public static History parse(String csv) {
    List<String> lines = csv.lines().toList();
    if (lines.isEmpty() || !lines.get(0).equals(HEADER)) {
      throw new IllegalArgumentException(
          "A history begins with the line \"%s\" but this one with \"%s\"."
              .formatted(HEADER, lines.isEmpty() ? "" : lines.get(0)));
    }
    List<Epoch> epochs = new ArrayList<>();
    for (int i = 1; i < lines.size(); i++) {
      epochs.add(parse(i + 1, lines.get(i)));
    }
    return new History(epochs);
  }

  private static Epoch parse(int number, String line) {
    String[] fields = line.split(",", -1);
    try {
      if (fields.length == COLUMNS) {
        return new Epoch(
            Integer.parseInt(fields[0]),
            fields[1],
            number(fields[2]),
            number(fields[3]),
            number(fields[4]),
            number(fields[5]),
            number(fields[6]));
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(complaint(number, line), e);
    }
    throw new IllegalArgumentException(complaint(number, line));
  }

  private static String complaint(int number, String line) {
    return "Line %d of the history is no epoch: expected %s but got \"%s\"."
        .formatted(number, HEADER, line);
  }

  private static double number(String field) {
    return switch (field) {
      case "" -> Double.NaN;
      case "inf" -> Double.POSITIVE_INFINITY;
      case "-inf" -> Double.NEGATIVE_INFINITY;
      default -> Double.parseDouble(field);
    };
  }
}
