package dev.graft.predict;

import dev.graft.data.Preparation;
import dev.graft.data.Sha256;
import dev.graft.handoff.Handoff;
import dev.graft.image.Decoding;
import dev.graft.image.ImageReader;
import dev.graft.image.ImageSource;
import dev.graft.model.Backbone;
import dev.graft.model.Calibration;
import dev.graft.model.Calibrator;
import dev.graft.model.FrozenGraph;
import dev.graft.model.ImagePipeline;
import dev.graft.model.LayerOutputs;
import dev.graft.savedmodel.FlatInput;
import dev.graft.savedmodel.ModelFormatException;
import dev.graft.tensor.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A backbone, or that of a trained model, that turns images into features, in fused arithmetic.
 * Owns a graph, two sessions and their memory; close it. Safe for many threads: an image's features
 * are the same in every process of one platform, whatever else is asked at the same time.
 */
public final class FeatureExtractor implements AutoCloseable {
  private final FrozenGraph graph;
  private final ImageReader reader;
  private final Handoff handoff;
  private final String hash;
  private final List<Long> rowShape;

  private FeatureExtractor(FrozenGraph graph, ImageReader reader, Handoff handoff, String hash) {
    this.graph = graph;
    this.reader = reader;
    this.handoff = handoff;
    this.hash = hash;
    List<float[]> blank = List.of(new float[reader.shape().values()]);
    List<Long> shape = ImagePipeline.run(graph, reader.shape(), blank).get(0).shape();
    this.rowShape = shape.subList(1, shape.size());
  }

  /**
   * Loads a model with a handoff, to compute as {@link Precision#WINOGRAD}.
   *
   * @param modelOrRun a SavedModel folder or a run's folder
   * @param layer whose output the features are; if not said, the model's only output, or what a
   *     trained model's backbone hands to its head
   * @throws ModelFormatException when the model can't be used: no handoff, no preparation
   * @throws IllegalArgumentException when there is no such layer
   * @throws IOException when it can't be read
   */
  public static FeatureExtractor load(Path modelOrRun, Optional<String> layer) throws IOException {
    return load(modelOrRun, layer, Precision.WINOGRAD, Decoding.FULL);
  }

  /** As the other {@code load}, in a precision, with a decoding of JPEG files. */
  public static FeatureExtractor load(
      Path modelOrRun, Optional<String> layer, Precision precision, Decoding decoding)
      throws IOException {
    Path folder = ModelFolder.of(modelOrRun);
    Backbone backbone = Backbone.load(folder);
    Handoff handoff = backbone.handoff().orElseThrow(() -> unusable(folder, "no handoff.json"));
    Preparation preparation =
        handoff.preparation().orElseThrow(() -> unusable(folder, "no image preparation"));
    String output = output(layer.isPresent() ? backbone.withOutput(layer.get()) : backbone, layer);
    FrozenGraph graph =
        FrozenGraph.open(
            precision.arithmetic(),
            backbone.flat().graph(),
            backbone.values(),
            backbone.flat().inputs().stream().map(FlatInput::node).toList(),
            List.of(output));
    return open(
        graph, preparation, decoding, handoff, Sha256.of(folder.resolve(Handoff.FILE_NAME)));
  }

  private static String output(Backbone backbone, Optional<String> layer) {
    boolean hasHead = backbone.layerNames().stream().anyMatch(name -> name.startsWith("head/"));
    return layer.isEmpty() && hasHead
        ? LayerOutputs.ofBackbone(backbone.flat().graph(), backbone.layerNames())
            .orElseGet(backbone::output)
        : backbone.output();
  }

  private static FeatureExtractor open(
      FrozenGraph graph, Preparation preparation, Decoding decoding, Handoff handoff, String hash) {
    ImageReader reader = null;
    try {
      reader = ImageReader.open(preparation, decoding);
      return new FeatureExtractor(graph, reader, handoff, hash);
    } catch (RuntimeException | Error e) {
      if (reader != null) {
        reader.close();
      }
      graph.close();
      throw e;
    }
  }

  private static ModelFormatException unusable(Path folder, String lack) {
    return new ModelFormatException(
        folder,
        folder
            + " can't make features of images: it has "
            + lack
            + "; use a model that graft train or graft-export made.");
  }

  /** What came with the model. */
  public Handoff handoff() {
    return handoff;
  }

  /** SHA-256 of the model's {@code handoff.json}. */
  public String hash() {
    return hash;
  }

  /** The shape of one image's features. */
  public List<Long> rowShape() {
    return rowShape;
  }

  /**
   * Starts to make the features of images of any number in bounded memory; they are the output
   * {@code features}, row-major. Take them and close the result before this.
   *
   * @param sources asked for on the thread that takes the features, only a little ahead
   * @param threads that prepare images, at least 1
   * @param calibration how the model runs
   */
  public <S extends ImageSource> Predictions<S> start(
      Iterator<? extends S> sources, int threads, Calibration calibration) {
    ImagePipeline pipeline = new ImagePipeline(graph, reader, threads, calibration);
    return new Predictions<>(
        pipeline.start(sources),
        chunk ->
            Predictions.inOrder(
                chunk,
                List.of(ServedModel.FEATURES),
                (source, row, outputs) -> Predicted.features(source, outputs)));
  }

  /** Measures the model in several ways, as {@link Calibrator#measure} does. */
  public Map<Calibration, Double> measure(List<Calibration> ways) {
    return new Calibrator(graph, reader.shape()).measure(ways);
  }

  @Override
  public void close() {
    try {
      reader.close();
    } finally {
      graph.close();
    }
  }
}
