package dev.graft.cli;

import dev.graft.data.ByteCount;
import dev.graft.features.FeatureCache;
import dev.graft.tensor.NativeLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Where features are kept and where TensorFlow unpacks itself. */
final class Disks {
  private static final long LEAST_FOR_FEATURES = 2_000_000_000;
  private static final long UNPACKED = 700_000_000;

  private Disks() {}

  static List<Finding> examine() {
    return List.of(features(), unpacked());
  }

  private static Finding features() {
    String what = "feature store";
    try {
      FeatureCache cache = FeatureCache.ofUser();
      long used = cache.bytes();
      long free = free(cache.root());
      String found =
          "%s: %s of at most %s used, %s free on the disk"
              .formatted(
                  cache.root(),
                  ByteCount.of(used),
                  ByteCount.of(cache.limit()),
                  ByteCount.of(free));
      Finding finding =
          !Files.isWritable(existing(cache.root()))
              ? Finding.problem(
                  what, found + ", not writable", "set GRAFT_CACHE to a folder of your own")
              : free < LEAST_FOR_FEATURES
                  ? Finding.note(
                      what,
                      found,
                      "set GRAFT_CACHE to a folder on a larger disk, or remove the folder; it is"
                          + " made again")
                  : Finding.good(what, found);
      return finding
          .with("folder", cache.root().toString())
          .with("usedBytes", used)
          .with("limitBytes", cache.limit())
          .with("freeBytes", free);
    } catch (IOException | IllegalArgumentException e) {
      return Finding.problem(what, Failures.sentence(e), "set GRAFT_CACHE to a folder of your own");
    }
  }

  private static Finding unpacked() {
    String what = "unpacked library";
    try {
      Path cache = NativeLibrary.cache();
      long free = free(cache);
      String found = "%s: %s free on the disk".formatted(cache, ByteCount.of(free));
      Finding finding =
          free < UNPACKED
              ? Finding.note(
                  what,
                  found,
                  "TensorFlow unpacks 700 MB there when it is first used or changes; another folder:"
                      + " GRAFT_JAVA_OPTS=-Dorg.bytedeco.javacpp.cachedir=FOLDER")
              : Finding.good(what, found);
      return finding.with("folder", cache.toString()).with("freeBytes", free);
    } catch (IOException e) {
      return Finding.problem(
          what,
          "no folder to unpack TensorFlow into ("
              + Failures.oneLine(String.valueOf(e.getMessage()))
              + ")",
          "choose one: GRAFT_JAVA_OPTS=-Dorg.bytedeco.javacpp.cachedir=FOLDER");
    }
  }

  private static long free(Path folder) throws IOException {
    return Files.getFileStore(existing(folder)).getUsableSpace();
  }

  private static Path existing(Path folder) {
    Path existing = folder.toAbsolutePath();
    while (!Files.exists(existing)) {
      existing = existing.getParent();
    }
    return existing;
  }
}
