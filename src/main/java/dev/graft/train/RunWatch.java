package dev.graft.train;

import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes a phase's checkpoints: at the end of each epoch, now and then, and before it stops. */
final class RunWatch implements LoopWatch {
  private final TrainSettings settings;
  private final RunFolder folder;
  private final RunLog log;
  private final int phase;
  private final Map<String, HostTensor> learntBefore;
  private final Map<String, String> inputs;
  private long written = System.nanoTime();

  /**
   * @param phase index of the phase
   * @param learntBefore values that the phases before have changed, by node
   * @param inputs hashes of what the phase trains on
   */
  RunWatch(
      TrainSettings settings,
      RunFolder folder,
      RunLog log,
      int phase,
      Map<String, HostTensor> learntBefore,
      Map<String, String> inputs) {
    this.settings = settings;
    this.folder = folder;
    this.log = log;
    this.phase = phase;
    this.learntBefore = learntBefore;
    this.inputs = inputs;
  }

  @Override
  public TrainListener listener() {
    return log.listener();
  }

  @Override
  public boolean stepEnded(Trainer trainer) {
    boolean stops = log.listener().isStopAsked();
    Duration sinceWritten = Duration.ofNanos(System.nanoTime() - written);
    if (stops || sinceWritten.compareTo(settings.out().checkpointEvery()) >= 0) {
      write(trainer);
    }
    return stops;
  }

  @Override
  public void epochEnded(Trainer trainer) {
    write(trainer);
  }

  private void write(Trainer trainer) {
    List<PhaseSettings> phases = settings.phases();
    Map<String, HostTensor> model = new LinkedHashMap<>(learntBefore);
    model.putAll(trainer.values());
    RunState state =
        new RunState(
            RunState.VERSION,
            phase,
            trainer.state(),
            settings.unchangeable(),
            phases.stream().map(PhaseSettings::describe).toList(),
            inputs,
            log.state("training (" + phases.get(phase).name() + ")"));
    try {
      folder.checkpoints().write(new RunCheckpoint(state, model, trainer.slots(), trainer.best()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    folder.keep();
    written = System.nanoTime();
  }
}
