package dev.graft.train;

import dev.graft.savedmodel.Checkpoint;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.tensorflow.proto.DataType;

/**
 * All that a run goes on from.
 *
 * @param state how far it is
 * @param model values of the variables that training has changed in any phase, by node
 * @param slots what the optimizer of the phase under way remembers
 * @param best values of the best epoch of the phase under way, by node; empty without early
 *     stopping
 */
record RunCheckpoint(
    RunState state,
    Map<String, HostTensor> model,
    Map<String, HostTensor> slots,
    Map<String, HostTensor> best) {
  private static final String STATE = "state";

  /** Writes the files of a TensorFlow checkpoint. */
  void write(Path prefix) throws IOException {
    SortedMap<String, HostTensor> all = new TreeMap<>();
    byte[] json = state.toJson();
    all.put(STATE, HostTensor.wrap(DataType.DT_UINT8, json, json.length));
    model.forEach((node, value) -> all.put("model/" + node, value));
    slots.forEach((name, value) -> all.put("slots/" + name, value));
    best.forEach((node, value) -> all.put("best/" + node, value));
    Checkpoint.write(prefix, all);
  }

  /**
   * Reads what {@link #write} wrote; every byte is covered by a checksum.
   *
   * @throws IOException when a file is missing, truncated or damaged
   */
  static RunCheckpoint read(Path prefix) throws IOException {
    Checkpoint checkpoint = Checkpoint.open(prefix);
    if (checkpoint.entry(STATE) == null) {
      throw new IOException(prefix + " has no state of a run.");
    }
    byte[] json = new byte[(int) checkpoint.read(STATE).size()];
    checkpoint.read(STATE).bytes().get(json);
    return new RunCheckpoint(
        RunState.parse(json),
        below(checkpoint, "model/"),
        below(checkpoint, "slots/"),
        below(checkpoint, "best/"));
  }

  private static Map<String, HostTensor> below(Checkpoint checkpoint, String prefix)
      throws IOException {
    Map<String, HostTensor> values = new LinkedHashMap<>();
    for (String key : checkpoint.keys().keySet()) {
      if (key.startsWith(prefix)) {
        values.put(key.substring(prefix.length()), checkpoint.read(key));
      }
    }
    return values;
  }

  /**
   * The same for other settings: where the phase under way gets more epochs after it had stopped
   * early, its waiting begins anew.
   */
  RunCheckpoint lengthened(TrainSettings settings) {
    PhaseSettings phase = settings.phases().get(state.phase());
    PhaseState progress = state.progress();
    boolean stopped =
        phase.stopping().isPresent()
            && progress.epochs() > 0
            && phase.stopping().get().stops(progress.validationLosses(), progress.waitsFrom());
    boolean longer = phase.epochs() > epochsAskedFor(settings);
    if (!stopped || !longer) {
      return this;
    }
    RunState waiting =
        new RunState(
            state.version(),
            state.phase(),
            progress.waitingFromHere(),
            state.settings(),
            state.phases(),
            state.inputs(),
            state.log());
    return new RunCheckpoint(waiting, model, slots, best);
  }

  private int epochsAskedFor(TrainSettings settings) {
    return PhaseSettings.parse(state.phases().get(state.phase()), settings.phases()).epochs();
  }
}
