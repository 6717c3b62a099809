package dev.graft.report;

import dev.graft.metrics.Evaluation;
import dev.graft.metrics.History;
import dev.graft.metrics.Prediction;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Everything a report says. Immutable; lists and maps are copied and keep their order.
 *
 * @param name of the run, for the heading
 * @param outcome how good the model is, and how it got there
 * @param images what it learned from
 * @param network what was frozen and what was trained
 * @param origin what made the model, and how to make it again
 * @param thumbnails pictures of the images that the report shows, by the path in the prediction;
 *     one without gets a placeholder
 */
public record ReportData(
    String name,
    Outcome outcome,
    Images images,
    Network network,
    Origin origin,
    Map<String, Thumbnail> thumbnails) {

  /** Copies the map. */
  public ReportData {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(outcome, "outcome");
    Objects.requireNonNull(images, "images");
    Objects.requireNonNull(network, "network");
    Objects.requireNonNull(origin, "origin");
    thumbnails = copy(thumbnails);
  }

  /** Map.copyOf would lose the order. */
  private static <T> Map<String, T> copy(Map<String, T> map) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }

  /**
   * How good the model is.
   *
   * @param before on the validation images before training
   * @param after on the validation images, by the model that was exported
   * @param test on the test images, by the model that was exported
   * @param predictions what that model says of each validation image; may be empty
   * @param history the epochs; may be empty
   */
  public record Outcome(
      Optional<Headline> before,
      Evaluation after,
      Optional<Evaluation> test,
      List<? extends Prediction> predictions,
      History history) {
    /** Copies the list. */
    public Outcome {
      predictions = List.copyOf(predictions);
    }
  }

  /**
   * The two figures that everybody asks for.
   *
   * @param loss mean over the examples; NaN if unknown
   * @param accuracy 0 to 1; NaN if unknown
   */
  public record Headline(double loss, double accuracy) {}

  /**
   * What the model learned from.
   *
   * @param examples what they are called
   * @param all number of images
   * @param classes number of images of each class or label; empty where there are none
   * @param rejected files that were left out
   * @param notes sentences worth knowing, for example about EXIF orientation
   * @param duplicates images of the same bytes in several parts of the split or of several classes
   * @param contactSheet what augmentation makes of some training images; empty without
   */
  public record Images(
      Examples examples,
      ClassCount all,
      List<ClassCount> classes,
      List<Rejected> rejected,
      List<String> notes,
      List<Duplicate> duplicates,
      List<SheetRow> contactSheet) {
    /** Of pictures. */
    public Images(
        ClassCount all,
        List<ClassCount> classes,
        List<Rejected> rejected,
        List<String> notes,
        List<Duplicate> duplicates,
        List<SheetRow> contactSheet) {
      this(Examples.IMAGES, all, classes, rejected, notes, duplicates, contactSheet);
    }

    /** Copies the lists. */
    public Images {
      Objects.requireNonNull(examples, "examples");
      classes = List.copyOf(classes);
      rejected = List.copyOf(rejected);
      notes = List.copyOf(notes);
      duplicates = List.copyOf(duplicates);
      contactSheet = List.copyOf(contactSheet);
    }
  }

  /**
   * An image and what augmentation makes of it.
   *
   * @param path of the image
   * @param original as it is without
   * @param views some of the views that the model trains on
   */
  public record SheetRow(String path, Thumbnail original, List<Thumbnail> views) {
    /** Copies the list. */
    public SheetRow {
      views = List.copyOf(views);
    }
  }

  /**
   * Files of the same bytes.
   *
   * @param sha256 of the bytes
   * @param copies at least two
   */
  public record Duplicate(String sha256, List<Copy> copies) {
    /** Copies the list. */
    public Duplicate {
      copies = List.copyOf(copies);
    }
  }

  /**
   * One of several files of the same bytes.
   *
   * @param part {@code training}, {@code validation} or {@code test}
   * @param label name of its class
   * @param path of the file
   */
  public record Copy(String part, String label, String path) {}

  /**
   * Number of images of one class.
   *
   * @param label name of the class
   * @param training images that were trained on
   * @param validation images that were held back
   * @param test images that were used once, at the end
   */
  public record ClassCount(String label, int training, int validation, int test) {
    int total() {
      return training + validation + test;
    }
  }

  /**
   * A file that was left out.
   *
   * @param path of the file
   * @param reason why, in a sentence
   */
  public record Rejected(String path, String reason) {}

  /**
   * What was frozen and what was trained.
   *
   * @param backbone name of the backbone
   * @param head the head, for example {@code gap, dense(softmax)}
   * @param layers of backbone and head, in order
   * @param frozen the frozen variables with their hashes
   * @param notes sentences worth knowing, for example how BatchNorm ran
   */
  public record Network(
      String backbone,
      String head,
      List<Layer> layers,
      List<FrozenVariable> frozen,
      List<String> notes) {
    /** Copies the lists. */
    public Network {
      layers = List.copyOf(layers);
      frozen = List.copyOf(frozen);
      notes = List.copyOf(notes);
    }
  }

  /**
   * A layer of the network.
   *
   * @param name of the layer
   * @param kind its class, for example {@code Conv2D}
   * @param parameters number of weights
   * @param trained whether training could change it
   */
  public record Layer(String name, String kind, long parameters, boolean trained) {}

  /**
   * A variable that training must not change.
   *
   * @param name of the variable
   * @param before SHA-256 of its values in the backbone that was given
   * @param after SHA-256 of its values re-read from the exported checkpoint
   */
  public record FrozenVariable(String name, String before, String after) {
    /** Whether both hashes are the same. */
    public boolean isUntouched() {
      return before.equals(after);
    }
  }

  /**
   * What made the model.
   *
   * @param command the command line that repeats the run
   * @param costs what each phase took, in order
   * @param settings all settings with their values
   * @param versions of Graft and what it runs on
   */
  public record Origin(
      String command,
      List<PhaseCost> costs,
      Map<String, String> settings,
      Map<String, String> versions) {
    /** Copies list and maps. */
    public Origin {
      costs = List.copyOf(costs);
      settings = copy(settings);
      versions = copy(versions);
    }
  }

  /**
   * What a part of the run took.
   *
   * @param phase for example {@code features}
   * @param time wall-clock time
   * @param resident the most physical memory that the process held, in bytes, if known
   * @param heap the most of Java's heap, in bytes, if known
   */
  public record PhaseCost(String phase, Duration time, OptionalLong resident, OptionalLong heap) {}
}
