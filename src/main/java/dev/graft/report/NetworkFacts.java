package dev.graft.report;

import static dev.graft.report.Html.attribute;
import static dev.graft.report.Html.css;
import static dev.graft.report.Html.group;
import static dev.graft.report.Html.tag;
import static dev.graft.report.Html.text;

import java.util.List;
import java.util.stream.Stream;

/** What was frozen, what was trained, and the proof that frozen means frozen. */
final class NetworkFacts {
  private static final int SHOWN_DIGITS = 16;

  private final ReportData.Network network;

  NetworkFacts(ReportData.Network network) {
    this.network = network;
  }

  long trainedParameters() {
    return parameters(layers(true));
  }

  long allParameters() {
    return parameters(network.layers().stream());
  }

  private static long parameters(Stream<ReportData.Layer> layers) {
    return layers.mapToLong(ReportData.Layer::parameters).sum();
  }

  private Stream<ReportData.Layer> layers(boolean trained) {
    return network.layers().stream().filter(layer -> layer.trained() == trained);
  }

  private List<ReportData.FrozenVariable> changed() {
    return network.frozen().stream().filter(variable -> !variable.isUntouched()).toList();
  }

  Section toSection() {
    return Section.of(
        "network",
        "Frozen and trained",
        split(),
        proof(),
        Page.sentences(network.notes()),
        Page.details("Layers (" + Words.count(network.layers().size()) + ")", layerTable()),
        network.frozen().isEmpty()
            ? group()
            : Page.details(
                "Hashes of the frozen variables (" + Words.count(network.frozen().size()) + ")",
                hashTable()));
  }

  private Html split() {
    double share = (double) trainedParameters() / Math.max(1, allParameters());
    return group(
        tag(
            "p",
            text("Frozen: "),
            amount(false),
            text(". Trained: "),
            amount(true),
            text(", " + (share < 0.001 ? "less than 0.1%" : Words.percent(share)) + " of all.")),
        tag("div", css("share"), Page.bar("trained", share)));
  }

  private Html amount(boolean trained) {
    return tag(
        "strong",
        Words.count(layers(trained).count(), "layer", "layers")
            + " with "
            + Words.count(parameters(layers(trained)), "parameter", "parameters"));
  }

  private Html proof() {
    int all = network.frozen().size();
    if (all == 0) {
      return tag("p", "No variable was frozen.");
    }
    List<ReportData.FrozenVariable> changed = changed();
    String variables = Words.count(all, "frozen variable", "frozen variables");
    return changed.isEmpty()
        ? tag(
            "p",
            css("proof good"),
            text(
                "%s re-read from the exported checkpoint: every SHA-256 is the one from before training."
                    .formatted(variables)))
        : tag(
            "p",
            css("proof bad"),
            attribute("role", "alert"),
            text(
                "%s of %s changed in the exported checkpoint: do not use this model before you know why. The first: "
                    .formatted(Words.count(changed.size()), variables)),
            Html.name(changed.get(0).name()),
            text("."));
  }

  private Html layerTable() {
    return Page.table(
        "Layers in the order of the network",
        "layers",
        Page.headings("layer", "class", "parameters", "state"),
        network.layers().stream().map(NetworkFacts::row).toList());
  }

  private static Html row(ReportData.Layer layer) {
    return tag(
        "tr",
        Page.rowHead(layer.name()),
        tag("td", css("words"), text(layer.kind())),
        tag("td", Words.count(layer.parameters())),
        tag("td", css("words"), layer.trained() ? tag("strong", "trained") : text("frozen")));
  }

  private Html hashTable() {
    return Page.table(
        "SHA-256 before and after, the first %d of 64 digits".formatted(SHOWN_DIGITS),
        "hashes",
        Page.headings("variable", "before", "after"),
        network.frozen().stream().map(NetworkFacts::row).toList());
  }

  private static Html row(ReportData.FrozenVariable variable) {
    return tag(
        "tr",
        css(variable.isUntouched() ? "" : "changed"),
        Page.rowHead(variable.name()),
        tag("td", hash(variable.before())),
        tag("td", hash(variable.after()), text(variable.isUntouched() ? "" : " changed")));
  }

  private static Html hash(String digits) {
    return tag("code", shortened(digits));
  }

  /** The first digits of a hash. */
  static String shortened(String digits) {
    return digits.substring(0, Math.min(SHOWN_DIGITS, digits.length()));
  }
}
