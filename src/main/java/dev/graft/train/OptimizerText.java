package dev.graft.train;

import dev.graft.train.Restraint.Clipping;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** An optimizer as text: {@code name(rate, setting=value, …)}. */
final class OptimizerText {
  private static final Pattern CALL = Pattern.compile("\\s*([a-z]+)\\s*(?:\\((.*)\\))?\\s*");

  private static final Set<String> FLAGS = Set.of("nesterov", "centered");

  private final String text;
  private final Map<String, String> settings = new LinkedHashMap<>();

  private OptimizerText(String text, String arguments) {
    this.text = text;
    for (String part : arguments.isBlank() ? new String[0] : arguments.split(",")) {
      int equals = part.indexOf('=');
      if (equals >= 0) {
        settings.put(part.substring(0, equals).strip(), part.substring(equals + 1).strip());
      } else if (FLAGS.contains(part.strip())) {
        settings.put(part.strip(), "true");
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
    String name = call.group(1);
    Optimizer optimizer = read.named(name).withRestraint(read.restraint(name));
    if (!read.settings.isEmpty()) {
      throw refuse(text, name + " has no setting " + String.join(", ", read.settings.keySet()));
    }
    return optimizer;
  }

  private Optimizer named(String name) {
    return switch (name) {
      case "sgd" ->
          new Optimizer.Sgd(number("learning_rate", 0.01), number("momentum", 0), flag("nesterov"));
      case "rmsprop" ->
          new Optimizer.RmsProp(
              number("learning_rate", 1e-3),
              number("rho", 0.9),
              number("momentum", 0),
              number("epsilon", 1e-7),
              flag("centered"));
      case "adam", "adamw" ->
          new Optimizer.Adam(
              number("learning_rate", 1e-3),
              number("beta1", 0.9),
              number("beta2", 0.999),
              number("epsilon", 1e-7));
      case "nadam" ->
          new Optimizer.Nadam(
              number("learning_rate", 1e-3),
              number("beta1", 0.9),
              number("beta2", 0.999),
              number("epsilon", 1e-7));
      case "adagrad" ->
          new Optimizer.Adagrad(number("learning_rate", 1e-3), number("epsilon", 1e-7));
      default ->
          throw refuse(
              text,
              "there is no optimizer \""
                  + name
                  + "\"; known are sgd, rmsprop, adam, adamw, nadam, adagrad");
    };
  }

  private Restraint restraint(String name) {
    Restraint restraint =
        Restraint.NONE.withWeightDecay(number("weight_decay", name.equals("adamw") ? 0.004 : 0));
    List<Clipping> asked =
        Stream.of(Clipping.NORM, Clipping.GLOBAL_NORM, Clipping.VALUE)
            .filter(clipping -> settings.containsKey(clipping.setting()))
            .toList();
    if (asked.size() > 1) {
      throw refuse(text, "only one of clipnorm, global_clipnorm and clipvalue can be given");
    }
    return asked.isEmpty()
        ? restraint
        : restraint.withClipping(asked.get(0), number(asked.get(0).setting(), 1));
  }

  private boolean flag(String name) {
    return Boolean.parseBoolean(settings.remove(name));
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
