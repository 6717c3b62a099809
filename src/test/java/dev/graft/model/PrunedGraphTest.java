package dev.graft.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TFloat32;

class PrunedGraphTest {
  @Test
  void whatIsReadOrWaitedForStays() {
    GraphDef pruned = PrunedGraph.of(graph(), Set.of("sum", "alone", "not there"));
    assertThat(names(pruned)).containsExactlyInAnyOrder("images", "shift", "sum", "first", "alone");
    assertThat(PrunedGraph.of(pruned, Set.of("sum", "alone"))).isEqualTo(pruned);
  }

  /** {@code images + shift}, after {@code first}; {@code images · scale}, which nobody asks for. */
  private static GraphDef graph() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> images = tf.withName("images").placeholder(TFloat32.class);
      Ops after = tf.withControlDependencies(List.of(tf.withName("first").noOp()));
      after.withName("sum").math.add(images, tf.withName("shift").constant(1f));
      tf.withName("product").math.mul(images, tf.withName("scale").constant(2f));
      tf.withName("alone").constant(3f);
      return graph.toGraphDef();
    }
  }

  private static List<String> names(GraphDef graph) {
    return graph.getNodeList().stream().map(NodeDef::getName).toList();
  }
}
