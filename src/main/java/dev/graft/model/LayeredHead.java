package dev.graft.model;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * A head in the head language.
 *
 * @param layers in order; the last is a dense layer with softmax, sigmoid or linear
 */
record LayeredHead(List<HeadLayer> layers) implements Head {
  private static final Pattern LAYER =
      Pattern.compile("\\s*([a-z0-9_]+)\\s*(?:\\(([^()]*)\\))?\\s*");
  private static final String LANGUAGE =
      "gap, gmp, flatten, dense(units[, activation][, l1=…][, l2=…]), dropout(rate), batchnorm";
  private static final List<Activation> ENDS =
      List.of(Activation.SOFTMAX, Activation.SIGMOID, Activation.LINEAR);

  LayeredHead {
    layers = List.copyOf(layers);
    if (layers.isEmpty() || !(layers.get(layers.size() - 1) instanceof HeadLayer.Dense last)) {
      throw new IllegalArgumentException(
          "A head must end with dense(softmax), dense(sigmoid) or dense(linear), got \""
              + text(layers)
              + "\".");
    }
    if (!ENDS.contains(last.activation())) {
      throw new IllegalArgumentException(
          "The head's last layer must have the activation softmax, sigmoid or linear, got \""
              + last.text()
              + "\": write dense(softmax).");
    }
    layers.subList(0, layers.size() - 1).forEach(LayeredHead::requireUnits);
  }

  static LayeredHead parse(String text) {
    List<HeadLayer> layers = new ArrayList<>();
    Matcher matcher = LAYER.matcher(text);
    int at = 0;
    while (at <= text.length()) {
      matcher.region(at, text.length());
      if (!matcher.lookingAt() || !endsLayer(text, matcher.end())) {
        throw notAHead(text, at);
      }
      layers.add(layer(matcher.group(1), arguments(matcher.group(2)), text));
      at = matcher.end() + 1;
    }
    return new LayeredHead(layers);
  }

  @Override
  public Operand<TFloat32> logits(HeadScope scope, Operand<TFloat32> features) {
    Map<String, Integer> seen = new HashMap<>();
    Operand<TFloat32> x = features;
    for (int i = 0; i < layers.size() - 1; i++) {
      scope.layer(layerName(layers.get(i), seen));
      x = layers.get(i).apply(scope, x);
    }
    HeadLayer.Dense last = last();
    scope.layer(layerName(last, seen));
    int units = scope.units();
    if (last.units() != 0 && last.units() != units) {
      throw new IllegalArgumentException(
          "Head layer \"%s\" answers %d values but the data needs %d: write dense(%s)."
              .formatted(last.text(), last.units(), units, last.activation().kerasName()));
    }
    return last.logits(scope, x, units);
  }

  @Override
  public Optional<Activation> activation() {
    return Optional.of(last().activation());
  }

  @Override
  public String describe() {
    return text(layers);
  }

  private HeadLayer.Dense last() {
    return (HeadLayer.Dense) layers.get(layers.size() - 1);
  }

  /** Keras's names: dense, dense_1, … */
  private static String layerName(HeadLayer layer, Map<String, Integer> seen) {
    String base = layer.keras().replaceAll("([a-z])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
    int before = seen.merge(base, 1, Integer::sum) - 1;
    return before == 0 ? base : base + "_" + before;
  }

  private static void requireUnits(HeadLayer layer) {
    if (layer instanceof HeadLayer.Dense dense && dense.units() == 0) {
      throw new IllegalArgumentException(
          "Only the head's last dense layer may leave its units out: write dense(256, "
              + dense.activation().kerasName()
              + ").");
    }
  }

  private static boolean endsLayer(String text, int end) {
    return end == text.length() || text.charAt(end) == ',';
  }

  private static List<String> arguments(String inside) {
    return inside == null || inside.isBlank()
        ? List.of()
        : Pattern.compile(",").splitAsStream(inside).map(String::strip).toList();
  }

  private static HeadLayer layer(String name, List<String> arguments, String text) {
    try {
      return switch (name) {
        case "gap" -> none(arguments, new HeadLayer.Gap());
        case "gmp" -> none(arguments, new HeadLayer.Gmp());
        case "flatten" -> none(arguments, new HeadLayer.Flatten());
        case "batchnorm" -> none(arguments, new HeadLayer.BatchNorm());
        case "dropout" -> dropout(arguments);
        case "dense" -> dense(arguments);
        default -> throw new IllegalArgumentException("there is no layer \"" + name + "\"");
      };
    } catch (NumberFormatException e) {
      throw refuse(text, name + " needs a number, got \"" + String.join(", ", arguments) + "\"");
    } catch (IllegalArgumentException e) {
      throw refuse(text, e.getMessage());
    }
  }

  private static HeadLayer none(List<String> arguments, HeadLayer layer) {
    if (!arguments.isEmpty()) {
      throw new IllegalArgumentException(layer.text() + " takes no arguments");
    }
    return layer;
  }

  private static HeadLayer dropout(List<String> arguments) {
    if (arguments.size() != 1) {
      throw new IllegalArgumentException("dropout needs one rate, as in dropout(0.2)");
    }
    return new HeadLayer.Dropout(Double.parseDouble(arguments.get(0)));
  }

  private static HeadLayer dense(List<String> arguments) {
    List<String> plain = arguments.stream().filter(one -> !one.contains("=")).toList();
    boolean ordered = plain.equals(arguments.subList(0, plain.size()));
    if (!ordered || plain.isEmpty() || plain.size() > 2) {
      throw new IllegalArgumentException(
          "dense needs units, an activation or both, and settings after them, as in dense(256, relu, l2=1e-4)");
    }
    double l1 = 0;
    double l2 = 0;
    for (String setting : arguments.subList(plain.size(), arguments.size())) {
      String value = setting.substring(setting.indexOf('=') + 1).strip();
      switch (setting.substring(0, setting.indexOf('=')).strip()) {
        case "l1" -> l1 = Double.parseDouble(value);
        case "l2" -> l2 = Double.parseDouble(value);
        default -> throw new IllegalArgumentException("dense has no setting \"" + setting + "\"");
      }
    }
    if (plain.size() == 1 && Activation.isKnown(plain.get(0))) {
      return new HeadLayer.Dense(0, Activation.named(plain.get(0)), l1, l2);
    }
    int units = Integer.parseInt(plain.get(0));
    if (units < 1) {
      throw new IllegalArgumentException("dense needs at least one unit, got " + units);
    }
    Activation activation = plain.size() == 1 ? Activation.LINEAR : Activation.named(plain.get(1));
    return new HeadLayer.Dense(units, activation, l1, l2);
  }

  private static IllegalArgumentException refuse(String text, String why) {
    return new IllegalArgumentException(
        "Head \"" + text + "\" can't be read: " + why + "; layers are " + LANGUAGE + ".");
  }

  private static IllegalArgumentException notAHead(String text, int from) {
    int at = from;
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    return refuse(text, "at character " + (at + 1) + " a layer is expected");
  }

  private static String text(List<HeadLayer> layers) {
    return layers.stream().map(HeadLayer::text).collect(Collectors.joining(", "));
  }
}
