package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgressInLinesTest {
  private final List<String> lines = new ArrayList<>();
  private long now;

  @Test
  void aLineComesEveryTenSecondsAndAtTheEnd() {
    try (Progress progress = progress(4000)) {
      for (int second = 1; second <= 25; second++) {
        now = Duration.ofSeconds(second).toNanos();
        progress.step(100);
      }
    }
    assertThat(lines)
        .containsExactly(
            "features: 1,000 of 4,000 images, 10 s, 100 a second, about 30 s left",
            "features: 2,000 of 4,000 images, 20 s, 100 a second, about 20 s left",
            "features: 2,500 of 4,000 images, 25 s, 100 a second, about 15 s left");
  }

  @Test
  void theNoteStandsAtTheEndOfTheLine() {
    try (Progress progress = progress(2)) {
      progress.step(2);
      progress.note("loss 0.31");
      now = Duration.ofSeconds(3).toNanos();
    }
    assertThat(lines).containsExactly("features: 2 of 2 images, 3 s, 0.7 a second, loss 0.31");
  }

  @Test
  void anUnknownTotalIsLeftOut() {
    try (Progress progress = progress(-1)) {
      progress.step(7);
      now = Duration.ofSeconds(2).toNanos();
    }
    assertThat(lines).containsExactly("features: 7 images, 2 s, 3.5 a second");
  }

  @Test
  void closingTwiceSaysItOnce() {
    Progress progress = progress(1);
    now = Duration.ofSeconds(2).toNanos();
    progress.close();
    progress.close();
    assertThat(lines).hasSize(1);
  }

  @Test
  void whatIsDoneInAMomentIsNotWorthALine() {
    try (Progress progress = progress(1)) {
      progress.step(1);
      now = Duration.ofMillis(1900).toNanos();
    }
    assertThat(lines).isEmpty();
  }

  private Progress progress(long total) {
    return new ProgressInLines(lines::add, "features", total, "images", () -> now);
  }
}
