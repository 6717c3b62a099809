package dev.graft.train;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A choice with settings as text: {@code name}, {@code name(value, setting=value, flag)}. */
final class CallText {
  private static final Pattern CALL = Pattern.compile("\\s*([a-z]+)\\s*(?:\\((.*)\\))?\\s*");

  private final String kind;
  private final String text;
  private final String name;
  private final Map<String, String> settings = new LinkedHashMap<>();

  private CallText(String kind, String text, String name, String arguments) {
    this.kind = kind;
    this.text = text;
    this.name = name;
    for (String part : arguments.isBlank() ? new String[0] : arguments.split(",")) {
      int equals = part.indexOf('=');
      String setting = equals < 0 ? part.strip() : part.substring(0, equals).strip();
      settings.put(setting, equals < 0 ? null : part.substring(equals + 1).strip());
    }
  }

  /**
   * @param kind what is read, with a capital
   * @param example how it may look
   */
  static CallText parse(String kind, String example, String text) {
    Matcher call = CALL.matcher(text);
    if (!call.matches()) {
      throw refuse(kind, text, "expected a name with settings, as in " + example);
    }
    return new CallText(kind, text, call.group(1), call.group(2) == null ? "" : call.group(2));
  }

  String name() {
    return name;
  }

  /** Whether a setting was given. */
  boolean has(String setting) {
    return settings.containsKey(setting);
  }

  /** A setting without a value, true if it stands there. */
  boolean flag(String setting) {
    boolean given = settings.containsKey(setting) && settings.get(setting) == null;
    if (given) {
      settings.remove(setting);
    }
    return given;
  }

  /** The value that stands first without a name. */
  double first(String setting, double standard) {
    if (!settings.isEmpty()) {
      String value = settings.keySet().iterator().next();
      if (settings.get(value) == null) {
        settings.remove(value);
        return number(setting, value);
      }
    }
    return number(setting, standard);
  }

  double number(String setting, double standard) {
    String value = settings.get(setting);
    if (value == null) {
      return standard;
    }
    settings.remove(setting);
    return number(setting, value);
  }

  int whole(String setting, int standard) {
    double value = number(setting, standard);
    if (value != Math.rint(value) || Math.abs(value) > Integer.MAX_VALUE) {
      throw refuse(setting + " must be a whole number, got " + value);
    }
    return (int) value;
  }

  private double number(String setting, String value) {
    try {
      return Double.parseDouble(value);
    } catch (NumberFormatException e) {
      throw refuse(setting + " must be a number, got \"" + value + "\"");
    }
  }

  void requireAllRead() {
    if (!settings.isEmpty()) {
      throw refuse(name + " has no setting " + String.join(", ", settings.keySet()));
    }
  }

  IllegalArgumentException refuse(String why) {
    return refuse(kind, text, why);
  }

  private static IllegalArgumentException refuse(String kind, String text, String why) {
    return new IllegalArgumentException(kind + " \"" + text + "\" can't be read: " + why + ".");
  }
}
