package dev.graft.train;

import dev.graft.data.Preparation;
import dev.graft.features.ArrayFeaturizer;
import dev.graft.features.FeatureSource;
import dev.graft.features.Featurizer;
import dev.graft.features.StoredNumbers;
import dev.graft.model.ArrayBatch;
import dev.graft.model.CutModel;
import dev.graft.report.Examples;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** How the examples of a run reach its model. */
sealed interface ExampleInputs {
  /**
   * Opens what makes features of them.
   *
   * @param folder of the stores; the user's cache by default
   * @param stored what features are rounded to
   */
  FeatureSource open(CutModel cut, Optional<Path> folder, StoredNumbers stored) throws IOException;

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
    public Featurizer open(CutModel cut, Optional<Path> folder, StoredNumbers stored)
        throws IOException {
      return Featurizer.open(cut, how, folder, stored);
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
    public FeatureSource open(CutModel cut, Optional<Path> folder, StoredNumbers stored)
        throws IOException {
      return ArrayFeaturizer.open(cut, batch, folder, stored);
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
