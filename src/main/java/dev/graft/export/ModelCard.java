package dev.graft.export;

import dev.graft.handoff.Handoff;

/** {@code MODEL.md}: what a model is, for people who get the folder and nothing else. */
final class ModelCard {
  static final String FILE_NAME = "MODEL.md";

  private ModelCard() {}

  static String of(Handoff handoff) {
    return "# " + handoff.model().name() + "\n";
  }
}
