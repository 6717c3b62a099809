package dev.graft.image;

import dev.graft.data.Preparation;
import dev.graft.data.Preparation.Orientation;
import dev.graft.savedmodel.FunctionBody;
import java.util.List;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.FunctionDefLibrary;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NameAttrList;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;

/**
 * The preparation of a batch of files as part of a graph that any TensorFlow runs, with the bits of
 * {@link ImageReader}. Images of any sizes share a batch: a function prepares each ({@code
 * MapDefun}), on all processors. A file that is no JPEG, PNG, GIF or BMP fails the run.
 */
public final class BatchPreparation {
  /** The placeholder of the files' bytes, {@code [batch]}. */
  public static final String BYTES = "image_bytes";

  /**
   * The prepared pixels, {@code [batch, height, width, channels]}; those of a lone file are there
   * twice, because TensorFlow's kernels for a single row round differently.
   */
  public static final String PIXELS = "image_preparation/pixels";

  private static final String SCOPE = "image_preparation";
  private static final String MAP = SCOPE + "/map";
  private static final String FUNCTION = "graft_prepare_image";
  private static final String FILE = "file";

  private BatchPreparation() {}

  /**
   * The graph, from {@link #BYTES} to {@link #PIXELS}.
   *
   * @throws IllegalArgumentException if the preparation has no resize
   */
  public static GraphDef graph(Preparation preparation) {
    ImageShape shape = ImageShape.of(preparation);
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Operand<TString> bytes =
          tf.withName(BYTES).placeholder(TString.class, Placeholder.shape(Shape.of(-1)));
      tf = tf.withSubScope(SCOPE);
      Operand<TFloat32> mapped = // stands for the map, which Ops can't make
          tf.withName("map")
              .placeholder(
                  TFloat32.class,
                  Placeholder.shape(Shape.of(-1, shape.height(), shape.width(), shape.channels())));
      tf.withName("pixels").gather(mapped, rows(tf, bytes), tf.constant(0));
      GraphDef built = graph.toGraphDef();
      GraphDef.Builder mapping = built.toBuilder().clearNode();
      built.getNodeList().stream()
          .map(node -> node.getName().equals(MAP) ? map(shape) : node)
          .forEach(mapping::addNode);
      return mapping
          .setLibrary(FunctionDefLibrary.newBuilder().addFunction(function(preparation)))
          .build();
    }
  }

  /** Each row, and a lone one again. */
  private static Operand<TInt32> rows(Ops tf, Operand<TString> bytes) {
    Operand<TInt32> count = tf.size(bytes);
    Operand<TInt32> lone = tf.dtypes.cast(tf.math.equal(count, tf.constant(1)), TInt32.class);
    Operand<TInt32> all = tf.range(tf.constant(0), tf.math.add(count, lone), tf.constant(1));
    return tf.math.minimum(all, tf.math.sub(count, tf.constant(1)));
  }

  private static NodeDef map(ImageShape shape) {
    return NodeDef.newBuilder()
        .setName(MAP)
        .setOp("MapDefun")
        .addInput(BYTES)
        .putAttr("Targuments", types(DataType.DT_STRING))
        .putAttr("Tcaptured", types())
        .putAttr("output_types", types(DataType.DT_FLOAT))
        .putAttr("output_shapes", shapes(shape))
        .putAttr(
            "f",
            AttrValue.newBuilder().setFunc(NameAttrList.newBuilder().setName(FUNCTION)).build())
        .build();
  }

  private static AttrValue types(DataType... types) {
    return AttrValue.newBuilder()
        .setList(AttrValue.ListValue.newBuilder().addAllType(List.of(types)))
        .build();
  }

  private static AttrValue shapes(ImageShape shape) {
    TensorShapeProto.Builder sizes = TensorShapeProto.newBuilder();
    for (int size : new int[] {shape.height(), shape.width(), shape.channels()}) {
      sizes.addDim(TensorShapeProto.Dim.newBuilder().setSize(size));
    }
    return AttrValue.newBuilder().setList(AttrValue.ListValue.newBuilder().addShape(sizes)).build();
  }

  private static FunctionDef function(Preparation preparation) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Operand<TString> file =
          tf.withName(FILE).placeholder(TString.class, Placeholder.shape(Shape.scalar()));
      Operand<TInt32> orientation =
          preparation.orientation() == Orientation.EXIF
              ? ExifOps.orientation(tf, file)
              : tf.constant(ExifOrientation.UPRIGHT);
      Operand<TFloat32> prepared = PreparationOps.prepare(tf, file, orientation, preparation);
      String result = prepared.op().name() + ":" + prepared.asOutput().index();
      return FunctionBody.of(FUNCTION, graph.toGraphDef(), List.of(FILE), List.of(result));
    }
  }
}
