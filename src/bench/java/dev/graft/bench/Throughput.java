package dev.graft.bench;

import dev.graft.model.Backbone;
import dev.graft.model.FrozenGraph;
import dev.graft.savedmodel.FlatInput;
import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Prepared batches through a trunk, as many at once as JMH has threads ({@code -t}). Threads within
 * a run: {@code -jvmArgsAppend -Dgraft.threads=N}.
 */
@State(Scope.Benchmark)
public class Throughput {
  /** A folder that {@code bench/models.py} made. */
  @Param("")
  public String models;

  /** Height and width of the images. */
  @Param("224")
  public int size;

  /** Images a run; a figure counts runs. */
  @Param({"2", "4", "8", "16", "32"})
  public int batch;

  /** How the trunk computes. */
  @Param("FUSED")
  public Arithmetic arithmetic;

  private FrozenGraph graph;
  private HostTensor images;

  /** Made by JMH. */
  public Throughput() {}

  /** Opens the model and draws the images. */
  @Setup
  public void open() throws IOException {
    Backbone backbone = Backbone.load(Path.of(models, "handoff"));
    graph =
        FrozenGraph.open(
            arithmetic,
            backbone.flat().graph(),
            backbone.values(),
            backbone.flat().inputs().stream().map(FlatInput::node).toList(),
            List.of(backbone.output()));
    float[] values = new float[batch * size * size * 3];
    Random random = new Random(1);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    images = HostTensor.of(values, batch, size, size, 3);
  }

  /** Closes it. */
  @TearDown
  public void close() {
    graph.close();
  }

  /** Runs one batch. */
  @Benchmark
  @BenchmarkMode(Mode.Throughput)
  @OutputTimeUnit(TimeUnit.SECONDS)
  public List<HostTensor> run() {
    return graph.run(List.of(images));
  }
}
