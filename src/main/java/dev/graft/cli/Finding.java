package dev.graft.cli;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One line of {@code graft doctor}.
 *
 * @param what is looked at, such as {@code memory}
 * @param state how it is
 * @param found what is there, in a few words
 * @param remedy what to do about it; empty where there is nothing to do
 * @param facts the same for programs, by name
 */
record Finding(String what, State state, String found, String remedy, Map<String, Object> facts) {
  /** How it is. */
  enum State {
    /** As it should be. */
    GOOD,
    /** Graft works, and could do better. */
    NOTE,
    /** Graft does not work. */
    PROBLEM
  }

  static Finding good(String what, String found) {
    return new Finding(what, State.GOOD, found, "", Map.of());
  }

  static Finding note(String what, String found, String remedy) {
    return new Finding(what, State.NOTE, found, remedy, Map.of());
  }

  static Finding problem(String what, String found, String remedy) {
    return new Finding(what, State.PROBLEM, found, remedy, Map.of());
  }

  /** The same with a fact for programs; null where it is not known. */
  Finding with(String name, Object value) {
    Map<String, Object> more = new LinkedHashMap<>(facts);
    more.put(name, value);
    return new Finding(what, state, found, remedy, more);
  }
}
