package dev.graft.cli;

import dev.graft.tensor.NativeLibrary;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** TensorFlow's native library, the C library under it, and the GPU. */
final class NativeSide {
  private static final Pattern GLIBC = Pattern.compile("glibc (\\d+)\\.(\\d+)");

  private NativeSide() {}

  static List<Finding> examine() {
    String platform = NativeLibrary.platform();
    List<Finding> findings = new ArrayList<>();
    if (platform.startsWith("linux")) {
      findings.add(glibc(Probe.ask("getconf", "GNU_LIBC_VERSION"), hasMusl()));
    }
    findings.add(library(platform));
    findings.add(gpu(platform, nvidia()));
    return findings;
  }

  /** Alpine Linux has another C library. */
  private static boolean hasMusl() {
    try (DirectoryStream<Path> found =
        Files.newDirectoryStream(Path.of("/lib"), "ld-musl-*.so.1")) {
      return found.iterator().hasNext();
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * What there is to say of the C library.
   *
   * @param said by {@code getconf}, such as {@code glibc 2.36}; empty where it can't be asked
   */
  static Finding glibc(Optional<String> said, boolean musl) {
    Matcher version = GLIBC.matcher(said.orElse(""));
    if (!version.find()) {
      String remedy =
          "take a system with glibc %s or newer, such as Debian 12, Ubuntu 22.04 or RHEL 9"
              .formatted(NativeLibrary.OLDEST_GLIBC);
      Finding finding =
          musl
              ? Finding.problem("glibc", "none but musl, as Alpine Linux has", remedy)
              : Finding.note(
                  "glibc", "version not known", "if TensorFlow can't be loaded, " + remedy);
      return finding.with("version", null);
    }
    String found = version.group(1) + "." + version.group(2);
    boolean enough =
        number(version.group(1), version.group(2))
            >= number(NativeLibrary.OLDEST_GLIBC.split("\\."));
    Finding finding =
        enough
            ? Finding.good("glibc", found)
            : Finding.problem(
                "glibc",
                found + ", older than " + NativeLibrary.OLDEST_GLIBC,
                "take a newer system, such as Debian 12, Ubuntu 22.04 or RHEL 9, or a container of"
                    + " one");
    return finding.with("version", found);
  }

  private static int number(String... parts) {
    return 1000 * Integer.parseInt(parts[0]) + Integer.parseInt(parts[1]);
  }

  private static Finding library(String platform) {
    String supported = String.join(", ", NativeLibrary.PLATFORMS);
    if (!NativeLibrary.PLATFORMS.contains(platform)) {
      return Finding.problem(
              "TensorFlow",
              "not built for " + platform,
              "take one of " + supported + "; on an older Mac, a container of linux-x86_64")
          .with("platform", platform);
    }
    boolean gpu = NativeLibrary.isOnClassPath(platform + NativeLibrary.GPU);
    if (!NativeLibrary.isOnClassPath(platform) && !gpu) {
      return Finding.problem(
              "TensorFlow",
              "its library for " + platform + " is not on the class path",
              "add org.tensorflow:tensorflow-core-native with the classifier "
                  + platform
                  + ", or build Graft on this computer")
          .with("platform", platform);
    }
    return loaded(platform);
  }

  private static Finding loaded(String platform) {
    try {
      String version = NativeLibrary.load();
      return Finding.good("TensorFlow", version + " for " + platform + ", loaded")
          .with("platform", platform)
          .with("version", version);
    } catch (LinkageError e) {
      return Finding.problem(
              "TensorFlow",
              "its library can't be loaded ("
                  + Failures.oneLine(String.valueOf(e.getMessage()))
                  + ")",
              "see the lines about glibc and disk; a folder that was unpacked in part may be removed: "
                  + "~/.javacpp")
          .with("platform", platform);
    }
  }

  /** The names of NVIDIA's GPUs; none where there is no driver. */
  private static Optional<String> nvidia() {
    Optional<String> names =
        Probe.ask("nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader")
            .map(Failures::oneLine)
            .filter(said -> !said.isEmpty());
    return names.or(
        () ->
            Files.exists(Path.of("/proc/driver/nvidia/version"))
                ? Optional.of("NVIDIA, of a kind that nvidia-smi does not say")
                : Optional.empty());
  }

  /**
   * What there is to say of the GPU.
   *
   * @param nvidia names of NVIDIA's
   */
  static Finding gpu(String platform, Optional<String> nvidia) {
    boolean library = NativeLibrary.isOnClassPath(platform + NativeLibrary.GPU);
    Finding finding;
    if (nvidia.isEmpty()) {
      finding =
          library
              ? Finding.note(
                  "GPU",
                  "none of NVIDIA's with a driver, but TensorFlow's library for one",
                  "install NVIDIA's driver, or take the library without GPU, which is smaller")
              : Finding.good("GPU", "none that TensorFlow uses; Graft computes on the processor");
    } else if (library) {
      finding =
          Finding.good(
              "GPU", nvidia.get() + "; TensorFlow 2.18 wants CUDA 12.5 and cuDNN 9.3 beside it");
    } else if (platform.equals("linux-x86_64")) {
      finding =
          Finding.note(
              "GPU",
              nvidia.get() + ", not used",
              "to use it, set GRAFT_GPU=1 for the launcher, or put tensorflow-core-native with the"
                  + " classifier linux-x86_64-gpu in the place of linux-x86_64, and install CUDA"
                  + " 12.5 and cuDNN 9.3");
    } else {
      finding =
          Finding.note(
              "GPU", nvidia.get() + ", not used", "TensorFlow Java uses GPUs on linux-x86_64 only");
    }
    return finding.with("nvidia", nvidia.orElse(null)).with("library", library);
  }
}
