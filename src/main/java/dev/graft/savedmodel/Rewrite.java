package dev.graft.savedmodel;

import dev.graft.tensor.HostTensor;
import java.util.List;
import java.util.Set;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;

/** Replaces one kind of node by nodes that compute the same and have right gradients. */
sealed interface Rewrite {
  /** All of them; the first that applies to a node is used. */
  List<Rewrite> ALL =
      List.of(
          new SplitIdentity(),
          new PlainIdentity(),
          new SplitGather(),
          new AxisLastConcat(),
          new FilledOnes(),
          new ErfComplement(),
          new NewestBatchNorm(),
          new FlatLogSoftmax(),
          new ReadThenGather(),
          new FrontAxisGather(),
          new PaddedConvolution(),
          new UndilatedConvolution());

  /** Whether this node is to be replaced. */
  boolean appliesTo(NodeDef node, GraphEditor editor);

  /** Replaces the node. */
  void apply(NodeDef node, GraphEditor editor);

  /** {@code IdentityN} becomes an {@code Identity} for each of its tensors. */
  record SplitIdentity() implements Rewrite {
    @Override
    public boolean appliesTo(NodeDef node, GraphEditor editor) {
      return node.getOp().equals("IdentityN");
    }

    @Override
    public void apply(NodeDef node, GraphEditor editor) {
      List<DataType> types = node.getAttrOrThrow("T").getList().getTypeList();
      for (int i = 0; i < types.size(); i++) {
        NodeDef.Builder identity =
            Nodes.node("Identity", node.getName(), node.getInput(i))
                .putAttr("T", Nodes.type(types.get(i)));
        if (i == 0) {
          editor.replace(identity);
        } else {
          String name = editor.add(node, identity.setName("output_" + i));
          editor.move(new Ref(node.getName(), i), new Ref(name, 0));
        }
      }
    }
  }

  /** Ops that hand their input on become {@code Identity}. */
  record PlainIdentity() implements Rewrite {
    private static final Set<String> OPS = Set.of("EnsureShape", "PreventGradient", "Snapshot");

    @Override
    public boolean appliesTo(NodeDef node, GraphEditor editor) {
      return OPS.contains(node.getOp());
    }

    @Override
    public void apply(NodeDef node, GraphEditor editor) {
      editor.replace(
          Nodes.node("Identity", node.getName(), node.getInput(0))
              .putAttr("T", node.getAttrOrThrow("T")));
    }
  }

  /** {@code Gather} becomes {@code GatherV2} along the first axis. */
  record SplitGather() implements Rewrite {
    @Override
    public boolean appliesTo(NodeDef node, GraphEditor editor) {
      return node.getOp().equals("Gather");
    }

    @Override
    public void apply(NodeDef node, GraphEditor editor) {
      gather(node, node.getInput(0), node.getAttrOrThrow("Tparams"), editor);
    }

    static void gather(NodeDef node, String params, AttrValue type, GraphEditor editor) {
      String axis = editor.add(node, scalar("axis", 0));
      editor.replace(
          Nodes.node("GatherV2", node.getName(), params, node.getInput(1), axis)
              .putAttr("Tparams", type)
              .putAttr("Tindices", node.getAttrOrThrow("Tindices"))
              .putAttr("Taxis", Nodes.type(DataType.DT_INT32)));
    }
  }

  /** {@code ResourceGather}, an embedding, reads its variable and gathers from the value. */
  record ReadThenGather() implements Rewrite {
    @Override
    public boolean appliesTo(NodeDef node, GraphEditor editor) {
      return node.getOp().equals("ResourceGather") && attribute(node, "batch_dims").getI() == 0;
    }

    @Override
    public void apply(NodeDef node, GraphEditor editor) {
      AttrValue type = node.getAttrOrThrow("dtype");
      String read =
          editor.add(
              node,
              Nodes.node("ReadVariableOp", "ReadVariableOp", node.getInput(0))
                  .putAttr("dtype", type));
      SplitGather.gather(node, read, type, editor);
    }
  }

  /** {@code GatherV2} along an axis that is counted from the back counts it from the front. */
  record FrontAxisGather() implements Rewrite {
    @Override
    public boolean appliesTo(NodeDef node, GraphEditor editor) {
      return node.getOp().equals("GatherV2")
          && Nodes.scalar(editor.maker(node.getInput(2))).orElse(0) < 0
          && editor.shape(node.getInput(0)) != null;
    }

    @Override
    public void apply(NodeDef node, GraphEditor editor) {
      int rank = editor.shape(node.getInput(0)).size();
      long axis = Nodes.scalar(editor.maker(node.getInput(2))).orElseThrow();
      String front = editor.add(node, scalar("front_axis", Math.toIntExact(rank + axis)));
      editor.replace(
          node.toBuilder().setInput(2, front).putAttr("Taxis", Nodes.type(DataType.DT_INT32)));
    }
  }

  /** {@code Concat} becomes {@code ConcatV2}, whose axis comes last. */
  record AxisLastConcat() implements Rewrite {
    @Override
    public boolean appliesTo(NodeDef node, GraphEditor editor) {
      return node.getOp().equals("Concat");
    }

    @Override
    public void apply(NodeDef node, GraphEditor editor) {
      List<String> values = node.getInputList().subList(1, node.getInputCount());
      editor.replace(
          Nodes.node("ConcatV2", node.getName(), values.toArray(String[]::new))
              .addInput(node.getInput(0))
              .putAttr("N", node.getAttrOrThrow("N"))
              .putAttr("T", node.getAttrOrThrow("T"))
              .putAttr("Tidx", Nodes.type(DataType.DT_INT32)));
    }
  }

  /** {@code OnesLike} becomes the number one, spread over the shape. */
  record FilledOnes() implements Rewrite {
    @Override
    public boolean appliesTo(NodeDef node, GraphEditor editor) {
      return node.getOp().equals("OnesLike");
    }

    @Override
    public void apply(NodeDef node, GraphEditor editor) {
      AttrValue type = node.getAttrOrThrow("T");
      String shape = editor.add(node, shapeOf(node.getInput(0), type));
      editor.replace(
          Nodes.node("Fill", node.getName(), shape, one(node, type, editor))
              .putAttr("T", type)
              .putAttr("index_type", Nodes.type(DataType.DT_INT32)));
    }
  }

  /** {@code Erfc(x)} becomes {@code 1 - Erf(x)}. */
  record ErfComplement() implements Rewrite {
    @Override
    public boolean appliesTo(NodeDef node, GraphEditor editor) {
      return node.getOp().equals("Erfc");
    }

    @Override
    public void apply(NodeDef node, GraphEditor editor) {
      AttrValue type = node.getAttrOrThrow("T");
      String erf = editor.add(node, Nodes.node("Erf", "erf", node.getInput(0)).putAttr("T", type));
      editor.replace(
          Nodes.node("Sub", node.getName(), one(node, type, editor), erf).putAttr("T", type));
    }
  }

  /** {@code FusedBatchNorm} and its second version become the third. */
  record NewestBatchNorm() implements Rewrite {
    @Override
    public boolean appliesTo(NodeDef node, GraphEditor editor) {
      return node.getOp().equals("FusedBatchNorm") || node.getOp().equals("FusedBatchNormV2");
    }

    @Override
    public void apply(NodeDef node, GraphEditor editor) {
      NodeDef.Builder newest = node.toBuilder().setOp("FusedBatchNormV3");
      if (!node.containsAttr("U")) {
        newest.putAttr("U", node.getAttrOrThrow("T"));
      }
      editor.replace(newest);
    }
  }

  /** {@code LogSoftmax} over more or fewer than two dimensions is taken over two. */
  record FlatLogSoftmax() implements Rewrite {
    @Override
    public boolean appliesTo(NodeDef node, GraphEditor editor) {
      if (!node.getOp().equals("LogSoftmax")) {
        return false;
      }
      List<Long> shape = editor.shape(node.getInput(0));
      return shape == null || shape.size() != 2;
    }

    @Override
    public void apply(NodeDef node, GraphEditor editor) {
      AttrValue type = node.getAttrOrThrow("T");
      String shape = editor.add(node, shapeOf(node.getInput(0), type));
      String rowShape = rowShape(node, shape, editor);
      String rows = editor.add(node, reshape("rows", node.getInput(0), rowShape, type));
      String flat =
          editor.add(node, Nodes.node("LogSoftmax", "rows_log_softmax", rows).putAttr("T", type));
      editor.replace(reshape(node.getName(), flat, shape, type));
    }

    /** [-1, size of the last dimension]. */
    private static String rowShape(NodeDef node, String shape, GraphEditor editor) {
      AttrValue int32 = Nodes.type(DataType.DT_INT32);
      String begin = editor.add(node, vector("last_begin", -1));
      String end = editor.add(node, vector("last_end", 0));
      String stride = editor.add(node, vector("last_stride", 1));
      String last =
          editor.add(
              node,
              Nodes.node("StridedSlice", "last", shape, begin, end, stride)
                  .putAttr("T", int32)
                  .putAttr("Index", int32)
                  .putAttr("end_mask", Nodes.number(1)));
      String any = editor.add(node, vector("any", -1));
      String axis = editor.add(node, scalar("axis", 0));
      return editor.add(
          node,
          Nodes.node("ConcatV2", "row_shape", any, last, axis)
              .putAttr("N", Nodes.number(2))
              .putAttr("T", int32)
              .putAttr("Tidx", int32));
    }
  }

  /** A convolution with {@code EXPLICIT} padding pads first. */
  record PaddedConvolution() implements Rewrite {
    @Override
    public boolean appliesTo(NodeDef node, GraphEditor editor) {
      return Convolutions.is(node)
          && attribute(node, "padding").getS().toStringUtf8().equals("EXPLICIT");
    }

    @Override
    public void apply(NodeDef node, GraphEditor editor) {
      int[] sizes =
          node.getAttrOrThrow("explicit_paddings").getList().getIList().stream()
              .mapToInt(Long::intValue)
              .toArray();
      String paddings =
          editor.add(node, constant("paddings", HostTensor.of(sizes, sizes.length / 2, 2)));
      String padded =
          editor.add(
              node,
              Nodes.node("Pad", "padded", node.getInput(0), paddings)
                  .putAttr("T", node.getAttrOrThrow("T"))
                  .putAttr("Tpaddings", Nodes.type(DataType.DT_INT32)));
      editor.replace(
          node.toBuilder()
              .setInput(0, padded)
              .putAttr("padding", Nodes.text("VALID"))
              .removeAttr("explicit_paddings"));
    }
  }

  /** A dilated convolution becomes a plain one over the image taken apart into its lattices. */
  record UndilatedConvolution() implements Rewrite {
    @Override
    public boolean appliesTo(NodeDef node, GraphEditor editor) {
      return Convolutions.is(node) && Convolutions.canUndilate(node, editor);
    }

    @Override
    public void apply(NodeDef node, GraphEditor editor) {
      Convolutions.undilate(node, editor);
    }
  }

  /** The attribute, or an empty one: what is left out has its default. */
  static AttrValue attribute(NodeDef node, String name) {
    return node.getAttrMap().getOrDefault(name, AttrValue.getDefaultInstance());
  }

  /** A constant int32 of no dimensions. */
  static NodeDef.Builder scalar(String name, int value) {
    return constant(name, HostTensor.of(new int[] {value}));
  }

  /** A constant int32 of one dimension. */
  static NodeDef.Builder vector(String name, int... values) {
    return constant(name, HostTensor.of(values, values.length));
  }

  /** A constant. */
  static NodeDef.Builder constant(String name, HostTensor value) {
    return Nodes.constant(name, value).toBuilder();
  }

  private static NodeDef.Builder shapeOf(String input, AttrValue type) {
    return Nodes.node("Shape", "shape", input)
        .putAttr("T", type)
        .putAttr("out_type", Nodes.type(DataType.DT_INT32));
  }

  private static NodeDef.Builder reshape(String name, String input, String shape, AttrValue type) {
    return Nodes.node("Reshape", name, input, shape)
        .putAttr("T", type)
        .putAttr("Tshape", Nodes.type(DataType.DT_INT32));
  }

  /** The number one of a type. */
  private static String one(NodeDef node, AttrValue type, GraphEditor editor) {
    String one = editor.add(node, constant("one", HostTensor.of(new float[] {1})));
    if (type.getType() == DataType.DT_FLOAT) {
      return one;
    }
    return editor.add(
        node,
        Nodes.node("Cast", "cast", one)
            .putAttr("SrcT", Nodes.type(DataType.DT_FLOAT))
            .putAttr("DstT", type));
  }
}
