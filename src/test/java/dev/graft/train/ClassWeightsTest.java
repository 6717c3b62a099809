package dev.graft.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.data.Labels;
import dev.graft.data.Target;
import dev.graft.features.Examples;
import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What weighing leaves alone; that it weighs as Keras does is in {@code KerasObjectivesTest}. */
class ClassWeightsTest {
  private static final Labels LABELS = new Labels(List.of("ant", "bee"));

  @Test
  void anExampleKeepsItsNameAndItsPass() {
    Examples weighed = ClassWeights.parse("bee=3").weigh(new Photos(0), LABELS);
    assertThat(weighed.name(1)).isEqualTo("photo 1 of pass 0");
    Examples second = weighed.inPass(2, new int[] {1, 0});
    assertThat(second.name(1)).isEqualTo("photo 1 of pass 2");
    assertThat(second.weight(0)).isEqualTo(0.5f);
    assertThat(second.weight(1)).isEqualTo(1.5f);
  }

  /** Two examples, an ant and a bee, each of weight a half, that know their pass. */
  private record Photos(int pass) implements Examples {
    @Override
    public int size() {
      return 2;
    }

    @Override
    public Target target(int example) {
      return new Target.OfClass(example);
    }

    @Override
    public float weight(int example) {
      return 0.5f;
    }

    @Override
    public String name(int example) {
      return "photo " + example + " of pass " + pass;
    }

    @Override
    public void read(int tensor, int example, FloatBuffer destination) {
      destination.put(pass);
    }

    @Override
    public Examples inPass(int number, int[] order) {
      return new Photos(number);
    }
  }
}
