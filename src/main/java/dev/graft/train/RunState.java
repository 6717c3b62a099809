package dev.graft.train;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.metrics.History;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How far a run is, without the values of variables.
 *
 * @param version of this form
 * @param phase index of the phase under way
 * @param progress of that phase
 * @param settings what the run does, as it was asked for; must be the same when it goes on
 * @param phases the phases as they were asked for, in order
 * @param inputs hashes of what the phase under way trains on; must be the same when it goes on
 * @param log what is worth knowing
 */
record RunState(
    int version,
    int phase,
    PhaseState progress,
    Map<String, String> settings,
    List<String> phases,
    Map<String, String> inputs,
    Log log) {
  static final int VERSION = 1;

  /** Key of {@link #inputs}: how the trunk ran, which is kept. */
  static final String CALIBRATION = "calibration";

  private static final ObjectMapper JSON =
      new ObjectMapper().addMixIn(History.class, HistoryAsCsv.class);

  /**
   * What is worth knowing so far.
   *
   * @param computed images that went through the trunk
   * @param millis how long each part took
   */
  record Log(List<String> notes, int computed, Map<String, Long> millis) {}

  /** The history's own text form keeps every bit. */
  private abstract static class HistoryAsCsv {
    @JsonCreator
    @SuppressWarnings("unused")
    static History parse(String csv) {
      throw new IllegalStateException("Only its signature is used.");
    }

    @JsonValue
    abstract String toCsv();
  }

  /**
   * Refuses to go on with something else.
   *
   * @param what key of {@link #inputs}
   * @param received hash of what is there now
   */
  static void requireSame(String what, Optional<RunCheckpoint> checkpoint, String received) {
    if (checkpoint.isPresent() && !received.equals(checkpoint.get().state().inputs().get(what))) {
      throw new IllegalArgumentException(
          "The %s changed since the run was interrupted, so it can't go on: put back what was there, or begin another run."
              .formatted(what.endsWith("s") ? what + " have" : what + " has"));
    }
  }

  /**
   * Refuses settings under which the run would not be the one that was interrupted. More or fewer
   * epochs, another learning rate, schedule or early stopping of the phase under way, and other
   * phases after it are allowed.
   */
  void requireFits(TrainSettings now) {
    Map<String, String> given = now.unchangeable();
    settings.forEach(
        (setting, value) -> {
          if (!value.equals(given.get(setting))) {
            throw different(setting, value, given.get(setting));
          }
        });
    List<PhaseSettings> phasesNow = now.phases();
    if (phasesNow.size() <= phase) {
      throw different("phases", phases.size() + " of them", String.valueOf(phasesNow.size()));
    }
    for (int i = 0; i < phase; i++) {
      if (!phasesNow.get(i).describe().equals(phases.get(i))) {
        throw different("phase " + (i + 1), phases.get(i), phasesNow.get(i).describe());
      }
    }
    PhaseSettings before = PhaseSettings.parse(phases.get(phase), phasesNow);
    PhaseSettings here = phasesNow.get(phase);
    if (!here.name().equals(before.name())
        || !here.plan().equals(before.plan())
        || here.batchSize() != before.batchSize()
        || !here.optimizer()
            .withLearningRate(1)
            .describe()
            .equals(before.optimizer().withLearningRate(1).describe())) {
      throw different("phase " + (phase + 1), before.describe(), here.describe());
    }
  }

  /** What the run does otherwise from here on, in one sentence. */
  Optional<String> changes(TrainSettings now) {
    List<String> phasesNow = now.phases().stream().map(PhaseSettings::describe).toList();
    if (phasesNow.equals(phases)) {
      return Optional.empty();
    }
    return Optional.of(
        "After epoch %d the run went on otherwise than it was begun: %s; so its command alone may not repeat it."
            .formatted(
                progress.history().epochs().size(),
                String.join(", then ", phasesNow.subList(phase, phasesNow.size()))));
  }

  private static IllegalArgumentException different(String what, String begun, String now) {
    return new IllegalArgumentException(
        "The run was begun with another %s, so it can't go on: \"%s\" then, \"%s\" now."
            .formatted(what, begun, now));
  }

  byte[] toJson() {
    try {
      return JSON.writeValueAsBytes(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("A run's state can always be written.", e);
    }
  }

  /**
   * Reads what {@link #toJson} wrote.
   *
   * @throws IOException when it is something else
   */
  static RunState parse(byte[] json) throws IOException {
    return JSON.readValue(json, RunState.class);
  }
}
