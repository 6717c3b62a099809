package dev.graft.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

class LayerOutputsTest {
  private static final List<String> LAYERS = List.of("conv", "conv_1", "top");

  @Test
  void theLastNodeThatIsReadOutsideEndsTheLayer() {
    GraphDef graph = chain("images", "conv_1/convolution", "conv_1/BiasAdd", "top_1/Relu");
    assertThat(LayerOutputs.find(graph, "conv", List.of("conv", "top")))
        .contains("conv_1/BiasAdd:0");
    assertThat(LayerOutputs.find(graph, "top", List.of("conv", "top"))).contains("top_1/Relu:0");
    assertThat(LayerOutputs.find(graph, "pool", List.of("conv", "top"))).isEmpty();
  }

  @Test
  void aLayerThatIsCalledTwiceEndsWithItsLastCall() {
    GraphDef graph = chain("images", "conv/BiasAdd", "middle/Relu", "conv_1/BiasAdd", "top/Relu");
    assertThat(LayerOutputs.find(graph, "conv", List.of("conv", "middle", "top")))
        .contains("conv_1/BiasAdd:0");
  }

  @Test
  void numberedLayersAreToldApartInPlainScopes() {
    GraphDef graph = chain("images", "m/conv/BiasAdd", "m/conv_1/BiasAdd", "m/top/Relu");
    assertThat(LayerOutputs.find(graph, "conv", LAYERS)).contains("m/conv/BiasAdd:0");
    assertThat(LayerOutputs.find(graph, "conv_1", LAYERS)).contains("m/conv_1/BiasAdd:0");
  }

  @Test
  void numberedLayersAreToldApartInNumberedScopes() {
    GraphDef graph =
        chain("images", "m_1/conv_1/BiasAdd", "m_1/conv_1_1/BiasAdd", "m_1/top_1/Relu");
    assertThat(LayerOutputs.find(graph, "conv", LAYERS)).contains("m_1/conv_1/BiasAdd:0");
    assertThat(LayerOutputs.find(graph, "conv_1", LAYERS)).contains("m_1/conv_1_1/BiasAdd:0");
  }

  @Test
  void layersThatCannotBeToldApartAreRefused() {
    GraphDef graph = chain("images", "conv_1/BiasAdd", "top/Relu");
    assertThatThrownBy(() -> LayerOutputs.find(graph, "conv", LAYERS))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"conv\" can't be told from conv_1");
  }

  @Test
  void aNestedModelsLayersAreFoundUnderTheirFullNames() {
    List<String> layers = List.of("outer/conv", "outer/bn", "conv");
    GraphDef graph =
        chain(
            "images", "outer_1/conv_1/BiasAdd", "outer_1/bn_1/add", "other_1/conv_1/BiasAdd", "y");
    assertThat(LayerOutputs.find(graph, "outer/conv", layers)).contains("outer_1/conv_1/BiasAdd:0");
    assertThat(LayerOutputs.find(graph, "outer/bn", layers)).contains("outer_1/bn_1/add:0");
  }

  /** Each node reads the one before. */
  private static GraphDef chain(String... names) {
    GraphDef.Builder graph = GraphDef.newBuilder();
    for (int i = 0; i < names.length; i++) {
      NodeDef.Builder node = NodeDef.newBuilder().setName(names[i]).setOp("Relu");
      if (i > 0) {
        node.addInput(names[i - 1]);
      }
      graph.addNode(node);
    }
    return graph.build();
  }
}
