package dev.graft;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.predict.Verification;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The models in the repository are as Python handed them over. */
class CommittedModelsTest {
  static List<Path> handoffs() throws IOException {
    List<Path> found;
    try (Stream<Path> models =
        Stream.concat(Files.list(Path.of("savedmodels")), Files.list(Path.of("testdata/models")))) {
      found = models.filter(model -> Files.exists(model.resolve("handoff.json"))).toList();
    }
    assertThat(found).hasSizeGreaterThan(4);
    assertThat(found).contains(Path.of("savedmodels/efficientnet-lite0"));
    return found;
  }

  @ParameterizedTest
  @MethodSource("handoffs")
  void handoffsObeyTheSchema(Path model) throws IOException {
    HandoffSchema.assertObeyedBy(model);
  }

  @ParameterizedTest
  @MethodSource("handoffs")
  void goldenSamplesAgree(Path model) throws IOException {
    Verification verification = Verification.of(model);
    assertThat(verification.complaint()).isEmpty();
    assertThat(verification.comparisons())
        .isNotEmpty()
        .allSatisfy(comparison -> assertThat(comparison.difference()).isLessThanOrEqualTo(1e-5));
  }
}
