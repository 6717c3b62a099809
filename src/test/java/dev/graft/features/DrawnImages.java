package dev.graft.features;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;

/** Small pictures that tests draw: noise around one colour for each class, no two the same. */
public final class DrawnImages {
  private static final List<String> CLASSES = List.of("blue", "green", "red");

  private DrawnImages() {}

  /**
   * Draws a folder of each of the classes blue, green and red.
   *
   * @param first number of the first image of each class; other numbers are other pictures
   * @return the files, class by class
   */
  public static List<Path> draw(Path folder, int first, int imagesOfEach) throws IOException {
    List<Path> files = new ArrayList<>();
    for (int label = 0; label < CLASSES.size(); label++) {
      Path ofClass = Files.createDirectories(folder.resolve(CLASSES.get(label)));
      for (int number = first; number < first + imagesOfEach; number++) {
        Path file = ofClass.resolve("%03d.png".formatted(number));
        ImageIO.write(picture(label, number), "png", file.toFile());
        files.add(file);
      }
    }
    return files;
  }

  private static BufferedImage picture(int label, int number) {
    SplittableRandom random = new SplittableRandom(1000L * label + number);
    BufferedImage image =
        new BufferedImage(20 + number % 3, 18 + number % 5, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        int bright = 140 + random.nextInt(100);
        image.setRGB(x, y, bright << 8 * label | random.nextInt(90) << 8 * ((label + 1) % 3));
      }
    }
    return image;
  }
}
