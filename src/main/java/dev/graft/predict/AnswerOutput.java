package dev.graft.predict;

import dev.graft.data.Labels;
import dev.graft.data.Task;
import dev.graft.handoff.Handoff;
import dev.graft.savedmodel.ModelFormatException;
import dev.graft.tensor.HostTensor;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.tensorflow.proto.DataType;

/**
 * The output of a model that holds its answers.
 *
 * @param task what they are
 * @param index among the model's outputs
 * @param reading how a row of it becomes an answer
 */
record AnswerOutput(Task task, int index, Reading reading) {
  private static final String PROBABILITIES = "probabilities";
  private static final String NUMBERS = "numbers";

  /** Finds it, by what the handoff says. */
  static AnswerOutput of(Path folder, Handoff handoff) throws ModelFormatException {
    List<String> outputs = handoff.signature().outputAliases().toList();
    Task.Kind kind = handoff.task().orElse(Task.Kind.CLASSES);
    String wanted = kind == Task.Kind.NUMBERS ? NUMBERS : PROBABILITIES;
    int output = outputs.indexOf(wanted);
    if (output < 0) {
      throw unusable(
          folder, "no output \"%s\" (it has %s)".formatted(wanted, String.join(", ", outputs)));
    }
    return new AnswerOutput(new Task(kind, labels(folder, handoff, output)), output, Reading.PLAIN);
  }

  /**
   * Finds it in a model of others, by what the model made of two blank images.
   *
   * @throws IllegalArgumentException when it has no such output, or it is not what is described
   */
  static AnswerOutput of(
      Path folder, ServedModel model, ForeignClassifier foreign, List<HostTensor> blank) {
    List<Integer> fitting =
        IntStream.range(0, blank.size())
            .filter(i -> foreign.output().map(model.outputs().get(i)::equals).orElse(true))
            .filter(i -> fits(foreign.task(), blank.get(i)))
            .boxed()
            .toList();
    if (fitting.size() != 1) {
      throw new IllegalArgumentException(
          "%s has %s%s that could be %s; it has %s: name one of them with withOutput, and give as many labels as it has values."
              .formatted(
                  folder,
                  fitting.isEmpty() ? "no output" : fitting.size() + " outputs",
                  foreign.output().map(key -> " \"" + key + "\"").orElse(""),
                  foreign.task().describe(),
                  described(model, blank)));
    }
    HostTensor values = blank.get(fitting.get(0));
    int width = Math.toIntExact(values.shape().get(1));
    AnswerOutput output =
        new AnswerOutput(
            foreign.task(), fitting.get(0), Reading.of(foreign.task(), width, foreign.logits()));
    output.answers(blank).forEach(answer -> requireProbabilities(folder, answer));
    return output;
  }

  private static boolean fits(Task task, HostTensor values) {
    if (values.dtype() != DataType.DT_FLOAT || values.shape().size() != 2) {
      return false;
    }
    long width = values.shape().get(1);
    return width == task.size()
        || width == 1 && task.kind() == Task.Kind.CLASSES && task.size() == 2;
  }

  private static String described(ServedModel model, List<HostTensor> blank) {
    return IntStream.range(0, blank.size())
        .mapToObj(
            i ->
                "\"%s\" of %s%s"
                    .formatted(model.outputs().get(i), blank.get(i).dtype(), blank.get(i).shape())
                    .replace("[2, ", "[?, "))
        .collect(Collectors.joining(", "));
  }

  private static void requireProbabilities(Path folder, Answer answer) {
    if (answer.task().kind() == Task.Kind.NUMBERS) {
      return;
    }
    double sum = 0;
    boolean within = true;
    for (float probability : answer.probabilities()) {
      sum += probability;
      within &= probability >= 0 && probability <= 1;
    }
    boolean whole = answer.task().kind() == Task.Kind.LABELS || Math.abs(sum - 1) < 1e-3;
    if (!within || !whole) {
      throw new IllegalArgumentException(
          "%s answers a blank image with %s, which are no probabilities: if they are logits, say withLogits."
              .formatted(folder, Arrays.toString(answer.probabilities())));
    }
  }

  static Handoff handoff(Path folder, Optional<Handoff> handoff) throws ModelFormatException {
    return handoff.orElseThrow(
        () -> unusable(folder, "no handoff.json, which tells labels and preparation"));
  }

  private static Labels labels(Path folder, Handoff handoff, int output)
      throws ModelFormatException {
    List<Long> shape = handoff.signature().outputs().get(output).shape();
    int classes = Math.toIntExact(shape.get(shape.size() - 1));
    List<String> names =
        handoff
            .labels()
            .orElseGet(() -> IntStream.range(0, classes).mapToObj(String::valueOf).toList());
    if (names.size() != classes) {
      throw unusable(folder, names.size() + " labels for " + classes + " probabilities");
    }
    return new Labels(names);
  }

  static ModelFormatException unusable(Path folder, String lack) {
    return new ModelFormatException(
        folder,
        folder
            + " can't predict: it has "
            + lack
            + "; use a model that graft train or graft-export --include-top made.");
  }

  /** The answers in all outputs of a batch. */
  List<Answer> answers(List<HostTensor> outputs) {
    FloatBuffer values = outputs.get(index).bytes().asFloatBuffer();
    List<Answer> answers = new ArrayList<>();
    while (values.hasRemaining()) {
      float[] row = new float[reading.width(task)];
      values.get(row);
      answers.add(new Answer(task, reading.answer(row)));
    }
    return answers;
  }
}
