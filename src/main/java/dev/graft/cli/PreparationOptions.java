package dev.graft.cli;

import dev.graft.data.Preparation;
import dev.graft.train.PreparationSettings;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What overrides a handoff's preparation. */
final class PreparationOptions {
  @Option(
      names = "--preparation",
      paramLabel = "NAME",
      description =
          "caffe, tf, torch, rescale, pil-nearest or none (default: as the handoff says).")
  private String name;

  @Option(
      names = "--resize",
      paramLabel = "METHOD",
      description =
          "bilinear, nearest, bicubic, area, lanczos3, lanczos5, gaussian or mitchellcubic"
              + " (default: as the handoff says).")
  private String resize;

  @Option(
      names = "--aspect",
      paramLabel = "stretch|crop|pad",
      description =
          "What happens to images of other proportions (default: as the handoff says, or stretch).")
  private String aspect;

  @Option(
      names = "--input-size",
      paramLabel = "SIZE",
      description = "224 or HEIGHTxWIDTH, for a backbone that leaves its input size open.")
  private String inputSize;

  @Option(
      names = "--orientation",
      paramLabel = "ignore|exif",
      description = "Turn images as their EXIF data say (default: ignore, as Keras does).")
  private String orientation;

  PreparationSettings settings() {
    Optional<String> known = Optional.ofNullable(name);
    known.ifPresent(PreparationOptions::requireKnown);
    return new PreparationSettings(
        known,
        Optional.ofNullable(resize).map(Preparation.Method::named),
        Optional.ofNullable(aspect).map(Preparation.Aspect::named),
        Optional.ofNullable(inputSize).map(PreparationSettings.Size::parse),
        Optional.ofNullable(orientation).map(Preparation.Orientation::named));
  }

  private static void requireKnown(String name) {
    if (!Preparation.NAMES.contains(name)) {
      throw new IllegalArgumentException(
          "There is no preparation \""
              + name
              + "\"; known are "
              + String.join(", ", Preparation.NAMES)
              + ".");
    }
  }
}
