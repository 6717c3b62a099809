package dev.graft.features;

import dev.graft.data.LabeledImage;
import dev.graft.data.ProgressListener;
import dev.graft.handoff.Versions;
import dev.graft.model.ArrayBatch;
import dev.graft.model.Calibration;
import dev.graft.model.CutModel;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Turns rows of arrays into features at a model's cut: each row goes through the trunk once, ever,
 * and its features are kept by the hash of its values. Owns a store, not the cut model.
 */
public final class ArrayFeaturizer implements FeatureSource {
  private final CutModel cut;
  private final ArrayBatch arrays;
  private final FeatureCache cache;
  private final FeatureStore store;

  private ArrayFeaturizer(CutModel cut, ArrayBatch arrays, FeatureCache cache, FeatureStore store) {
    this.cut = cut;
    this.arrays = arrays;
    this.cache = cache;
    this.store = store;
  }

  /**
   * Opens a featurizer.
   *
   * @param cut must stay open as long as this
   * @param arrays that hold the rows of all inputs
   * @param cache where the features are kept
   * @throws IOException when the folder can't be used
   */
  public static ArrayFeaturizer open(CutModel cut, ArrayBatch arrays, FeatureCache cache)
      throws IOException {
    Map<String, String> key = new LinkedHashMap<>();
    key.put("trunk", cut.trunkHash());
    key.put("preparation", "arrays");
    key.put("precision", Featurizer.precision(cut));
    key.put("batch", String.valueOf(ArrayBatch.ROWS));
    key.put("platform", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    key.putAll(Versions.current());
    List<FeatureSpec> specs = Featurizer.specs(cut);
    return new ArrayFeaturizer(cut, arrays, cache, cache.open(FeatureKey.of(key), specs));
  }

  @Override
  public Optional<Calibration> calibration() {
    return Optional.empty();
  }

  @Override
  public FeatureSpace reserve(long examples) throws IOException {
    return cache.reserve(store, examples);
  }

  @Override
  public LabeledFeatures extract(List<LabeledImage> rows, ProgressListener listener)
      throws IOException {
    if (cache.limit() != Long.MAX_VALUE) {
      cache.makeRoom(Math.max(0, rows.size() - store.rows()) * store.bytesPerImage());
    }
    List<Optional<String>> hashes = new ArrayList<>();
    int computed = 0;
    for (int from = 0; from < rows.size(); from += ArrayBatch.ROWS) {
      List<Path> paths =
          rows.subList(from, Math.min(rows.size(), from + ArrayBatch.ROWS)).stream()
              .map(LabeledImage::path)
              .toList();
      List<String> names = paths.stream().map(this::hash).toList();
      names.forEach(name -> hashes.add(Optional.of(name)));
      computed += append(paths, names);
      listener.progress("features", hashes.size(), rows.size());
    }
    return LabeledFeatures.of(
        store, rows, new FeatureExtraction.Outcome(hashes, Map.of(), computed, 0));
  }

  private int append(List<Path> paths, List<String> names) throws IOException {
    Set<String> missing = new LinkedHashSet<>(store.missing(names));
    if (missing.isEmpty()) {
      return 0;
    }
    List<Path> run = missing.stream().map(name -> paths.get(names.indexOf(name))).toList();
    List<HostTensor> fed = arrays.tensors(run);
    List<HostTensor> used = new ArrayList<>();
    for (int i = 0; i < fed.size(); i++) {
      if (cut.trunk().inputs().contains(arrays.feeds().get(i).input().node())) {
        used.add(fed.get(i));
      }
    }
    List<FloatBuffer> features =
        cut.trunk().run(used).stream().map(tensor -> tensor.bytes().asFloatBuffer()).toList();
    store.append(List.copyOf(missing), features);
    return missing.size();
  }

  /** SHA-256 of the row's values in all inputs, with their names, types and shapes. */
  private String hash(Path row) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      List<HostTensor> tensors = arrays.tensors(List.of(row));
      for (int i = 0; i < tensors.size(); i++) {
        HostTensor tensor = tensors.get(i);
        String head = arrays.feeds().get(i).input().key() + tensor.dtype() + tensor.shape() + '\n';
        digest.update(head.getBytes(StandardCharsets.UTF_8));
        digest.update(tensor.bytes());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("Every Java platform has SHA-256", e);
    }
  }

  @Override
  public void close() throws IOException {
    store.close();
  }
}
