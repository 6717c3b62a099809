package dev.graft.train;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An optimizer as text: {@code name(rate, setting=value, …)}. */
final class OptimizerText {
  private static final Pattern CALL = Pattern.compile("\\s*([a-z]+)\\s*(?:\\((.*)\\))?\\s*");

  private final String text;
  private final Map<String, String> settings = new LinkedHashMap<>();

  private OptimizerText(String text, String arguments) {
    this.text = text;
    for (String part : arguments.isBlank() ? new String[0] : arguments.split(",")) {
      int equals = part.indexOf('=');
      if (equals >= 0) {
        settings.put(part.substring(0, equals).strip(), part.substring(equals + 1).strip());
      } else if (part.strip().equals("nesterov")) {
        settings.put("nesterov", "true");
      } else {
        settings.put("learning_rate", part.strip());
      }
    }
  }

  static Optimizer parse(String text) {
    Matcher call = CALL.matcher(text);
    if (!call.matches()) {
      throw refuse(text, "expected name(learning rate), as in adam(1e-3)");
    }
    String arguments = call.group(2) == null ? "" : call.group(2);
    OptimizerText read = new OptimizerText(text, arguments);
    Optimizer optimizer = read.named(call.group(1));
    if (!read.settings.isEmpty()) {
      throw refuse(
          text, call.group(1) + " has no setting " + String.join(", ", read.settings.keySet()));
    }
    return optimizer;
  }

  private Optimizer named(String name) {
    return switch (name) {
      case "sgd" ->
          new Optimizer.Sgd(number("learning_rate", 0.01), number("momentum", 0), nesterov());
      case "rmsprop" ->
          new Optimizer.RmsProp(
              number("learning_rate", 1e-3),
              number("rho", 0.9),
              number("momentum", 0),
              number("epsilon", 1e-7));
      case "adam" ->
          new Optimizer.Adam(
              number("learning_rate", 1e-3),
              number("beta1", 0.9),
              number("beta2", 0.999),
              number("epsilon", 1e-7));
      case "adagrad" ->
          new Optimizer.Adagrad(number("learning_rate", 1e-3), number("epsilon", 1e-7));
      default ->
          throw refuse(
              text,
              "there is no optimizer \"" + name + "\"; known are sgd, rmsprop, adam, adagrad");
    };
  }

  private boolean nesterov() {
    return Boolean.parseBoolean(settings.remove("nesterov"));
  }

  private double number(String name, double standard) {
    String value = settings.remove(name);
    try {
      return value == null ? standard : Double.parseDouble(value);
    } catch (NumberFormatException e) {
      throw refuse(text, name + " must be a number, got \"" + value + "\"");
    }
  }

  private static IllegalArgumentException refuse(String text, String why) {
    return new IllegalArgumentException("Optimizer \"" + text + "\" can't be read: " + why + ".");
  }
}
