package dev.graft.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which layers of a backbone train. What is not named stays frozen, and BatchNorm's moving
 * statistics stay as they are in every plan, unless {@link Backbone#withTrainingMode}.
 */
public sealed interface FreezePlan {
  /**
   * The layers that train.
   *
   * @param layers names of the backbone's layers, in the order of the model
   * @throws IllegalArgumentException when the plan names a layer that is not there
   */
  Set<String> unfrozen(List<String> layers);

  /** One line for people and run.json. */
  String describe();

  /** Nothing of the backbone trains. */
  static FreezePlan allFrozen() {
    return new AllFrozen();
  }

  /** Layers whose name matches a pattern train: {@code *} any characters, {@code ?} one. */
  static FreezePlan unfreeze(String... patterns) {
    return new Matching(Arrays.asList(patterns));
  }

  /** This layer and all after it train. */
  static FreezePlan unfreezeFrom(String layer) {
    return new From(layer);
  }

  /** The last layers train, of all layers, with and without weights, as Keras counts them. */
  static FreezePlan unfreezeLast(int layers) {
    return new Last(layers);
  }

  /** See {@link #allFrozen()}. */
  record AllFrozen() implements FreezePlan {
    @Override
    public Set<String> unfrozen(List<String> layers) {
      return Set.of();
    }

    @Override
    public String describe() {
      return "all frozen";
    }
  }

  /**
   * See {@link #unfreeze(String...)}.
   *
   * @param patterns at least one
   */
  record Matching(List<String> patterns) implements FreezePlan {
    /** Copies the patterns. */
    public Matching {
      patterns = List.copyOf(patterns);
      if (patterns.isEmpty()) {
        throw new IllegalArgumentException("Give at least one pattern of layers to unfreeze.");
      }
    }

    @Override
    public Set<String> unfrozen(List<String> layers) {
      Set<String> unfrozen = new LinkedHashSet<>();
      List<String> unmatched = new ArrayList<>();
      for (String pattern : patterns) {
        Pattern glob = glob(pattern);
        List<String> matches =
            layers.stream().filter(layer -> glob.matcher(layer).matches()).toList();
        if (matches.isEmpty()) {
          unmatched.add(pattern);
        }
        unfrozen.addAll(matches);
      }
      if (!unmatched.isEmpty()) {
        throw unknown(String.join("\", \"", unmatched), layers);
      }
      return unfrozen;
    }

    @Override
    public String describe() {
      return "unfrozen: " + String.join(", ", patterns);
    }

    private static Pattern glob(String pattern) {
      StringBuilder regex = new StringBuilder();
      for (char c : pattern.toCharArray()) {
        regex.append(c == '*' ? ".*" : c == '?' ? "." : Pattern.quote(String.valueOf(c)));
      }
      return Pattern.compile(regex.toString());
    }
  }

  /**
   * See {@link #unfreezeFrom(String)}.
   *
   * @param layer name of the first layer that trains
   */
  record From(String layer) implements FreezePlan {
    @Override
    public Set<String> unfrozen(List<String> layers) {
      int first = layers.indexOf(layer);
      if (first < 0) {
        throw unknown(layer, layers);
      }
      return new LinkedHashSet<>(layers.subList(first, layers.size()));
    }

    @Override
    public String describe() {
      return "unfrozen from " + layer;
    }
  }

  /**
   * See {@link #unfreezeLast(int)}.
   *
   * @param count number of layers, at least 1
   */
  record Last(int count) implements FreezePlan {
    /** Checks the count. */
    public Last {
      if (count < 1) {
        throw new IllegalArgumentException(
            "The number of layers to unfreeze must be at least 1, got " + count + ".");
      }
    }

    @Override
    public Set<String> unfrozen(List<String> layers) {
      if (count > layers.size()) {
        throw new IllegalArgumentException(
            "The last "
                + count
                + " layers can't be unfrozen: the backbone has "
                + layers.size()
                + " layers.");
      }
      return new LinkedHashSet<>(layers.subList(layers.size() - count, layers.size()));
    }

    @Override
    public String describe() {
      return "unfrozen: the last " + count + " layers";
    }
  }

  private static IllegalArgumentException unknown(String asked, List<String> layers) {
    int shown = Math.min(layers.size(), 8);
    return new IllegalArgumentException(
        "No layer of the backbone is called \""
            + asked
            + "\"; its "
            + layers.size()
            + " layers end with "
            + String.join(", ", layers.subList(layers.size() - shown, layers.size()))
            + " (graft inspect lists them all).");
  }
}
