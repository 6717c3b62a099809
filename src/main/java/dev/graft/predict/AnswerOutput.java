package dev.graft.predict;

import dev.graft.data.Labels;
import dev.graft.data.Task;
import dev.graft.handoff.Handoff;
import dev.graft.savedmodel.ModelFormatException;
import dev.graft.tensor.HostTensor;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The output of a model that holds its answers.
 *
 * @param task what they are
 * @param index among the model's outputs
 */
record AnswerOutput(Task task, int index) {
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
    return new AnswerOutput(new Task(kind, labels(folder, handoff, output)), output);
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
      float[] row = new float[task.size()];
      values.get(row);
      answers.add(new Answer(task, row));
    }
    return answers;
  }
}
