package dev.graft.data;

import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The class names in the order of a classifier's outputs.
 *
 * @param names at least one name, none of them blank, all different
 */
public record Labels(List<String> names) {
  public Labels {
    names = List.copyOf(names);
    if (names.isEmpty()) {
      throw new IllegalArgumentException("Labels need at least one name, but none was given.");
    }
    Set<String> seen = new HashSet<>();
    for (String name : names) {
      if (name.isBlank()) {
        throw new IllegalArgumentException("A label must not be blank; the labels are " + names);
      }
      if (!seen.add(name)) {
        throw new IllegalArgumentException(
            "The label \"" + name + "\" appears twice in " + names + "; labels must be unique.");
      }
    }
  }

  /** The given names in the given order. */
  public static Labels of(String... names) {
    return new Labels(Arrays.asList(names));
  }

  /** The different names among the given ones, in Python's order of strings. */
  public static Labels sorted(Collection<String> names) {
    return new Labels(names.stream().distinct().sorted(CodePointOrder.INSTANCE).toList());
  }

  /** Number of classes. */
  public int size() {
    return names.size();
  }

  /**
   * The name of a class.
   *
   * @throws IndexOutOfBoundsException if there is no such index
   */
  public String name(int index) {
    return names.get(index);
  }

  /**
   * The index of a class.
   *
   * @throws IllegalArgumentException if no class has that name
   */
  public int indexOf(String name) {
    int index = names.indexOf(name);
    if (index < 0) {
      throw new IllegalArgumentException(
          "No label \"" + name + "\"; the labels are " + names + ".");
    }
    return index;
  }

  /**
   * How {@code found} differs from these labels, as the end of a sentence; empty if it does not.
   */
  String difference(Labels found) {
    List<String> missing = names.stream().filter(name -> !found.names.contains(name)).toList();
    List<String> unexpected = found.names.stream().filter(name -> !names.contains(name)).toList();
    if (missing.isEmpty() && unexpected.isEmpty()) {
      return found.names.equals(names) ? "" : "the order " + found.names + " instead of " + names;
    }
    if (missing.isEmpty()) {
      return "the unexpected classes " + unexpected;
    }
    return "the missing classes "
        + missing
        + (unexpected.isEmpty() ? "" : " and the unexpected classes " + unexpected);
  }
}
