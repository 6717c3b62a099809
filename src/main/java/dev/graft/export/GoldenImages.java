package dev.graft.export;

import dev.graft.handoff.Handoff;
import dev.graft.model.Backbone;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;

/**
 * The images of an export's golden samples: those that came with the backbone, else some that are
 * drawn. Never a user's own pictures, which are not ours to hand on.
 */
final class GoldenImages {
  private static final int DRAWN = 3;

  private GoldenImages() {}

  /** Bytes by file name, in order. */
  static Map<String, byte[]> of(Backbone backbone) throws IOException {
    List<String> given =
        backbone
            .handoff()
            .flatMap(Handoff::golden)
            .map(golden -> golden.images())
            .orElse(List.of());
    Map<String, byte[]> images = new LinkedHashMap<>();
    for (String path : given) {
      Path file = backbone.source().resolve(path);
      images.put(file.getFileName().toString(), Files.readAllBytes(file));
    }
    for (int i = 0; given.isEmpty() && i < DRAWN; i++) {
      images.put(i + ".png", drawn(i));
    }
    return images;
  }

  /**
   * Coloured waves and a little noise, another picture for each number, the same on any machine.
   */
  private static byte[] drawn(int number) throws IOException {
    int width = 61 + 20 * number;
    int height = 83 - 14 * number;
    SplittableRandom random = new SplittableRandom(number);
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int red = wave(x * (number + 1), width, random);
        int green = wave(y * (number + 2), height, random);
        int blue = wave(x + y, width + height, random);
        image.setRGB(x, y, red << 16 | green << 8 | blue);
      }
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(image, "png", bytes);
    return bytes.toByteArray();
  }

  private static int wave(int at, int period, SplittableRandom random) {
    double value = 0.5 + 0.45 * StrictMath.sin(2 * Math.PI * at / period);
    return (int) (value * 240) + random.nextInt(16);
  }
}
