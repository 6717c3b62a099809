package dev.graft.predict;

import dev.graft.image.ImageSource;
import dev.graft.image.PreparedImage;
import dev.graft.model.ImagePipeline;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.tensorflow.proto.DataType;

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

  /** The rest as a stream, which is closed at its end; closing it earlier closes this. */
  Stream<Predicted<S>> stream() {
    Spliterator<Predicted<S>> rest =
        new Spliterators.AbstractSpliterator<>(
            Long.MAX_VALUE, Spliterator.ORDERED | Spliterator.NONNULL) {
          @Override
          public boolean tryAdvance(Consumer<? super Predicted<S>> action) {
            if (!hasNext()) {
              close();
              return false;
            }
            action.accept(taken());
            return true;
          }
        };
    return StreamSupport.stream(rest, false).onClose(this::close);
  }

  private Predicted<S> taken() {
    try {
      return next();
    } catch (IOException e) {
      CancellationException cancelled = new CancellationException(e.getMessage());
      cancelled.initCause(e);
      throw cancelled;
    }
  }

  @Override
  public void close() {
    run.close();
  }

  /** Makes what became of an image that was run. */
  @FunctionalInterface
  interface Maker<S extends ImageSource> {
    Predicted<S> make(S source, int row, Map<String, float[]> outputs);
  }

  /** What became of each image of a chunk. */
  static <S extends ImageSource> List<Predicted<S>> inOrder(
      ImagePipeline.Chunk<S> chunk, List<String> names, Maker<S> maker) {
    Map<String, List<float[]>> rows = rows(chunk.outputs(), names);
    List<Predicted<S>> predicted = new ArrayList<>();
    int next = 0;
    for (PreparedImage<S> image : chunk.images()) {
      if (image instanceof PreparedImage.Rejected<S> bad) {
        predicted.add(Predicted.rejected(bad.source(), bad.reason()));
      } else {
        int row = next++;
        Map<String, float[]> outputs = new LinkedHashMap<>();
        rows.forEach((name, values) -> outputs.put(name, values.get(row)));
        predicted.add(maker.make(image.source(), row, outputs));
      }
    }
    return predicted;
  }

  private static Map<String, List<float[]>> rows(List<HostTensor> tensors, List<String> names) {
    Map<String, List<float[]>> rows = new LinkedHashMap<>();
    for (int i = 0; i < tensors.size(); i++) {
      if (tensors.get(i).dtype() == DataType.DT_FLOAT) {
        rows.put(names.get(i), rows(tensors.get(i)));
      }
    }
    return rows;
  }

  private static List<float[]> rows(HostTensor tensor) {
    int rows = Math.toIntExact(tensor.shape().get(0));
    FloatBuffer values = tensor.bytes().asFloatBuffer();
    int size = values.remaining() / rows;
    List<float[]> arrays = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      float[] array = new float[size];
      values.get(array);
      arrays.add(array);
    }
    return arrays;
  }
}
