package dev.graft.handoff;

import com.fasterxml.jackson.databind.JsonNode;
import dev.graft.savedmodel.ModelFormatException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A value in a JSON file and its place there, such as {@code $.layers[3].name}. Everything that is
 * not as asked for is a {@link ModelFormatException} that names file, place, what was expected and
 * what was found.
 */
record JsonValue(Path file, String place, JsonNode node) {
  private static final int SHOWN = 100;

  /** Reads a value with methods that may refuse it. */
  interface Reading<T> {
    T of(JsonValue value) throws ModelFormatException;
  }

  /** Requires an object that has all of these members; it may have more. */
  JsonValue having(String... members) throws ModelFormatException {
    if (!node.isObject()) {
      throw expected("an object");
    }
    List<String> missing =
        Arrays.stream(members).filter(name -> !node.has(name)).map(this::placeOf).toList();
    if (!missing.isEmpty()) {
      throw new ModelFormatException(
          file, file + " has no " + String.join(" and no ", missing) + ".");
    }
    return this;
  }

  /** Whether an object has a member that it may lack. */
  boolean has(String member) {
    return node.has(member);
  }

  /** A member that {@link #having} found. */
  JsonValue get(String member) {
    return new JsonValue(file, placeOf(member), node.get(member));
  }

  /** A member that may be missing. */
  Optional<JsonValue> find(String member) {
    return node.has(member) ? Optional.of(get(member)) : Optional.empty();
  }

  private String placeOf(String member) {
    return member.matches("[A-Za-z_]\\w*") ? place + "." + member : place + "[\"" + member + "\"]";
  }

  /** Empty for a JSON null. */
  <T> Optional<T> orNull(Reading<T> reading) throws ModelFormatException {
    return node.isNull() ? Optional.empty() : Optional.of(reading.of(this));
  }

  String text() throws ModelFormatException {
    if (!node.isTextual()) {
      throw expected("a text");
    }
    return node.textValue();
  }

  boolean flag() throws ModelFormatException {
    if (!node.isBoolean()) {
      throw expected("true or false");
    }
    return node.booleanValue();
  }

  long integer() throws ModelFormatException {
    if (!node.isIntegralNumber() || !node.canConvertToLong()) {
      throw expected("an integer");
    }
    return node.longValue();
  }

  int smallInteger() throws ModelFormatException {
    if (!node.isIntegralNumber() || !node.canConvertToInt()) {
      throw expected("an integer of 32 bits");
    }
    return node.intValue();
  }

  double number() throws ModelFormatException {
    if (!node.isNumber() || !Double.isFinite(node.doubleValue())) {
      throw expected("a number");
    }
    return node.doubleValue();
  }

  <T> List<T> list(Reading<T> reading) throws ModelFormatException {
    if (!node.isArray()) {
      throw expected("a list");
    }
    List<T> values = new ArrayList<>();
    for (JsonNode element : node) {
      values.add(reading.of(new JsonValue(file, place + "[" + values.size() + "]", element)));
    }
    return values;
  }

  <T> Map<String, T> map(Reading<T> reading) throws ModelFormatException {
    having();
    Map<String, T> values = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> member : node.properties()) {
      values.put(member.getKey(), reading.of(get(member.getKey())));
    }
    return values;
  }

  /** Makes a value of what stands here; where it refuses, the place is added to its reason. */
  <T> T make(Supplier<T> value) throws ModelFormatException {
    try {
      return value.get();
    } catch (IllegalArgumentException e) {
      throw new ModelFormatException(file, file + ", " + place + ": " + e.getMessage(), e);
    }
  }

  ModelFormatException expected(String what) {
    String found = node.toString();
    return new ModelFormatException(
        file,
        "%s must have %s at %s, but has %s."
            .formatted(
                file,
                what,
                place,
                found.length() <= SHOWN ? found : found.substring(0, SHOWN) + "…"));
  }
}
