package dev.graft.savedmodel;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.tensorflow.proto.NodeDef;

/** Makes a graph differentiable that is not as Keras exports it. */
public final class Rewrites {
  private static final int MAX_PASSES = 8;

  private Rewrites() {}

  /**
   * The same model with ops whose gradients TensorFlow Java has and has right.
   *
   * <p>TensorFlow's native gradients miss some ops ({@code IdentityN}, {@code Gather}, …) and are
   * wrong for some (dilated convolutions, {@code LogSoftmax} of rank 3). Each becomes other ops
   * that compute the same. The result is meant for inference as well, so that what is trained is
   * what is used: its outputs are the same bits as before, save for {@code Erfc} and dilated
   * convolutions, where they are equal to rounding.
   *
   * <p>What cannot be rewritten stays as it is: a dilated convolution with strides or in another
   * layout than {@code NHWC}, {@code Conv3D}, control flow.
   *
   * @param model any flat model; it is not changed
   * @return a model with the same inputs, outputs and variables; nodes keep their names, and new
   *     ones are named below the one that they replace
   */
  public static FlatModel forGradients(FlatModel model) {
    FlatModel current = model;
    Optional<FlatModel> rewritten = rewriteOnce(current);
    for (int pass = 1; pass < MAX_PASSES && rewritten.isPresent(); pass++) {
      current = rewritten.get();
      rewritten = rewriteOnce(current);
    }
    return rewritten.orElse(current);
  }

  /** One pass over all nodes; empty if there is nothing to replace. */
  private static Optional<FlatModel> rewriteOnce(FlatModel model) {
    try (GraphEditor editor = new GraphEditor(model.graph())) {
      boolean changed = false;
      for (NodeDef node : model.graph().getNodeList()) {
        changed |= rewrite(node, editor);
      }
      return changed ? Optional.of(rewritten(model, editor)) : Optional.empty();
    }
  }

  private static boolean rewrite(NodeDef node, GraphEditor editor) {
    for (Rewrite rewrite : Rewrite.ALL) {
      if (rewrite.appliesTo(node, editor)) {
        rewrite.apply(node, editor);
        return true;
      }
    }
    return false;
  }

  private static FlatModel rewritten(FlatModel model, GraphEditor editor) {
    List<FlatOutput> outputs =
        model.outputs().stream().map(output -> moved(output, editor)).toList();
    Set<String> wanted = new LinkedHashSet<>();
    model.inputs().forEach(input -> wanted.add(input.node()));
    outputs.forEach(output -> wanted.add(Ref.parse(output.tensor()).node()));
    return new FlatModel(
        editor.graph(List.copyOf(wanted)),
        model.inputs(),
        outputs,
        model.variables(),
        model.source());
  }

  private static FlatOutput moved(FlatOutput output, GraphEditor editor) {
    String tensor = editor.resolve(Ref.parse(output.tensor())).toString();
    return new FlatOutput(output.key(), tensor, output.dtype(), output.shape());
  }
}
