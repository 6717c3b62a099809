package dev.graft.handoff;

import java.util.ArrayList;
import java.util.List;

/**
 * How the files of a folder differ from the list in its handoff. Paths are relative to the folder,
 * with {@code /}, sorted.
 *
 * @param missing listed, but not there
 * @param changed there with another SHA-256
 * @param unexpected there, but not listed: worth a warning, no more
 */
public record FileDifferences(List<String> missing, List<String> changed, List<String> unexpected) {
  /** Copies the lists. */
  public FileDifferences {
    missing = List.copyOf(missing);
    changed = List.copyOf(changed);
    unexpected = List.copyOf(unexpected);
  }

  /** Whether every listed file is there and as listed. */
  public boolean allAsListed() {
    return missing.isEmpty() && changed.isEmpty();
  }

  /** For people: every path by kind, or {@code none}. */
  @Override
  public String toString() {
    List<String> kinds = new ArrayList<>();
    add(kinds, "missing", missing);
    add(kinds, "changed", changed);
    add(kinds, "unexpected", unexpected);
    return kinds.isEmpty() ? "none" : String.join("; ", kinds);
  }

  private static void add(List<String> kinds, String kind, List<String> paths) {
    if (!paths.isEmpty()) {
      kinds.add(kind + " " + String.join(", ", paths));
    }
  }
}
