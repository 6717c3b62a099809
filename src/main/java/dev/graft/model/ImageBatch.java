package dev.graft.model;

import dev.graft.image.ImageShape;
import dev.graft.tensor.HostTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.types.TFloat32;

/** Prepared images as one tensor. */
public final class ImageBatch {
  private ImageBatch() {}

  /**
   * Copies images into a batch.
   *
   * @param shape of each
   * @param images values of each, row-major, at least one image
   * @return {@code [batch, height, width, channels]}
   */
  public static HostTensor of(ImageShape shape, List<float[]> images) {
    int size = Math.multiplyExact(images.size(), images.get(0).length);
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(size, Float.BYTES)).order(ByteOrder.LITTLE_ENDIAN);
    FloatBuffer values = bytes.asFloatBuffer();
    images.forEach(values::put);
    return HostTensor.wrapFloats(
        bytes.array(), images.size(), shape.height(), shape.width(), shape.channels());
  }

  /**
   * Copies images into a native batch, which the caller closes.
   *
   * @param shape of each
   * @param images values of each, row-major, at least one image
   * @return {@code [batch, height, width, channels]}
   */
  static Tensor toNative(ImageShape shape, List<float[]> images) {
    Shape batch = Shape.of(images.size(), shape.height(), shape.width(), shape.channels());
    int size = images.get(0).length;
    return TFloat32.tensorOf(
        batch,
        tensor -> {
          FloatDataBuffer values = tensor.asRawTensor().data().asFloats();
          for (int i = 0; i < images.size(); i++) {
            values.offset((long) i * size).write(images.get(i));
          }
        });
  }
}
