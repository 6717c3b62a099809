package dev.graft;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.features.DrawnImages;
import dev.graft.metrics.Epoch;
import dev.graft.train.TrainListener;
import dev.graft.train.TrainSettings;
import dev.graft.train.TrainedRun;
import dev.graft.train.TransferLearning;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TensorBoard's own reader reads what a run writes. */
class TensorBoardIT {
  private static final String READ =
      """
      import json, sys
      from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
      found = {}
      for part in ("train", "validation"):
          events = EventAccumulator(sys.argv[1] + "/" + part).Reload()
          found[part] = {
              tag: [[scalar.step, scalar.value] for scalar in events.Scalars(tag)]
              for tag in events.Tags()["scalars"]
          }
      print(json.dumps(found))
      """;

  @TempDir private Path folder;

  @Test
  void tensorBoardReadsEveryEpoch() throws Exception {
    DrawnImages.draw(folder.resolve("data"), 0, 5);
    TrainSettings settings =
        TrainSettings.of(
            folder.resolve("data"), Path.of("testdata", "models", "pool"), folder.resolve("run"));
    TrainedRun run =
        TransferLearning.train(
            settings
                .withLoop(settings.loop().withEpochs(3))
                .withOut(
                    new TrainSettings.OutputSettings(
                        folder.resolve("run"), false, Optional.of(folder.resolve("features")))),
            TrainListener.none());
    String printed =
        PythonEnvironment.get().python("-c", READ, folder.resolve("run/events").toString());
    JsonNode read = new ObjectMapper().readTree(printed);
    List<Epoch> epochs = run.outcome().history().epochs();
    assertThat(epochs).hasSize(3);
    check(read.at("/train/epoch_loss"), epochs, Epoch::loss);
    check(read.at("/train/epoch_accuracy"), epochs, Epoch::accuracy);
    check(read.at("/train/epoch_learning_rate"), epochs, Epoch::learningRate);
    check(read.at("/validation/epoch_loss"), epochs, Epoch::validationLoss);
    check(read.at("/validation/epoch_accuracy"), epochs, Epoch::validationAccuracy);
  }

  private static void check(
      JsonNode scalars, List<Epoch> epochs, ToDoubleFunction<Epoch> expected) {
    assertThat(scalars).hasSize(epochs.size());
    for (int i = 0; i < epochs.size(); i++) {
      assertThat(scalars.get(i).get(0).asInt()).isEqualTo(epochs.get(i).number());
      assertThat((float) scalars.get(i).get(1).asDouble())
          .isEqualTo((float) expected.applyAsDouble(epochs.get(i)));
    }
  }
}
