package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class EstimateTest {
  private long nanos;

  @Test
  void afterASecondItIsSaidOnceHowLongTheRestTakes() {
    Estimate estimate = new Estimate(100, () -> nanos);
    nanos = 900_000_000;
    assertThat(estimate.of(200, 6100, "images")).isEmpty();
    nanos = 2_000_000_000;
    Optional<String> said = estimate.of(300, 6100, "images");
    assertThat(said.orElseThrow())
        .startsWith("About 58 s for the 5,800 images that are left (100 a second)");
    nanos = 3_000_000_000L;
    assertThat(estimate.of(400, 6100, "images")).isEmpty();
  }

  @Test
  void nothingIsSaidOfWorkThatIsDoneOrHasNotBegun() {
    Estimate estimate = new Estimate(0, () -> nanos);
    nanos = 5_000_000_000L;
    assertThat(estimate.of(0, 10, "images")).isEmpty();
    assertThat(estimate.of(10, 10, "images")).isEmpty();
  }
}
