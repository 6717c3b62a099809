package dev.graft.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A run that can go on: one that was interrupted or stopped, or a finished one.
 *
 * @param folder where it is when it is whole
 * @param command the words of the command that makes it, {@code train} first
 * @param finished whether it has reached the end of its phases
 * @param epochs that have ended, over all phases
 * @param place where it goes on
 */
public record ResumableRun(
    Path folder, List<String> command, boolean finished, int epochs, Place place) {
  /**
   * Where it goes on.
   *
   * @param phase index of the phase under way
   * @param epochs of that phase that have ended
   */
  public record Place(int phase, int epochs) {}

  /**
   * Finds a run by its folder, or by that of the unfinished run beside it.
   *
   * @throws IllegalArgumentException when there is nothing to go on with
   * @throws IOException when it can't be read
   */
  public static ResumableRun find(Path run) throws IOException {
    Path target = RunFolder.target(run);
    RunCheckpoints checkpoints = RunFolder.checkpoints(target);
    if (!checkpoints.isThere()) {
      throw RunFolder.nothingToGoOnWith(target);
    }
    Optional<RunState> state = checkpoints.latest(sentence -> {}).map(RunCheckpoint::state);
    return new ResumableRun(
        target,
        checkpoints.command(),
        isFinished(target),
        state.map(at -> at.progress().history().epochs().size()).orElse(0),
        state.map(at -> new Place(at.phase(), at.progress().epochs())).orElse(new Place(0, 0)));
  }

  private static boolean isFinished(Path target) throws IOException {
    Path json = target.resolve("run.json");
    return !RunFolder.isBegun(target)
        && Files.isRegularFile(json)
        && !new ObjectMapper().readTree(json.toFile()).path("status").asText().equals("stopped");
  }

  /**
   * Settings that end the run after more epochs of the phase under way; phases after it are left
   * out.
   *
   * @param settings of the run
   * @param more epochs from here, 0 to end it as it is
   */
  public TrainSettings lengthened(TrainSettings settings, int more) {
    if (more < 0) {
      throw new IllegalArgumentException(
          "The number of epochs to go on for must be 0 or more, got " + more + ".");
    }
    return settings.endingWith(place.phase(), place.epochs() + more);
  }

  /** Settings with another learning rate in the phase under way. */
  public TrainSettings withLearningRate(TrainSettings settings, double rate) {
    return settings.withLearningRate(place.phase(), rate);
  }
}
