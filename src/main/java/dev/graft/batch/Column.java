package dev.graft.batch;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.parquet.format.SchemaElement;

/**
 * A column of a table that goes in or out. Its values are null or of the kind's type.
 *
 * @param name unique in its table
 * @param kind what the values are
 * @param original how a Parquet file declared it, if it came from one
 */
record Column(String name, ColumnKind kind, Optional<SchemaElement> original) {
  static Column of(String name, ColumnKind kind) {
    return new Column(name, kind, Optional.empty());
  }

  /** Names that are taken, in whatever case, since Spark and databases tell no cases apart. */
  static Set<String> names(List<String> taken) {
    Set<String> names = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    names.addAll(taken);
    return names;
  }

  /**
   * A name that is not taken, and is from then on.
   *
   * @param prefix put before it until it is free
   */
  static String free(String name, String prefix, Set<String> taken) {
    String free = name;
    while (!taken.add(free)) {
      free = prefix + free;
    }
    return free;
  }

  Column named(String other) {
    return new Column(other, kind, original);
  }
}
