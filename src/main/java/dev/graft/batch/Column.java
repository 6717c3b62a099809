package dev.graft.batch;

import java.util.Optional;
import org.apache.parquet.format.SchemaElement;

/**
 * A column of a table that goes in or out. Its values are null or of the kind's type.
 *
 * @param name unique in its table
 * @param kind what the values are
 * @param original how a Parquet file declared it, if it came from one
 */
record Column(String name, Kind kind, Optional<SchemaElement> original) {
  /** What the values of a column are. */
  enum Kind {
    /** {@link String}. */
    TEXT,
    /** {@link Boolean}. */
    TRUTH,
    /** {@link Integer}. */
    INT,
    /** {@link Long}. */
    LONG,
    /** {@link Float}. */
    FLOAT,
    /** {@link Double}. */
    DOUBLE,
    /** {@code byte[]}. */
    BYTES,
    /** {@code float[]}. */
    FLOATS,
    /** A list of {@link dev.graft.predict.Answer.Guess}. */
    GUESSES
  }

  static Column of(String name, Kind kind) {
    return new Column(name, kind, Optional.empty());
  }

  Column named(String other) {
    return new Column(other, kind, original);
  }
}
