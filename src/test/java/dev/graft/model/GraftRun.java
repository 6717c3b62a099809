package dev.graft.model;

import dev.graft.tensor.HostTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.op.Op;

/** Runs a cut model from the images on: the trunk, then the graft with what the trunk answers. */
final class GraftRun {
  private GraftRun() {}

  /** The tensors of the cut for a batch of images. */
  static List<HostTensor> features(CutModel cut, HostTensor images) {
    return cut.trunk().run(List.of(images));
  }

  /**
   * Some of the graft's tensors.
   *
   * @param labels one-hot, or what else the loss takes
   * @param weight of every example
   */
  static List<HostTensor> fetch(
      CutModel cut, HostTensor images, HostTensor labels, float weight, List<Output<?>> fetched) {
    return run(cut, images, labels, weight, fetched, List.of());
  }

  /** Runs the graft's updates of its statistics, as every training step does. */
  static void update(CutModel cut, HostTensor images, HostTensor labels) {
    run(cut, images, labels, 1, List.of(), cut.graft().updates());
  }

  private static List<HostTensor> run(
      CutModel cut,
      HostTensor images,
      HostTensor labels,
      float weight,
      List<Output<?>> fetched,
      List<Op> targets) {
    Graft graft = cut.graft();
    int rows = Math.toIntExact(images.shape().get(0));
    float[] weights = new float[rows];
    Arrays.fill(weights, weight);
    List<Tensor> fed = new ArrayList<>();
    Session.Runner runner = graft.session().runner();
    List<HostTensor> features = features(cut, images);
    for (int i = 0; i < features.size(); i++) {
      feed(runner, fed, graft.inputs().get(i).placeholder(), features.get(i));
    }
    feed(runner, fed, graft.labels(), labels);
    feed(runner, fed, graft.weights(), HostTensor.of(weights, rows));
    feed(runner, fed, graft.step(), HostTensor.of(new long[] {0}));
    fetched.forEach(runner::fetch);
    targets.forEach(runner::addTarget);
    List<HostTensor> values = new ArrayList<>();
    try (Result result = runner.run()) {
      for (int i = 0; i < fetched.size(); i++) {
        values.add(HostTensor.fromNative(result.get(i)));
      }
    } finally {
      fed.forEach(Tensor::close);
    }
    return values;
  }

  /** Labels 0, 1, 2, … in turn. */
  static HostTensor oneHot(int rows, int classes) {
    float[] labels = new float[rows * classes];
    for (int row = 0; row < rows; row++) {
      labels[row * classes + row % classes] = 1;
    }
    return HostTensor.of(labels, rows, classes);
  }

  private static void feed(
      Session.Runner runner, List<Tensor> fed, String placeholder, HostTensor value) {
    Tensor tensor = value.toNative();
    fed.add(tensor);
    runner.feed(placeholder, tensor);
  }
}
