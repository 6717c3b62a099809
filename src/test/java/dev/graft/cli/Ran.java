package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.List;

/** One command, run in this process, and what came of it. */
public record Ran(int exit, String out, String err) {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  /** Runs {@code graft} with words of any kind, such as paths. */
  static Ran graft(Object... words) {
    return graft(Arrays.asList(words));
  }

  public static Ran graft(List<?> words) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit =
        Main.commandLine()
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(words.stream().map(Object::toString).toArray(String[]::new));
    return new Ran(exit, out.toString(), err.toString());
  }

  /** Requires success. */
  public Ran done() {
    assertThat(exit).as(err).isZero();
    return this;
  }

  /** The one JSON object that standard output has to be. */
  JsonNode json() throws IOException {
    JsonNode json = JSON.readTree(out);
    assertThat(json.isObject()).as(out).isTrue();
    return json;
  }

  /**
   * Requires that it failed with one sentence and without a result.
   *
   * @param parts what the sentence has to say
   */
  void failed(int code, Object... parts) {
    assertThat(out).isEmpty();
    complained(code, parts);
  }

  /** Requires that the last thing said is one sentence; with wrong usage, where to read on too. */
  void complained(int code, Object... parts) {
    assertThat(exit).as(err).isEqualTo(code);
    List<String> lines = err.lines().toList();
    List<String> complaints = lines.stream().filter(line -> line.startsWith("graft: ")).toList();
    assertThat(complaints).as(err).hasSize(1);
    for (Object part : parts) {
      assertThat(complaints.get(0)).contains(part.toString());
    }
    assertThat(complaints.get(0)).matches(".*[^.]\\.").doesNotContain("Exception", "null");
    if (code == ExitCode.WRONG_USAGE.code()) {
      assertThat(lines.get(lines.size() - 1)).startsWith("Try: graft ");
    } else {
      assertThat(lines.get(lines.size() - 1)).isEqualTo(complaints.get(0));
    }
    assertThat(err).doesNotContain("\tat ", "a defect of Graft");
  }
}
