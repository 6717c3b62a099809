package dev.graft.report;

import dev.graft.metrics.ClassEvaluation;
import dev.graft.metrics.ClassPrediction;
import dev.graft.metrics.Epoch;
import dev.graft.metrics.Evaluation;
import dev.graft.metrics.History;
import dev.graft.metrics.LabelEvaluation;
import dev.graft.metrics.LabelPrediction;
import dev.graft.metrics.Mistake;
import dev.graft.metrics.NumberEvaluation;
import dev.graft.metrics.NumberPrediction;
import dev.graft.metrics.Prediction;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;

/** Runs that never happened, with everything that a report shows. */
final class Samples {
  /** Handwritten digits of UCI's "Optical Recognition of Handwritten Digits", CC BY 4.0; 0 to g. */
  private static final List<String> DIGITS =
      List.of(
          "005d910000dfaf5003f20b8004c008800580098004b01c7002e5ac00006da000",
          "000cd500000bg900003fg60007fgg200001gg300001gg600001gg600000bga00",
          "0004fc00003gfe00008d8g000016fb00018df10009gg500003dggb500003bg90",
          "007fd10008d6f400021dd000002fb1000001cc1000001a8000845e90007dd900",
          "0001b00000078000001d6220007f098005ga0g6004fgdg100003fa000002g400",
          "00ca000000egge0000dgfa1000bgg70000047g7000004g900054cg40009gga00",
          "000cd000005g800000dg300000ed000000fc720000dgdg30007gbf800019fb30",
          "0078dgf100774bc000008d100488ff6002bff400000g5000009f100000d50000",
          "009e810000ceec00009a0f40003gce20004gg20003g8ad2001f13g8000bgfb10",
          "00bc000002gggd0003gcae0001g1cf0000dg9f20000309b000009f40009cd300");

  private Samples() {}

  static ReportData digits() {
    return withClasses(IntStream.range(0, 10).mapToObj(Integer::toString).toList(), 20);
  }

  /** A run over classes of these names, with so many validation images of each. */
  static ReportData withClasses(List<String> labels, int validationImages) {
    ClassEvaluation before =
        ClassEvaluation.of(labels, predictions(labels, validationImages, 0.1f, 1));
    List<ClassPrediction> predictions = predictions(labels, validationImages, 3, 2);
    ClassEvaluation after = ClassEvaluation.of(labels, predictions);
    return new ReportData(
        "digits",
        new ReportData.Outcome(
            Optional.of(new ReportData.Headline(before.loss(), before.accuracy())),
            after,
            Optional.of(ClassEvaluation.of(labels, predictions(labels, 5, 3, 3))),
            predictions,
            history(before, after)),
        images(labels, validationImages),
        network(labels.size()),
        origin(),
        thumbnails(after, predictions));
  }

  static ReportData named(ReportData data, String name) {
    return new ReportData(
        name, data.outcome(), data.images(), data.network(), data.origin(), data.thumbnails());
  }

  /** A run that gives an image any number of labels. */
  static ReportData withLabels() {
    List<String> labels = List.of("sky", "sea", "city");
    Random random = new Random(5);
    List<LabelPrediction> predictions = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      boolean[] actual = new boolean[3];
      float[] probabilities = new float[3];
      for (int label = 0; label < 3; label++) {
        actual[label] = random.nextInt(3) > label;
        float lean = actual[label] ? 0.7f : 0.3f;
        probabilities[label] =
            Math.min(1, Math.max(0, lean + 0.2f * (float) random.nextGaussian()));
      }
      predictions.add(new LabelPrediction("photos/%02d.jpg".formatted(i), actual, probabilities));
    }
    return of(LabelEvaluation.of(labels, predictions), predictions);
  }

  /** A run that predicts one number. */
  static ReportData withNumbers() {
    Random random = new Random(6);
    List<NumberPrediction> predictions = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      float age = 18 + random.nextInt(60);
      float said = age + 6 * (float) random.nextGaussian();
      predictions.add(
          new NumberPrediction(
              "faces/%02d.jpg".formatted(i), new float[] {age}, new float[] {said}));
    }
    return of(NumberEvaluation.of(List.of("age"), predictions), predictions);
  }

  private static ReportData of(Evaluation after, List<? extends Prediction> predictions) {
    History history = History.empty();
    for (int i = 1; i <= 5; i++) {
      history =
          history.with(
              new Epoch(
                  i,
                  "head",
                  1e-3,
                  after.loss() + 1.0 / i,
                  after.accuracy(),
                  after.loss() + 1.1 / i,
                  after.accuracy()));
    }
    return new ReportData(
        "sample",
        new ReportData.Outcome(Optional.empty(), after, Optional.empty(), predictions, history),
        new ReportData.Images(
            new ReportData.ClassCount("all", 40, after.examples(), 0),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            List.of()),
        network(after.labels().size()),
        origin(),
        Map.of());
  }

  static List<ClassPrediction> predictions(
      List<String> labels, int each, float strength, long seed) {
    Random random = new Random(seed);
    List<ClassPrediction> predictions = new ArrayList<>();
    for (int actual = 0; actual < labels.size(); actual++) {
      for (int i = 0; i < each; i++) {
        String path = "testdata/digits/%s/%03d.png".formatted(labels.get(actual), i);
        predictions.add(
            new ClassPrediction(path, actual, softmax(random, labels.size(), actual, strength)));
      }
    }
    return predictions;
  }

  /** An evaluation of certain predictions, so many of each {@code [actual][predicted]}. */
  static ClassEvaluation counted(List<String> labels, int[][] counts) {
    List<ClassPrediction> predictions = new ArrayList<>();
    for (int actual = 0; actual < counts.length; actual++) {
      for (int predicted = 0; predicted < counts.length; predicted++) {
        float[] certain = new float[counts.length];
        certain[predicted] = 1;
        for (int i = 0; i < counts[actual][predicted]; i++) {
          predictions.add(
              new ClassPrediction(actual + "-" + predicted + "-" + i + ".png", actual, certain));
        }
      }
    }
    return ClassEvaluation.of(labels, predictions);
  }

  private static float[] softmax(Random random, int classes, int actual, float strength) {
    double[] exponentials = new double[classes];
    double sum = 0;
    for (int i = 0; i < classes; i++) {
      // The class after the actual one is the likeliest mistake.
      double lean = i == actual ? strength : i == (actual + 1) % classes ? strength / 2 : 0;
      sum += exponentials[i] = Math.exp(1.2 * lean + random.nextGaussian());
    }
    float[] probabilities = new float[classes];
    for (int i = 0; i < classes; i++) {
      probabilities[i] = (float) (exponentials[i] / sum);
    }
    return probabilities;
  }

  private static History history(ClassEvaluation before, ClassEvaluation after) {
    History history =
        History.empty()
            .with(
                new Epoch(
                    0,
                    "before",
                    Double.NaN,
                    Double.NaN,
                    Double.NaN,
                    before.loss(),
                    before.accuracy()));
    for (int i = 1; i <= 12; i++) {
      double left = Math.exp(-0.4 * i) + (i > 8 ? -0.01 : 0.02 * (i % 3));
      history =
          history.with(
              new Epoch(
                  i,
                  i > 8 ? "fine-tune" : "head",
                  i > 8 ? 1e-4 : 1e-3,
                  after.loss() * 0.8 + left * 1.6,
                  1 - 0.7 * (1 - after.accuracy()) - left * 0.7,
                  after.loss() + left * 1.5,
                  after.accuracy() - left * 0.6));
    }
    return history;
  }

  private static ReportData.Images images(List<String> labels, int validationImages) {
    List<ReportData.ClassCount> counts = new ArrayList<>();
    for (int i = 0; i < labels.size(); i++) {
      counts.add(
          new ReportData.ClassCount(labels.get(i), 80 - 5 * (i * 7 % 10), validationImages, 5));
    }
    return new ReportData.Images(
        new ReportData.ClassCount(
            "all",
            counts.stream().mapToInt(ReportData.ClassCount::training).sum(),
            validationImages * labels.size(),
            5 * labels.size()),
        counts,
        List.of(
            new ReportData.Rejected("testdata/digits/3/notes.jpg", "is a text file, not an image"),
            new ReportData.Rejected("testdata/digits/7/017.png", "ends after 112 of 344 bytes")),
        List.of(
            "4 images carry an EXIF orientation, which is ignored as Keras ignores it; --orientation exif turns them."),
        List.of(
            new ReportData.Duplicate(
                "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                List.of(
                    new ReportData.Copy("training", labels.get(0), "0/004.png"),
                    new ReportData.Copy("validation", labels.get(0), "0/copy of 004.png")))),
        List.of());
  }

  private static ReportData.Network network(int classes) {
    List<ReportData.Layer> layers = new ArrayList<>();
    List<ReportData.FrozenVariable> frozen = new ArrayList<>();
    for (int i = 1; i <= 40; i++) {
      String name = "block%d_conv".formatted(i);
      layers.add(new ReportData.Layer(name, "Conv2D", 2_000L * i, false));
      String hash = "%064x".formatted(new java.math.BigInteger(256, new Random(i)));
      frozen.add(new ReportData.FrozenVariable(name + "/kernel", hash, hash));
    }
    layers.add(new ReportData.Layer("head_dense", "Dense", 1281L * classes, true));
    return new ReportData.Network(
        "efficientnet-lite0",
        "gap, dropout(0.2), dense(softmax)",
        layers,
        frozen,
        List.of(
            "BatchNorm ran in inference mode: its moving statistics are those of the backbone."));
  }

  private static ReportData.Origin origin() {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("backbone", "savedmodels/efficientnet-lite0");
    settings.put("head", "gap, dropout(0.2), dense(softmax)");
    settings.put("epochs", "8 + 4 fine-tuning");
    settings.put("batch size", "32");
    settings.put("optimizer", "adam(0.001)");
    settings.put("validation", "0.2");
    settings.put("preparation", "224 × 224 bilinear, rgb, (x − 127) / 128");
    settings.put("seed", "1");
    settings.put("precision", "float32");
    Map<String, String> versions = new LinkedHashMap<>();
    versions.put("graft", "0.1.0");
    versions.put("tensorflow", "2.18.0");
    versions.put("java", "17.0.15");
    versions.put("platform", "linux-x86_64");
    return new ReportData.Origin(
        "./graft train testdata/digits --backbone savedmodels/efficientnet-lite0 --out runs/digits --seed 1",
        List.of(
            cost("backbone", Duration.ofMillis(2400)),
            cost("features", Duration.ofMillis(21900)),
            cost("training", Duration.ofMillis(9100)),
            cost("export", Duration.ofMillis(4300))),
        settings,
        versions);
  }

  private static ReportData.PhaseCost cost(String phase, Duration time) {
    return new ReportData.PhaseCost(
        phase, time, OptionalLong.of(900L << 20), OptionalLong.of(180L << 20));
  }

  private static Map<String, Thumbnail> thumbnails(
      ClassEvaluation evaluation, List<ClassPrediction> predictions) {
    Map<String, Thumbnail> thumbnails = new LinkedHashMap<>();
    for (ClassPrediction hit : LeastCertain.of(predictions)) {
      thumbnails.put(hit.path(), Thumbnail.of(png(digit(hit.actual() % DIGITS.size()))));
    }
    for (Mistake mistake : evaluation.worstMistakes()) {
      int digit = Math.floorMod(evaluation.labels().indexOf(mistake.actual()), DIGITS.size());
      thumbnails.put(mistake.path(), Thumbnail.of(png(digit(digit))));
    }
    return thumbnails;
  }

  private static BufferedImage digit(int digit) {
    BufferedImage picture = new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY);
    for (int i = 0; i < 64; i++) {
      int grey = Character.digit(DIGITS.get(digit).charAt(i), 17) * 255 / 16;
      picture.setRGB(i % 8, i / 8, grey << 16 | grey << 8 | grey);
    }
    return picture;
  }

  static byte[] png(BufferedImage picture) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(picture, "png", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
