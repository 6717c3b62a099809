package dev.graft.train;

import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Writes a phase's checkpoints: at the end of each epoch, now and then, and before it stops. Their
 * values are copied at once and written while the training goes on. Closing it waits for the last
 * one, and fails where that failed.
 */
final class RunWatch implements LoopWatch, AutoCloseable {
  private final TrainSettings settings;
  private final RunFolder folder;
  private final RunLog log;
  private final int phase;
  private final Map<String, HostTensor> learntBefore;
  private final Map<String, String> inputs;
  private final ExecutorService writer = Executors.newSingleThreadExecutor(RunWatch::thread);
  private CompletableFuture<Void> underWay = CompletableFuture.completedFuture(null);
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
    if (stops) {
      await();
    }
    return stops;
  }

  @Override
  public void epochEnded(Trainer trainer) {
    write(trainer);
  }

  private void write(Trainer trainer) {
    await();
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
    RunCheckpoint checkpoint = new RunCheckpoint(state, model, trainer.slots(), trainer.best());
    underWay = CompletableFuture.runAsync(() -> write(checkpoint), writer);
    written = System.nanoTime();
  }

  /** Waits until no checkpoint is being written; says once that one failed. */
  private void await() {
    CompletableFuture<Void> last = underWay;
    underWay = CompletableFuture.completedFuture(null);
    try {
      last.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof UncheckedIOException failure) {
        throw failure;
      }
      throw e;
    }
  }

  private void write(RunCheckpoint checkpoint) {
    try {
      folder.checkpoints().write(checkpoint);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    folder.keep();
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "graft-checkpoint");
    thread.setDaemon(true);
    return thread;
  }

  @Override
  public void close() {
    writer.shutdown();
    await();
  }
}
