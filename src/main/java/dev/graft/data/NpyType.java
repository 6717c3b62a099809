package dev.graft.data;

import java.util.Optional;

/** The element types that Graft reads from and writes to {@code .npy} files, all little-endian. */
public enum NpyType {
  /** 16-bit floating point, see {@link Half}; in memory as 32-bit. */
  FLOAT16("<f2", 2),
  /** 32-bit floating point. */
  FLOAT32("<f4", 4),
  /** 64-bit floating point. */
  FLOAT64("<f8", 8),
  /** Signed 32-bit integer. */
  INT32("<i4", 4),
  /** Signed 64-bit integer. */
  INT64("<i8", 8),
  /** Unsigned 8-bit integer. */
  UINT8("|u1", 1);

  private final String descr;
  private final int bytes;

  NpyType(String descr, int bytes) {
    this.descr = descr;
    this.bytes = bytes;
  }

  /** Numpy's name of the type in a file's header, for example {@code <f4}. */
  public String descr() {
    return descr;
  }

  /** Size of one element in bytes. */
  public int bytes() {
    return bytes;
  }

  static Optional<NpyType> of(String descr) {
    for (NpyType type : values()) {
      if (type.descr.equals(descr)) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }
}
