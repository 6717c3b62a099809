package dev.graft.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.data.Preparation;
import dev.graft.data.Preparation.Aspect;
import dev.graft.data.Preparation.ColourOrder;
import dev.graft.data.Preparation.Decoder;
import dev.graft.data.Preparation.Method;
import dev.graft.data.Preparation.Orientation;
import dev.graft.data.Preparation.Resize;
import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.HostTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TFloat32;

/** With TensorFlow's graph optimiser, as others run an export, and without it. */
class BatchPreparationTest {
  private static final List<String> IMAGES =
      List.of(
          "baseline.jpg",
          "progressive.jpg",
          "exif1.jpg",
          "exif6.jpg",
          "exif7.jpg",
          "rgb.png",
          "square.png",
          "still.gif",
          "moving.gif",
          "picture.bmp");

  static Stream<Preparation> preparations() {
    Preparation torch = Preparation.named("torch", 17, 23);
    List<Preparation> all = new ArrayList<>();
    Preparation.NAMES.forEach(name -> all.add(Preparation.named(name, 17, 23)));
    for (Method method : Method.values()) {
      for (Aspect aspect : Aspect.values()) {
        all.add(torch.withResize(new Resize(method, aspect, 17, 23)));
      }
    }
    all.add(torch.withOrientation(Orientation.EXIF));
    all.add(Preparation.named("pil-nearest", 30, 9).withOrientation(Orientation.EXIF));
    all.add(Preparation.named("rescale", 9, 30).withColourOrder(ColourOrder.GREY));
    all.add(Preparation.named("pil-nearest", 9, 9).withColourOrder(ColourOrder.GREY));
    all.add(
        new Preparation(
            Decoder.TENSORFLOW,
            Orientation.EXIF,
            new Resize(Method.BICUBIC, Aspect.CROP, 19, 11),
            ColourOrder.BGR,
            3,
            0.7,
            List.of(0.1, 0.2, 0.3),
            List.of(1.1, 1.2, 1.3),
            false));
    return all.stream();
  }

  @ParameterizedTest
  @MethodSource("preparations")
  void aBatchHasTheBitsThatEachImageHasAlone(Preparation preparation) throws Exception {
    List<byte[]> files =
        IMAGES.stream().filter(name -> decodes(preparation, name)).map(Fixtures::bytes).toList();
    ImageShape shape = ImageShape.of(preparation);
    float[] expected = new float[files.size() * shape.values()];
    try (ImageReader reader = ImageReader.open(preparation)) {
      for (int i = 0; i < files.size(); i++) {
        float[] one = reader.read(files.get(i));
        System.arraycopy(one, 0, expected, i * one.length, one.length);
      }
    }
    for (ConfigProto config : configs()) {
      HostTensor prepared = run(preparation, files, config);
      assertThat(prepared.shape())
          .containsExactly(
              (long) files.size(),
              (long) shape.height(),
              (long) shape.width(),
              (long) shape.channels());
      assertThat(prepared.floats()).isEqualTo(expected);
    }
  }

  /** TensorFlow makes no grey of a GIF or BMP. */
  private static boolean decodes(Preparation preparation, String name) {
    return preparation.channels() == 3
        || preparation.decoder() == Decoder.PILLOW
        || !name.matches(".*[.](gif|bmp)");
  }

  @Test
  void aLoneFileIsThereTwice() throws Exception {
    Preparation preparation = Preparation.named("tf", 5, 4);
    byte[] file = Fixtures.bytes("rgb.png");
    HostTensor prepared = run(preparation, List.of(file), ConfigProto.getDefaultInstance());
    assertThat(prepared.shape()).containsExactly(2L, 5L, 4L, 3L);
    try (ImageReader reader = ImageReader.open(preparation)) {
      float[] one = reader.read(file);
      assertThat(Arrays.copyOf(prepared.floats(), one.length)).isEqualTo(one);
      assertThat(Arrays.copyOfRange(prepared.floats(), one.length, 2 * one.length)).isEqualTo(one);
    }
  }

  @Test
  void whatIsNoImageFailsTheBatch() {
    List<byte[]> files = List.of(Fixtures.bytes("rgb.png"), new byte[] {1, 2, 3});
    assertThatThrownBy(
            () -> run(Preparation.named("tf", 5, 4), files, ConfigProto.getDefaultInstance()))
        .hasMessageContaining("Unknown image file format");
  }

  /** Why the preparation does not divide with {@code RealDiv}. */
  @Test
  void theOptimiserChangesTheBitsOfARealDivision() {
    assertThat(quotients(true, configs().get(1))).isNotEqualTo(quotients(true, configs().get(0)));
    assertThat(quotients(false, configs().get(1))).isEqualTo(quotients(true, configs().get(0)));
  }

  private static float[] quotients(boolean real, ConfigProto config) {
    float[] pixels = new float[256];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = i;
    }
    try (Graph graph = new Graph();
        Session session = new Session(graph, config)) {
      Ops tf = Ops.create(graph);
      Operand<TFloat32> x = tf.placeholder(TFloat32.class);
      Operand<TFloat32> by = tf.constant(127.5f);
      Operand<TFloat32> quotient = real ? tf.math.div(x, by) : tf.math.divNoNan(x, by);
      Operand<TFloat32> less = tf.math.sub(quotient, tf.constant(0f));
      Operand<TFloat32> result = tf.math.abs(less);
      try (Tensor fed = HostTensor.of(pixels, 256).toNative();
          Result fetched = session.runner().feed(x, fed).fetch(result).run()) {
        return HostTensor.fromNative(fetched.get(0)).floats();
      }
    }
  }

  /** As built, then as TensorFlow runs a graph of its own accord. */
  private static List<ConfigProto> configs() {
    return List.of(Arithmetic.AS_BUILT.config(), ConfigProto.getDefaultInstance());
  }

  private static HostTensor run(Preparation preparation, List<byte[]> files, ConfigProto config) {
    try (Graph graph = new Graph()) {
      graph.importGraphDef(BatchPreparation.graph(preparation));
      try (Session session = new Session(graph, config);
          Tensor fed = HostTensor.ofStrings(files, files.size()).toNative();
          Result result =
              session
                  .runner()
                  .feed(BatchPreparation.BYTES, fed)
                  .fetch(BatchPreparation.PIXELS)
                  .run()) {
        return HostTensor.fromNative(result.get(0));
      }
    }
  }
}
