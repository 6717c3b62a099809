package dev.graft.handoff;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/** What this Graft is made of. */
public final class Versions {
  private static final int SHORT = 12;

  private Versions() {}

  /** Graft's own version and TensorFlow Java's, by {@code graft} and {@code tensorflow-java}. */
  public static Map<String, String> current() {
    Properties built = built();
    Map<String, String> versions = new LinkedHashMap<>();
    versions.put("graft", built.getProperty("version"));
    versions.put("tensorflow-java", built.getProperty("tensorflow"));
    return versions;
  }

  /**
   * {@link #current}, and by {@code graft-commit} the {@link #commit} where it is known: for what
   * says where something comes from, not for what has to be made again when it differs.
   */
  public static Map<String, String> provenance() {
    Map<String, String> versions = current();
    commit().ifPresent(commit -> versions.put("graft-commit", commit));
    return versions;
  }

  /**
   * The commit that this Graft was built from, 12 digits of it, with {@code -dirty} behind it when
   * files of the checkout differed from it. Empty when it was not built in a checkout of git.
   */
  public static Optional<String> commit() {
    Properties built = built();
    return commit(built.getProperty("commit", ""), built.getProperty("dirty", ""));
  }

  /** Of the build's properties, which may have been left as they are in the source. */
  static Optional<String> commit(String id, String dirty) {
    return id.matches("[0-9a-f]{40,}")
        ? Optional.of(id.substring(0, SHORT) + (dirty.equals("true") ? "-dirty" : ""))
        : Optional.empty();
  }

  private static Properties built() {
    Properties built = new Properties();
    try (InputStream in = Versions.class.getResourceAsStream("/dev/graft/version.properties")) {
      built.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return built;
  }
}
