package dev.graft.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class FreezePlanTest {
  private static final List<String> LAYERS =
      List.of("input", "block1_conv1", "block1_pool", "block2_conv1", "block2_pool", "top.1");

  @Test
  void nothingTrainsWhenAllIsFrozen() {
    assertThat(FreezePlan.allFrozen().unfrozen(LAYERS)).isEmpty();
  }

  @Test
  void patternsMatchWholeNames() {
    assertThat(FreezePlan.unfreeze("block2_*").unfrozen(LAYERS))
        .containsExactly("block2_conv1", "block2_pool");
    assertThat(FreezePlan.unfreeze("*_conv?", "top.1").unfrozen(LAYERS))
        .containsExactly("block1_conv1", "block2_conv1", "top.1");
  }

  @Test
  void aDotIsADot() {
    assertThatThrownBy(() -> FreezePlan.unfreeze("block2.pool").unfrozen(LAYERS))
        .hasMessageContaining("\"block2.pool\"");
  }

  @Test
  void everyPatternMustMatchSomething() {
    assertThatThrownBy(() -> FreezePlan.unfreeze("block2_*", "block9_*", "x").unfrozen(LAYERS))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"block9_*\", \"x\"")
        .hasMessageContaining("top.1");
  }

  @Test
  void fromALayerToTheEnd() {
    assertThat(FreezePlan.unfreezeFrom("block2_conv1").unfrozen(LAYERS))
        .containsExactly("block2_conv1", "block2_pool", "top.1");
    assertThatThrownBy(() -> FreezePlan.unfreezeFrom("block3").unfrozen(LAYERS))
        .hasMessageContaining("\"block3\"");
  }

  @Test
  void theLastLayersAreCountedAsKerasCountsThem() {
    assertThat(FreezePlan.unfreezeLast(2).unfrozen(LAYERS)).containsExactly("block2_pool", "top.1");
    assertThatThrownBy(() -> FreezePlan.unfreezeLast(7).unfrozen(LAYERS))
        .hasMessageContaining("has 6 layers");
    assertThatThrownBy(() -> FreezePlan.unfreezeLast(0)).hasMessageContaining("at least 1, got 0");
  }
}
