package dev.graft.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VersionsTest {
  private static final String ID = "0123456789abcdef0123456789abcdef01234567";

  @Test
  void aCommitIsTwelveDigitsWithAMarkWhereFilesDiffer() {
    assertThat(Versions.commit(ID, "false")).contains("0123456789ab");
    assertThat(Versions.commit(ID, "true")).contains("0123456789ab-dirty");
  }

  /** As the properties are without git, and without the plugin. */
  @ParameterizedTest
  @ValueSource(strings = {"", "${git.commit.id}", "unknown"})
  void whatIsNoCommitIsLeftOut(String id) {
    assertThat(Versions.commit(id, "")).isEmpty();
  }

  @Test
  void thisBuildKnowsItsCommitWhereThereIsACheckout() {
    assertThat(Versions.commit().isPresent()).isEqualTo(Files.exists(Path.of(".git")));
    assertThat(Versions.provenance()).containsAllEntriesOf(Versions.current());
    assertThat(Versions.current()).containsOnlyKeys("graft", "tensorflow-java");
    Versions.commit()
        .ifPresent(
            commit -> {
              assertThat(commit).matches("[0-9a-f]{12}(-dirty)?");
              assertThat(Versions.provenance()).containsEntry("graft-commit", commit);
            });
  }
}
