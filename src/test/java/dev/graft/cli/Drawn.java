package dev.graft.cli;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import javax.imageio.ImageIO;

/** Small folders of images that a classifier can tell apart: each class has a colour of its own. */
final class Drawn {
  private static final int SIZE = 16;

  private Drawn() {}

  /** A folder with as many images, all different, in each of the classes. */
  static Path folder(Path folder, int images, String... classes) throws IOException {
    for (int label = 0; label < classes.length; label++) {
      Path inside = Files.createDirectories(folder.resolve(classes[label]));
      for (int i = 0; i < images; i++) {
        Files.write(inside.resolve(i + ".png"), image("png", label, i));
      }
    }
    return folder;
  }

  /** A JPEG of the first class. */
  static byte[] jpeg() {
    return image("jpg", 0, 99);
  }

  private static byte[] image(String format, int label, int index) {
    Random random = new Random(1000L * label + index);
    BufferedImage image = new BufferedImage(SIZE, SIZE, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < SIZE; y++) {
      for (int x = 0; x < SIZE; x++) {
        int bright = 200 + random.nextInt(56);
        image.setRGB(x, y, bright << (8 * (label % 3)) | random.nextInt(40) * 0x010101);
      }
    }
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      ImageIO.write(image, format, bytes);
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
