package example;

import dev.graft.image.BadImageException;
import dev.graft.predict.Answer;
import dev.graft.predict.MicroBatching;
import dev.graft.predict.Predictor;
import dev.graft.predict.PredictorSettings;
import io.javalin.Javalin;
import io.javalin.http.Context;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;

/**
 * Answers photos over HTTP on this machine alone: {@code Endpoint MODEL PORT}. {@code POST
 * /predict} takes the bytes of a photo and says the three likeliest classes; {@code GET /metrics}
 * counts, as Prometheus reads it.
 */
public final class Endpoint {
  private static final long MOST_BYTES = 20_000_000;

  private final Predictor predictor;

  private Endpoint(Predictor predictor) {
    this.predictor = predictor;
  }

  public static void main(String[] arguments) throws IOException {
    Metrics metrics = new Metrics();
    // Whoever cannot be answered soon is told so, instead of waiting with everybody else.
    PredictorSettings settings =
        PredictorSettings.defaults()
            .withMicroBatching(
                MicroBatching.defaults().withMaxQueue(64).withPatience(Duration.ofSeconds(1)))
            .withListener(metrics);
    Predictor predictor = Predictor.load(Path.of(arguments[0]), settings);
    Endpoint endpoint = new Endpoint(predictor);
    Javalin server =
        Javalin.create(
                config -> {
                  config.showJavalinBanner = false;
                  config.http.maxRequestSize = MOST_BYTES;
                })
            .post("/predict", endpoint::predict)
            .get("/metrics", context -> context.result(metrics.text()))
            .exception(
                BadImageException.class,
                (e, context) -> refuse(context, 422, "The photo " + e.getMessage() + "."))
            .exception(
                RejectedExecutionException.class,
                (e, context) -> refuse(context.header("Retry-After", "1"), 503, e.getMessage()))
            .start("127.0.0.1", Integer.parseInt(arguments[1]));
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  server.stop();
                  predictor.close();
                }));
    System.out.println("http://127.0.0.1:" + server.port());
  }

  private void predict(Context context) throws BadImageException {
    Answer answer = predictor.predict(context.bodyAsBytes());
    context.json(Map.of("label", answer.label(), "top", answer.top(3)));
  }

  private static void refuse(Context context, int status, String reason) {
    context.status(status).json(Map.of("error", reason));
  }
}
