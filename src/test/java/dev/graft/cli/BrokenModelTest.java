package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What each command says of a folder that is no model, or no longer the one that was exported. */
class BrokenModelTest {
  private static final Path MODELS = Path.of("testdata", "models");

  @TempDir private Path folder;
  private Path data;
  private Path model;

  /** A command that takes a model, and the code it ends with when the model's hashes are wrong. */
  enum Command {
    INSPECT(1),
    VERIFY(3),
    TRAIN(1),
    EVALUATE(1),
    PREDICT(1);

    private final int changed;

    Command(int changed) {
      this.changed = changed;
    }
  }

  @BeforeEach
  void drawAndCopy() throws IOException {
    data = Drawn.folder(folder.resolve("data"), 5, "red", "blue");
    model = copy(MODELS.resolve("nested"), folder.resolve("model"));
  }

  @ParameterizedTest
  @EnumSource
  void aFolderThatIsNotThere(Command command) throws IOException {
    run(command, folder.resolve("nowhere"))
        .failed(1, "There is no folder", folder.resolve("nowhere"), "saved_model.pb");
  }

  @ParameterizedTest
  @EnumSource
  void aFolderOfSomethingElse(Command command) throws IOException {
    run(command, data).failed(1, data + " is no SavedModel", "no saved_model.pb", "graft-export");
  }

  @ParameterizedTest
  @EnumSource
  void aFile(Command command) throws IOException {
    Path file = Files.writeString(folder.resolve("model.keras"), "zip");
    run(command, file).failed(1, file + " is a file, not a SavedModel", "graft-export");
  }

  @ParameterizedTest
  @EnumSource
  void anEmptyGraph(Command command) throws IOException {
    Path file = truncate("saved_model.pb", 0);
    if (command == Command.VERIFY) {
      run(command, model).complained(3, model, "changed saved_model.pb");
    } else {
      run(command, model).failed(1, file + " is empty or truncated", "export the model again");
    }
  }

  @ParameterizedTest
  @EnumSource
  void aTruncatedGraph(Command command) throws IOException {
    Path file = truncate("saved_model.pb", 3000);
    if (command == Command.VERIFY) {
      run(command, model).complained(3, model, "changed saved_model.pb");
    } else {
      run(command, model)
          .failed(1, file + " is damaged or truncated (3000 bytes)", "export the model again");
    }
  }

  @ParameterizedTest
  @EnumSource
  void missingVariables(Command command) throws IOException {
    Files.delete(model.resolve("variables/variables.index"));
    if (command == Command.VERIFY) {
      run(command, model).complained(3, model, "missing variables/variables.index");
    } else {
      run(command, model)
          .failed(1, model.resolve("variables/variables.index") + " is missing", "export");
    }
  }

  @ParameterizedTest
  @EnumSource
  void truncatedVariables(Command command) throws IOException {
    Path file = truncate("variables/variables.data-00000-of-00001", 1000);
    if (command == Command.VERIFY) {
      run(command, model).complained(3, model, "changed variables/variables.data");
    } else {
      run(command, model).failed(1, file + " is truncated: variable", "the file has 1000", "again");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"saved_model.pb", "variables/variables.data-00000-of-00001"})
  void damageInAModelWithoutHandoffIsFoundToo(String file) throws IOException {
    Path plain = copy(MODELS.resolve("keras3-saved"), folder.resolve("plain"));
    byte[] bytes = Files.readAllBytes(plain.resolve(file));
    Files.write(plain.resolve(file), java.util.Arrays.copyOf(bytes, bytes.length / 2));
    Ran ran =
        Ran.graft(
            "train",
            data,
            "--backbone",
            plain,
            "--preparation",
            "none",
            "--out",
            run(),
            "--features",
            features());
    ran.failed(1, plain.resolve(file), "truncated");
    assertNothingLeft();
  }

  @ParameterizedTest
  @EnumSource
  void aFileThatWasChangedAfterTheExport(Command command) throws IOException {
    Files.writeString(model.resolve("golden/images/0.jpg"), "changed");
    Ran ran = run(command, model);
    ran.complained(command.changed, model, "changed golden/images/0.jpg");
    assertThat(ran.out().isEmpty()).isEqualTo(command != Command.VERIFY);
  }

  @ParameterizedTest
  @EnumSource
  void aHandoffOfANewerVersion(Command command) throws IOException {
    edit("\"version\": 1", "\"version\": 7");
    run(command, model)
        .failed(1, model.resolve("handoff.json"), "version 7", "1 to 1", "use a newer Graft");
  }

  @ParameterizedTest
  @EnumSource
  void aHandoffOfAnotherKind(Command command) throws IOException {
    edit("graft-handoff", "something-else");
    run(command, model)
        .failed(1, model.resolve("handoff.json"), "something-else", "\"graft-handoff\"");
  }

  @ParameterizedTest
  @EnumSource
  void aHandoffThatIsCutOff(Command command) throws IOException {
    Path file = truncate("handoff.json", 500);
    run(command, model).failed(1, file + " is not JSON", "line ");
  }

  @Test
  void aModelWithoutHandoffCannotBeVerified() {
    Path plain = MODELS.resolve("keras3-export");
    Ran.graft("verify", plain).failed(1, plain + " has no handoff.json", "graft-export");
  }

  @ParameterizedTest
  @EnumSource(names = {"EVALUATE", "PREDICT"})
  void aModelWithoutHandoffCannotPredict(Command command) throws IOException {
    Path plain = MODELS.resolve("keras3-export");
    run(command, plain).failed(1, plain, "can't predict", "no handoff.json", "graft train");
  }

  @ParameterizedTest
  @EnumSource(names = {"EVALUATE", "PREDICT"})
  void aBackboneCannotPredict(Command command) throws IOException {
    Path pool = MODELS.resolve("pool");
    run(command, pool).failed(1, pool, "no output \"probabilities\" (it has features)");
  }

  @Test
  void aModelWithoutHandoffIsTrainedOnlyWithAPreparation() throws IOException {
    Path plain = MODELS.resolve("keras3-saved");
    run(Command.TRAIN, plain).failed(1, plain + " has no handoff", "--preparation", "caffe");
  }

  private Ran run(Command command, Path broken) throws IOException {
    Path image = data.resolve("red/0.png");
    Ran ran =
        switch (command) {
          case INSPECT -> Ran.graft("inspect", broken);
          case VERIFY -> Ran.graft("verify", broken);
          case TRAIN ->
              Ran.graft(
                  "train",
                  data,
                  "--backbone",
                  broken,
                  "--out",
                  run(),
                  "--features",
                  features(),
                  "--quiet");
          case EVALUATE -> Ran.graft("evaluate", broken, data, "--quiet");
          case PREDICT -> Ran.graft("predict", broken, image);
        };
    assertNothingLeft();
    return ran;
  }

  private Path run() {
    return folder.resolve("runs/first");
  }

  private Path features() {
    return folder.resolve("features");
  }

  private void assertNothingLeft() throws IOException {
    assertThat(names(folder)).doesNotContain("runs", "features");
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> inside = Files.list(folder)) {
      return inside.map(path -> path.getFileName().toString()).toList();
    }
  }

  private Path truncate(String name, int bytes) throws IOException {
    Path file = model.resolve(name);
    assertThat(Files.size(file)).isGreaterThan(bytes);
    return Files.write(file, java.util.Arrays.copyOf(Files.readAllBytes(file), bytes));
  }

  private void edit(String from, String to) throws IOException {
    Path file = model.resolve("handoff.json");
    String text = Files.readString(file);
    assertThat(text).contains(from);
    Files.writeString(file, text.replace(from, to));
  }

  static Path copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
    return to;
  }
}
