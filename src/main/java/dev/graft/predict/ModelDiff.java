package dev.graft.predict;

import dev.graft.data.ProgressListener;
import dev.graft.handoff.Handoff;
import dev.graft.savedmodel.Checkpoint;
import dev.graft.savedmodel.FlatVariable;
import dev.graft.savedmodel.ModelFormatException;
import dev.graft.savedmodel.SavedModel;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntToDoubleFunction;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which variables differ between two models, and by how much. Only what a model's answers depend on
 * is looked at: an optimizer's state and second copies are left out. An immutable value.
 *
 * <p>Variables are the same when they have the same name; what is left over, when the layer's and
 * the variable's own name and the shape are the same and no other variable's are, as of a backbone
 * that became a layer of another model.
 *
 * @param shared variables of both, in the order of the first
 * @param onlyInFirst names of variables that the second has not
 * @param onlyInSecond names of variables that the first has not
 * @param training whether a handoff says what was trained: then {@link Shared#frozen} is known
 */
public record ModelDiff(
    List<Shared> shared, List<Own> onlyInFirst, List<Own> onlyInSecond, boolean training) {
  /** Copies the lists. */
  public ModelDiff {
    shared = List.copyOf(shared);
    onlyInFirst = List.copyOf(onlyInFirst);
    onlyInSecond = List.copyOf(onlyInSecond);
  }

  /**
   * A variable of both models.
   *
   * @param name in the first
   * @param otherName in the second
   * @param shape in the first
   * @param otherShape in the second
   * @param frozen whether no training that is known of was to change it
   * @param identical whether both have the same bits
   * @param largest absolute difference of an element; infinite where types or shapes differ, or a
   *     number is none in one of them
   * @param relative norm of the difference over the norm of the first's values; infinite likewise
   */
  public record Shared(
      String name,
      String otherName,
      List<Long> shape,
      List<Long> otherShape,
      boolean frozen,
      boolean identical,
      double largest,
      double relative) {
    /** Copies the shapes. */
    public Shared {
      shape = List.copyOf(shape);
      otherShape = List.copyOf(otherShape);
    }
  }

  /**
   * A variable of one model alone.
   *
   * @param name what Keras calls it
   * @param shape sizes of the dimensions
   * @param frozen whether no training that is known of was to change it, or to make it
   */
  public record Own(String name, List<Long> shape, boolean frozen) {
    /** Copies the shape. */
    public Own {
      shape = List.copyOf(shape);
    }
  }

  /**
   * Whether nothing differs that should not: frozen variables where it is known what was trained,
   * otherwise all.
   */
  public boolean isAsExpected() {
    return unexpected().isEmpty();
  }

  /** Names of what differs, or is missing in one of the two, and should not. */
  public List<String> unexpected() {
    List<String> names = new ArrayList<>();
    shared.stream()
        .filter(one -> !one.identical() && (one.frozen() || !training))
        .forEach(one -> names.add(one.name()));
    for (List<Own> own : List.of(onlyInFirst, onlyInSecond)) {
      own.stream().filter(one -> one.frozen() || !training).forEach(one -> names.add(one.name()));
    }
    return names;
  }

  /**
   * One sentence, such as {@code frozen: 24 variables, identical; trained: 8 variables: 6
   * different, 2 only in runs/flowers}.
   *
   * @param first what the first model is called
   * @param second what the second model is called
   */
  public String statement(String first, String second) {
    if (!training) {
      return counted(first, second, frozen -> true);
    }
    return "frozen: %s; trained: %s"
        .formatted(
            counted(first, second, frozen -> frozen), counted(first, second, frozen -> !frozen));
  }

  private String counted(String first, String second, Predicate<Boolean> wanted) {
    Map<String, Long> counts = new LinkedHashMap<>();
    counts.put("identical", shared(wanted).filter(Shared::identical).count());
    counts.put("different", shared(wanted).filter(one -> !one.identical()).count());
    counts.put("only in " + first, own(onlyInFirst, wanted));
    counts.put("only in " + second, own(onlyInSecond, wanted));
    counts.values().removeIf(count -> count == 0);
    long all = counts.values().stream().mapToLong(Long::longValue).sum();
    String states =
        counts.size() == 1
            ? ", " + counts.keySet().iterator().next()
            : counts.entrySet().stream()
                .map(state -> state.getValue() + " " + state.getKey())
                .collect(Collectors.joining(", ", ": ", ""));
    return all + (all == 1 ? " variable" : " variables") + (all == 0 ? "" : states);
  }

  private Stream<Shared> shared(Predicate<Boolean> wanted) {
    return shared.stream().filter(one -> wanted.test(one.frozen()));
  }

  private static long own(List<Own> own, Predicate<Boolean> wanted) {
    return own.stream().filter(one -> wanted.test(one.frozen())).count();
  }

  /**
   * Compares two models.
   *
   * @param first a SavedModel folder or a run
   * @param second the same
   * @throws ModelFormatException when one of them can't be used
   * @throws IOException when one can't be read
   */
  public static ModelDiff of(Path first, Path second) throws IOException {
    return of(first, second, ProgressListener.none());
  }

  /**
   * Compares two models.
   *
   * @param first a SavedModel folder or a run
   * @param second the same
   * @param listener hears of each variable
   * @throws ModelFormatException when one of them can't be used
   * @throws IOException when one can't be read
   */
  public static ModelDiff of(Path first, Path second, ProgressListener listener)
      throws IOException {
    return new Comparison(Side.read(first), Side.read(second)).run(listener);
  }

  /** One of the two models. */
  private record Side(
      Checkpoint checkpoint, Map<String, FlatVariable> variables, Optional<Set<String>> trained) {
    static Side read(Path modelOrRun) throws IOException {
      Path folder = ModelFolder.of(modelOrRun);
      SavedModel saved = SavedModel.read(folder);
      Optional<Handoff> handoff = Handoff.read(folder);
      String signature = handoff.map(known -> known.signature().name()).orElse(null);
      Map<String, FlatVariable> variables = new LinkedHashMap<>();
      saved
          .flatten(signature)
          .variables()
          .forEach(variable -> variables.put(variable.name(), variable));
      return new Side(
          saved.checkpoint(), variables, handoff.flatMap(Handoff::trained).map(Set::copyOf));
    }

    HostTensor value(String name) throws IOException {
      return checkpoint.read(variables.get(name).key());
    }
  }

  private record Comparison(Side first, Side second) {
    ModelDiff run(ProgressListener listener) throws IOException {
      Map<String, String> pairs = pairs();
      List<Shared> shared = new ArrayList<>();
      for (Map.Entry<String, String> pair : pairs.entrySet()) {
        shared.add(compare(pair.getKey(), pair.getValue()));
        listener.progress("comparing", shared.size(), pairs.size());
      }
      boolean training = first.trained().isPresent() || second.trained().isPresent();
      return new ModelDiff(
          shared, own(first, pairs.keySet()), own(second, new HashSet<>(pairs.values())), training);
    }

    private List<Own> own(Side side, Set<String> paired) {
      return side.variables().values().stream()
          .filter(variable -> !paired.contains(variable.name()))
          .map(variable -> new Own(variable.name(), variable.shape(), isFrozen(variable.name())))
          .toList();
    }

    private boolean isFrozen(String... names) {
      return Arrays.stream(names)
          .noneMatch(name -> isTrained(first, name) || isTrained(second, name));
    }

    private static boolean isTrained(Side side, String name) {
      return side.trained().map(names -> names.contains(name)).orElse(false);
    }

    /** Names in the second by those in the first, in the order of the first. */
    private Map<String, String> pairs() {
      Map<String, String> left = leftOver(second, first);
      Map<String, String> pairs = new LinkedHashMap<>();
      Map<String, String> byTail = new LinkedHashMap<>();
      leftOver(first, second).forEach((tail, name) -> byTail.put(name, left.get(tail)));
      for (String name : first.variables().keySet()) {
        if (second.variables().containsKey(name)) {
          pairs.put(name, name);
        } else if (byTail.get(name) != null) {
          pairs.put(name, byTail.get(name));
        }
      }
      return pairs;
    }

    /** Names that the other has not, by the end of the name and the shape where that is unique. */
    private static Map<String, String> leftOver(Side side, Side other) {
      Map<String, List<String>> byTail =
          side.variables().values().stream()
              .filter(variable -> !other.variables().containsKey(variable.name()))
              .collect(
                  Collectors.groupingBy(
                      Comparison::tail,
                      LinkedHashMap::new,
                      Collectors.mapping(FlatVariable::name, Collectors.toList())));
      return byTail.entrySet().stream()
          .filter(names -> names.getValue().size() == 1)
          .collect(Collectors.toMap(Map.Entry::getKey, names -> names.getValue().get(0)));
    }

    private static String tail(FlatVariable variable) {
      String[] parts = variable.name().split("/");
      int from = Math.max(0, parts.length - 2);
      return String.join("/", Arrays.asList(parts).subList(from, parts.length)) + variable.shape();
    }

    private Shared compare(String name, String otherName) throws IOException {
      HostTensor one = first.value(name);
      HostTensor other = second.value(otherName);
      boolean comparable = one.dtype() == other.dtype() && one.shape().equals(other.shape());
      Distance distance = comparable ? Distance.of(one, other) : Distance.INFINITE;
      return new Shared(
          name,
          otherName,
          one.shape(),
          other.shape(),
          isFrozen(name, otherName),
          one.equals(other),
          distance.largest(),
          distance.relative());
    }
  }

  /** How far apart two tensors of one type and shape are. */
  private record Distance(double largest, double relative) {
    static final Distance INFINITE =
        new Distance(Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);

    static Distance of(HostTensor one, HostTensor other) {
      if (one.equals(other)) {
        return new Distance(0, 0);
      }
      Optional<IntToDoubleFunction> a = one.numbers();
      Optional<IntToDoubleFunction> b = other.numbers();
      return a.isPresent() ? of(a.get(), b.orElseThrow(), (int) one.size()) : INFINITE;
    }

    private static Distance of(IntToDoubleFunction a, IntToDoubleFunction b, int size) {
      double largest = 0;
      double squares = 0;
      double ofSquares = 0;
      for (int i = 0; i < size; i++) {
        double value = a.applyAsDouble(i);
        double apart = Math.abs(value - b.applyAsDouble(i));
        if (Double.isNaN(apart)) {
          return INFINITE;
        }
        largest = Math.max(largest, apart);
        squares += apart * apart;
        ofSquares += value * value;
      }
      return new Distance(largest, squares == 0 ? 0 : Math.sqrt(squares / ofSquares));
    }
  }
}
