package dev.graft.model;

import java.util.Comparator;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Images cut into tiles of outputs. Convolutions of the same size share what is known of them.
 *
 * @param height of the input
 * @param width of the input
 * @param pad zeros around it
 */
record WinogradTiles(int height, int width, int pad, MinimalFiltering filtering) {
  /** Images of a run that the choice of tiles is made for. */
  private static final int BATCH = 8;

  /**
   * What reading a number of the kernel from memory costs, in multiplications: 12 bytes with its
   * packing at 10 GB/s, beside 100 billion multiplications a second.
   */
  private static final int READ = 120;

  /** How many times cheaper it has to be, as the transforms cost something too. */
  private static final double WORTH = 1.4;

  /** An index above that of every pixel: of the row of zeros. */
  private static final int PADDING = Integer.MAX_VALUE / 2;

  /** Those that cost least, if they are worth it. */
  static Optional<WinogradTiles> cheapest(int height, int width, int pad) {
    int lost = MinimalFiltering.KERNEL - 1 - 2 * pad;
    double asItIs = 9.0 * (BATCH * (height - lost) * (width - lost) + READ);
    return IntStream.of(2, 3, 4)
        .mapToObj(m -> new WinogradTiles(height, width, pad, new MinimalFiltering(m)))
        .min(Comparator.comparingDouble(WinogradTiles::cost))
        .filter(tiles -> tiles.cost() * WORTH < asItIs);
  }

  int outputHeight() {
    return height + 2 * pad - MinimalFiltering.KERNEL + 1;
  }

  int outputWidth() {
    return width + 2 * pad - MinimalFiltering.KERNEL + 1;
  }

  int down() {
    return -Math.floorDiv(-outputHeight(), filtering.outputs());
  }

  int across() {
    return -Math.floorDiv(-outputWidth(), filtering.outputs());
  }

  int count() {
    return down() * across();
  }

  /** Places of a tile's input, each with a product of its own. */
  int places() {
    return filtering.inputs() * filtering.inputs();
  }

  /** Multiplications for a pair of channels. */
  double cost() {
    return (double) places() * (BATCH * count() + READ);
  }

  /** The pixel at each place of each tile, {@code [places, 1, tiles]}. */
  int[] patches() {
    int[] pixels = new int[places() * count()];
    int size = filtering.inputs();
    for (int i = 0; i < pixels.length; i++) {
      int place = i / count();
      int tile = i % count();
      int row = tile / across() * filtering.outputs() + place / size - pad;
      int column = tile % across() * filtering.outputs() + place % size - pad;
      boolean inside = row >= 0 && row < height && column >= 0 && column < width;
      pixels[i] = inside ? row * width + column : PADDING;
    }
    return pixels;
  }

  /** The place in its tile of each pixel of the output. */
  int[] placesOfOutput() {
    int size = filtering.outputs();
    return IntStream.range(0, outputHeight() * outputWidth())
        .map(i -> i / outputWidth() % size * size + i % outputWidth() % size)
        .toArray();
  }

  /** The tile of each pixel of the output. */
  int[] tilesOfOutput() {
    int size = filtering.outputs();
    return IntStream.range(0, outputHeight() * outputWidth())
        .map(i -> i / outputWidth() / size * across() + i % outputWidth() / size)
        .toArray();
  }
}
