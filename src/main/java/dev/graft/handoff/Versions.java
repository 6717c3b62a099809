package dev.graft.handoff;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;

/** What this Graft is made of. */
public final class Versions {
  private Versions() {}

  /** Graft's own version and TensorFlow Java's, by {@code graft} and {@code tensorflow-java}. */
  public static Map<String, String> current() {
    Properties built = new Properties();
    try (InputStream in = Versions.class.getResourceAsStream("/dev/graft/version.properties")) {
      built.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Map<String, String> versions = new LinkedHashMap<>();
    versions.put("graft", built.getProperty("version"));
    versions.put("tensorflow-java", built.getProperty("tensorflow"));
    return versions;
  }
}
