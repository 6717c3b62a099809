package dev.graft.tensor;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.Loader;
import org.tensorflow.TensorFlow;

/**
 * TensorFlow's native library: for which computers there is one, and whether it is here. Nothing is
 * loaded but by {@link #load}.
 */
public final class NativeLibrary {
  /** The platforms that TensorFlow Java is built for. */
  public static final List<String> PLATFORMS =
      List.of("linux-x86_64", "linux-arm64", "macosx-arm64", "windows-x86_64");

  /** Added to a platform's name for the build that uses an NVIDIA GPU; there is one for Linux. */
  public static final String GPU = "-gpu";

  /** The oldest version of glibc that the builds for Linux run with. */
  public static final String OLDEST_GLIBC = "2.34";

  private static final String FOLDER = "org/tensorflow/internal/c_api/";

  private NativeLibrary() {}

  /** This computer's platform, whether it is one of {@link #PLATFORMS} or not. */
  public static String platform() {
    return Loader.Detector.getPlatform();
  }

  /**
   * Whether the library of a platform is on the class path.
   *
   * @param platform one of {@link #PLATFORMS}, or one with {@link #GPU}
   */
  public static boolean isOnClassPath(String platform) {
    String name =
        platform.startsWith("windows")
            ? "jnitensorflow.dll"
            : platform.startsWith("macosx") ? "libjnitensorflow.dylib" : "libjnitensorflow.so";
    return NativeLibrary.class.getClassLoader().getResource(FOLDER + platform + "/" + name) != null;
  }

  /**
   * Loads it, which unpacks about 700 MB into {@link #cache} at the first time.
   *
   * @return TensorFlow's version
   * @throws LinkageError if it is missing or can't be used here
   */
  public static String load() {
    return TensorFlow.version();
  }

  /**
   * The folder that it is unpacked into.
   *
   * @throws IOException if there can be none
   */
  public static Path cache() throws IOException {
    return Loader.getCacheDir().toPath();
  }
}
