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

  /** The configuration of a session that runs so. */
  public ConfigProto config() {
    if (this == FUSED) {
      return ConfigProto.getDefaultInstance();
    }
    return ConfigProto.newBuilder()
        .setGraphOptions(
            GraphOptions.newBuilder()
                .setOptimizerOptions(
                    OptimizerOptions.newBuilder().setOptLevel(OptimizerOptions.Level.L0))
                .setRewriteOptions(RewriterConfig.newBuilder().setDisableMetaOptimizer(true)))
        .build();
  }
}
