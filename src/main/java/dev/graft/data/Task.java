package dev.graft.data;

import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * What a model is to say of an example.
 *
 * @param kind of its answers
 * @param labels names of the classes, of the labels, or of the numbers, in the order of the answers
 */
public record Task(Kind kind, Labels labels) {
  /** What an answer consists of. */
  public enum Kind {
    /** One of the classes. */
    CLASSES,
    /** Any number of the labels, each on its own. */
    LABELS,
    /** Numbers. */
    NUMBERS;

    /** The word that a handoff and a command have for it: lower case. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Finds a kind by its word.
     *
     * @throws IllegalArgumentException when there is none
     */
    public static Kind named(String word) {
      return Arrays.stream(values())
          .filter(kind -> kind.word().equals(word))
          .findFirst()
          .orElseThrow(
              () ->
                  new IllegalArgumentException(
                      "There is no task \""
                          + word
                          + "\"; known are "
                          + Arrays.stream(values())
                              .map(Kind::word)
                              .collect(Collectors.joining(", "))
                          + "."));
    }
  }

  /** Checks that nothing is missing. */
  public Task {
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(labels, "labels");
  }

  /** To tell classes apart. */
  public static Task classes(Labels labels) {
    return new Task(Kind.CLASSES, labels);
  }

  /** How many values an answer has. */
  public int size() {
    return labels.size();
  }

  /** For people: {@code 5 classes}. */
  public String describe() {
    return size() + " " + (size() == 1 ? kind.word().replaceAll("e?s$", "") : kind.word());
  }

  /** A target for people: the name of the class, the labels, or the numbers. */
  public String text(Target target) {
    if (target instanceof Target.OfClass one) {
      return labels.name(one.index());
    }
    if (target instanceof Target.OfLabels some) {
      return some.indices().isEmpty()
          ? "(none)"
          : some.indices().stream().map(labels::name).collect(Collectors.joining("; "));
    }
    return target.toString();
  }

  /**
   * Requires a target of this kind with no value too many.
   *
   * @param where the target was found, at the start of a sentence
   */
  void require(String where, Target target) {
    boolean fits =
        switch (kind) {
          case CLASSES -> target instanceof Target.OfClass one && one.index() < size();
          case LABELS ->
              target instanceof Target.OfLabels some
                  && some.indices().stream().allMatch(index -> index < size());
          case NUMBERS -> target instanceof Target.OfNumbers all && all.count() == size();
        };
    if (!fits) {
      throw new IllegalArgumentException(
          where + " has the target " + target + ", but there are " + describe() + ".");
    }
  }
}
