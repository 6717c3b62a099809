package dev.graft.predict;

import dev.graft.data.LabeledArrays;
import dev.graft.data.LabeledImage;
import dev.graft.data.ProgressListener;
import dev.graft.data.Task;
import dev.graft.handoff.Handoff;
import dev.graft.metrics.Evaluation;
import dev.graft.metrics.Prediction;
import dev.graft.model.ArrayBatch;
import dev.graft.model.TaskPrediction;
import dev.graft.savedmodel.ModelFormatException;
import dev.graft.tensor.Arithmetic;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A trained model that answers rows of arrays: vectors, sequences, or several inputs. Owns a graph
 * and its memory; close it. Safe for many threads.
 */
public final class ArrayPredictor implements AutoCloseable {
  private final ServedModel model;
  private final AnswerOutput output;

  private ArrayPredictor(ServedModel model, AnswerOutput output) {
    this.model = model;
    this.output = output;
  }

  /**
   * Loads a model with a handoff.
   *
   * @param modelOrRun a SavedModel folder or a run's folder
   * @throws ModelFormatException when it can't be used: no model, no handoff, no answers
   * @throws IOException when it can't be read
   */
  public static ArrayPredictor load(Path modelOrRun) throws IOException {
    Path folder = ModelFolder.of(modelOrRun);
    ServedModel model = ServedModel.open(folder, Arithmetic.AS_BUILT);
    try {
      Handoff handoff = AnswerOutput.handoff(folder, model.handoff());
      handoff.checkFiles(folder);
      return new ArrayPredictor(model, AnswerOutput.of(folder, handoff));
    } catch (IOException | RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  /** What an answer consists of. */
  public Task task() {
    return output.task();
  }

  /**
   * Answers all rows, in order.
   *
   * @throws IllegalArgumentException when the arrays do not fit the model's inputs
   */
  public List<Answer> predict(LabeledArrays arrays) {
    return predict(arrays, arrays.paths(), ProgressListener.none());
  }

  /**
   * Answers some rows, in order.
   *
   * @param rows paths of rows of the arrays
   * @throws IllegalArgumentException when the arrays do not fit the model's inputs
   */
  public List<Answer> predict(LabeledArrays arrays, List<Path> rows, ProgressListener listener) {
    ArrayBatch batch =
        ArrayBatch.of(
            arrays,
            model.inputs().stream()
                .map(input -> new ArrayBatch.Feed(model.inputName(input), input))
                .toList());
    List<Answer> answers = new ArrayList<>();
    for (int from = 0; from < rows.size(); from += ArrayBatch.ROWS) {
      List<Path> some = rows.subList(from, Math.min(rows.size(), from + ArrayBatch.ROWS));
      answers.addAll(output.answers(model.graph().run(batch.tensors(some))));
      listener.progress("predicting", answers.size(), rows.size());
    }
    return answers;
  }

  /**
   * Evaluates the model on rows.
   *
   * @param rows whose targets are in the terms of {@link #task()}, at least one
   * @throws IllegalArgumentException when the arrays do not fit the model's inputs
   */
  public Evaluation evaluate(
      LabeledArrays arrays, List<LabeledImage> rows, ProgressListener listener) {
    List<Answer> answers =
        predict(arrays, rows.stream().map(LabeledImage::path).toList(), listener);
    List<Prediction> predictions = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      predictions.add(
          TaskPrediction.of(
              rows.get(i).path().toString(), rows.get(i).target(), answers.get(i).probabilities()));
    }
    return Evaluation.of(task().labels().names(), predictions);
  }

  @Override
  public void close() {
    model.close();
  }
}
