package dev.graft.predict;

import dev.graft.image.ImageSource;
import java.util.Map;
import java.util.Optional;

/**
 * What became of one image. Where it was rejected, only the reason is there.
 *
 * @param source where its bytes come from
 * @param answer what the model said; empty when it was only asked for features
 * @param rejection why it is no image, as the end of a sentence that starts with its name
 * @param outputs the image's row of each float32 output of the model, by name, such as {@code
 *     logits} or {@code features}, row-major; none when it was rejected
 * @param <S> where its bytes come from
 */
public record Predicted<S extends ImageSource>(
    S source, Optional<Answer> answer, Optional<String> rejection, Map<String, float[]> outputs) {
  static <S extends ImageSource> Predicted<S> of(
      S source, Answer answer, Map<String, float[]> outputs) {
    return new Predicted<>(source, Optional.of(answer), Optional.empty(), outputs);
  }

  static <S extends ImageSource> Predicted<S> features(S source, Map<String, float[]> outputs) {
    return new Predicted<>(source, Optional.empty(), Optional.empty(), outputs);
  }

  static <S extends ImageSource> Predicted<S> rejected(S source, String reason) {
    return new Predicted<>(source, Optional.empty(), Optional.of(reason), Map.of());
  }
}
