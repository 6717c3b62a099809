package dev.graft.batch;

import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/**
 * As many images as wanted: digits with other colours and sizes, drawn photographs, and one in a
 * hundred of them spoilt, in ten ways by turns. The same number always gives the same image.
 */
final class ManyImages {
  private static final int SPOILT_EVERY = 100;
  private static final int IN_A_FOLDER = 1000;

  private ManyImages() {}

  /** A way to spoil a file, with a part of the reason that it is to be rejected for. */
  private enum Spoiled {
    EMPTY("is empty"),
    TEXT("is no image"),
    TRUNCATED_JPEG("is a truncated JPEG"),
    TRUNCATED_PNG("is a truncated PNG"),
    HEADER_ONLY("is a truncated PNG"),
    ZEROS("is no image"),
    WEBP("WebP"),
    HUGE("more than the 100000000 that are allowed"),
    CHECKSUM("is a PNG that cannot be decoded"),
    SCRAMBLED("is a JPEG with a broken header");

    private final String reason;

    Spoiled(String reason) {
      this.reason = reason;
    }

    byte[] bytes(byte[] png, byte[] jpeg) throws IOException {
      return switch (this) {
        case EMPTY -> new byte[0];
        case TEXT -> "<html>Not found</html>".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        case TRUNCATED_JPEG -> Arrays.copyOf(jpeg, jpeg.length / 2);
        case TRUNCATED_PNG -> Arrays.copyOf(png, png.length / 2);
        case HEADER_ONLY -> Arrays.copyOf(png, 33);
        case ZEROS -> new byte[500];
        case WEBP -> Files.readAllBytes(Path.of("testdata", "images", "webp-named.jpg"));
        case HUGE -> Files.readAllBytes(Path.of("testdata", "images", "huge.png"));
        case CHECKSUM -> flipped(png, 20);
        case SCRAMBLED -> scrambled(jpeg);
      };
    }

    private static byte[] flipped(byte[] bytes, int at) {
      byte[] flipped = bytes.clone();
      flipped[at + 10] ^= 0x55;
      return flipped;
    }

    /** The tables between the first and the last bytes are gone. */
    private static byte[] scrambled(byte[] jpeg) {
      byte[] scrambled = jpeg.clone();
      Arrays.fill(scrambled, 20, 160, (byte) 0x11);
      return scrambled;
    }
  }

  /**
   * Makes the images in sub-folders of a thousand.
   *
   * @return the reason for each spoilt one, by its path below the folder, in order
   */
  static Map<String, String> make(Path folder, int count) throws IOException {
    List<BufferedImage> digits = digits();
    Map<String, String> spoilt = new LinkedHashMap<>();
    for (int number = 0; number < count; number++) {
      BufferedImage image =
          number % 4 == 3
              ? photograph(number)
              : altered(digits.get(number % digits.size()), number);
      String name = "%03d/%06d".formatted(number / IN_A_FOLDER, number);
      boolean jpeg = number % 2 == 1;
      byte[] bytes = encoded(image, jpeg ? "jpg" : "png");
      if (number % SPOILT_EVERY == 57) {
        Spoiled way = Spoiled.values()[number / SPOILT_EVERY % Spoiled.values().length];
        bytes = way.bytes(encoded(image, "png"), encoded(image, "jpg"));
        spoilt.put(name + ".jpg", way.reason);
      }
      Path file = folder.resolve(name + (jpeg ? ".jpg" : ".png"));
      Files.createDirectories(file.getParent());
      Files.write(file, bytes);
    }
    return spoilt;
  }

  private static List<BufferedImage> digits() throws IOException {
    List<BufferedImage> digits = new ArrayList<>();
    try (Stream<Path> files = Files.walk(Path.of("testdata", "digits"))) {
      for (Path file : files.filter(path -> path.toString().endsWith(".png")).sorted().toList()) {
        digits.add(ImageIO.read(file.toFile()));
      }
    }
    return digits;
  }

  private static BufferedImage altered(BufferedImage digit, int number) {
    SplittableRandom random = new SplittableRandom(number);
    int width = 24 + random.nextInt(40);
    int height = 24 + random.nextInt(40);
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D canvas = image.createGraphics();
    canvas.drawImage(digit, 0, 0, width, height, null);
    canvas.setColor(new Color(random.nextInt(256), random.nextInt(256), random.nextInt(256), 90));
    canvas.fillRect(0, 0, width, height);
    canvas.dispose();
    return image;
  }

  private static BufferedImage photograph(int number) {
    SplittableRandom random = new SplittableRandom(number);
    int size = 60 + random.nextInt(60);
    BufferedImage image = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
    Graphics2D canvas = image.createGraphics();
    Color top = new Color(random.nextInt(0x1000000));
    Color bottom = new Color(random.nextInt(0x1000000));
    canvas.setPaint(new GradientPaint(0, 0, top, size, size, bottom));
    canvas.fillRect(0, 0, size, size);
    for (int i = 0; i < 6; i++) {
      canvas.setColor(new Color(random.nextInt(0x1000000)));
      canvas.fillOval(random.nextInt(size), random.nextInt(size), size / 4, size / 5);
    }
    canvas.dispose();
    return image;
  }

  private static byte[] encoded(BufferedImage image, String format) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(image, format, bytes);
    return bytes.toByteArray();
  }
}
