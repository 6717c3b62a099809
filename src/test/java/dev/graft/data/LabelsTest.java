package dev.graft.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class LabelsTest {
  /** Python's {@code sorted} gave this order. */
  @Test
  void namesSortAsInPython() {
    List<String> names =
        Arrays.asList(
            "10",
            "9",
            "Z",
            "_",
            "a",
            "a b",
            "a-b",
            "a/b",
            "z",
            "é",
            "\uE000",
            "\uFFFD",
            "\uD83D\uDE00");
    List<String> reversed = names.stream().sorted((a, b) -> -1).toList();
    assertThat(Labels.sorted(reversed).names()).isEqualTo(names);
  }

  @Test
  void indexAndNameAreEachOthersInverse() {
    Labels labels = Labels.of("daisy", "rose");
    assertThat(labels.indexOf("rose")).isEqualTo(1);
    assertThat(labels.name(1)).isEqualTo("rose");
  }

  @Test
  void unknownNameIsRefusedWithTheKnownOnes() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Labels.of("daisy", "rose").indexOf("tulip"))
        .withMessage("No label \"tulip\"; the labels are [daisy, rose].");
  }

  @Test
  void emptyBlankAndRepeatedNamesAreRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> Labels.of());
    assertThatIllegalArgumentException().isThrownBy(() -> Labels.of("daisy", " "));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Labels.of("daisy", "daisy"))
        .withMessageContaining("\"daisy\" appears twice");
  }
}
