package dev.graft.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabeledArraysTest {
  @TempDir private Path folder;

  private void floats(String name, float[] values, long... shape) throws IOException {
    Npy.writeFloats(folder.resolve(name + ".npy"), NpyArray.of(values, shape));
  }

  private void longs(String name, long[] values, long... shape) throws IOException {
    Npy.writeLongs(folder.resolve(name + ".npy"), NpyArray.of(values, shape));
  }

  private LabeledArrays read() throws IOException {
    return LabeledArrays.read(folder, Optional.empty());
  }

  /** The folder's arrays as numpy.savez writes them. */
  private Path zipped() throws IOException {
    Path file = folder.resolve("data.npz");
    try (OutputStream out = Files.newOutputStream(file);
        ZipOutputStream zip = new ZipOutputStream(out);
        var arrays = Files.newDirectoryStream(folder, "*.npy")) {
      for (Path array : arrays) {
        zip.putNextEntry(new ZipEntry(array.getFileName().toString()));
        Files.copy(array, zip);
      }
    }
    return file;
  }

  @Test
  void wholeNumbersAreClassesWithNamesFromAFile() throws IOException {
    floats("x", new float[] {1, 2, 3, 4, 5, 6}, 3, 2);
    longs("y", new long[] {2, 0, 1}, 3);
    floats("weight", new float[] {1, 2, 0.5f}, 3);
    LabeledImages examples = read().examples();
    assertThat(examples.task()).isEqualTo(Task.classes(Labels.of("0", "1", "2")));
    assertThat(examples.images())
        .extracting(LabeledImage::target)
        .containsExactly(new Target.OfClass(2), new Target.OfClass(0), new Target.OfClass(1));
    assertThat(examples.images()).extracting(LabeledImage::weight).containsExactly(1f, 2f, 0.5f);
    Files.write(folder.resolve("labels.txt"), List.of("a", "b", "c", "d"));
    assertThat(read().examples().labels()).isEqualTo(Labels.of("a", "b", "c", "d"));

    LabeledArrays arrays = LabeledArrays.read(zipped(), Optional.empty());
    Path row = arrays.examples().images().get(2).path();
    assertThat(arrays.indexOf(row)).isEqualTo(2);
    assertThat(arrays.inputsOf(row).get("x").get(5)).isEqualTo(6);
  }

  @Test
  void matricesAreLabelsOrNumbersByTheirType() throws IOException {
    floats("x", new float[] {1, 2}, 2, 1);
    longs("y", new long[] {1, 0, 1, 0, 0, 0}, 2, 3);
    assertThat(read().examples().images())
        .extracting(LabeledImage::target)
        .containsExactly(new Target.OfLabels(List.of(0, 2)), new Target.OfLabels(List.of()));
    floats("y", new float[] {1.5f, 2, 3, 4}, 2, 2);
    assertThat(read().examples().task())
        .isEqualTo(new Task(Task.Kind.NUMBERS, Labels.of("y0", "y1")));
    floats("y", new float[] {1.5f, 2}, 2);
    assertThat(read().examples().task()).isEqualTo(new Task(Task.Kind.NUMBERS, Labels.of("y")));
    longs("y", new long[] {3, 7}, 2);
    assertThat(
            LabeledArrays.read(folder, Optional.of(Task.Kind.NUMBERS)).examples().images().get(1))
        .extracting(LabeledImage::target)
        .isEqualTo(new Target.OfNumbers(new float[] {7}));
  }

  @Test
  void otherPartsValidateAndTest() throws IOException {
    for (String part : List.of("", "_val", "_test")) {
      floats("a" + part, new float[] {1, 2}, 2, 1);
      longs("b" + part, new long[] {1, 2, 3, 4}, 2, 2);
      longs("y" + part, new long[] {0, 1}, 2);
    }
    LabeledArrays arrays = read();
    assertThat(arrays.inputs()).containsOnlyKeys("a", "b");
    assertThat(arrays.examples().validation()).hasSize(2);
    assertThat(arrays.examples().test()).hasSize(2);
    Path row = arrays.examples().test().get(1).path();
    assertThat(row).isEqualTo(folder.resolve("test/1"));
    assertThat(arrays.inputsOf(row)).containsOnlyKeys("a", "b");
  }

  @Test
  void whatDoesNotFitIsRefused() throws IOException {
    floats("x", new float[] {1, 2, 3}, 3, 1);
    assertThatThrownBy(this::read).hasMessageContaining("expected the targets y among them");
    longs("y", new long[] {0, 1}, 2);
    assertThatThrownBy(this::read).hasMessageContaining("have 3 rows, but the targets y do not");
    longs("y", new long[] {0, -1, 1}, 3);
    assertThatThrownBy(this::read).hasMessageContaining("Row 1 of the targets y of", "-1.0");
    longs("y", new long[] {0, 1, 1}, 3);
    floats("z", new float[] {1}, 1, 1);
    assertThatThrownBy(this::read).hasMessageContaining("[3, 1] rows");
    floats("z", new float[] {1, Float.NaN, 1}, 3, 1);
    assertThatThrownBy(this::read).hasMessageContaining("Row 1 of the array z", "NaN");
    Files.delete(folder.resolve("z.npy"));
    Files.write(folder.resolve("labels.txt"), List.of("only"));
    assertThatThrownBy(this::read).hasMessageContaining("has 1 names, but there are 2 classes");
    Path broken = Files.writeString(folder.resolve("broken.npz"), "no zip");
    assertThatThrownBy(() -> LabeledArrays.read(broken, Optional.empty()))
        .hasMessageContaining("broken.npz is no .npz file");
  }
}
