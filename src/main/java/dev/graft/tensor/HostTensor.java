package dev.graft.tensor;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Collectors;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.types.TBfloat16;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint16;
import org.tensorflow.types.TUint8;
import org.tensorflow.types.family.TType;

/**
 * A tensor in Java memory: element type, shape, and the elements in row-major order.
 *
 * <p>Numbers and truth values are kept as their little-endian bytes, as TensorFlow keeps them.
 * Strings are kept one after the other, each as its length (four bytes, little-endian) and then its
 * bytes. A tensor holds at most 2 GiB.
 *
 * <p>Immutable and safe for many threads. Equality is by value.
 */
public final class HostTensor {
  private static final Map<DataType, Class<? extends TType>> NATIVE_TYPES =
      Map.of(
          DataType.DT_FLOAT, TFloat32.class,
          DataType.DT_DOUBLE, TFloat64.class,
          DataType.DT_HALF, TFloat16.class,
          DataType.DT_BFLOAT16, TBfloat16.class,
          DataType.DT_INT32, TInt32.class,
          DataType.DT_INT64, TInt64.class,
          DataType.DT_UINT8, TUint8.class,
          DataType.DT_UINT16, TUint16.class,
          DataType.DT_BOOL, TBool.class);

  private final DataType dtype;
  private final List<Long> shape;
  private final byte[] bytes;

  private HostTensor(DataType dtype, List<Long> shape, byte[] bytes) {
    this.dtype = dtype;
    this.shape = shape;
    this.bytes = bytes;
  }

  /**
   * Copies float32 values.
   *
   * @param values the elements, row-major
   * @param shape sizes of the dimensions; none for a scalar
   * @throws IllegalArgumentException if the shape does not hold exactly these values
   */
  public static HostTensor of(float[] values, long... shape) {
    ByteBuffer buffer = littleEndian(values.length, Float.BYTES);
    buffer.asFloatBuffer().put(values);
    return wrap(DataType.DT_FLOAT, buffer.array(), shape);
  }

  /**
   * Copies int32 values.
   *
   * @param values the elements, row-major
   * @param shape sizes of the dimensions; none for a scalar
   * @throws IllegalArgumentException if the shape does not hold exactly these values
   */
  public static HostTensor of(int[] values, long... shape) {
    ByteBuffer buffer = littleEndian(values.length, Integer.BYTES);
    buffer.asIntBuffer().put(values);
    return wrap(DataType.DT_INT32, buffer.array(), shape);
  }

  /**
   * Copies int64 values.
   *
   * @param values the elements, row-major
   * @param shape sizes of the dimensions; none for a scalar
   * @throws IllegalArgumentException if the shape does not hold exactly these values
   */
  public static HostTensor of(long[] values, long... shape) {
    ByteBuffer buffer = littleEndian(values.length, Long.BYTES);
    buffer.asLongBuffer().put(values);
    return wrap(DataType.DT_INT64, buffer.array(), shape);
  }

  /**
   * Copies strings of bytes, such as the contents of image files.
   *
   * @param values the elements, row-major
   * @param shape sizes of the dimensions; none for a scalar
   * @throws IllegalArgumentException if the shape does not hold exactly these values, or the values
   *     exceed 2 GiB
   */
  public static HostTensor ofStrings(List<byte[]> values, long... shape) {
    if (elements(shape) != values.size()) {
      throw wrongSize(DataType.DT_STRING, shape, values.size() + " strings");
    }
    long size = values.stream().mapToLong(value -> Integer.BYTES + (long) value.length).sum();
    ByteBuffer buffer = littleEndian(size, 1);
    values.forEach(value -> buffer.putInt(value.length).put(value));
    return new HostTensor(DataType.DT_STRING, list(shape), buffer.array());
  }

  /**
   * Makes a tensor of bytes without copying them. The array belongs to the tensor from now on: the
   * caller must not change it.
   *
   * @param dtype a type of fixed size: any but strings, resources and variants
   * @param bytes the elements, row-major, little-endian
   * @param shape sizes of the dimensions; none for a scalar
   * @throws IllegalArgumentException if the type has no fixed size, or the shape does not hold
   *     exactly these bytes
   */
  public static HostTensor wrap(DataType dtype, byte[] bytes, long... shape) {
    if (elements(shape) * sizeOf(dtype) != bytes.length) {
      throw wrongSize(dtype, shape, bytes.length + " bytes");
    }
    return new HostTensor(dtype, list(shape), bytes);
  }

  /**
   * Makes a float32 tensor of bytes without copying them, see {@link #wrap}.
   *
   * @param bytes the elements, row-major, little-endian
   * @param shape sizes of the dimensions; none for a scalar
   * @throws IllegalArgumentException if the shape does not hold exactly these bytes
   */
  public static HostTensor wrapFloats(byte[] bytes, long... shape) {
    return wrap(DataType.DT_FLOAT, bytes, shape);
  }

  /**
   * Copies a native tensor. The tensor stays open and stays the caller's.
   *
   * @throws IllegalArgumentException if it holds resources or variants, or more than 2 GiB
   */
  public static HostTensor fromNative(Tensor tensor) {
    long[] shape = tensor.shape().asArray();
    if (tensor.dataType() == DataType.DT_STRING) {
      return fromStrings((TString) tensor, shape);
    }
    byte[] bytes = littleEndian(tensor.numBytes(), 1).array();
    if (bytes.length > 0) {
      tensor.asRawTensor().data().read(bytes);
    }
    return wrap(tensor.dataType(), bytes, shape);
  }

  private static HostTensor fromStrings(TString tensor, long[] shape) {
    List<byte[]> values = new ArrayList<>();
    tensor.asBytes().scalars().forEach(scalar -> values.add(scalar.getObject()));
    return ofStrings(values, shape);
  }

  /** Element type. */
  public DataType dtype() {
    return dtype;
  }

  /** Sizes of the dimensions, all of them 0 or more; empty for a scalar. */
  public List<Long> shape() {
    return shape;
  }

  /** Number of elements. */
  public long size() {
    return elements(shapeArray());
  }

  /** The elements as described for this class: read-only, little-endian, from position 0. */
  public ByteBuffer bytes() {
    return ByteBuffer.wrap(bytes).asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * The elements as numbers, by their row-major index, whatever type of floating point, integer or
   * truth value they have; empty for strings, complex and quantized numbers.
   */
  public Optional<IntToDoubleFunction> numbers() {
    ByteBuffer values = bytes();
    return Optional.ofNullable(
        switch (dtype) {
          case DT_FLOAT -> i -> values.getFloat(4 * i);
          case DT_DOUBLE -> i -> values.getDouble(8 * i);
          case DT_HALF -> i -> half(values.getShort(2 * i));
          case DT_BFLOAT16 -> i -> Float.intBitsToFloat(values.getShort(2 * i) << 16);
          case DT_INT8, DT_BOOL -> values::get;
          case DT_UINT8 -> i -> Byte.toUnsignedInt(values.get(i));
          case DT_INT16 -> i -> values.getShort(2 * i);
          case DT_UINT16 -> i -> Short.toUnsignedInt(values.getShort(2 * i));
          case DT_INT32 -> i -> values.getInt(4 * i);
          case DT_UINT32 -> i -> Integer.toUnsignedLong(values.getInt(4 * i));
          case DT_INT64 -> i -> values.getLong(8 * i);
          default -> null;
        });
  }

  /** IEEE 754's binary16. */
  private static double half(short bits) {
    int exponent = bits >> 10 & 0x1f;
    int fraction = bits & 0x3ff;
    double magnitude =
        exponent == 0
            ? Math.scalb((double) fraction, -24)
            : exponent == 31
                ? fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN
                : Math.scalb(1024.0 + fraction, exponent - 25);
    return bits < 0 ? -magnitude : magnitude;
  }

  /**
   * A copy of the elements, row-major.
   *
   * @throws IllegalStateException if the elements are not float32
   */
  public float[] floats() {
    require(DataType.DT_FLOAT, "floats");
    float[] values = new float[bytes.length / Float.BYTES];
    bytes().asFloatBuffer().get(values);
    return values;
  }

  /**
   * A copy of the elements, row-major.
   *
   * @throws IllegalStateException if the elements are not int32
   */
  public int[] ints() {
    require(DataType.DT_INT32, "ints");
    int[] values = new int[bytes.length / Integer.BYTES];
    bytes().asIntBuffer().get(values);
    return values;
  }

  /**
   * A copy of the elements, row-major.
   *
   * @throws IllegalStateException if the elements are not int64
   */
  public long[] longs() {
    require(DataType.DT_INT64, "longs");
    long[] values = new long[bytes.length / Long.BYTES];
    bytes().asLongBuffer().get(values);
    return values;
  }

  /**
   * A copy of the elements, row-major.
   *
   * @throws IllegalStateException if the elements are not strings
   */
  public List<byte[]> strings() {
    require(DataType.DT_STRING, "strings");
    List<byte[]> values = new ArrayList<>();
    ByteBuffer buffer = bytes();
    while (buffer.hasRemaining()) {
      byte[] value = new byte[buffer.getInt()];
      buffer.get(value);
      values.add(value);
    }
    return values;
  }

  /**
   * Copies the values into a native tensor, which the caller closes.
   *
   * @throws IllegalArgumentException if TensorFlow Java has no tensors of this type
   */
  public Tensor toNative() {
    Shape nativeShape = Shape.of(shapeArray());
    if (dtype == DataType.DT_STRING) {
      byte[][] values = strings().toArray(byte[][]::new);
      return TString.tensorOfBytes(NdArrays.wrap(nativeShape, DataBuffers.of(values, true, false)));
    }
    Class<? extends TType> type = NATIVE_TYPES.get(dtype);
    if (type == null) {
      throw new IllegalArgumentException("TensorFlow Java has no tensors of type " + dtype + ".");
    }
    if (bytes.length == 0) {
      return Tensor.of(type, nativeShape);
    }
    return Tensor.of(type, nativeShape, DataBuffers.of(bytes, true, false));
  }

  /** This tensor as a message, such as the value of a constant. Shares the memory of the bytes. */
  public TensorProto toProto() {
    TensorProto.Builder proto =
        TensorProto.newBuilder().setDtype(dtype).setTensorShape(shapeProto());
    if (dtype == DataType.DT_STRING) {
      strings().forEach(value -> proto.addStringVal(ByteString.copyFrom(value)));
    } else {
      proto.setTensorContent(UnsafeByteOperations.unsafeWrap(bytes));
    }
    return proto.build();
  }

  /** The SHA-256 of {@link #bytes()}: 64 lower-case hexadecimal digits. */
  public String sha256() {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256.", e);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof HostTensor tensor
        && dtype == tensor.dtype
        && shape.equals(tensor.shape)
        && Arrays.equals(bytes, tensor.bytes);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * dtype.hashCode() + shape.hashCode()) + Arrays.hashCode(bytes);
  }

  /** Element type, shape and hash, such as {@code DT_FLOAT[2, 3] 0a1b2c3d}. */
  @Override
  public String toString() {
    return dtype + shape.toString() + " " + sha256().substring(0, 8);
  }

  private void require(DataType expected, String asked) {
    if (dtype != expected) {
      throw new IllegalStateException(
          "A tensor of " + asked + " is expected to be " + expected + " but is " + dtype + ".");
    }
  }

  private TensorShapeProto shapeProto() {
    TensorShapeProto.Builder proto = TensorShapeProto.newBuilder();
    shape.forEach(size -> proto.addDim(TensorShapeProto.Dim.newBuilder().setSize(size)));
    return proto.build();
  }

  private long[] shapeArray() {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }

  private static List<Long> list(long[] shape) {
    return Arrays.stream(shape).boxed().collect(Collectors.toUnmodifiableList());
  }

  private static long elements(long[] shape) {
    long count = 1;
    for (long size : shape) {
      if (size < 0) {
        throw new IllegalArgumentException(
            "A shape is expected to have sizes of 0 or more but got " + Arrays.toString(shape));
      }
      count = Math.multiplyExact(count, size);
    }
    return count;
  }

  private static ByteBuffer littleEndian(long count, int width) {
    long size = count * width;
    if (size > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "A tensor in Java memory holds at most 2 GiB but got " + size + " bytes.");
    }
    return ByteBuffer.wrap(new byte[(int) size]).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static IllegalArgumentException wrongSize(DataType dtype, long[] shape, String got) {
    return new IllegalArgumentException(
        "A tensor of "
            + dtype
            + Arrays.toString(shape)
            + " has "
            + elements(shape)
            + " elements but got "
            + got
            + ".");
  }

  private static int sizeOf(DataType dtype) {
    return switch (dtype) {
      case DT_BOOL, DT_INT8, DT_UINT8, DT_QINT8, DT_QUINT8 -> 1;
      case DT_HALF, DT_BFLOAT16, DT_INT16, DT_UINT16, DT_QINT16, DT_QUINT16 -> 2;
      case DT_FLOAT, DT_INT32, DT_UINT32, DT_QINT32 -> 4;
      case DT_DOUBLE, DT_INT64, DT_UINT64, DT_COMPLEX64 -> 8;
      case DT_COMPLEX128 -> 16;
      default ->
          throw new IllegalArgumentException("Elements of type " + dtype + " have no fixed size.");
    };
  }
}
