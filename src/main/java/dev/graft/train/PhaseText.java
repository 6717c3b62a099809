package dev.graft.train;

import dev.graft.model.FreezePlan;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A phase as text: settings divided by commas. */
final class PhaseText {
  private static final String KNOWN =
      "name, epochs, unfreeze, unfreeze_from, unfreeze_last, batch_size, optimizer, learning_rate,"
          + " schedule, early_stopping";

  private final String text;

  private PhaseText(String text) {
    this.text = text;
  }

  static String of(PhaseSettings phase) {
    return "name=%s, epochs=%d, %s, batch_size=%d, optimizer=%s, schedule=%s, early_stopping=%d"
        .formatted(
            phase.name(),
            phase.epochs(),
            plan(phase.plan()),
            phase.batchSize(),
            phase.optimizer().describe(),
            phase.schedule().describe(),
            phase.stopping().map(EarlyStopping::patience).orElse(0));
  }

  private static String plan(FreezePlan plan) {
    if (plan instanceof FreezePlan.Matching matching) {
      return "unfreeze=" + String.join(", ", matching.patterns());
    }
    if (plan instanceof FreezePlan.From from) {
      return "unfreeze_from=" + from.layer();
    }
    return plan instanceof FreezePlan.Last last ? "unfreeze_last=" + last.count() : "unfreeze=none";
  }

  static PhaseSettings parse(String text, List<PhaseSettings> before) {
    PhaseText phase = new PhaseText(text);
    PhaseSettings settings = before.get(before.size() - 1);
    Map<String, List<String>> given = phase.settings();
    if (!given.containsKey("epochs")) {
      throw phase.refuse("the number of epochs is missing");
    }
    for (Map.Entry<String, List<String>> setting : given.entrySet()) {
      settings = phase.with(settings, setting.getKey(), setting.getValue());
    }
    if (given.containsKey("learning_rate")) {
      double rate = phase.number("learning_rate", given.get("learning_rate").get(0));
      settings = settings.withOptimizer(settings.optimizer().withLearningRate(rate));
    }
    return given.containsKey("name") ? settings : settings.withName(name(settings.plan(), before));
  }

  /** A name that no phase has yet. */
  private static String name(FreezePlan plan, List<PhaseSettings> before) {
    String base = plan.equals(FreezePlan.allFrozen()) ? "head" : "fine-tune";
    List<String> taken = before.stream().map(PhaseSettings::name).toList();
    String name = base;
    for (int number = 2; taken.contains(name); number++) {
      name = base + " " + number;
    }
    return name;
  }

  private PhaseSettings with(PhaseSettings phase, String setting, List<String> values) {
    if (values.size() > 1 && !setting.equals("unfreeze")) {
      throw refuse(setting + " takes one value, got " + values.size());
    }
    String value = values.get(0);
    return switch (setting) {
      case "name" -> phase.withName(value);
      case "epochs" -> phase.withEpochs(whole(setting, value));
      case "unfreeze" ->
          phase.withPlan(
              values.equals(List.of("none"))
                  ? FreezePlan.allFrozen()
                  : FreezePlan.unfreeze(values.toArray(String[]::new)));
      case "unfreeze_from" -> phase.withPlan(FreezePlan.unfreezeFrom(value));
      case "unfreeze_last" -> phase.withPlan(FreezePlan.unfreezeLast(whole(setting, value)));
      case "batch_size" -> phase.withBatchSize(whole(setting, value));
      case "optimizer" -> phase.withOptimizer(Optimizer.parse(value));
      case "learning_rate" -> phase; // of the optimizer, which may stand behind it
      case "schedule" -> phase.withSchedule(Schedule.parse(value));
      case "early_stopping" ->
          phase.withEarlyStopping(
              Optional.of(whole(setting, value)).filter(n -> n != 0).map(EarlyStopping::new));
      default -> throw refuse("there is no setting \"" + setting + "\"; known are " + KNOWN);
    };
  }

  /** Values by setting; a value without a setting is one more of the setting before. */
  private Map<String, List<String>> settings() {
    Map<String, List<String>> settings = new LinkedHashMap<>();
    String setting = null;
    for (String part : parts()) {
      int equals = part.indexOf('=');
      boolean named = equals > 0 && part.substring(0, equals).matches("\\s*[a-z_]+\\s*");
      if (named) {
        setting = part.substring(0, equals).strip();
        if (settings.put(setting, new ArrayList<>()) != null) {
          throw refuse(setting + " is given twice");
        }
      }
      String value = part.substring(named ? equals + 1 : 0).strip();
      if (setting == null || value.isEmpty()) {
        throw refuse("expected settings as in \"epochs=4, unfreeze=block5_*\"");
      }
      settings.get(setting).add(value);
    }
    return settings;
  }

  /** What stands between commas outside of parentheses. */
  private List<String> parts() {
    List<String> parts = new ArrayList<>();
    int depth = 0;
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      if (c == ',' && depth == 0) {
        parts.add(text.substring(from, i));
        from = i + 1;
      }
    }
    parts.add(text.substring(from));
    return parts;
  }

  private int whole(String setting, String value) {
    try {
      return Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw refuse(setting + " must be a whole number, got \"" + value + "\"");
    }
  }

  private double number(String setting, String value) {
    try {
      return Double.parseDouble(value);
    } catch (NumberFormatException e) {
      throw refuse(setting + " must be a number, got \"" + value + "\"");
    }
  }

  private IllegalArgumentException refuse(String why) {
    return new IllegalArgumentException("Phase \"" + text + "\" can't be read: " + why + ".");
  }
}
