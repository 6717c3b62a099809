package dev.graft.handoff;

import java.util.Optional;

/**
 * Where a model's weights come from.
 *
 * @param source {@code imagenet}, {@code random, seed N}, {@code file:NAME} or {@code graft}
 * @param licence SPDX identifier, if known
 * @param file the licence text's path in the folder, if there is one
 */
public record WeightsInfo(String source, Optional<String> licence, Optional<String> file) {
  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if the source is blank or the path leaves the folder
   */
  public WeightsInfo {
    Checks.text("source of the weights", source);
    licence.ifPresent(text -> Checks.text("licence of the weights", text));
    file.ifPresent(Checks::path);
  }
}
