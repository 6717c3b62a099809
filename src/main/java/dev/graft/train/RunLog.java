package dev.graft.train;

import dev.graft.data.SkippedFile;
import dev.graft.features.FeatureExtraction;
import dev.graft.model.Calibration;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What is worth knowing of a run beside its figures: notes, rejected files, times, memory. */
final class RunLog {
  private final TrainListener listener;
  private final Map<String, Duration> times = new LinkedHashMap<>();
  private final List<String> notes = new ArrayList<>();
  private final Map<Path, String> rejected = new LinkedHashMap<>();
  private final Map<String, PeakMemory> memory = new LinkedHashMap<>();
  private final Map<String, Calibration> calibrations = new LinkedHashMap<>();
  private int computed;
  private long lastLap = System.nanoTime();

  RunLog(TrainListener listener) {
    this.listener = listener;
    PeakMemory.reset();
  }

  /** Takes up what was known when a run was interrupted. */
  void goOn(RunState.Log before) {
    before.notes().forEach(this::note);
    computed += before.computed();
    before.millis().forEach((part, millis) -> times.put(part, Duration.ofMillis(millis)));
  }

  /**
   * What is known so far.
   *
   * @param part that is under way
   */
  RunState.Log state(String part) {
    Map<String, Long> millis = new LinkedHashMap<>();
    times.forEach((ended, time) -> millis.put(ended, time.toMillis()));
    millis.merge(part, (System.nanoTime() - lastLap) / 1_000_000, Long::sum);
    return new RunState.Log(notes(), computed, millis);
  }

  /** Who hears what happens. */
  TrainListener listener() {
    return listener;
  }

  /** Ends a part of the job; time and memory since the part before count as its own. */
  void lap(String part) {
    long now = System.nanoTime();
    times.merge(part, Duration.ofNanos(now - lastLap), Duration::plus);
    lastLap = now;
    memory.merge(part, PeakMemory.now(), PeakMemory::larger);
    PeakMemory.reset();
  }

  /** Says a sentence once. */
  void note(String sentence) {
    if (!notes.contains(sentence)) {
      notes.add(sentence);
      listener.note(sentence);
    }
  }

  /** Keeps how a phase's trunk ran. */
  void calibrate(String phase, Calibration calibration) {
    calibrations.put(phase, calibration);
  }

  /** How the trunk ran, by phase. */
  Map<String, Calibration> calibrations() {
    return new LinkedHashMap<>(calibrations);
  }

  void skip(List<SkippedFile> files) {
    files.forEach(file -> rejected.put(file.path(), file.reason()));
  }

  /** Counts what became of images on their way through the trunk. */
  void add(FeatureExtraction.Outcome outcome) {
    rejected.putAll(outcome.rejected());
    computed += outcome.computed();
  }

  List<String> notes() {
    return List.copyOf(notes);
  }

  /** Files that were left out, with the reason. */
  Map<Path, String> rejected() {
    return new LinkedHashMap<>(rejected);
  }

  /** Images that went through the trunk. */
  int computed() {
    return computed;
  }

  /** How long each part took, in order. */
  Map<String, Duration> times() {
    return new LinkedHashMap<>(times);
  }

  /** The most that each part held, in order. */
  Map<String, PeakMemory> memory() {
    return new LinkedHashMap<>(memory);
  }
}
