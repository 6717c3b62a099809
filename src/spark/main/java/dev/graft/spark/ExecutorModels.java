package dev.graft.spark;

import dev.graft.predict.Features;
import dev.graft.predict.Predictor;
import dev.graft.predict.PredictorSettings;
import dev.graft.savedmodel.ModelFormatException;
import dev.graft.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import org.apache.spark.SparkEnv;

/**
 * The models of this executor's process: each is loaded once, by the first task that needs it, and
 * shared by all tasks. A model that no task uses stays loaded for the next task, until another
 * model is loaded or the application ends. Safe for many threads.
 */
final class ExecutorModels {
  /** Names a file, relative to the process's folder, to which loading and closing are appended. */
  static final String LOG = "graft.models.log";

  private static final Map<Key, Loaded> LOADED = new HashMap<>();
  private static boolean ending;

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(ExecutorModels::end, "graft-models"));
  }

  private ExecutorModels() {}

  /** A model and the features that it gives beside its answers, as {@link Wanted} has them. */
  private record Key(String hash, String shared, String features) {}

  /** A model and the number of leases. */
  private static final class Loaded {
    private final Predictor predictor;
    private int leases;

    private Loaded(Predictor predictor) {
      this.predictor = predictor;
    }
  }

  /** The right to use a model until it is closed; a second close does nothing. */
  static final class Lease implements AutoCloseable {
    private final Loaded loaded;
    private boolean returned;

    private Lease(Loaded loaded) {
      this.loaded = loaded;
    }

    Predictor predictor() {
      return loaded.predictor;
    }

    @Override
    public void close() {
      synchronized (LOADED) {
        if (!returned) {
          returned = true;
          loaded.leases--;
          if (ending) {
            closeIdle();
          }
        }
      }
    }
  }

  /**
   * Gives out a model, and loads it where this is the first task to need it.
   *
   * @throws ModelFormatException when this executor's copy is damaged or another model
   */
  static Lease lease(ClusterModel model, String features) throws IOException {
    synchronized (LOADED) {
      if (ending) {
        throw new IllegalStateException("This executor is ending.");
      }
      Key key = new Key(model.hash(), model.shared(), features);
      Loaded loaded = LOADED.get(key);
      if (loaded == null) {
        closeIdle();
        loaded = new Loaded(load(model, features));
        LOADED.put(key, loaded);
      }
      loaded.leases++;
      return new Lease(loaded);
    }
  }

  private static Predictor load(ClusterModel model, String features) throws IOException {
    NativeSettings.apply(SparkEnv.get().conf());
    return model.read(folder -> load(model, features, folder));
  }

  private static Predictor load(ClusterModel model, String features, Path folder)
      throws IOException {
    PredictorSettings settings =
        PredictorSettings.defaults()
            .withArithmetic(Precision.WINOGRAD.arithmetic())
            .withFeatures(features(features));
    Predictor predictor = Predictor.load(folder, settings);
    if (!predictor.hash().equals(model.hash())) {
      predictor.close();
      throw new ModelFormatException(
          folder,
          "The model in %s on this executor has the hash %s, expected %s, the driver's: give every node the same model."
              .formatted(folder, predictor.hash(), model.hash()));
    }
    say("Loaded the model " + model.hash());
    return predictor;
  }

  /** To standard error, which Spark may stop reading before this process has ended, and the log. */
  private static void say(String what) {
    System.err.println("graft: " + what);
    String log = System.getProperty(LOG);
    if (log != null) {
      try {
        Files.writeString(
            Path.of(log), what + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      } catch (IOException e) {
        System.err.println("graft: " + log + " can't be written to: " + e);
      }
    }
  }

  private static Features features(String wanted) {
    if (wanted == null) {
      return Features.NONE;
    }
    return wanted.isEmpty() ? Features.OF_BACKBONE : Features.of(wanted);
  }

  /** Closes what no task uses. */
  static void closeIdle() {
    synchronized (LOADED) {
      for (Iterator<Loaded> all = LOADED.values().iterator(); all.hasNext(); ) {
        Loaded loaded = all.next();
        if (loaded.leases == 0) {
          all.remove();
          loaded.predictor.close();
          say("Closed the model " + loaded.predictor.hash());
        }
      }
    }
  }

  /** What is in use is closed with its last lease, if the process lives that long. */
  private static void end() {
    synchronized (LOADED) {
      ending = true;
      closeIdle();
    }
  }
}
