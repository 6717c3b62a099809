package dev.graft.features;

import dev.graft.data.Augmentation;
import dev.graft.data.LabeledImage;
import dev.graft.data.Target;
import dev.graft.image.ImageFile;
import dev.graft.image.ImageReader;
import dev.graft.image.ImageView;
import dev.graft.image.PreparedImage;
import dev.graft.image.PreparedImages;
import dev.graft.model.CutModel;
import dev.graft.model.CutTensor;
import dev.graft.model.ImagePipeline;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Images of which a new view goes through the trunk in each pass, a little ahead of the training.
 * Nothing is kept. For one thread at a time.
 */
final class LiveViews implements Examples {
  private static final int AHEAD = 64;
  private static final int HELD = 512;

  private final ImagePipeline pipeline;
  private final List<CutTensor> tensors;
  private final List<LabeledImage> images;
  private final Augmentation augmentation;
  private final long seed;

  private LiveViews(
      CutModel cut,
      ImagePipeline pipeline,
      List<LabeledImage> images,
      Augmentation augmentation,
      long seed) {
    this.pipeline = pipeline;
    this.tensors = cut.tensors();
    this.images = List.copyOf(images);
    this.augmentation = augmentation;
    this.seed = seed;
  }

  /**
   * Leaves out the images that cannot be read.
   *
   * @param reader with the augmentation
   * @param pipeline with that reader
   */
  static TrainingFeatures check(
      CutModel cut,
      ImageReader reader,
      ImagePipeline pipeline,
      List<LabeledImage> images,
      Augmentation augmentation,
      long seed) {
    List<LabeledImage> usable = new ArrayList<>();
    List<Optional<String>> hashes = new ArrayList<>();
    Map<Path, String> rejected = new LinkedHashMap<>();
    int turned = 0;
    List<Path> files = images.stream().map(LabeledImage::path).toList();
    int threads = Runtime.getRuntime().availableProcessors();
    try (PreparedImages<ImageFile> prepared =
        PreparedImages.of(ImageFile.all(files), reader, threads)) {
      for (LabeledImage image : images) {
        PreparedImage<ImageFile> made = prepared.next();
        if (made instanceof PreparedImage.Ready<ImageFile> ready) {
          usable.add(image);
          hashes.add(Optional.of(ready.sha256()));
          turned += ready.orientation() > 1 ? 1 : 0;
        } else if (made instanceof PreparedImage.Rejected<ImageFile> bad) {
          hashes.add(Optional.empty());
          rejected.put(bad.source().path(), bad.reason());
        }
      }
    }
    return new TrainingFeatures(
        new LiveViews(cut, pipeline, usable, augmentation, seed),
        usable,
        new FeatureExtraction.Outcome(hashes, rejected, 0, turned));
  }

  @Override
  public int size() {
    return images.size();
  }

  @Override
  public Target target(int example) {
    return images.get(example).target();
  }

  @Override
  public float weight(int example) {
    return images.get(example).weight();
  }

  @Override
  public String name(int example) {
    return images.get(example).path().toString();
  }

  @Override
  public void read(int tensor, int example, FloatBuffer destination) {
    inPass(1, new int[] {example}).read(tensor, example, destination);
  }

  @Override
  public Examples inPass(int pass, int[] order) {
    return new Pass(pass, order);
  }

  /** The views of one pass. */
  private final class Pass implements Examples {
    private final int pass;
    private final int[] order;
    private final Map<Integer, Integer> places = new LinkedHashMap<>();

    /** Features by example, the newest last. */
    private final Map<Integer, List<FloatBuffer>> held = new LinkedHashMap<>();

    Pass(int pass, int[] order) {
      this.pass = pass;
      this.order = order.clone();
      IntStream.range(0, order.length).forEach(place -> places.put(order[place], place));
    }

    @Override
    public int size() {
      return LiveViews.this.size();
    }

    @Override
    public Target target(int example) {
      return LiveViews.this.target(example);
    }

    @Override
    public float weight(int example) {
      return LiveViews.this.weight(example);
    }

    @Override
    public String name(int example) {
      return LiveViews.this.name(example);
    }

    @Override
    public void read(int tensor, int example, FloatBuffer destination) {
      if (!held.containsKey(example)) {
        hold(places.get(example));
      }
      destination.put(held.get(example).get(tensor).duplicate());
    }

    /** Makes the views from a place on, as many as are made at once. */
    private void hold(int from) {
      int to = Math.min(order.length, from + AHEAD);
      List<ImageView> views =
          IntStream.range(from, to).map(place -> order[place]).mapToObj(this::view).toList();
      int[] next = {from};
      try {
        pipeline.run(
            views.iterator(),
            known -> false,
            chunk -> {
              requireAll(chunk);
              for (int row = 0; row < chunk.images().size(); row++) {
                held.put(order[next[0]++], rows(chunk.outputs(), row));
              }
            });
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      while (held.size() > HELD) {
        held.remove(held.keySet().iterator().next());
      }
    }

    private ImageView view(int example) {
      return new ImageView(images.get(example).path(), augmentation.view(seed, example, pass));
    }

    private void requireAll(ImagePipeline.Chunk<ImageView> chunk) throws IOException {
      for (PreparedImage<ImageView> image : chunk.images()) {
        if (image instanceof PreparedImage.Rejected<ImageView> bad) {
          throw new IOException(
              bad.source() + " " + bad.reason() + ", though it could be read when the run began.");
        }
      }
    }

    private List<FloatBuffer> rows(List<HostTensor> outputs, int row) {
      List<FloatBuffer> rows = new ArrayList<>();
      for (int tensor = 0; tensor < outputs.size(); tensor++) {
        int size = tensors.get(tensor).rowSize();
        FloatBuffer all = outputs.get(tensor).bytes().asFloatBuffer();
        rows.add(all.slice(row * size, size));
      }
      return rows;
    }
  }
}
