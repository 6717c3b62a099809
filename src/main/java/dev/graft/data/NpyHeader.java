package dev.graft.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a {@code .npy} file says before its data: the element type and the shape. The data are
 * little-endian and in C order (row-major); everything else is refused.
 *
 * <p>The format is described at <a
 * href="https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html">numpy.lib.format</a>;
 * versions 1 and 2 are read, version 1 is written.
 *
 * @param type the type of every element
 * @param shape the size of each axis; empty for a single value
 * @param dataOffset where the data begin, in bytes from the start of the file
 */
public record NpyHeader(NpyType type, List<Long> shape, int dataOffset) {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int ALIGNMENT = 64;
  private static final int SMALLEST = 128;
  private static final int LARGEST = 1 << 16;
  private static final Pattern DESCR =
      Pattern.compile("(['\"])descr\\1\\s*:\\s*(['\"])([^'\"]*)\\2");
  private static final Pattern ORDER =
      Pattern.compile("(['\"])fortran_order\\1\\s*:\\s*(True|False)");
  private static final Pattern SHAPE =
      Pattern.compile("(['\"])shape\\1\\s*:\\s*\\(([\\dL,\\s]*)\\)");
  private static final Pattern SIZE = Pattern.compile("(\\d{1,18})L?");
  private static final Pattern REST = Pattern.compile("\\{\\s*(,\\s*){2,3}\\}\\s*");

  /** Copies the shape. */
  public NpyHeader {
    shape = List.copyOf(shape);
  }

  /**
   * The product of the sizes.
   *
   * @throws IllegalArgumentException if a size is negative or the product exceeds 2<sup>63</sup> −
   *     1
   */
  static long elements(List<Long> shape) {
    long product = 1;
    try {
      for (long size : shape) {
        if (size < 0) {
          throw new IllegalArgumentException(
              "A size must not be negative, but the shape is " + shape);
        }
        product = Math.multiplyExact(product, size);
      }
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("The shape " + shape + " is too large to count", e);
    }
    return product;
  }

  /** Number of elements. */
  public long elements() {
    return elements(shape);
  }

  /** Size of the data in bytes. */
  public long dataBytes() {
    return Math.multiplyExact(elements(), (long) type.bytes());
  }

  /**
   * Reads the header at the start of a file and checks that the file is long enough for the data
   * that it promises. The file may be longer.
   *
   * @param channel the open file; its position is not used
   * @param file named in messages
   * @throws NpyFormatException if this is no {@code .npy} file of a kind that Graft reads
   * @throws IOException if the file cannot be read
   */
  public static NpyHeader read(FileChannel channel, Path file) throws IOException {
    ByteBuffer start = readFully(channel, file, 0, 8);
    byte[] magic = new byte[MAGIC.length];
    start.get(magic);
    if (!Arrays.equals(magic, MAGIC)) {
      throw new NpyFormatException(
          file,
          "is no .npy file: expected it to start with \\x93NUMPY but got " + shown(magic) + ".");
    }
    int version = start.get();
    int lengthBytes = lengthBytes(file, version, start.get());
    ByteBuffer length = readFully(channel, file, 8, lengthBytes);
    long bytes = lengthBytes == 2 ? length.getShort() & 0xffffL : length.getInt() & 0xffffffffL;
    if (bytes > LARGEST) {
      throw new NpyFormatException(
          file,
          "says that its header has %d bytes: expected at most %d.".formatted(bytes, LARGEST));
    }
    int offset = 8 + lengthBytes;
    ByteBuffer text = readFully(channel, file, offset, (int) bytes);
    NpyHeader header =
        parse(file, StandardCharsets.ISO_8859_1.decode(text).toString(), offset + (int) bytes);
    header.checkLength(file, channel.size());
    return header;
  }

  private static int lengthBytes(Path file, int major, int minor) throws NpyFormatException {
    if (minor == 0 && (major == 1 || major == 2)) {
      return major == 1 ? 2 : 4;
    }
    throw new NpyFormatException(
        file, "has .npy version %d.%d: expected 1.0 or 2.0.".formatted(major, minor));
  }

  private static NpyHeader parse(Path file, String text, int dataOffset) throws NpyFormatException {
    Matcher descr = match(file, DESCR, text, "the element type ('descr': '<f4')");
    Matcher order = match(file, ORDER, text, "the order ('fortran_order': False)");
    Matcher shape = match(file, SHAPE, text, "the shape ('shape': (3, 4))");
    String rest = text;
    for (Matcher found : List.of(descr, order, shape)) {
      rest = rest.replace(found.group(), "");
    }
    if (!REST.matcher(rest).matches()) {
      throw new NpyFormatException(
          file,
          "has a header with more than descr, fortran_order and shape: got " + text.strip() + ".");
    }
    if (order.group(2).equals("True")) {
      throw new NpyFormatException(
          file,
          "is in Fortran order: expected C order; save numpy.ascontiguousarray(array) instead.");
    }
    return new NpyHeader(type(file, descr.group(3)), sizes(file, shape.group(2)), dataOffset);
  }

  private static Matcher match(Path file, Pattern pattern, String text, String what)
      throws NpyFormatException {
    Matcher matcher = pattern.matcher(text);
    if (!matcher.find()) {
      throw new NpyFormatException(
          file, "has a header without %s: got %s.".formatted(what, shorten(text)));
    }
    return matcher;
  }

  private static NpyType type(Path file, String descr) throws NpyFormatException {
    Optional<NpyType> type = NpyType.of(descr);
    if (type.isEmpty()) {
      String known =
          Arrays.stream(NpyType.values()).map(NpyType::descr).collect(Collectors.joining(", "));
      throw new NpyFormatException(
          file, "has elements of type '%s': expected one of %s.".formatted(descr, known));
    }
    return type.get();
  }

  private static List<Long> sizes(Path file, String text) throws NpyFormatException {
    List<Long> sizes = new ArrayList<>();
    for (String part : text.strip().split(",")) {
      Matcher size = SIZE.matcher(part.strip());
      if (size.matches()) {
        sizes.add(Long.valueOf(size.group(1)));
      } else if (!text.isBlank()) {
        throw new NpyFormatException(
            file, "has a shape that is no list of sizes: got (%s).".formatted(shorten(text)));
      }
    }
    try {
      Math.multiplyExact(elements(sizes), 8L);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new NpyFormatException(file, "has the shape " + sizes + ", which no file can hold.");
    }
    return sizes;
  }

  private void checkLength(Path file, long length) throws NpyFormatException {
    if (length - dataOffset < dataBytes()) {
      throw new NpyFormatException(
          file,
          "is cut short: its header promises %d bytes of data for the shape %s, but there are %d."
              .formatted(dataBytes(), shape, length - dataOffset));
    }
  }

  private static ByteBuffer readFully(FileChannel channel, Path file, long position, int bytes)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, position + buffer.position()) < 0) {
        throw new NpyFormatException(
            file,
            "ends inside its .npy header: expected %d bytes at least, but there are %d."
                .formatted(position + bytes, channel.size()));
      }
    }
    return buffer.flip();
  }

  private static String shown(byte[] bytes) {
    StringBuilder shown = new StringBuilder();
    for (byte b : bytes) {
      shown.append(b >= 0x20 && b < 0x7f ? String.valueOf((char) b) : "\\x%02x".formatted(b));
    }
    return shown.toString();
  }

  private static String shorten(String text) {
    return text.length() <= 200 ? text.strip() : text.substring(0, 200).strip() + "…";
  }

  /**
   * The header of an array, version 1.0, a multiple of 64 bytes long and at least 128. Its length
   * does not depend on the first size, so that a file that grows along its first axis can have its
   * header rewritten in place.
   *
   * @throws IllegalArgumentException if a size is negative or the shape has too many axes for a
   *     header
   */
  public static ByteBuffer encode(NpyType type, List<Long> shape) {
    elements(shape);
    String dictionary = dictionary(type, shape);
    int unpadded = MAGIC.length + 4 + longestDictionary(type, shape) + 1;
    int total = Math.max(SMALLEST, (unpadded + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    int text = total - MAGIC.length - 4;
    if (text > 0xffff) {
      throw new IllegalArgumentException(
          "A shape of " + shape.size() + " axes does not fit a header.");
    }
    ByteBuffer header = ByteBuffer.allocate(total).order(ByteOrder.LITTLE_ENDIAN);
    header.put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) text);
    header.put(dictionary.getBytes(StandardCharsets.US_ASCII));
    while (header.remaining() > 1) {
      header.put((byte) ' ');
    }
    return header.put((byte) '\n').flip();
  }

  private static int longestDictionary(NpyType type, List<Long> shape) {
    if (shape.isEmpty()) {
      return dictionary(type, shape).length();
    }
    List<Long> longest = new ArrayList<>(shape);
    longest.set(0, Long.MAX_VALUE);
    return dictionary(type, longest).length();
  }

  private static String dictionary(NpyType type, List<Long> shape) {
    String sizes = shape.stream().map(String::valueOf).collect(Collectors.joining(", "));
    return "{'descr': '%s', 'fortran_order': False, 'shape': (%s%s), }"
        .formatted(type.descr(), sizes, shape.size() == 1 ? "," : "");
  }
}
