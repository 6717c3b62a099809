package dev.graft.export;

import dev.graft.data.Preparation;
import dev.graft.data.Task;
import dev.graft.handoff.Handoff;
import dev.graft.handoff.Signature;
import dev.graft.handoff.TensorInfo;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * {@code MODEL.md}: what a model is, for people who get the folder and nothing else. All that it
 * says is in the handoff.
 */
final class ModelCard {
  static final String FILE_NAME = "MODEL.md";

  private static final int NAMED_LABELS = 50;

  private final Handoff handoff;
  private final Map<?, ?> training;
  private final StringBuilder text = new StringBuilder();

  private ModelCard(Handoff handoff) {
    this.handoff = handoff;
    training = handoff.training().orElse(Map.of());
  }

  static String of(Handoff handoff) {
    ModelCard card = new ModelCard(handoff);
    card.what();
    card.figures();
    card.origin();
    card.limits();
    card.calls();
    return card.text.toString();
  }

  private void what() {
    Task.Kind kind = handoff.task().orElse(Task.Kind.CLASSES);
    List<String> labels = handoff.labels().orElseThrow();
    String says =
        switch (kind) {
          case CLASSES -> "which one of %d classes an example is of".formatted(labels.size());
          case LABELS -> "which of %d labels an example has".formatted(labels.size());
          case NUMBERS -> "%d numbers".formatted(labels.size());
        };
    line("# %s with a new head", handoff.model().name());
    line("A model that was trained with Graft. It says %s.", says);
    table("", "");
    row(kind.word(), labels(labels));
    row("takes", takes());
    row("parameters", String.format(Locale.ROOT, "%,d", handoff.model().parameters()));
    put("head", "head");
    handoff.precision().ifPresent(how -> row("the backbone is computed in", how.backbone().word()));
    row("made with", pairs(handoff.versions()));
    row("licence of the backbone's weights", licence());
    text.append('\n');
  }

  private static String labels(List<String> labels) {
    String named = labels.stream().limit(NAMED_LABELS).collect(Collectors.joining(", "));
    return labels.size() <= NAMED_LABELS ? named : named + ", … (all in assets/labels.txt)";
  }

  private String takes() {
    Optional<Preparation> how = handoff.preparation();
    return how.isPresent()
        ? "images, which `image_bytes` prepares itself: " + how.get().describe()
        : "arrays: " + named(handoff.signature().inputs());
  }

  private String licence() {
    String licence = handoff.weights().licence().orElse("not known: ask who made the backbone");
    return handoff.weights().file().map(file -> licence + ", see " + file).orElse(licence);
  }

  private void figures() {
    line("## Figures");
    if (training.get("validation") instanceof String summary) {
      line("On validation examples, which it was not trained on: %s.", summary);
    } else {
      line("None were handed over.");
    }
    if (training.get("test") instanceof String summary) {
      line("On test examples, which were looked at once, after training: %s.", summary);
    }
    handoff
        .precision()
        .ifPresent(
            how -> line("These are the figures of the model in float32. %s", how.describe()));
  }

  private void origin() {
    line("## Where it comes from");
    if (training.get("data") instanceof Map<?, ?> data) {
      table("examples", "number", "SHA-256");
      data.forEach(
          (part, facts) -> {
            if (facts instanceof Map<?, ?> known) {
              row(part, known.get("examples"), "`" + known.get("sha256") + "`");
            }
          });
      line(
          "\nThe SHA-256 is of a sorted list with a line for each example: the SHA-256 of its file,"
              + " a space, its label.");
    }
    if (training.get("settings") instanceof Map<?, ?> settings) {
      table("setting", "value");
      settings.forEach((name, value) -> row(name, value));
      text.append('\n');
    }
    Object step = training.get("backbone");
    for (String made = "The backbone"; step instanceof Map<?, ?> backbone; made = "That one's") {
      line("%s: %s.", made, pairs(without(backbone, "training")));
      Object before = backbone.get("training");
      step = before instanceof Map<?, ?> known ? known.get("backbone") : null;
    }
  }

  private static Map<?, ?> without(Map<?, ?> map, String key) {
    Map<Object, Object> rest = new LinkedHashMap<>(map);
    rest.remove(key);
    return rest;
  }

  private void limits() {
    line("## Limits");
    if (handoff.task().orElse(Task.Kind.CLASSES) == Task.Kind.CLASSES) {
      item("It names one of its classes whatever it is shown; a low probability is the only sign.");
    }
    item("The figures hold for examples like those that it was validated on, and for no others.");
    if (handoff.preparation().isPresent()) {
      item(
          "Pixels that are prepared in another way get other answers; `image_bytes` can't be"
              + " called wrongly.");
      item(
          "`image_bytes` takes JPEG, PNG, BMP and GIF (its first frame). One file that is none"
              + " fails its whole batch, and a file of many pixels takes the memory that they need:"
              + " limit what callers may send.");
    }
    text.append('\n');
  }

  private void calls() {
    line("## How to call it");
    table("signature", "takes", "answers");
    for (Signature signature : handoff.allSignatures()) {
      row("`" + signature.name() + "`", named(signature.inputs()), named(signature.outputs()));
    }
    boolean bytes =
        handoff.allSignatures().stream().anyMatch(one -> one.name().equals(Signature.IMAGE_BYTES));
    String input = handoff.signature().inputs().get(0).key();
    text.append('\n');
    line("Python:");
    code(
        "python",
        "import tensorflow as tf",
        "model = tf.saved_model.load(\"FOLDER\")",
        bytes
            ? "answers = model.signatures[\"image_bytes\"](image_bytes=tf.constant([open(\"photo.jpg\", \"rb\").read()]))"
            : "answers = model.signatures[\"serving_default\"](%s=tf.constant(rows))"
                .formatted(input));
    line("TensorFlow Serving, with this folder as `models/NAME/1`:");
    code(
        "sh",
        "tensorflow_model_server --rest_api_port=8501 --model_name=NAME --model_base_path=$PWD/models/NAME",
        "curl -d @models/NAME/1/assets.extra/rest_request.json http://localhost:8501/v1/models/NAME:predict");
    line(
        "The request is %s; `assets.extra/rest_response.json` is the answer to it.",
        bytes
            ? "`{\"signature_name\": \"image_bytes\", \"instances\": [{\"b64\": \"…\"}]}`"
            : "`{\"signature_name\": \"serving_default\", \"instances\": […]}`");
    line(
        "Java, with Graft: `Predictor.load(Path.of(\"FOLDER\"))`; with TensorFlow Java:"
            + " `SavedModelBundle.load(\"FOLDER\")`.");
    line(
        "`graft verify FOLDER` and `graft-verify FOLDER` compare the files with their hashes and"
            + " compute the golden samples again through every signature.");
  }

  private static String named(List<TensorInfo> tensors) {
    return tensors.stream()
        .map(tensor -> "`%s` %s %s".formatted(tensor.key(), tensor.dtype(), tensor.shape()))
        .collect(Collectors.joining(", "));
  }

  private static String pairs(Map<?, ?> map) {
    return map.entrySet().stream()
        .map(
            entry ->
                entry.getKey()
                    + " "
                    + (entry.getValue() instanceof Map<?, ?> inner
                        ? "(" + pairs(inner) + ")"
                        : entry.getValue()))
        .collect(Collectors.joining(", "));
  }

  private void put(String name, String member) {
    if (training.containsKey(member)) {
      row(name, training.get(member));
    }
  }

  private void line(String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values)).append("\n\n");
  }

  private void item(String sentence) {
    text.append("- ").append(sentence).append('\n');
  }

  private void code(String language, String... lines) {
    text.append("```").append(language).append('\n');
    text.append(String.join("\n", lines)).append("\n```\n\n");
  }

  private void table(String... columns) {
    row((Object[]) columns);
    text.append("|---".repeat(columns.length)).append("|\n");
  }

  private void row(Object... cells) {
    for (Object cell : cells) {
      text.append("| ").append(String.valueOf(cell).replace("|", "\\|")).append(' ');
    }
    text.append("|\n");
  }
}
