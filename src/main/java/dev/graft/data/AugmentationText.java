package dev.graft.data;

import dev.graft.data.AugmentationStep.Axis;
import dev.graft.data.AugmentationStep.Range;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the language of {@link Augmentation#parse}. */
final class AugmentationText {
  private static final Pattern STEP =
      Pattern.compile("\\s*([A-Za-z_]+)\\s*(?:\\(([^()]*)\\))?\\s*(,|$)");
  private static final String LANGUAGE =
      "flip, flip(vertical), flip(both), rotation(0.1), shift(0.1), zoom(0.1), crop(0.9),"
          + " contrast(0.2), brightness(0.1), hue(0.1), saturation(0.3, 0.7), noise(0.02),"
          + " cutout(0.02, 0.1), and views(4) or live";

  private final String text;
  private final List<AugmentationStep> steps = new ArrayList<>();
  private Integer views;

  AugmentationText(String text) {
    this.text = text;
  }

  Augmentation read() {
    Matcher matcher = STEP.matcher(text);
    int at = 0;
    boolean more = !text.isBlank();
    while (more) {
      matcher.region(at, text.length());
      if (!matcher.lookingAt()) {
        throw refuse("at character " + (at + 1) + " a step is expected");
      }
      take(matcher.group(1), arguments(matcher.group(2)));
      at = matcher.end();
      more = matcher.group(3).equals(",");
    }
    Augmentation standard = Augmentation.standard();
    return new Augmentation(
        steps.isEmpty() ? standard.steps() : steps, views == null ? standard.views() : views);
  }

  private static List<String> arguments(String inside) {
    return inside == null || inside.isBlank()
        ? List.of()
        : Pattern.compile(",").splitAsStream(inside).map(String::strip).toList();
  }

  private void take(String name, List<String> arguments) {
    try {
      switch (name) {
        case "views" -> keep(views(arguments));
        case "live" -> keep(live(arguments));
        default -> steps.add(step(name, arguments));
      }
    } catch (NumberFormatException e) {
      throw refuse(name + " needs numbers, got \"" + String.join(", ", arguments) + "\"");
    } catch (IllegalArgumentException e) {
      throw refuse(e.getMessage());
    }
  }

  private void keep(int number) {
    if (views != null) {
      throw new IllegalArgumentException("views or live stands there once");
    }
    views = number;
  }

  private static int views(List<String> arguments) {
    requireCount("views", arguments, 1, 1);
    int views = Integer.parseInt(arguments.get(0));
    if (views < 1) {
      throw new IllegalArgumentException(
          "views needs a number of 1 or more, got " + views + " (live keeps none)");
    }
    return views;
  }

  private static int live(List<String> arguments) {
    requireCount("live", arguments, 0, 0);
    return Augmentation.LIVE;
  }

  private static AugmentationStep step(String name, List<String> arguments) {
    return switch (name) {
      case "flip" -> new AugmentationStep.Flip(axis(arguments));
      case "rotation" -> new AugmentationStep.Rotation(around(name, arguments));
      case "shift" -> shift(arguments);
      case "zoom" -> new AugmentationStep.Zoom(around(name, arguments));
      case "crop" -> new AugmentationStep.Crop(single(name, arguments));
      case "contrast" -> new AugmentationStep.Contrast(around(name, arguments));
      case "brightness" -> new AugmentationStep.Brightness(around(name, arguments));
      case "hue" -> new AugmentationStep.Hue(upTo(name, arguments));
      case "saturation" -> new AugmentationStep.Saturation(upTo(name, arguments));
      case "noise" -> new AugmentationStep.Noise(single(name, arguments));
      case "cutout" -> new AugmentationStep.Cutout(upTo(name, arguments));
      default -> throw new IllegalArgumentException("there is no step \"" + name + "\"");
    };
  }

  private static Axis axis(List<String> arguments) {
    requireCount("flip", arguments, 0, 1);
    String axis = arguments.isEmpty() ? "horizontal" : arguments.get(0);
    if (!List.of("horizontal", "vertical", "both").contains(axis)) {
      throw new IllegalArgumentException(
          "flip goes horizontal, vertical or both ways, got \"" + axis + "\"");
    }
    return Axis.valueOf(axis.toUpperCase(Locale.ROOT));
  }

  /** One number for both directions, one for each, or the limits of each. */
  private static AugmentationStep shift(List<String> arguments) {
    if (arguments.size() == 4) {
      return new AugmentationStep.Shift(
          around("shift", arguments.subList(0, 2)), around("shift", arguments.subList(2, 4)));
    }
    requireCount("shift", arguments, 1, 2);
    return new AugmentationStep.Shift(
        around("shift", arguments.subList(0, 1)),
        around("shift", arguments.subList(arguments.size() - 1, arguments.size())));
  }

  private static Range around(String name, List<String> arguments) {
    requireCount(name, arguments, 1, 2);
    double first = Double.parseDouble(arguments.get(0));
    return arguments.size() == 2
        ? new Range(first, Double.parseDouble(arguments.get(1)))
        : Range.around(Math.abs(first));
  }

  private static Range upTo(String name, List<String> arguments) {
    requireCount(name, arguments, 1, 2);
    double first = Double.parseDouble(arguments.get(0));
    return arguments.size() == 2
        ? new Range(first, Double.parseDouble(arguments.get(1)))
        : new Range(0, first);
  }

  private static double single(String name, List<String> arguments) {
    requireCount(name, arguments, 1, 1);
    return Double.parseDouble(arguments.get(0));
  }

  private static void requireCount(String name, List<String> arguments, int least, int most) {
    if (arguments.size() < least || arguments.size() > most) {
      String expected =
          most == 0 ? "no number" : most == 1 ? "one number" : least + " or " + most + " numbers";
      throw new IllegalArgumentException(
          name + " takes " + expected + ", got \"" + String.join(", ", arguments) + "\"");
    }
  }

  private IllegalArgumentException refuse(String why) {
    return new IllegalArgumentException(
        "Augmentation \"" + text + "\" can't be read: " + why + "; steps are " + LANGUAGE + ".");
  }
}
