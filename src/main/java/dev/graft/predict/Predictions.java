package dev.graft.predict;

import dev.graft.image.ImageSource;
import dev.graft.model.ImagePipeline;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Function;

/**
 * Answers under way, in the order of the images. For one thread at a time. Owns threads; close it,
 * which gives up what was not taken.
 *
 * @param <S> where the bytes come from
 */
public final class Predictions<S extends ImageSource> implements AutoCloseable {
  private final ImagePipeline.Run<S> run;
  private final Function<ImagePipeline.Chunk<S>, List<Predicted<S>>> answers;
  private final Deque<Predicted<S>> ready = new ArrayDeque<>();

  Predictions(
      ImagePipeline.Run<S> run, Function<ImagePipeline.Chunk<S>, List<Predicted<S>>> answers) {
    this.run = run;
    this.answers = answers;
  }

  /** Whether there are more. */
  public boolean hasNext() {
    return !ready.isEmpty() || run.hasNext();
  }

  /**
   * What became of the next image, for which it waits.
   *
   * @throws NoSuchElementException after the last one
   * @throws IOException when the thread is interrupted; its flag is then set
   */
  public Predicted<S> next() throws IOException {
    if (ready.isEmpty()) {
      ready.addAll(answers.apply(run.next()));
    }
    return ready.remove();
  }

  @Override
  public void close() {
    run.close();
  }
}
