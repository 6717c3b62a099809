package dev.graft.train;

import dev.graft.data.Preparation;
import dev.graft.features.ArrayFeaturizer;
import dev.graft.features.FeatureCache;
import dev.graft.features.FeatureSource;
import dev.graft.features.Featurizer;
import dev.graft.model.ArrayBatch;
import dev.graft.model.Calibration;
import dev.graft.model.CutModel;
import dev.graft.report.Examples;
import java.io.IOException;
import java.util.Optional;

/** How the examples of a run reach its model. */
sealed interface ExampleInputs {
  /**
   * Opens what makes features of them.
   *
   * @param features where they are kept, and how the trunk runs on this machine
   * @param fixed how the trunk ran before the run was interrupted; empty to use features that are
   *     there already, and else what suits the machine
   */
  FeatureSource open(CutModel cut, FeatureSettings features, Optional<Calibration> fixed)
      throws IOException;

  /** How images are prepared; empty for arrays. */
  Optional<Preparation> preparation();

  /** What people call them. */
  default Examples kind() {
    return preparation().isPresent() ? Examples.IMAGES : Examples.EXAMPLES;
  }

  /** One line for people. */
  String describe();

  /**
   * Files of images.
   *
   * @param how they are prepared
   */
  record Images(Preparation how) implements ExampleInputs {
    @Override
    public Featurizer open(CutModel cut, FeatureSettings features, Optional<Calibration> fixed)
        throws IOException {
      FeatureCache cache = features.cache();
      Calibration calibration =
          fixed.isPresent() ? fixed.get() : calibration(cut, cache, features.calibration());
      return Featurizer.open(cut, how, cache, calibration);
    }

    /** Features that are there already are worth more than any speed. */
    private Calibration calibration(
        CutModel cut, FeatureCache cache, Optional<Calibration> measured) throws IOException {
      Calibration standard = Calibration.standard();
      return measured.isEmpty() || Featurizer.isBegun(cut, how, cache, standard)
          ? standard
          : measured.get();
    }

    @Override
    public Optional<Preparation> preparation() {
      return Optional.of(how);
    }

    @Override
    public String describe() {
      return how.describe();
    }
  }

  /**
   * Rows of arrays.
   *
   * @param batch the arrays of the model's inputs
   */
  record Arrays(ArrayBatch batch) implements ExampleInputs {
    @Override
    public FeatureSource open(CutModel cut, FeatureSettings features, Optional<Calibration> fixed)
        throws IOException {
      return ArrayFeaturizer.open(cut, batch, features.cache());
    }

    @Override
    public Optional<Preparation> preparation() {
      return Optional.empty();
    }

    @Override
    public String describe() {
      return "arrays as they are: " + batch.describe();
    }
  }
}
