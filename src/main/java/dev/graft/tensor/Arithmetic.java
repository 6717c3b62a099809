package dev.graft.tensor;

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
  /** Op by op as it was built: for pixels, golden samples, final figures and exports. */
  AS_BUILT;

  /**
   * System property with the number of threads that share the arithmetic of an op, for a process
   * that may not have every processor; read when a process first runs a graph. Without it all are
   * used. It does not change a bit of what is computed.
   */
  public static final String THREADS = "graft.threads";

  /** The configuration of a session that runs so. */
  public ConfigProto config() {
    int threads = Integer.getInteger(THREADS, 0); // 0 leaves it to TensorFlow
    ConfigProto.Builder config = ConfigProto.newBuilder().setIntraOpParallelismThreads(threads);
    if (this == FUSED) {
      return config.build();
    }
    return config
        .setGraphOptions(
            GraphOptions.newBuilder()
                .setOptimizerOptions(
                    OptimizerOptions.newBuilder().setOptLevel(OptimizerOptions.Level.L0))
                .setRewriteOptions(RewriterConfig.newBuilder().setDisableMetaOptimizer(true)))
        .build();
  }
}
