package dev.graft.model;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorShapeProto;

/**
 * A joined graph in two: the trunk, whose every node depends on nothing that changes in training,
 * and the graft, which is the rest. The tensors that cross are the trunk's outputs and the graft's
 * inputs.
 *
 * <p>A node belongs to the graft when it depends on a changing source (a variable that trains or is
 * updated, the labels, the step), on a value made of the whole batch (its mean, say), or when its
 * value has no row an image (a shape): that cannot be stored by image, so it is computed again.
 * What the graft needs that does not depend on the images (constants, frozen variables) is copied
 * into it.
 *
 * @param trunk from the model's inputs to the crossing tensors
 * @param graft from the crossing tensors to the targets
 * @param tensors what crosses, in the order of the graph
 */
record Cut(GraphDef trunk, GraphDef graft, List<CutTensor> tensors) {
  /** What they answer does not depend on the values that they read. */
  private static final Set<String> SHAPE_OPS = Set.of("Shape", "ShapeN", "Size", "Rank");

  /** What a cut is made from: names of nodes, all of them in the graph. */
  record Sources(
      Collection<String> inputs, Collection<String> changing, Collection<String> targets) {}

  static Cut of(GraphDef graph, Sources sources, TensorShapes shapes) {
    return of(new GraphNodes(graph), sources, shapes);
  }

  static Cut of(GraphNodes nodes, Sources sources, TensorShapes shapes) {
    Set<String> needed = nodes.ancestors(sources.targets());
    Set<String> ofImages = nodes.descendants(sources.inputs());
    Set<String> changing = new LinkedHashSet<>(sources.changing());
    changing.addAll(readersOfBatches(nodes, sources.inputs(), shapes));
    Set<String> grafted = nodes.descendants(changing);
    grafted.retainAll(needed);
    Map<TensorName, CutTensor> crossing = crossing(nodes, grafted, ofImages, shapes);

    Set<String> trunkEnds = new LinkedHashSet<>();
    crossing.keySet().forEach(tensor -> trunkEnds.add(tensor.node()));
    Set<String> constants = nodes.ancestors(grafted);
    constants.removeAll(ofImages);
    Set<String> graftNodes = new HashSet<>(grafted);
    graftNodes.addAll(constants);
    return new Cut(
        nodes.keep(nodes.ancestors(trunkEnds)).build(),
        graft(nodes, graftNodes, crossing),
        List.copyOf(crossing.values()));
  }

  /** The nodes that read a value made of several images: it differs with an image's neighbours. */
  private static Set<String> readersOfBatches(
      GraphNodes nodes, Collection<String> inputs, TensorShapes shapes) {
    Set<String> values = nodes.descendants(inputs, node -> SHAPE_OPS.contains(node.getOp()));
    Set<String> readers = new LinkedHashSet<>();
    for (NodeDef node : nodes.all()) {
      boolean reads =
          GraphNodes.inputs(node).stream()
              .anyMatch(input -> values.contains(input.node()) && shapes.isOfWholeBatch(input));
      if (reads) {
        readers.add(node.getName());
      }
    }
    return readers;
  }

  /** Finds what crosses, and moves into {@code grafted} what must not. */
  private static Map<TensorName, CutTensor> crossing(
      GraphNodes nodes, Set<String> grafted, Set<String> ofImages, TensorShapes shapes) {
    Map<TensorName, CutTensor> crossing = new LinkedHashMap<>();
    boolean moved = true;
    while (moved) {
      moved = false;
      crossing.clear();
      for (NodeDef node : nodes.all()) {
        if (!grafted.contains(node.getName())) {
          continue;
        }
        for (TensorName input : GraphNodes.inputs(node)) {
          if (grafted.contains(input.node()) || !ofImages.contains(input.node())) {
            continue;
          }
          if (shapes.isStorable(input)) {
            crossing.computeIfAbsent(
                input,
                tensor ->
                    new CutTensor(
                        tensor.toString(), "cut_" + crossing.size(), shapes.rowShape(tensor)));
          } else {
            requireMovable(nodes.get(input.node()), shapes, input);
            grafted.add(input.node());
            moved = true;
          }
        }
      }
    }
    return crossing;
  }

  private static void requireMovable(NodeDef node, TensorShapes shapes, TensorName tensor) {
    if (node.getOp().equals("Placeholder")) {
      throw new IllegalArgumentException(
          "Input \""
              + node.getName()
              + "\" has the shape "
              + shapes.describe(tensor)
              + ", expected a float32 tensor of known size whose first axis is the batch:"
              + " give the size of the model's input.");
    }
  }

  private static GraphDef graft(
      GraphNodes nodes, Set<String> graftNodes, Map<TensorName, CutTensor> crossing) {
    GraphDef.Builder graft = nodes.keep(Set.of());
    crossing.values().forEach(tensor -> graft.addNode(placeholder(tensor)));
    for (NodeDef node : nodes.all()) {
      if (graftNodes.contains(node.getName())) {
        graft.addNode(redirect(node, crossing));
      }
    }
    return graft.build();
  }

  private static NodeDef redirect(NodeDef node, Map<TensorName, CutTensor> crossing) {
    NodeDef.Builder redirected = node.toBuilder().clearInput();
    for (TensorName input : GraphNodes.inputs(node)) {
      CutTensor cut = crossing.get(input);
      redirected.addInput(cut == null ? input.asInput() : cut.placeholder());
    }
    return redirected.build();
  }

  private static NodeDef placeholder(CutTensor tensor) {
    List<TensorShapeProto.Dim> dims = new ArrayList<>();
    dims.add(TensorShapeProto.Dim.newBuilder().setSize(-1).build());
    for (int size : tensor.rowShape()) {
      dims.add(TensorShapeProto.Dim.newBuilder().setSize(size).build());
    }
    return NodeDef.newBuilder()
        .setName(tensor.placeholder())
        .setOp("Placeholder")
        .putAttr("dtype", AttrValue.newBuilder().setType(DataType.DT_FLOAT).build())
        .putAttr(
            "shape",
            AttrValue.newBuilder().setShape(TensorShapeProto.newBuilder().addAllDim(dims)).build())
        .build();
  }
}
