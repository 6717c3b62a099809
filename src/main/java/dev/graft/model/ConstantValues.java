package dev.graft.model;

import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.HostTensor;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.proto.GraphDef;

/** Computes tensors that no input changes. */
final class ConstantValues {
  private ConstantValues() {}

  /**
   * Computes them in one run.
   *
   * @param tensors {@code node:index}
   * @return by the same names
   */
  static Map<String, HostTensor> of(GraphDef definition, Collection<String> tensors) {
    List<String> wanted = List.copyOf(tensors);
    try (Graph graph = new Graph()) {
      graph.importGraphDef(definition);
      try (Session session = new Session(graph, Arithmetic.AS_BUILT.config())) {
        Session.Runner runner = session.runner();
        wanted.forEach(runner::fetch);
        try (Result result = runner.run()) {
          Map<String, HostTensor> values = new LinkedHashMap<>();
          for (int i = 0; i < wanted.size(); i++) {
            values.put(wanted.get(i), HostTensor.fromNative(result.get(i)));
          }
          return values;
        }
      }
    }
  }
}
