package dev.graft.batch;

/** What the values of a column are; each may be null. */
public enum ColumnKind {
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
