package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TableTest {
  @Test
  void wordsStandLeftAndNumbersRight() {
    Table table =
        new Table("class", "images", "share")
            .row("daisy", 633, "17.2%")
            .row("dandelion", 1898, "2.8%")
            .row("Löwenzahn", null, "");
    assertThat(table.toString().lines())
        .containsExactly(
            "class      images  share",
            "daisy         633  17.2%",
            "dandelion   1,898   2.8%",
            "Löwenzahn");
  }

  @Test
  void aTableWithoutRowsIsItsHeading() {
    assertThat(new Table("class", "images").toString()).isEqualToIgnoringNewLines("class  images");
  }

  @Test
  void aRowOfAnotherLengthIsRefused() {
    Table table = new Table("class", "images");
    assertThatThrownBy(() -> table.row("daisy"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("2 columns")
        .hasMessageContaining("1 cells");
  }
}
