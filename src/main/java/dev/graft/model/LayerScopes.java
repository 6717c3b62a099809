package dev.graft.model;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Tells the layer of a node from the scopes that Keras puts into its name. */
final class LayerScopes {
  /** Keras names scopes {@code layer}, or {@code layer_1} from the second call on. */
  private static final Pattern CALL = Pattern.compile("_\\d+$");

  /** Names of layers as scopes, by the last of their scopes. */
  private final Map<String, List<String[]>> layers = new HashMap<>();

  LayerScopes(Collection<String> names) {
    for (String name : names) {
      String[] scopes = name.split("/");
      layers.computeIfAbsent(scopes[scopes.length - 1], last -> new ArrayList<>()).add(scopes);
    }
  }

  /**
   * The scopes around layers: nested models, and the layers around cells, such as {@code lstm}
   * where the only layer that is known by its variables is {@code lstm/lstm_cell}.
   */
  static LayerScopes around(Collection<String> names) {
    Set<String> outer = new LinkedHashSet<>();
    for (String name : names) {
      for (int slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', slash + 1)) {
        outer.add(name.substring(0, slash));
      }
    }
    return new LayerScopes(outer);
  }

  /** The layer whose scope is the innermost around a node. */
  Optional<String> of(String node) {
    String[] parts = node.split("/");
    for (int last = parts.length - 1; last >= 0; last--) {
      for (String part : List.of(parts[last], plain(parts[last]))) {
        for (String[] scopes : layers.getOrDefault(part, List.of())) {
          if (endsWith(parts, last, scopes)) {
            return Optional.of(String.join("/", scopes));
          }
        }
      }
    }
    return Optional.empty();
  }

  private static boolean endsWith(String[] parts, int last, String[] scopes) {
    int first = last - scopes.length + 1;
    for (int i = 0; i < scopes.length - 1; i++) {
      if (first < 0
          || !(parts[first + i].equals(scopes[i]) || plain(parts[first + i]).equals(scopes[i]))) {
        return false;
      }
    }
    return true;
  }

  private static String plain(String scope) {
    return CALL.matcher(scope).replaceFirst("");
  }
}
