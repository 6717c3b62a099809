package dev.graft.tensor;

import java.util.Locale;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GraphOptions;
import org.tensorflow.proto.OptimizerOptions;
import org.tensorflow.proto.RewriterConfig;

/** Whether TensorFlow may rearrange a graph's arithmetic. */
public enum Arithmetic {
  /**
   * Folded and fused, which is faster and differs from Python by a few millionths: for the features
   * of a trunk.
   */
  FUSED,
  /**
   * As {@link #FUSED}, with large 3×3 convolutions by Winograd's minimal filtering, which differs
   * by a few millionths more and is faster for several images a run, slower for a lone one: for
   * many images.
   */
  WINOGRAD,
  /**
   * Folded, fused, and multiplied in bfloat16 where TensorFlow holds that safe: for the features of
   * a trunk, never for what trains. It differs from Python by a hundredth and more, depending on
   * the model; inputs and outputs stay float32.
   */
  BFLOAT16,
  /** Op by op as it was built: for pixels, golden samples, final figures and exports. */
  AS_BUILT;

  /**
   * System property with the number of threads that share the arithmetic of an op, for a process
   * that may not have every processor; read when a process first runs a graph. Without it all are
   * used. It does not change a bit of what is computed.
   */
  public static final String THREADS = "graft.threads";

  /** Whether scales and shifts may be folded into kernels. */
  public boolean isFolded() {
    return this != AS_BUILT;
  }

  /** In one word of small letters. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The configuration of a session that runs so. */
  public ConfigProto config() {
    int threads = Integer.getInteger(THREADS, 0); // 0 leaves it to TensorFlow
    return ConfigProto.newBuilder()
        .setIntraOpParallelismThreads(threads)
        .setGraphOptions(
            switch (this) {
              case FUSED, WINOGRAD -> rewriting(fusing());
              case BFLOAT16 ->
                  rewriting(fusing().setAutoMixedPrecisionOnednnBfloat16(RewriterConfig.Toggle.ON));
              case AS_BUILT ->
                  rewriting(RewriterConfig.newBuilder().setDisableMetaOptimizer(true)).toBuilder()
                      .setOptimizerOptions(
                          OptimizerOptions.newBuilder().setOptLevel(OptimizerOptions.Level.L0))
                      .build();
            })
        .build();
  }

  /**
   * With the shapes of the placeholders taken for granted: unless TensorFlow knows that both sides
   * of a sum are of one shape, it does not fuse it into the convolution before it, with the
   * activation behind it, as in ResNet50.
   */
  private static RewriterConfig.Builder fusing() {
    return RewriterConfig.newBuilder().setRemapping(RewriterConfig.Toggle.AGGRESSIVE);
  }

  private static GraphOptions rewriting(RewriterConfig.Builder rewriting) {
    return GraphOptions.newBuilder().setRewriteOptions(rewriting).build();
  }
}
