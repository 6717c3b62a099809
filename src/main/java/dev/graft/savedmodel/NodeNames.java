package dev.graft.savedmodel;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Gives out names of nodes, each once: a name that is taken gets {@code _1}, {@code _2}, …. */
final class NodeNames {
  private static final Pattern VALID = Pattern.compile("[A-Za-z0-9.][A-Za-z0-9_.\\\\/>-]*");

  private final Set<String> taken = new HashSet<>();
  private final Map<String, Integer> next = new HashMap<>();

  String unique(String wanted) {
    String name = valid(wanted);
    while (!taken.add(name)) {
      name = valid(wanted) + "_" + next.merge(wanted, 1, Integer::sum);
    }
    return name;
  }

  /** Marks a name that is in use already. */
  void take(String name) {
    taken.add(name);
  }

  private static String valid(String name) {
    if (VALID.matcher(name).matches()) {
      return name;
    }
    String replaced = name.replaceAll("[^A-Za-z0-9_./-]", "_");
    return VALID.matcher(replaced).matches() ? replaced : "x" + replaced;
  }
}
