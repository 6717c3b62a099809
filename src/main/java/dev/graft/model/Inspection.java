package dev.graft.model;

import dev.graft.handoff.Handoff;
import dev.graft.handoff.LayerVariable;
import dev.graft.handoff.ModelInfo;
import dev.graft.savedmodel.Checkpoint;
import dev.graft.savedmodel.FlatInput;
import dev.graft.savedmodel.FlatModel;
import dev.graft.savedmodel.FlatVariable;
import dev.graft.savedmodel.ModelFormatException;
import dev.graft.savedmodel.SavedModel;
import dev.graft.savedmodel.SavedSignature;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.tensorflow.proto.DataType;

/**
 * What can be said of a SavedModel without running it: what it takes and answers, its layers, what
 * it costs, which layers can be unfrozen, and what to beware of. An immutable value.
 *
 * @param folder of the model
 * @param signatures all that the file lists, by name
 * @param stored bytes of the variables on disk
 * @param handoff what came with the model
 * @param usable the model and what is known of it; empty where Graft can't use it
 * @param unusable why it can't, in one sentence; empty where it can
 * @param warnings what to beware of, a sentence each
 */
public record Inspection(
    Path folder,
    List<SavedSignature> signatures,
    long stored,
    Optional<Handoff> handoff,
    Optional<Usable> usable,
    Optional<String> unusable,
    List<String> warnings) {
  /** Copies the lists. */
  public Inspection {
    signatures = List.copyOf(signatures);
    warnings = List.copyOf(warnings);
  }

  /**
   * A model that Graft can use.
   *
   * @param backbone the model
   * @param preflight which layers can be unfrozen
   * @param cutBytes see {@link CutSizes#of}
   * @param cost of one answer; empty where the size of an input is not known
   */
  public record Usable(
      Backbone backbone, Preflight preflight, Map<String, Long> cutBytes, Optional<Cost> cost) {
    static Usable of(Backbone backbone) {
      return new Usable(backbone, Preflight.of(backbone), CutSizes.of(backbone), Cost.of(backbone));
    }

    /** Number of weights that training could change. */
    public long trainable() {
      return backbone.flat().variables().stream()
          .filter(FlatVariable::trainable)
          .mapToLong(Usable::size)
          .sum();
    }

    /** Bytes of the weights that answers depend on. */
    public long weightBytes() {
      return backbone.flat().variables().stream()
          .mapToLong(variable -> size(variable) * width(variable.dtype()))
          .sum();
    }

    private static long size(FlatVariable variable) {
      return variable.shape().stream().reduce(1L, Math::multiplyExact);
    }

    private static int width(DataType dtype) {
      return switch (dtype) {
        case DT_DOUBLE, DT_INT64 -> 8;
        case DT_HALF, DT_BFLOAT16 -> 2;
        case DT_BOOL, DT_INT8, DT_UINT8 -> 1;
        default -> 4;
      };
    }
  }

  /**
   * Looks at a model.
   *
   * @param folder with {@code saved_model.pb}
   * @throws ModelFormatException when it holds no SavedModel, or its files are not those that its
   *     handoff lists
   * @throws IOException when it can't be read
   */
  public static Inspection of(Path folder) throws IOException {
    SavedModel saved = SavedModel.read(folder);
    Optional<Handoff> handoff = Handoff.read(folder);
    Optional<String> unusable = unusable(saved, handoff);
    Optional<Usable> usable =
        unusable.isEmpty() ? Optional.of(Usable.of(Backbone.load(folder))) : Optional.empty();
    long stored =
        saved.checkpoint().keys().values().stream().mapToLong(Checkpoint.Entry::bytes).sum();
    return new Inspection(
        folder,
        saved.listedSignatures(),
        stored,
        handoff,
        usable,
        unusable,
        new Warnings(saved, handoff, usable.map(Usable::backbone)).all());
  }

  /** Why a model that is whole can't be used. */
  private static Optional<String> unusable(SavedModel saved, Optional<Handoff> handoff)
      throws IOException {
    try {
      saved.flatten(handoff.map(known -> known.signature().name()).orElse(null));
      return Optional.empty();
    } catch (ModelFormatException | IllegalArgumentException e) {
      return Optional.of(e.getMessage());
    }
  }

  /** Finds what to beware of. */
  private record Warnings(
      SavedModel saved, Optional<Handoff> handoff, Optional<Backbone> backbone) {
    private static final int NAMED = 4;
    private static final String IMAGES = "images";

    List<String> all() throws IOException {
      List<String> warnings = new ArrayList<>();
      unknownOps().ifPresent(warnings::add);
      if (handoff.isEmpty()) {
        warnings.add(
            "It has no handoff: how images are prepared, what its labels are called and whether the"
                + " files are whole is not known; export it with graft-export.");
      }
      handoff.flatMap(Handoff::precision).ifPresent(how -> warnings.add(how.describe()));
      if (backbone.isPresent()) {
        FlatModel flat = backbone.get().flat();
        copies(flat).ifPresent(warnings::add);
        missingLabels(flat).ifPresent(warnings::add);
        fixedBatch(flat).ifPresent(warnings::add);
        otherTypes(flat).ifPresent(warnings::add);
        otherNames(flat).ifPresent(warnings::add);
        otherInputs(flat).ifPresent(warnings::add);
      }
      return warnings;
    }

    private Optional<String> unknownOps() {
      Set<String> unknown = saved.unknownOps();
      return unknown.isEmpty()
          ? Optional.empty()
          : Optional.of(
              "It has ops that this TensorFlow does not know: "
                  + named(List.copyOf(unknown))
                  + "; a signature that uses one can't be run, so export the model with a version"
                  + " of TensorFlow that is as old as this one.");
    }

    /** Keras's own export writes each variable a second time. */
    private Optional<String> copies(FlatModel flat) {
      Set<String> read =
          flat.variables().stream().map(FlatVariable::key).collect(Collectors.toSet());
      Map<String, Checkpoint.Entry> entries = saved.checkpoint().keys();
      Set<Checkpoint.Entry> values = new HashSet<>();
      read.forEach(key -> values.add(entries.get(key)));
      List<Checkpoint.Entry> copies =
          entries.entrySet().stream()
              .filter(entry -> !read.contains(entry.getKey()))
              .map(Map.Entry::getValue)
              .filter(values::contains)
              .toList();
      long bytes = copies.stream().mapToLong(Checkpoint.Entry::bytes).sum();
      return copies.isEmpty()
          ? Optional.empty()
          : Optional.of(
              "%d variables are stored a second time (%,d bytes), as Keras's export does; Graft reads and writes each once."
                  .formatted(copies.size(), bytes));
    }

    private Optional<String> missingLabels(FlatModel flat) {
      boolean classifies = handoff.map(Handoff::model).map(ModelInfo::includeTop).orElse(false);
      boolean known = handoff.flatMap(Handoff::labels).isPresent();
      return !classifies || known
          ? Optional.empty()
          : Optional.of(
              "It ends in a classifier of "
                  + flat.outputs().get(0).shape()
                  + " but says no labels: name them when its answers are used.");
    }

    private static Optional<String> fixedBatch(FlatModel flat) {
      return flat.inputs().stream()
          .filter(input -> input.shape() != null && !input.shape().isEmpty())
          .filter(input -> input.shape().get(0) >= 0)
          .findFirst()
          .map(
              input ->
                  "Input \"%s\" takes exactly %d examples at a time: export it with a batch size of None."
                      .formatted(input.key(), input.shape().get(0)));
    }

    private static Optional<String> otherTypes(FlatModel flat) {
      List<String> names =
          flat.variables().stream()
              .filter(variable -> variable.trainable() && variable.dtype() != DataType.DT_FLOAT)
              .map(FlatVariable::name)
              .toList();
      return names.isEmpty()
          ? Optional.empty()
          : Optional.of(
              "These variables are not float32, so their layers can't be unfrozen: "
                  + named(names)
                  + ".");
    }

    /** Names that are not unique, or that Keras has and the SavedModel has not. */
    private Optional<String> otherNames(FlatModel flat) {
      Map<String, String> inHandoff = new LinkedHashMap<>();
      handoff.stream()
          .flatMap(known -> known.variables().stream())
          .forEach((LayerVariable one) -> inHandoff.put(one.key(), one.name()));
      List<String> renamed =
          flat.variables().stream()
              .filter(v -> !inHandoff.getOrDefault(v.key(), v.name()).equals(v.name()))
              .map(v -> inHandoff.get(v.key()) + " (" + v.name() + ")")
              .toList();
      return renamed.isEmpty()
          ? Optional.empty()
          : Optional.of(
              "These variables will be called as in brackets in what is trained on it: "
                  + named(renamed)
                  + ".");
    }

    /** A trained model has stable names of its own. */
    private Optional<String> otherInputs(FlatModel flat) {
      boolean trained = handoff.map(known -> known.model().source().equals("graft")).orElse(false);
      FlatInput input = flat.inputs().get(0);
      boolean isOfImages = input.shape() != null && input.shape().size() == 4;
      return trained || !isOfImages || flat.inputs().size() > 1 || input.key().equals(IMAGES)
          ? Optional.empty()
          : Optional.of(
              "The input %s is called %s in what is trained on it.".formatted(input.key(), IMAGES));
    }

    private static String named(List<String> names) {
      int shown = Math.min(NAMED, names.size());
      String more = names.size() > shown ? " and " + (names.size() - shown) + " more" : "";
      return String.join(", ", names.subList(0, shown)) + more;
    }
  }
}
