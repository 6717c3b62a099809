package dev.graft.image;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.io.DecodeRaw;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;

/** {@link ExifOrientation} as TensorFlow ops, the same for any bytes. */
final class ExifOps {
  /** Behind any entry that a directory can have. */
  private static final long NO_ENTRY = 1L << 40;

  private final Ops tf;
  private final Operand<TInt64> bytes;
  private final Operand<TInt64> last;
  private final Operand<TBool> littleEndian;

  /**
   * @param bytes {@code [length]}, of which the last is a zero that stands for all beyond
   */
  private ExifOps(Ops tf, Operand<TInt64> bytes) {
    this.tf = tf;
    this.bytes = bytes;
    last = tf.math.sub(tf.size(bytes, TInt64.class), tf.constant(1L));
    littleEndian = holds("II");
  }

  /** The orientation of a file, a scalar from 1 to 8. */
  static Operand<TInt32> orientation(Ops tf, Operand<TString> file) {
    Operand<TInt32> length = tf.strings.stringLength(file);
    Operand<TInt32> at = tf.constant(2);
    Operand<TInt64> head = head(tf, file, length, at);
    for (int segment = 1; segment < ExifOrientation.SEGMENTS; segment++) {
      at = tf.math.add(at, tf.dtypes.cast(step(tf, head), TInt32.class));
      head = head(tf, file, length, at);
    }
    Operand<TInt32> start =
        tf.math.minimum(tf.math.add(at, tf.constant(ExifOrientation.EXIF.length)), length);
    Operand<TInt64> size = // what the segment's length counts without itself and "Exif\0\0"
        tf.math.maximum(tf.math.sub(segmentLength(tf, head), tf.constant(8L)), tf.constant(0L));
    Operand<TString> segment = tf.strings.substr(file, start, tf.dtypes.cast(size, TInt32.class));
    Operand<TInt64> first = // of the file
        numbers(tf, tf.strings.substr(file, tf.constant(0), tf.constant(2)), 2);
    Operand<TBool> isJpeg = areEqual(tf, first, 0xff, 0xd8);
    Operand<TInt64> orientation = new ExifOps(tf, zeroEnded(tf, segment)).orientation();
    Operand<TBool> found = tf.math.logicalAnd(isJpeg, isExif(tf, head));
    return tf.dtypes.cast(tf.select(found, orientation, tf.constant(1L)), TInt32.class);
  }

  /** How far it is to the next segment; 0 where there is none, or this is the one. */
  private static Operand<TInt64> step(Ops tf, Operand<TInt64> head) {
    Operand<TInt64> marker = byteOf(tf, head, 1);
    Operand<TBool> isEnd =
        tf.math.logicalOr(
            tf.math.notEqual(byteOf(tf, head, 0), tf.constant(0xffL)),
            tf.math.logicalOr(
                tf.math.equal(marker, tf.constant((long) ExifOrientation.START_OF_SCAN)),
                isExif(tf, head)));
    Operand<TInt64> step =
        tf.select(
            tf.math.equal(marker, tf.constant(0xffL)),
            tf.constant(1L),
            tf.math.add(segmentLength(tf, head), tf.constant(2L)));
    return tf.select(isEnd, tf.constant(0L), step);
  }

  private static Operand<TBool> isExif(Ops tf, Operand<TInt64> head) {
    long[] expected = Arrays.stream(ExifOrientation.EXIF).mapToLong(i -> Math.max(i, 0)).toArray();
    long[] compared = Arrays.stream(ExifOrientation.EXIF).mapToLong(i -> i < 0 ? 0 : 1).toArray();
    return areEqual(tf, tf.math.mul(head, tf.constant(compared)), expected);
  }

  private static Operand<TInt64> segmentLength(Ops tf, Operand<TInt64> head) {
    Operand<TInt64> high = tf.math.mul(byteOf(tf, head, 2), tf.constant(256L));
    return tf.math.add(high, byteOf(tf, head, 3));
  }

  private static Operand<TInt64> byteOf(Ops tf, Operand<TInt64> numbers, int index) {
    return tf.gather(numbers, tf.constant(index), tf.constant(0));
  }

  /** The first bytes of a segment, zeros where the file has ended. */
  private static Operand<TInt64> head(
      Ops tf, Operand<TString> file, Operand<TInt32> length, Operand<TInt32> at) {
    int size = ExifOrientation.EXIF.length;
    Operand<TString> there =
        tf.strings.substr(file, tf.math.minimum(at, length), tf.constant(size));
    return numbers(tf, there, size);
  }

  /** The first bytes of a text as numbers, {@code [count]}; zeros where it has ended. */
  private static Operand<TInt64> numbers(Ops tf, Operand<TString> text, int count) {
    Operand<TString> filled =
        tf.strings.substr(
            tf.strings.join(List.of(text, latin1(tf, "\0".repeat(count)))),
            tf.constant(0),
            tf.constant(count));
    return tf.reshape(decoded(tf, filled), tf.constant(new int[] {count}));
  }

  private static Operand<TInt64> zeroEnded(Ops tf, Operand<TString> text) {
    return decoded(tf, tf.strings.join(List.of(text, latin1(tf, "\0"))));
  }

  private static Operand<TInt64> decoded(Ops tf, Operand<TString> text) {
    DecodeRaw<TUint8> raw = tf.io.decodeRaw(text, TUint8.class);
    return tf.dtypes.cast(raw, TInt64.class);
  }

  private static Operand<TString> latin1(Ops tf, String text) {
    return tf.constant(StandardCharsets.ISO_8859_1, text);
  }

  private static Operand<TBool> areEqual(Ops tf, Operand<TInt64> numbers, long... expected) {
    return tf.reduceAll(tf.math.equal(numbers, tf.constant(expected)), tf.constant(0));
  }

  private Operand<TBool> holds(String text) {
    long[] expected = text.chars().asLongStream().toArray();
    return areEqual(tf, bytesAt(tf.constant(0L), expected.length), expected);
  }

  private Operand<TInt64> orientation() {
    Operand<TBool> isTiff =
        tf.math.logicalAnd(
            tf.math.logicalOr(littleEndian, holds("MM")),
            tf.math.equal(number(tf.constant(2L), 2), tf.constant(42L)));
    Operand<TInt64> entry = entry();
    Operand<TInt64> type = number(add(entry, 2), 2);
    Operand<TInt64> place = add(entry, 8);
    Operand<TInt64> value = tf.constant(0L);
    value = ifType(type, ExifOrientation.BYTE, number(place, 1), value);
    value = ifType(type, ExifOrientation.SHORT, number(place, 2), value);
    value = ifType(type, ExifOrientation.LONG, number(place, 4), value);
    Operand<TBool> isSensible =
        tf.math.logicalAnd(
            tf.math.equal(number(add(entry, 4), 4), tf.constant(1L)),
            tf.math.logicalAnd(
                tf.math.greaterEqual(value, tf.constant(1L)),
                tf.math.lessEqual(value, tf.constant(8L))));
    return tf.select(tf.math.logicalAnd(isTiff, isSensible), value, tf.constant(1L));
  }

  private Operand<TInt64> ifType(
      Operand<TInt64> type, int wanted, Operand<TInt64> value, Operand<TInt64> otherwise) {
    return tf.select(tf.math.equal(type, tf.constant((long) wanted)), value, otherwise);
  }

  /** Where the first directory's entry of the tag is. */
  private Operand<TInt64> entry() {
    Operand<TInt64> directory = number(tf.constant(4L), 4);
    Operand<TInt64> count = number(directory, 2);
    Operand<TInt64> entries = // [count]
        tf.math.add(
            add(directory, 2),
            tf.math.mul(tf.range(tf.constant(0L), count, tf.constant(1L)), tf.constant(12L)));
    Operand<TInt64> tags = numbers(tf.expandDims(entries, tf.constant(1)), 2); // [count]
    Operand<TInt64> found =
        tf.select(
            tf.math.equal(tags, tf.constant((long) ExifOrientation.TAG)),
            entries,
            tf.constant(NO_ENTRY));
    Operand<TInt64> withNone =
        tf.concat(List.of(found, tf.constant(new long[] {NO_ENTRY})), tf.constant(0));
    return tf.min(withNone, tf.constant(0));
  }

  private Operand<TInt64> add(Operand<TInt64> place, long distance) {
    return tf.math.add(place, tf.constant(distance));
  }

  private Operand<TInt64> number(Operand<TInt64> place, int length) {
    return tf.reduceSum(tf.math.mul(bytesAt(place, length), weights(length)), tf.constant(0)); // []
  }

  /** A number from each of the places, {@code [count, 1]} to {@code [count]}. */
  private Operand<TInt64> numbers(Operand<TInt64> places, int length) {
    return tf.reduceSum(tf.math.mul(bytesAt(places, length), weights(length)), tf.constant(1));
  }

  private Operand<TInt64> bytesAt(Operand<TInt64> place, int length) {
    long[] offsets = new long[length];
    Arrays.setAll(offsets, i -> i);
    Operand<TInt64> places = tf.math.minimum(tf.math.add(place, tf.constant(offsets)), last);
    return tf.gather(bytes, places, tf.constant(0));
  }

  private Operand<TInt64> weights(int length) {
    long[] little = new long[length];
    long[] big = new long[length];
    for (int i = 0; i < length; i++) {
      little[i] = 1L << 8 * i;
      big[length - 1 - i] = little[i];
    }
    return tf.select(littleEndian, tf.constant(little), tf.constant(big));
  }
}
