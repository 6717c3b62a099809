package dev.graft.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * How a command talks: its one result to standard output, progress and remarks to standard error.
 * Safe for several threads.
 */
final class Console {
  /**
   * ASCII only, so that no terminal's or pipe's encoding can spoil it; null for what is no finite
   * number, which JSON does not have.
   */
  private static final ObjectWriter JSON =
      JsonMapper.builder()
          .addModule(
              new SimpleModule()
                  .addSerializer(Path.class, new ToStringSerializer())
                  .addSerializer(Double.class, new Finite<>())
                  .addSerializer(double.class, new Finite<>())
                  .addSerializer(Float.class, new Finite<>())
                  .addSerializer(float.class, new Finite<>()))
          .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
          .build()
          .writer();

  private final PrintWriter out;
  private final PrintWriter err;
  private final boolean json;
  private final boolean quiet;
  private final Terminal terminal;
  private boolean answered;

  Console(PrintWriter out, PrintWriter err, boolean json, boolean quiet, Terminal terminal) {
    this.out = out;
    this.err = err;
    this.json = json;
    this.quiet = quiet;
    this.terminal = terminal;
  }

  /**
   * Prints the command's result, once.
   *
   * @param value what {@code --json} prints: a record or a map
   * @param text what is printed otherwise: a string or a {@link Table}
   */
  synchronized void result(Object value, Supplier<?> text) {
    if (answered) {
      throw new IllegalStateException("A command prints one result, but this is its second.");
    }
    answered = true;
    out.println(json ? toJson(value) : text.get().toString().stripTrailing());
    out.flush();
  }

  /** Says how far the command is; nothing with {@code --quiet}. */
  synchronized void say(String remark) {
    if (!quiet) {
      warn(remark);
    }
  }

  /** Says what the user has to know, {@code --quiet} or not. */
  synchronized void warn(String remark) {
    err.println(remark);
    err.flush();
  }

  /**
   * Shows the progress of work until it is closed: a bar on a terminal, elsewhere a line now and
   * then, nothing with {@code --quiet}.
   *
   * @param task what is being done, such as {@code features}
   * @param total how many steps there are; −1 when that is not known
   * @param unit what a step is, in the plural, such as {@code images}
   */
  Progress progress(String task, long total, String unit) {
    if (quiet) {
      return Progress.SILENT;
    }
    return terminal.isThere()
        ? new ProgressOnTerminal(err, terminal, task, total, unit)
        : new ProgressInLines(this::say, task, total, unit, System::nanoTime);
  }

  /** Numbers of floating point. */
  private static final class Finite<T extends Number> extends JsonSerializer<T> {
    @Override
    public void serialize(T value, JsonGenerator json, SerializerProvider context)
        throws IOException {
      if (!Double.isFinite(value.doubleValue())) {
        json.writeNull();
      } else if (value instanceof Float number) {
        json.writeNumber(number);
      } else {
        json.writeNumber(value.doubleValue());
      }
    }
  }

  private static String toJson(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("No JSON can be made of " + value.getClass(), e);
    }
  }
}
