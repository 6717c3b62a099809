package dev.graft.predict;

import dev.graft.data.Target;
import dev.graft.handoff.FileDifferences;
import dev.graft.handoff.Handoff;
import dev.graft.handoff.LayerVariable;
import dev.graft.savedmodel.Checkpoint;
import dev.graft.savedmodel.ModelFormatException;
import dev.graft.savedmodel.SavedModel;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Where a model's labels or weights are not those that its handoff says, in sentences. */
final class Contradictions {
  private static final String LABEL = "label";
  private static final String LABELS = "labels";
  private static final String PROBABILITIES = "probabilities";
  private static final String LABELS_FILE = "assets/labels.txt";

  private Contradictions() {}

  /** The labels of the asset. */
  static List<String> ofLabels(Path folder, Handoff handoff) throws IOException {
    Path file = folder.resolve(LABELS_FILE);
    if (handoff.labels().isEmpty() || !Files.isRegularFile(file)) {
      return List.of();
    }
    String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    return labels(handoff.labels().get(), text.lines().toList(), LABELS_FILE);
  }

  /** The labels that a signature answers with, and the one that it calls the likeliest. */
  static List<String> ofAnswers(Path folder, Handoff handoff, SignatureAnswers answers)
      throws ModelFormatException {
    if (handoff.labels().isEmpty()) {
      return List.of();
    }
    List<String> contradictions = new ArrayList<>();
    if (answers.hasTexts(LABELS)) {
      contradictions.addAll(ofAllLabels(folder, handoff, answers));
    }
    if (contradictions.isEmpty() && answers.hasTexts(LABEL)) {
      contradictions.addAll(ofLikeliest(handoff, answers));
    }
    return contradictions;
  }

  private static List<String> ofLikeliest(Handoff handoff, SignatureAnswers answers) {
    List<String> labels = handoff.labels().orElseThrow();
    float[] probabilities = answers.of(PROBABILITIES).floats();
    List<byte[]> said = answers.of(LABEL).strings();
    int row = labels.size();
    for (int i = 0; i < said.size() && probabilities.length == said.size() * row; i++) {
      float[] sample = Arrays.copyOfRange(probabilities, i * row, (i + 1) * row);
      String likeliest = labels.get(Target.OfClass.likeliest(sample));
      String label = new String(said.get(i), StandardCharsets.UTF_8);
      if (!label.equals(likeliest)) {
        return List.of(
            "Golden sample %d is called \"%s\" by the graph (signature %s), but its largest probability is that of \"%s\": export the model again."
                .formatted(i, label, answers.signature().name(), likeliest));
      }
    }
    return List.of();
  }

  private static List<String> ofAllLabels(Path folder, Handoff handoff, SignatureAnswers answers)
      throws ModelFormatException {
    HostTensor all = answers.of(LABELS);
    if (all.shape().size() != 2) {
      throw new ModelFormatException(
          folder, "%s answers labels of the shape %s.".formatted(folder, all.shape()));
    }
    List<String> first =
        all.strings().subList(0, Math.toIntExact(all.shape().get(1))).stream()
            .map(label -> new String(label, StandardCharsets.UTF_8))
            .toList();
    String where = "the graph (signature " + answers.signature().name() + ")";
    return labels(handoff.labels().get(), first, where);
  }

  private static List<String> labels(List<String> expected, List<String> found, String where) {
    if (expected.size() != found.size()) {
      return List.of(
          "There are %d labels in handoff.json but %d in %s: export the model again."
              .formatted(expected.size(), found.size(), where));
    }
    for (int i = 0; i < expected.size(); i++) {
      if (!expected.get(i).equals(found.get(i))) {
        return List.of(
            "Label %d is \"%s\" in handoff.json but \"%s\" in %s: export the model again."
                .formatted(i, expected.get(i), found.get(i), where));
      }
    }
    return List.of();
  }

  /**
   * The values of the variables. A checkpoint that can't be read is left to the comparison of the
   * files, if that found it changed.
   */
  static List<String> ofWeights(Path folder, Handoff handoff, FileDifferences files)
      throws IOException {
    if (handoff.variables().isEmpty()) {
      return List.of();
    }
    try {
      return weights(handoff, SavedModel.read(folder).checkpoint());
    } catch (ModelFormatException e) {
      if (files.allAsListed()) {
        throw e;
      }
      return List.of();
    }
  }

  private static List<String> weights(Handoff handoff, Checkpoint checkpoint) throws IOException {
    List<LayerVariable> others = new ArrayList<>();
    String received = "none";
    for (LayerVariable variable : handoff.variables()) {
      String hash =
          checkpoint.keys().containsKey(variable.key())
              ? checkpoint.read(variable.key()).sha256()
              : "none";
      if (!hash.equals(variable.sha256())) {
        received = others.isEmpty() ? hash : received;
        others.add(variable);
      }
    }
    return others.isEmpty()
        ? List.of()
        : List.of(
            ("The weights are not those that were handed over: %d of %d variables have other values, the"
                    + " first %s (SHA-256 expected %s, received %s).")
                .formatted(
                    others.size(),
                    handoff.variables().size(),
                    others.get(0).name(),
                    others.get(0).sha256(),
                    received));
  }
}
