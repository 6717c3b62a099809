package dev.graft.cli;

import dev.graft.train.ClassWeights;
import dev.graft.train.ObjectiveSettings;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What is asked of the model, and how it is judged in training. */
final class ObjectiveOptions {
  @Option(
      names = "--loss",
      paramLabel = "LOSS",
      description =
          "categorical-crossentropy, binary-crossentropy, mse, mae or huber(delta) (default: what"
              + " belongs to the data: one class, several labels, or numbers an image).")
  private String loss;

  @Option(
      names = "--label-smoothing",
      defaultValue = "0",
      paramLabel = "SHARE",
      description = "Share of a crossentropy's targets that is spread evenly (default: 0).")
  private double labelSmoothing;

  @Option(
      names = "--class-weights",
      paramLabel = "WEIGHTS",
      description = "balanced, or NAME=WEIGHT,…: how much the images of a class count in training.")
  private String classWeights;

  ObjectiveSettings settings() {
    return new ObjectiveSettings(
        Optional.ofNullable(loss),
        labelSmoothing,
        Optional.ofNullable(classWeights).map(ClassWeights::parse));
  }
}
