package dev.graft.docs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.PythonEnvironment;
import dev.graft.cli.Ran;
import dev.graft.handoff.Handoff;
import dev.graft.handoff.LayerVariable;
import dev.graft.savedmodel.Checkpoint;
import dev.graft.savedmodel.SavedModel;
import dev.graft.train.EpochSettings;
import dev.graft.train.LoopSettings;
import dev.graft.train.TrainListener;
import dev.graft.train.TrainSettings;
import dev.graft.train.TransferLearning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The recipes of docs/recipes, on a few digits: the commands of the page and its Java, which leave
 * the same history. Backbones have random weights and most are small; recipes 2 and 5 have the
 * sizes of the page.
 */
class RecipesIT {
  private static final Path PAGES = Path.of("docs", "recipes");
  private static final Path SOURCE = Path.of("src/test/java/dev/graft/docs/Recipes.java");
  private static final int EPOCHS = 2;
  private static final int STEPS = 4;

  @TempDir private static Path folder;

  /** What the Java of a page makes. */
  @FunctionalInterface
  private interface Java {
    TrainSettings settings(Path photos, Path backbone, Path run);
  }

  enum Recipe {
    VGG16("1-vgg16", 10, 32, Recipes::vgg16),
    CATS_AND_DOGS("2-cats-and-dogs", 2, 0, Recipes::catsAndDogs),
    FLOWERS("3-flowers", 5, 32, Recipes::flowers),
    LAST_BLOCK("4-last-block", 10, 32, Recipes::lastBlock),
    RESNET50("5-resnet50", 10, 0, Recipes::resnet50);

    private final String page;
    private final int classes;
    private final int size;
    private final Java java;

    /**
     * @param size of the backbone's images; 0 for what the page says
     */
    Recipe(String page, int classes, int size, Java java) {
      this.page = page;
      this.classes = classes;
      this.size = size;
      this.java = java;
    }

    Page read() throws IOException {
      return Page.read(PAGES.resolve(page + ".md"));
    }

    Path photos() {
      return folder.resolve(page).resolve("photos");
    }

    /** Where the backbone of that name on the page lies. */
    Path backbone() throws IOException {
      List<String> words = read().commands("graft-export").get(0);
      return folder.resolve(words.get(words.indexOf("--out") + 1));
    }
  }

  @BeforeAll
  static void exportBackbones() throws IOException {
    Map<Path, String> exports = new LinkedHashMap<>();
    for (Recipe recipe : Recipe.values()) {
      List<String> words =
          new ArrayList<>(recipe.read().commands("graft-export").get(0).subList(1, 2));
      words.addAll(recipe.read().commands("graft-export").get(0));
      words.subList(1, 3).clear(); // the program and the name, which stands first now
      words.addAll(List.of("--weights", "none", "--out", recipe.backbone().toString()));
      if (recipe.size > 0) {
        words.addAll(List.of("--input-size", String.valueOf(recipe.size)));
      }
      exports.put(recipe.backbone(), String.join(" ", words));
      photos(recipe);
    }
    List<String> script = new ArrayList<>(List.of("src/test/python/exports.py"));
    script.addAll(exports.values());
    PythonEnvironment.get().python(script.toArray(String[]::new));
  }

  /** Three parts, a few images a class. */
  private static void photos(Recipe recipe) throws IOException {
    Map<String, Integer> parts = new LinkedHashMap<>();
    parts.put("train", recipe.classes > 5 ? 2 : 4);
    parts.put("validation", 1);
    parts.put("test", 1);
    int first = 0;
    for (Map.Entry<String, Integer> part : parts.entrySet()) {
      for (int label = 0; label < recipe.classes; label++) {
        Path target = recipe.photos().resolve(part.getKey()).resolve(String.valueOf(label));
        Files.createDirectories(target);
        for (int i = first; i < first + part.getValue(); i++) {
          String name = "%03d.png".formatted(i);
          Files.copy(Path.of("testdata/digits", "" + label, name), target.resolve(name));
        }
      }
      first += part.getValue();
    }
  }

  @ParameterizedTest
  @EnumSource
  void theCommandAndTheJavaLeaveTheSameHistory(Recipe recipe) throws IOException {
    Path byCommand = command(recipe);
    TrainSettings settings =
        shortened(
            recipe.java.settings(
                recipe.photos(), recipe.backbone(), folder.resolve(recipe.page).resolve("java")));
    TransferLearning.train(settings, TrainListener.none());

    String history = Files.readString(byCommand.resolve("history.csv"));
    assertThat(Files.readString(settings.out().folder().resolve("history.csv"))).isEqualTo(history);
    assertThat(history.lines().skip(1)).hasSize(settings.loop().fineTune().epochs() + EPOCHS);
    assertThat(byCommand.resolve("report.html")).isNotEmptyFile();
    assertThat(changed(recipe, byCommand)).isEqualTo(expectedToChange(recipe));
    assertThat(json(byCommand).at("/metrics/test").toString()).contains("precision", "recall");
  }

  @Test
  void thePagesShowWhatIsCompiled() throws IOException {
    List<String> shown = new ArrayList<>();
    for (Recipe recipe : Recipe.values()) {
      shown.addAll(recipe.read().blocks("java"));
    }
    assertThat(shown).isEqualTo(Page.regions(SOURCE));
  }

  /** Runs the page's command on other folders, for fewer epochs and steps. */
  private static Path command(Recipe recipe) throws IOException {
    List<String> words = new ArrayList<>(recipe.read().commands("./graft").get(0));
    Path run = folder.resolve(recipe.page).resolve("run");
    assertThat(words.get(1) + " " + words.get(2)).isEqualTo("train photos");
    words.set(2, recipe.photos().toString());
    set(words, "--backbone", recipe.backbone());
    set(words, "--out", run);
    set(words, "--epochs", EPOCHS);
    set(words, "--fine-tune-epochs", EPOCHS);
    set(words, "--steps-per-epoch", STEPS);
    set(words, "--validation-steps", 1);
    words.addAll(List.of("--features", folder.resolve("features").toString(), "--quiet"));
    Ran.graft(words.subList(1, words.size())).done();
    return run;
  }

  private static void set(List<String> words, String option, Object value) {
    int at = words.indexOf(option);
    if (at > 0) {
      words.set(at + 1, value.toString());
    }
  }

  private static TrainSettings shortened(TrainSettings settings) {
    LoopSettings loop = settings.loop().withEpochs(EPOCHS);
    if (loop.fineTune().epochs() > 0) {
      loop = loop.withFineTune(EPOCHS, loop.fineTune().learningRate());
    }
    if (loop.epoch().steps().isPresent()) {
      loop = loop.withEpoch(EpochSettings.PASS.withSteps(STEPS).withValidationSteps(1));
    }
    TrainSettings.OutputSettings out =
        new TrainSettings.OutputSettings(
            settings.out().folder(), false, Optional.of(folder.resolve("features")));
    return settings.withLoop(loop).withOut(out);
  }

  /** The layers of the backbone whose weights differ from those handed over. */
  private static Set<String> changed(Recipe recipe, Path run) throws IOException {
    Checkpoint trained = SavedModel.read(run.resolve("model")).checkpoint();
    Set<String> changed = new TreeSet<>();
    for (LayerVariable variable : Handoff.read(recipe.backbone()).orElseThrow().variables()) {
      boolean exported = trained.keys().containsKey(variable.name());
      if (exported && !trained.read(variable.name()).sha256().equals(variable.sha256())) {
        changed.add(variable.name().substring(0, variable.name().indexOf('/')));
      }
    }
    return changed;
  }

  private static Set<String> expectedToChange(Recipe recipe) {
    return switch (recipe) {
      case FLOWERS -> Set.of("fc2");
      case LAST_BLOCK -> Set.of("block5_conv1", "block5_conv2", "block5_conv3");
      default -> Set.of();
    };
  }

  private static JsonNode json(Path run) throws IOException {
    return new ObjectMapper().readTree(run.resolve("run.json").toFile());
  }
}
