package dev.graft.features;

import static dev.graft.features.TestFeatures.TENSORS;
import static dev.graft.features.TestFeatures.append;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FeatureCacheTest {
  @TempDir Path root;

  @Test
  void theFolderIsThatOfThePlatformUnlessTheEnvironmentNamesOne() throws IOException {
    Path home = root.resolve("home");
    assertThat(rootOf(Map.of(), "Linux")).isEqualTo(home.resolve(".cache/graft/features"));
    assertThat(rootOf(Map.of("XDG_CACHE_HOME", root + "/xdg"), "Linux"))
        .isEqualTo(root.resolve("xdg/graft/features"));
    assertThat(rootOf(Map.of(), "Mac OS X"))
        .isEqualTo(home.resolve("Library/Caches/graft/features"));
    assertThat(rootOf(Map.of("LOCALAPPDATA", root + "/local"), "Windows 11"))
        .isEqualTo(root.resolve("local/graft/features"));
    assertThat(rootOf(Map.of("GRAFT_CACHE", root + "/mine", "XDG_CACHE_HOME", "/x"), "Linux"))
        .isEqualTo(root.resolve("mine/features"));
  }

  private Path rootOf(Map<String, String> environment, String system) throws IOException {
    return FeatureCache.of(environment, system, root.resolve("home")).root();
  }

  @Test
  void theLimitIsANumberOfBytesWithOrWithoutUnit() throws IOException {
    assertThat(limitOf("1.5GB")).isEqualTo(1_500_000_000L);
    assertThat(limitOf("200 mb")).isEqualTo(200_000_000L);
    assertThat(limitOf("12345")).isEqualTo(12345);
    assertThat(limitOf("")).isPositive().isLessThanOrEqualTo(20_000_000_000L);
    assertThatThrownBy(() -> limitOf("much"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "GRAFT_CACHE_LIMIT must be a number of bytes such as 500MB or 20GB, but is \"much\".");
  }

  private long limitOf(String limit) throws IOException {
    return FeatureCache.of(Map.of("GRAFT_CACHE_LIMIT", limit), "Linux", root).limit();
  }

  @Test
  void whatCannotFitTheDiskIsRefusedBeforeAnyIsMade() throws IOException {
    FeatureCache all = new FeatureCache(root, Long.MAX_VALUE);
    Path kept = filled(all, "kept", 1000);
    try (FeatureStore store = all.open(FeatureKey.of(Map.of("trunk", "new")), TENSORS)) {
      FeatureSpace space = all.reserve(store, 10);
      assertThat(space.rows()).isEqualTo(10);
      assertThat(space.bytes()).isEqualTo(10 * store.bytesPerImage());
      assertThat(space.describe()).contains(root.toString()).contains("free");
      append(store, 0, 1);
      assertThat(all.reserve(store, 10).rows()).isEqualTo(9);
      assertThatThrownBy(() -> all.reserve(store, 1L << 50))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("Features need")
          .hasMessageContaining("--features DIR");
    }
    assertThat(kept).isNotEmptyDirectory();
  }

  @Test
  void theStoreUsedLongestAgoIsDeletedFirst() throws IOException {
    FeatureCache all = new FeatureCache(root, Long.MAX_VALUE);
    Path oldest = filled(all, "oldest", 1000);
    Path newest = filled(all, "newest", 3000);
    Path middle = filled(all, "middle", 2000);
    long each = all.bytes() / 3;

    new FeatureCache(root, 3 * each + 10).makeRoom(5);
    assertThat(oldest).exists();
    new FeatureCache(root, 3 * each + 10).makeRoom(20);
    assertThat(oldest).doesNotExist();
    assertThat(middle).exists();
    new FeatureCache(root, 2 * each).makeRoom(each);
    assertThat(middle).doesNotExist();
    assertThat(newest).exists();
  }

  @Test
  void aStoreInUseIsNeverDeleted() throws Exception {
    FeatureCache all = new FeatureCache(root, Long.MAX_VALUE);
    Path unused = filled(all, "unused", 5000);
    Process other = FillingProcess.start(root, 1_000_000);
    try (FeatureStore mine = all.open(key("mine"), TENSORS)) {
      append(mine, 0, 2);
      FillingProcess.lastImageAfter(other, 3);

      FeatureCache small = new FeatureCache(root, 100);
      assertThatThrownBy(() -> small.makeRoom(50))
          .isInstanceOf(IOException.class)
          .hasMessageMatching(
              "Features need 50 B in .*, but the limit there is 100 B, of which stores in use take"
                  + " .*GRAFT_CACHE_LIMIT.*--features DIR\\.");
      assertThat(unused).doesNotExist();
      assertThat(mine.path()).exists();
      assertThat(all.clear()).isZero();
      assertThat(TestFeatures.checkAll(mine, 2)).isEqualTo(2);
      assertThat(FillingProcess.lastImageAfter(other, 30)).isGreaterThanOrEqualTo(30);
    } finally {
      other.destroyForcibly().waitFor();
    }
    assertThat(all.clear()).isPositive();
    assertThat(all.bytes()).isZero();
  }

  @Test
  void moreThanTheDiskHasIsToldBeforeTheWorkBegins() {
    FeatureCache cache = new FeatureCache(root, Long.MAX_VALUE);
    assertThatThrownBy(() -> cache.makeRoom(1L << 60))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("Features need 1152921.5 TB in ")
        .hasMessageContaining("are free there");
  }

  @Test
  void clearingLeavesWhatIsNoStore() throws IOException {
    FeatureCache cache = new FeatureCache(root, Long.MAX_VALUE);
    Path store = filled(cache, "one", 1000);
    Path foreign = Files.createDirectory(root.resolve("photographs"));

    assertThat(cache.clear()).isPositive();

    assertThat(store).doesNotExist();
    assertThat(foreign).exists();
    assertThat(new FeatureCache(root.resolve("none"), 1).clear()).isZero();
  }

  private static FeatureKey key(String name) {
    return FeatureKey.of(Map.of("name", name));
  }

  private static Path filled(FeatureCache cache, String name, long lastUsed) throws IOException {
    Path path;
    try (FeatureStore store = cache.open(key(name), TENSORS)) {
      append(store, 0, 3);
      path = store.path();
    }
    Files.setLastModifiedTime(FeatureStore.lockFile(path), FileTime.fromMillis(lastUsed));
    return path;
  }
}
