package dev.graft.report;

import dev.graft.metrics.ClassEvaluation;
import dev.graft.metrics.History;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Everything a report says. Immutable; lists and maps are copied and keep their order.
 *
 * @param name of the run, for the heading
 * @param outcome how good the model is, and how it got there
 * @param images what it learned from
 * @param network what was frozen and what was trained
 * @param origin what made the model, and how to make it again
 * @param thumbnails pictures of the mistakes in {@code outcome.after()}, by the path in the
 *     mistake; a mistake without one gets a placeholder
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
   * @param history the epochs; may be empty
   */
  public record Outcome(
      Optional<ClassEvaluation> before,
      ClassEvaluation after,
      Optional<ClassEvaluation> test,
      History history) {}

  /**
   * What the model learned from.
   *
   * @param classes number of images of each class
   * @param rejected files that were left out
   * @param notes sentences worth knowing, for example about EXIF orientation
   */
  public record Images(List<ClassCount> classes, List<Rejected> rejected, List<String> notes) {
    /** Copies the lists. */
    public Images {
      classes = List.copyOf(classes);
      rejected = List.copyOf(rejected);
      notes = List.copyOf(notes);
    }
  }

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
   * @param times how long each phase took, in order
   * @param settings all settings with their values
   * @param versions of Graft and what it runs on
   */
  public record Origin(
      String command,
      List<PhaseTime> times,
      Map<String, String> settings,
      Map<String, String> versions) {
    /** Copies list and maps. */
    public Origin {
      times = List.copyOf(times);
      settings = copy(settings);
      versions = copy(versions);
    }
  }

  /**
   * How long a part of the run took.
   *
   * @param phase for example {@code features}
   * @param time wall-clock time
   */
  public record PhaseTime(String phase, Duration time) {}
}
