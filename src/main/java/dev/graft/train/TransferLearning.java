package dev.graft.train;

import java.io.IOException;
import java.util.Optional;

/**
 * The whole job, from a folder of images and an exported backbone to a run's folder with the
 * trained, evaluated, exported model.
 *
 * <p>Until it is whole, the run is in {@code RUN.unfinished} beside its place, with what is needed
 * to go on from the end of its last epoch. When training fails or the process is killed, that is
 * what is left of it, if an epoch had ended; features are kept in any case.
 */
public final class TransferLearning {
  private final TrainSettings settings;
  private final RunFolder folder;
  private final RunLog log;

  private TransferLearning(TrainSettings settings, RunFolder folder, RunLog log) {
    this.settings = settings;
    this.folder = folder;
    this.log = log;
  }

  /**
   * Does the job.
   *
   * @throws IllegalArgumentException when the settings do not fit the backbone or the data, or
   *     there is a run already, finished or not
   * @throws IllegalStateException when training diverges or the export does not prove right
   * @throws TrainingStoppedException when the listener asks to stop before anything was learnt
   * @throws IOException when files can't be read or written, or the backbone can't be used
   */
  public static TrainedRun train(TrainSettings settings, TrainListener listener)
      throws IOException {
    TrainSettings.OutputSettings out = settings.out();
    try (RunFolder folder = RunFolder.begin(out.folder(), out.overwrite())) {
      return train(settings, folder, Optional.empty(), listener);
    }
  }

  /**
   * Goes on with a run that was interrupted or stopped, or trains a finished one for longer. Its
   * history and weights are, bit for bit, those of a run that was never interrupted, on the same
   * machine. A run that is there is replaced once the longer one is whole.
   *
   * @param settings of the run, which must be the same as before, but for the epochs, the learning
   *     rate, the schedule and the early stopping of the phase under way and for the phases after
   *     it
   * @throws IllegalArgumentException when there is no such run, or the settings, the backbone or
   *     the images are others; see also {@link #train}
   * @throws IOException as {@link #train}
   */
  public static TrainedRun resume(TrainSettings settings, TrainListener listener)
      throws IOException {
    try (RunFolder folder = RunFolder.resume(settings.out().folder())) {
      Optional<RunCheckpoint> from = folder.checkpoints().latest(listener::note);
      if (from.isPresent()) {
        from.get().state().requireFits(settings);
        from = Optional.of(from.get().lengthened(settings));
      }
      return train(settings, folder, from, listener);
    }
  }

  private static TrainedRun train(
      TrainSettings settings,
      RunFolder folder,
      Optional<RunCheckpoint> from,
      TrainListener listener)
      throws IOException {
    TrainedRun run;
    try (EpochEvents events = EpochEvents.in(folder.path().resolve("events"), listener)) {
      RunLog log = new RunLog(events);
      if (from.isPresent()) {
        log.goOn(from.get().state().log());
        events.repeat(from.get().state().progress().history());
        from.get().state().changes(settings).ifPresent(log::note);
      }
      run = new TransferLearning(settings, folder, log).train(from);
    } catch (IOException | RuntimeException | Error e) {
      if (folder.isKept()) {
        listener.note(
            ("What was learnt is kept in %s: \"graft resume %s\" goes on from its last checkpoint, with"
                    + " --learning-rate at another rate; --epochs 0 ends the run there.")
                .formatted(folder.path(), settings.out().folder()));
      }
      throw e;
    }
    folder.finish();
    return run;
  }

  private TrainedRun train(Optional<RunCheckpoint> from) throws IOException {
    folder.checkpoints().writeCommand(settings.words());
    RunInputs inputs = RunInputs.read(settings, log);
    log.lap("loading");
    log.listener().plan(inputs.plan(settings));
    PhaseFitting.Fitted fitted = new PhaseFitting(settings, inputs, folder, log).fit(from);
    TrainedRun run = RunExport.write(folder.path(), settings, inputs, fitted, log);
    RunFiles.write(folder.path(), settings, run, inputs.examples());
    return run;
  }
}
