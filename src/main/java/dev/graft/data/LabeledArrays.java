package dev.graft.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Examples as rows of arrays: a {@code .npz} file, or a folder of {@code .npy} files, with an array
 * for each input of a model (named like the input, or {@code x} for the only one) and their targets
 * {@code y}; {@code weight} may say how much each counts. The same with {@code _val} or {@code
 * _test} after the names are the examples to validate or to test on. {@code labels.txt} in the
 * folder, or {@code NAME.labels.txt} beside {@code NAME.npz}, names the classes, a line each.
 *
 * <p>{@code y} is one of: whole numbers {@code [examples]}, the classes from 0; zeros and ones
 * {@code [examples, labels]} of a whole type, the labels; floating-point numbers {@code [examples]}
 * or {@code [examples, numbers]}.
 *
 * <p>Immutable; holds all arrays in memory.
 */
public final class LabeledArrays {
  private static final List<String> PARTS = List.of("", "_val", "_test");

  private final Path source;
  private final List<Map<String, NumberArray>> parts;
  private final Optional<LabeledImages> examples;

  private LabeledArrays(
      Path source, List<Map<String, NumberArray>> parts, Optional<LabeledImages> examples) {
    this.source = source;
    this.parts = parts;
    this.examples = examples;
  }

  /** Whether a path holds arrays: a {@code .npz} file, or a folder with {@code .npy} files. */
  public static boolean isAt(Path path) throws IOException {
    return ArrayFile.is(path);
  }

  /**
   * Reads arrays with their targets.
   *
   * @param kind what the targets are; by default what they look like
   * @throws IllegalArgumentException when an array is missing, or they do not fit together
   * @throws IOException when they can't be read
   */
  public static LabeledArrays read(Path source, Optional<Task.Kind> kind) throws IOException {
    Map<String, NumberArray> all = ArrayFile.read(source);
    if (!all.containsKey("y")) {
      throw new IllegalArgumentException(
          source + " has the arrays " + all.keySet() + ", expected the targets y among them.");
    }
    Targets targets = Targets.of(source, all, kind);
    List<Map<String, NumberArray>> parts = new ArrayList<>();
    List<List<LabeledImage>> rows = new ArrayList<>();
    for (String ending : PARTS) {
      parts.add(inputs(source, all, ending));
      rows.add(targets.examples(source, all, ending));
    }
    LabeledImages examples =
        new LabeledImages(source, targets.task(), rows.get(0), rows.get(1), rows.get(2), List.of());
    return new LabeledArrays(source, parts, Optional.of(examples));
  }

  /**
   * Reads arrays with targets in the terms of a task.
   *
   * @throws IllegalArgumentException when the targets are of another kind or number
   * @throws IOException when they can't be read
   */
  public static LabeledArrays read(Path source, Task task) throws IOException {
    LabeledArrays read = read(source, Optional.of(task.kind()));
    LabeledImages found = read.examples();
    boolean fits =
        task.kind() == Task.Kind.CLASSES
            ? found.task().size() <= task.size()
            : found.task().size() == task.size();
    if (!fits) {
      throw new IllegalArgumentException(
          "The targets y of %s have %s, expected are %s."
              .formatted(source, found.task().describe(), task.describe()));
    }
    LabeledImages named =
        new LabeledImages(
            source, task, found.images(), found.validation(), found.test(), found.skipped());
    return new LabeledArrays(source, read.parts, Optional.of(named));
  }

  /**
   * Reads arrays whose targets, if there are any, are not looked at.
   *
   * @throws IllegalArgumentException when they do not fit together
   * @throws IOException when they can't be read
   */
  public static LabeledArrays readInputs(Path source) throws IOException {
    Map<String, NumberArray> all = ArrayFile.read(source);
    return new LabeledArrays(source, List.of(inputs(source, all, "")), Optional.empty());
  }

  /** The arrays of a part without targets and weights, by the name of their input. */
  private static Map<String, NumberArray> inputs(
      Path source, Map<String, NumberArray> all, String ending) {
    Map<String, NumberArray> inputs = new LinkedHashMap<>();
    all.forEach(
        (name, array) -> {
          String part = PARTS.stream().skip(1).filter(name::endsWith).findFirst().orElse("");
          String input = name.substring(0, name.length() - part.length());
          if (part.equals(ending) && !List.of("y", "weight").contains(input)) {
            requireFinite(source, name, array);
            inputs.put(input, array);
          }
        });
    List<Integer> rows = inputs.values().stream().map(NumberArray::rows).distinct().toList();
    if (rows.size() > 1 || ending.isEmpty() && rows.isEmpty()) {
      throw new IllegalArgumentException(
          "The arrays %s of %s have %s rows, expected as many in each, of at least one input."
              .formatted(inputs.keySet(), source, rows));
    }
    return inputs;
  }

  private static void requireFinite(Path source, String name, NumberArray array) {
    int size = array.isWhole() ? 0 : Math.multiplyExact(array.rows(), array.rowSize());
    for (int i = 0; i < size; i++) {
      if (!Double.isFinite(array.get(i))) {
        throw new IllegalArgumentException(
            "Row %d of the array %s of %s has the value %s: expected finite numbers."
                .formatted(i / array.rowSize(), name, source, array.get(i)));
      }
    }
  }

  /** Where they were read from. */
  public Path source() {
    return source;
  }

  /**
   * The rows with their targets; the path of one is {@code SOURCE/PART/ROW}, which is no file.
   *
   * @throws IllegalStateException when they were read without targets
   */
  public LabeledImages examples() {
    return examples.orElseThrow(
        () -> new IllegalStateException(source + " was read without its targets."));
  }

  /** The paths of the rows to train on, or of all rows where there are no targets. */
  public List<Path> paths() {
    int rows = parts.get(0).values().iterator().next().rows();
    return IntStream.range(0, rows).mapToObj(row -> path(source, "", row)).toList();
  }

  /** The arrays of the examples to train on, by the name of their input. */
  public Map<String, NumberArray> inputs() {
    return parts.get(0);
  }

  /** The arrays that hold a row, by the name of their input. */
  public Map<String, NumberArray> inputsOf(Path row) {
    String part = row.getParent().getFileName().toString();
    return parts.get(part.equals("training") ? 0 : part.equals("val") ? 1 : 2);
  }

  /** The number of a row in its arrays. */
  public int indexOf(Path row) {
    return Integer.parseInt(row.getFileName().toString());
  }

  private static Path path(Path source, String ending, int row) {
    String part = ending.isEmpty() ? "training" : ending.substring(1);
    return source.resolve(part).resolve(String.valueOf(row));
  }

  /** The targets of all parts. */
  private record Targets(Task task) {
    static Targets of(Path source, Map<String, NumberArray> all, Optional<Task.Kind> asked)
        throws IOException {
      NumberArray y = all.get("y");
      int axes = y.array().shape().size();
      Task.Kind kind =
          asked.orElse(
              !y.isWhole() ? Task.Kind.NUMBERS : axes == 1 ? Task.Kind.CLASSES : Task.Kind.LABELS);
      int expected = kind == Task.Kind.CLASSES ? 1 : 2;
      boolean fits = axes == expected || kind == Task.Kind.NUMBERS && axes == 1;
      if (!fits || y.rows() == 0) {
        throw new IllegalArgumentException(
            "The targets y of %s have the shape %s, expected [examples%s] for %s."
                .formatted(
                    source, y.array().shape(), expected == 1 ? "" : ", values", kind.word()));
      }
      int size = kind == Task.Kind.CLASSES ? classes(source, all) : y.rowSize();
      return new Targets(new Task(kind, names(source, kind, size)));
    }

    private static int classes(Path source, Map<String, NumberArray> all) {
      int most = 1;
      for (String ending : PARTS) {
        NumberArray y = all.get("y" + ending);
        for (int i = 0; y != null && i < y.rows(); i++) {
          if (y.get(i) < 0 || y.get(i) != Math.rint(y.get(i)) || y.get(i) > 1e6) {
            throw new IllegalArgumentException(
                "Row %d of the targets y%s of %s is %s, expected the index of a class, from 0."
                    .formatted(i, ending, source, y.get(i)));
          }
          most = Math.max(most, (int) y.get(i));
        }
      }
      return most + 1;
    }

    private static Labels names(Path source, Task.Kind kind, int size) throws IOException {
      Path file =
          Files.isDirectory(source)
              ? source.resolve("labels.txt")
              : source.resolveSibling(
                  source.getFileName().toString().replaceAll("(?i)\\.npz$", "") + ".labels.txt");
      if (Files.isRegularFile(file)) {
        Labels names = new Labels(Files.readAllLines(file));
        if (names.size() < size || kind != Task.Kind.CLASSES && names.size() > size) {
          throw new IllegalArgumentException(
              "%s has %d names, but there are %d %s."
                  .formatted(file, names.size(), size, kind.word()));
        }
        return names;
      }
      String prefix = kind == Task.Kind.NUMBERS ? "y" : "";
      return size == 1 && kind == Task.Kind.NUMBERS
          ? Labels.of("y")
          : new Labels(IntStream.range(0, size).mapToObj(i -> prefix + i).toList());
    }

    List<LabeledImage> examples(Path source, Map<String, NumberArray> all, String ending) {
      NumberArray y = all.get("y" + ending);
      Map<String, NumberArray> inputs = inputs(source, all, ending);
      int rows = inputs.isEmpty() ? 0 : inputs.values().iterator().next().rows();
      NumberArray weight = all.get("weight" + ending);
      if ((y == null ? 0 : y.rows()) != rows || weight != null && weight.rows() != rows) {
        throw new IllegalArgumentException(
            "The inputs of %s have %d rows, but the targets y%s%s do not: expected as many."
                .formatted(source, rows, ending, weight == null ? "" : " or the weights"));
      }
      List<LabeledImage> examples = new ArrayList<>();
      for (int row = 0; row < rows; row++) {
        float counts = weight == null ? 1 : (float) weight.get(row);
        examples.add(new LabeledImage(path(source, ending, row), target(y, row), counts));
      }
      return examples;
    }

    private Target target(NumberArray y, int row) {
      int size = y.rowSize();
      return switch (task.kind()) {
        case CLASSES -> new Target.OfClass((int) y.get(row));
        case LABELS ->
            new Target.OfLabels(
                IntStream.range(0, size).filter(i -> y.get(row * size + i) > 0.5).boxed().toList());
        case NUMBERS -> {
          float[] values = new float[size];
          for (int i = 0; i < size; i++) {
            values[i] = (float) y.get(row * size + i);
          }
          yield new Target.OfNumbers(values);
        }
      };
    }
  }
}
