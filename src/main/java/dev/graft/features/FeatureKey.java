package dev.graft.features;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * Everything besides the image that can change a bit of a feature, by name: hash of the trunk's
 * graph, hashes of its weights, preparation, precision, batch size, thread settings. Features are
 * found again only under an equal key. An immutable value; two keys are equal if their parts are,
 * in whatever order.
 */
public final class FeatureKey {
  private final Map<String, String> parts;

  private FeatureKey(Map<String, String> parts) {
    this.parts = parts;
  }

  /**
   * A key of the given parts.
   *
   * @param parts name to value; kept in this order for people to read
   * @throws IllegalArgumentException if there are none
   */
  public static FeatureKey of(Map<String, String> parts) {
    if (parts.isEmpty()) {
      throw new IllegalArgumentException("A feature key needs at least one part, but got none.");
    }
    Map<String, String> copy = new LinkedHashMap<>();
    parts.forEach(
        (name, value) ->
            copy.put(Objects.requireNonNull(name), Objects.requireNonNull(value, name)));
    return new FeatureKey(Collections.unmodifiableMap(copy));
  }

  /** The parts by name, in the order in which they were given. */
  public Map<String, String> parts() {
    return parts;
  }

  /** SHA-256 over the sorted parts, as 64 lower-case hexadecimal digits. */
  public String hash() {
    return HexFormat.of().formatHex(digest().digest());
  }

  /**
   * The hash of these parts and of how the features are laid out on disk: the name of the store's
   * folder.
   */
  String hash(List<FeatureSpec> tensors, long shardBytes) {
    MessageDigest digest = digest();
    add(digest, "format " + FeatureStore.FORMAT_VERSION + ", shards of " + shardBytes);
    for (FeatureSpec tensor : tensors) {
      add(digest, tensor.name());
      add(digest, tensor.rowShape().toString());
      if (tensor.stored() != StoredNumbers.FLOAT32) {
        add(digest, tensor.stored().word());
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private MessageDigest digest() {
    MessageDigest digest = sha256();
    for (Map.Entry<String, String> part : new TreeMap<>(parts).entrySet()) {
      add(digest, part.getKey());
      add(digest, part.getValue());
    }
    return digest;
  }

  /** The length goes first, so that no two lists of texts look alike. */
  private static void add(MessageDigest digest, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length));
    digest.update(bytes);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("Every Java platform has SHA-256", e);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FeatureKey key && key.parts.equals(parts);
  }

  @Override
  public int hashCode() {
    return parts.hashCode();
  }

  @Override
  public String toString() {
    return parts.toString();
  }
}
