package dev.graft.predict;

import dev.graft.data.Task;

/** How a row of a model's output becomes an answer. */
enum Reading {
  /** As it is. */
  PLAIN,
  /** Logits of classes. */
  SOFTMAX,
  /** Logits of labels. */
  SIGMOID,
  /** The probability of the second of two classes. */
  SECOND_OF_TWO,
  /** The logit of the second of two classes. */
  SIGMOID_OF_TWO;

  /** For a task and an output of that width. */
  static Reading of(Task task, int width, boolean logits) {
    boolean second = task.kind() == Task.Kind.CLASSES && task.size() == 2 && width == 1;
    if (!logits || task.kind() == Task.Kind.NUMBERS) {
      return second ? SECOND_OF_TWO : PLAIN;
    }
    return second ? SIGMOID_OF_TWO : task.kind() == Task.Kind.LABELS ? SIGMOID : SOFTMAX;
  }

  /** Number of values in a row of the output. */
  int width(Task task) {
    return this == SECOND_OF_TWO || this == SIGMOID_OF_TWO ? 1 : task.size();
  }

  float[] answer(float[] row) {
    return switch (this) {
      case PLAIN -> row;
      case SOFTMAX -> softmax(row);
      case SIGMOID -> sigmoid(row);
      case SECOND_OF_TWO -> new float[] {1 - row[0], row[0]};
      case SIGMOID_OF_TWO -> sigmoid(new float[] {-row[0], row[0]});
    };
  }

  private static float[] softmax(float[] logits) {
    float most = Float.NEGATIVE_INFINITY;
    for (float logit : logits) {
      most = Math.max(most, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp((double) logit - most);
    }
    float[] probabilities = new float[logits.length];
    for (int i = 0; i < logits.length; i++) {
      probabilities[i] = (float) (Math.exp((double) logits[i] - most) / sum);
    }
    return probabilities;
  }

  private static float[] sigmoid(float[] logits) {
    float[] probabilities = new float[logits.length];
    for (int i = 0; i < logits.length; i++) {
      probabilities[i] = (float) (1 / (1 + Math.exp(-(double) logits[i])));
    }
    return probabilities;
  }
}
