package dev.graft.data;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/** Where Graft keeps what it can make again. */
public final class UserCache {
  private UserCache() {}

  /**
   * The folder that the environment variable {@code GRAFT_CACHE} names, else in the platform's
   * cache folder ({@code $XDG_CACHE_HOME/graft} or {@code ~/.cache/graft}, {@code
   * ~/Library/Caches/graft}, {@code %LOCALAPPDATA%\graft}); it need not exist.
   */
  public static Path folder() {
    return of(
        System.getenv(), System.getProperty("os.name"), Path.of(System.getProperty("user.home")));
  }

  /** The folder under other circumstances. */
  public static Path of(Map<String, String> environment, String osName, Path home) {
    String system = osName.toLowerCase(Locale.ROOT);
    if (isSet(environment, "GRAFT_CACHE")) {
      return Path.of(environment.get("GRAFT_CACHE")).toAbsolutePath();
    }
    if (system.startsWith("windows")) {
      return isSet(environment, "LOCALAPPDATA")
          ? Path.of(environment.get("LOCALAPPDATA"), "graft")
          : home.resolve("AppData/Local/graft");
    }
    if (system.startsWith("mac")) {
      return home.resolve("Library/Caches/graft");
    }
    return isSet(environment, "XDG_CACHE_HOME")
        ? Path.of(environment.get("XDG_CACHE_HOME"), "graft")
        : home.resolve(".cache/graft");
  }

  private static boolean isSet(Map<String, String> environment, String name) {
    return !environment.getOrDefault(name, "").isBlank();
  }
}
