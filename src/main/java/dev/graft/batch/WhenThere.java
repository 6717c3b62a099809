package dev.graft.batch;

/** What to do about a result, or a part of one, that is there already. */
public enum WhenThere {
  /** Refuse to work. */
  REFUSE,
  /** Go on where an interrupted job stopped; one that is done stays; with neither, begin. */
  RESUME,
  /** Begin again; the old result is replaced when the new one is whole. */
  OVERWRITE
}
