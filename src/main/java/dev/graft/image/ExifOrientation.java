package dev.graft.image;

/**
 * How a camera was held, from the EXIF data of a JPEG. <a
 * href="https://www.cipa.jp/std/documents/e/DC-008-2012_E.pdf">EXIF 2.3</a>, tag 274.
 *
 * <p>{@link ExifOps} does the same in a graph, so each step here is one that both can take: bytes
 * outside of the file or segment count as zeros, and nothing is an error.
 */
public final class ExifOrientation {
  /** The rows and columns are as they should be seen. */
  public static final int UPRIGHT = 1;

  /** EXIF data are looked for in so many segments; the format has them in the first. */
  static final int SEGMENTS = 16;

  /** A segment's marker and length, then what EXIF data begin with; -1 may be anything. */
  static final int[] EXIF = {0xff, 0xe1, -1, -1, 'E', 'x', 'i', 'f', 0, 0};

  static final int START_OF_SCAN = 0xda;
  static final int TAG = 274;
  static final int BYTE = 1;
  static final int SHORT = 3;
  static final int LONG = 4;

  private final byte[] bytes;
  private final int from;
  private final int to;
  private final boolean littleEndian;

  private ExifOrientation(byte[] bytes, int from, int to) {
    this.bytes = bytes;
    this.from = from;
    this.to = Math.min(to, bytes.length);
    littleEndian = at(0) == 'I' && at(1) == 'I';
  }

  /**
   * The orientation of an image: 1 upright, 2 mirrored, 3 upside down, 4 mirrored upside down, 5
   * transposed, 6 to be turned clockwise, 7 transposed the other way, 8 to be turned
   * counter-clockwise. It is 1 where the image is no JPEG, says nothing, or says nonsense.
   *
   * @param image the bytes of the file; any bytes are allowed
   */
  public static int of(byte[] image) {
    ExifOrientation file = new ExifOrientation(image, 0, image.length);
    if (file.at(0) != 0xff || file.at(1) != 0xd8) {
      return UPRIGHT;
    }
    int at = 2;
    for (int segment = 0; segment < SEGMENTS && file.at(at) == 0xff; segment++) {
      int marker = file.at(at + 1);
      int length = file.at(at + 2) << 8 | file.at(at + 3);
      if (file.isExif(at)) {
        return new ExifOrientation(image, at + EXIF.length, at + 2 + length).orientation();
      }
      if (marker == START_OF_SCAN) {
        return UPRIGHT;
      }
      at += marker == 0xff ? 1 : 2 + length; // a fill byte, or a segment
    }
    return UPRIGHT;
  }

  private boolean isExif(int at) {
    boolean is = true;
    for (int i = 0; i < EXIF.length; i++) {
      is &= EXIF[i] < 0 || at(at + i) == EXIF[i];
    }
    return is;
  }

  /** Of the first directory, which is the image's; a thumbnail's comes after it. */
  private int orientation() {
    boolean bigEndian = at(0) == 'M' && at(1) == 'M';
    if (!littleEndian && !bigEndian || number(2, 2) != 42) {
      return UPRIGHT;
    }
    long directory = number(4, 4);
    long entries = number(directory, 2);
    for (long entry = directory + 2; entry < directory + 2 + 12 * entries; entry += 12) {
      if (number(entry, 2) == TAG) {
        return orientation(entry);
      }
    }
    return UPRIGHT;
  }

  private int orientation(long entry) {
    long value =
        switch ((int) number(entry + 2, 2)) {
          case BYTE -> number(entry + 8, 1);
          case SHORT -> number(entry + 8, 2);
          case LONG -> number(entry + 8, 4);
          default -> 0;
        };
    boolean sensible = number(entry + 4, 4) == 1 && value >= 1 && value <= 8;
    return sensible ? (int) value : UPRIGHT;
  }

  private long number(long at, int length) {
    long number = 0;
    for (int i = 0; i < length; i++) {
      number = number << 8 | at(littleEndian ? at + length - 1 - i : at + i);
    }
    return number;
  }

  private int at(long at) {
    long place = from + at;
    return place < to ? Byte.toUnsignedInt(bytes[(int) place]) : 0;
  }
}
