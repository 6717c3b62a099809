package dev.graft.cli;

import dev.graft.data.LabeledArrays;
import dev.graft.data.Task;
import dev.graft.predict.Answer;
import dev.graft.predict.ArrayPredictor;
import dev.graft.predict.Predictor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code graft predict}. */
@Command(
    name = "predict",
    description =
        "Label and probability of each image, or its labels above a half, or its numbers.")
final class PredictCommand implements Callable<Integer> {
  @Mixin private OutputOptions output;

  @Parameters(index = "0", paramLabel = "MODEL", description = "A run, or an exported classifier.")
  private Path model;

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "IMAGE",
      description = "Image files, or one .npz file or folder of arrays.")
  private List<Path> images;

  @Spec private CommandSpec spec;

  private int top = 1;

  @Option(
      names = "--top",
      defaultValue = "1",
      paramLabel = "K",
      description = "How many classes to name for each image (default: ${DEFAULT-VALUE}).")
  void setTop(int count) {
    if (count < 1) {
      throw new ParameterException(
          spec.commandLine(), "--top must be 1 or more, got " + count + ".");
    }
    top = count;
  }

  @Override
  public Integer call() throws Exception {
    List<Map<String, Object>> json = new ArrayList<>();
    Table table;
    List<String> bad = new ArrayList<>();
    if (images.size() == 1 && LabeledArrays.isAt(images.get(0))) {
      return predictArrays(json);
    }
    try (Predictor predictor = Predictor.load(model)) {
      table =
          predictor.task().kind() == Task.Kind.NUMBERS
              ? new Table("image", "number", "value")
              : new Table("image", "label", "probability");
      predictor.predict(
          images,
          (file, answer, rejection) -> {
            answer.ifPresent(given -> add(file, given, json, table));
            rejection.ifPresent(reason -> bad.add(reject(file, reason, json)));
          });
    }
    Console console = output.console();
    bad.forEach(console::warn);
    console.result(Map.of("predictions", json), () -> table);
    if (!bad.isEmpty()) {
      throw new IOException(
          "%d of %d images could not be read: give JPEG, PNG, GIF or BMP files."
              .formatted(bad.size(), images.size()));
    }
    return ExitCode.DONE.code();
  }

  private int predictArrays(List<Map<String, Object>> json) throws IOException {
    LabeledArrays arrays = LabeledArrays.readInputs(images.get(0));
    Table table;
    try (ArrayPredictor predictor = ArrayPredictor.load(model)) {
      table =
          predictor.task().kind() == Task.Kind.NUMBERS
              ? new Table("row", "number", "value")
              : new Table("row", "label", "probability");
      int row = 0;
      for (Answer answer : predictor.predict(arrays)) {
        add(Path.of(String.valueOf(row++)), answer, json, table);
      }
    }
    json.forEach(entry -> entry.put("row", Integer.parseInt(entry.remove("path").toString())));
    output.console().result(Map.of("predictions", json), () -> table);
    return ExitCode.DONE.code();
  }

  private void add(Path file, Answer answer, List<Map<String, Object>> json, Table table) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("path", file);
    if (answer.task().kind() == Task.Kind.NUMBERS) {
      entry.put("numbers", answer.numbers());
      answer.numbers().forEach((name, value) -> table.row(file, name, "%.6g".formatted(value)));
      json.add(entry);
      return;
    }
    boolean several = answer.task().kind() == Task.Kind.LABELS;
    if (several) {
      entry.put("labels", answer.labels().stream().map(Answer.Guess::label).toList());
    } else {
      entry.put("label", answer.label());
      entry.put("probability", answer.probability());
    }
    entry.put("top", answer.top(top));
    json.add(entry);
    List<Answer.Guess> named = several ? answer.labels() : answer.top(top);
    for (Answer.Guess guess : named) {
      table.row(file, guess.label(), "%.4f".formatted(guess.probability()));
    }
    if (named.isEmpty()) {
      table.row(file, "(none)", "");
    }
  }

  private static String reject(Path file, String reason, List<Map<String, Object>> json) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("path", file);
    entry.put("error", reason);
    json.add(entry);
    return file + " " + reason + ".";
  }
}
