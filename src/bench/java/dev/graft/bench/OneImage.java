package dev.graft.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.graft.model.Backbone;
import dev.graft.model.FrozenGraph;
import dev.graft.savedmodel.FlatInput;
import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.SessionFunction;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;

/** One prepared image after the other, from an array to an array. */
public class OneImage {
  /** Made by JMH. */
  public OneImage() {}

  /** What is measured with. */
  @State(Scope.Benchmark)
  public static class Work {
    /** A folder that {@code bench/models.py} made. */
    @Param("")
    public String models;

    /** Height and width of the images. */
    @Param("224")
    public int size;

    Path folder;
    float[] image;
    long[] shape;

    /** Made by JMH. */
    public Work() {}

    /** Draws the image. */
    @Setup
    public void draw() {
      folder = Path.of(models);
      shape = new long[] {1, size, size, 3};
      image = new float[size * size * 3];
      Random random = new Random(1);
      for (int i = 0; i < image.length; i++) {
        image[i] = (float) random.nextGaussian();
      }
    }
  }

  /** Graft. */
  @State(Scope.Benchmark)
  public static class Graft {
    private FrozenGraph graph;

    /** Made by JMH. */
    public Graft() {}

    /** Opens the model. */
    @Setup
    public void open(Work work) throws IOException {
      Backbone backbone = Backbone.load(work.folder.resolve("handoff"));
      graph =
          FrozenGraph.open(
              Arithmetic.FUSED,
              backbone.flat().graph(),
              backbone.values(),
              backbone.flat().inputs().stream().map(FlatInput::node).toList(),
              List.of(backbone.output()));
    }

    /** Closes it. */
    @TearDown
    public void close() {
      graph.close();
    }
  }

  /** Runs Graft's trunk. */
  @Benchmark
  public float[] graft(Work work, Graft graft) {
    return graft.graph.run(List.of(HostTensor.of(work.image, work.shape))).get(0).floats();
  }

  /** TensorFlow Java as it comes. */
  @State(Scope.Benchmark)
  public static class Stock {
    private SavedModelBundle bundle;
    private SessionFunction function;
    private String input;

    /** Made by JMH. */
    public Stock() {}

    /** Opens the model. */
    @Setup
    public void open(Work work) {
      bundle = SavedModelBundle.load(work.folder.resolve("stock").toString(), "serve");
      function = bundle.function("serving_default");
      input = function.signature().inputNames().iterator().next();
    }

    /** Closes it. */
    @TearDown
    public void close() {
      bundle.close();
    }
  }

  /** Runs the stock {@code SavedModelBundle}. */
  @Benchmark
  public float[] stock(Work work, Stock stock) {
    try (TFloat32 tensor =
            TFloat32.tensorOf(Shape.of(work.shape), DataBuffers.of(work.image, true, false));
        Result result = stock.function.call(Map.of(stock.input, tensor))) {
      TFloat32 answer = (TFloat32) result.get(0);
      float[] values = new float[Math.toIntExact(answer.size())];
      answer.copyTo(DataBuffers.of(values, false, false));
      return values;
    }
  }

  /** ONNX Runtime. */
  @State(Scope.Benchmark)
  public static class Onnx {
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private OrtSession session;
    private String input;

    /** Made by JMH. */
    public Onnx() {}

    /** Opens the model. */
    @Setup
    public void open(Work work) throws OrtException {
      session = environment.createSession(work.folder.resolve("model.onnx").toString());
      input = session.getInputNames().iterator().next();
    }

    /** Closes it. */
    @TearDown
    public void close() throws OrtException {
      session.close();
    }
  }

  /** Runs ONNX Runtime. */
  @Benchmark
  public float[] onnxRuntime(Work work, Onnx onnx) throws OrtException {
    try (OnnxTensor tensor =
            OnnxTensor.createTensor(onnx.environment, FloatBuffer.wrap(work.image), work.shape);
        OrtSession.Result result = onnx.session.run(Map.of(onnx.input, tensor))) {
      FloatBuffer answer = ((OnnxTensor) result.get(0)).getFloatBuffer();
      float[] values = new float[answer.remaining()];
      answer.get(values);
      return values;
    }
  }
}
