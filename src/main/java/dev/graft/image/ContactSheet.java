package dev.graft.image;

import dev.graft.data.Augmentation;
import dev.graft.data.Preparation;
import dev.graft.data.Preparation.ColourOrder;
import dev.graft.data.Sha256;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;

/**
 * What an augmentation makes of some images, as pictures for people to look at.
 *
 * @param rows one an image
 */
public record ContactSheet(List<Row> rows) {
  /** The most views of one image. */
  private static final int VIEWS = 6;

  /** Copies the list. */
  public ContactSheet {
    rows = List.copyOf(rows);
  }

  /**
   * An image and its views.
   *
   * @param path of the image's file
   * @param original the image as it is resized for the model, a PNG file
   * @param views PNG files of the same size
   */
  public record Row(Path path, byte[] original, List<byte[]> views) {
    /** Copies the list. */
    public Row {
      views = List.copyOf(views);
    }
  }

  /**
   * Makes the pictures; images that cannot be read are left out.
   *
   * @param preparation how the model's images are decoded and resized; its arithmetic is left out
   * @param seed of the run
   * @throws IllegalArgumentException if the augmentation needs colours that the images do not have
   */
  public static ContactSheet of(
      List<Path> images, Preparation preparation, Augmentation augmentation, long seed)
      throws IOException {
    List<Row> rows = new ArrayList<>();
    try (ImageReader reader = ImageReader.open(plain(preparation), augmentation)) {
      for (int image = 0; image < images.size(); image++) {
        try {
          rows.add(row(reader, images.get(image), numbers(augmentation, seed, image)));
        } catch (BadImageException e) {
          continue; // The run says so already.
        }
      }
    }
    return new ContactSheet(rows);
  }

  private static Preparation plain(Preparation preparation) {
    boolean grey = preparation.channels() == 1;
    int channels = preparation.channels();
    return preparation
        .withInGraph(false)
        .withColourOrder(grey ? ColourOrder.GREY : ColourOrder.RGB)
        .withDivisor(1)
        .withScale(1)
        .withMean(Collections.nCopies(channels, 0.0))
        .withDeviation(Collections.nCopies(channels, 1.0));
  }

  /** The views that are kept, or those of the first epochs. */
  private static long[] numbers(Augmentation augmentation, long seed, int image) {
    int count = augmentation.isLive() ? VIEWS : Math.min(VIEWS, augmentation.views());
    return IntStream.range(0, count)
        .mapToLong(i -> augmentation.isLive() ? augmentation.view(seed, image, i + 1) : i)
        .toArray();
  }

  private static Row row(ImageReader reader, Path path, long[] numbers)
      throws IOException, BadImageException {
    byte[] file = new ImageFile(path).read();
    String sha256 = Sha256.of(file);
    List<byte[]> views = new ArrayList<>();
    for (long number : numbers) {
      views.add(png(reader.shape(), reader.readView(file, sha256, number)));
    }
    return new Row(path, png(reader.shape(), reader.read(file)), views);
  }

  private static byte[] png(ImageShape shape, float[] values) throws IOException {
    BufferedImage picture =
        new BufferedImage(shape.width(), shape.height(), BufferedImage.TYPE_INT_RGB);
    int channels = shape.channels();
    for (int pixel = 0; pixel < shape.width() * shape.height(); pixel++) {
      int rgb = 0;
      for (int channel = 0; channel < 3; channel++) {
        float value = values[pixel * channels + Math.min(channel, channels - 1)];
        rgb = rgb << 8 | Math.max(0, Math.min(255, Math.round(value)));
      }
      picture.setRGB(pixel % shape.width(), pixel / shape.width(), rgb);
    }
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(picture, "png", png);
    return png.toByteArray();
  }
}
