package dev.graft.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskDemandTest {
  @TempDir Path folder;

  @Test
  void whatFitsIsSaidAndWhatDoesNotIsRefused() throws IOException {
    DiskDemand fits = DiskDemand.of(1000, 32_800, folder).require();
    assertThat(fits.describe())
        .startsWith("The result: about 32.8 MB on disk (32.8 KB an image); ")
        .contains("are free in " + folder);
    assertThatThrownBy(() -> new DiskDemand(1000, 32_800, folder, 1_000_000).require())
        .isInstanceOf(IOException.class)
        .hasMessage(
            "The 1,000 records that are left need about 32.8 MB in "
                + folder
                + ", but 1.0 MB are free there: make room and go on with --resume, or choose another disk with --out.");
  }

  @Test
  void aJobThatIsDoneNeedsNothing() throws IOException {
    assertThat(DiskDemand.of(-1, 1e12, folder).require().records()).isZero();
  }
}
