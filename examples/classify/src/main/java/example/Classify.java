package example;

import dev.graft.image.BadImageException;
import dev.graft.predict.Answer;
import dev.graft.predict.Predictor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/** Says what is on photos: {@code Classify MODEL PHOTO...}. */
public final class Classify {
  private Classify() {}

  public static void main(String[] arguments) throws IOException {
    try (Predictor predictor = Predictor.load(Path.of(arguments[0]))) {
      for (String photo : Arrays.asList(arguments).subList(1, arguments.length)) {
        System.out.println(describe(predictor, photo));
      }
    }
  }

  private static String describe(Predictor predictor, String photo) {
    try {
      Answer answer = predictor.predict(Path.of(photo));
      return String.format(Locale.ROOT, "%s: %s %.4f", photo, answer.label(), answer.probability());
    } catch (BadImageException e) {
      return photo + " " + e.getMessage();
    }
  }
}
