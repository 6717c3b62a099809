package dev.graft.train;

import java.io.IOException;

/**
 * The whole job, from a folder of images and an exported backbone to a run's folder with the
 * trained, evaluated, exported model.
 */
public final class TransferLearning {
  private TransferLearning() {}

  /**
   * Does the job. Nothing is left behind when it fails, but for features, which are kept.
   *
   * @throws IllegalArgumentException when the settings do not fit the backbone or the data
   * @throws IllegalStateException when training diverges or the export does not prove right
   * @throws IOException when files can't be read or written, or the backbone can't be used
   */
  public static TrainedRun train(TrainSettings settings, TrainListener listener)
      throws IOException {
    TrainSettings.OutputSettings out = settings.out();
    try (RunFolder folder = RunFolder.create(out.folder(), out.overwrite())) {
      TrainedRun run;
      try (EpochEvents events = EpochEvents.in(folder.path().resolve("events"), listener)) {
        run = train(folder, settings, new RunLog(events));
      }
      folder.finish();
      return run;
    }
  }

  private static TrainedRun train(RunFolder folder, TrainSettings settings, RunLog log)
      throws IOException {
    RunInputs inputs = RunInputs.read(settings, log);
    log.lap("loading");
    log.listener().plan(inputs.plan(settings));
    PhaseFitting.Fitted fitted = new PhaseFitting(settings, inputs, log).fit();
    TrainedRun run = RunExport.write(folder.path(), settings, inputs, fitted, log);
    RunFiles.write(folder.path(), settings, run, inputs.preparation());
    return run;
  }
}
