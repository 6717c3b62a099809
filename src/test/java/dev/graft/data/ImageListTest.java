package dev.graft.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageListTest {
  @TempDir Path root;

  @BeforeEach
  void makeImages() throws IOException {
    Files.createDirectories(root.resolve("images"));
    Files.createFile(root.resolve("images/1.png"));
    Files.createFile(root.resolve("images/2, second.png"));
  }

  @Test
  void pathsStartAtTheListAndLabelsAreSorted() throws IOException {
    Path absolute = root.resolve("images/1.png").toAbsolutePath();
    LabeledImages data =
        read(
            "label,note,path\r\nrose,,images/1.png\r\ndaisy,x,\"images/2, second.png\"\r\n\r\nrose,,"
                + absolute
                + "\r\n");
    assertThat(data.labels().names()).containsExactly("daisy", "rose");
    assertThat(data.images())
        .containsExactly(
            new LabeledImage(absolute, 1),
            new LabeledImage(root.resolve("images/2, second.png").toAbsolutePath(), 0),
            new LabeledImage(absolute, 1));
  }

  @Test
  void byteOrderMarkIsIgnored() throws IOException {
    assertThat(read("\uFEFFpath,label\nimages/1.png,a\nimages/1.png,b\n").images()).hasSize(2);
  }

  @Test
  void missingFilesAreSkippedWithAReason() throws IOException {
    LabeledImages data = read("path,label\nimages/1.png,a\nimages/1.png,b\ngone.png,c\n");
    assertThat(data.images()).hasSize(2);
    assertThat(data.labels().names()).containsExactly("a", "b");
    assertThat(data.skipped())
        .containsExactly(
            new SkippedFile(
                root.resolve("gone.png").toAbsolutePath(),
                "is listed in " + root.resolve("list.csv") + " but is not there"));
  }

  @Test
  void mistakesAreRefusedWithTheRow() {
    refused("image,class\nimages/1.png,a\n", "must have the columns path,label but its first line");
    refused("", "must have the columns path,label");
    refused("path,label\nimages/1.png,a\nimages/1.png, \n", "Row 2 of ", "has no label");
    refused("path,label\n,a\n", "Row 1 of ", "has no path");
    refused("path,label\nimages/1.png\n", "Row 1 of ", "has 1 values");
    refused("path,label,weight\nimages/1.png,a,-1\n", "Row 1 of ", "has the weight \"-1\"");
    refused("path,label,weight\nimages/1.png,a,x\n", "Row 1 of ", "has the weight \"x\"");
    refused("path,width,height\nimages/1.png,1,tall\n", "Row 1 of ", "\"tall\"", "a number");
    refused("path,width\nimages/1.png,NaN\n", "Row 1 of ", "a finite number");
    refused("path,label\n\"images/1.png,a\n", "is not a valid CSV");
    refused("path,path,label\nimages/1.png,x,a\n", "is not a valid CSV", "duplicate", "path");
    refused("path,label,\nimages/1.png,a,x\n", "is not a valid CSV", "missing");
  }

  @Test
  void namesWithSemicolonsAreLabelsOfWhichAnImageMayHaveNone() throws IOException {
    LabeledImages data =
        read("path,label,weight\nimages/1.png,b;a ;b,2\nimages/1.png,,0.5\nimages/1.png,c,1\n");
    assertThat(data.task()).isEqualTo(new Task(Task.Kind.LABELS, Labels.of("a", "b", "c")));
    assertThat(data.images())
        .extracting(LabeledImage::target)
        .containsExactly(
            new Target.OfLabels(List.of(0, 1)),
            new Target.OfLabels(List.of()),
            new Target.OfLabels(List.of(2)));
    assertThat(data.images()).extracting(LabeledImage::weight).containsExactly(2f, 0.5f, 1f);
    Task wider = new Task(Task.Kind.LABELS, Labels.of("z", "c", "b", "a"));
    assertThat(data.as(wider).images().get(0).target())
        .isEqualTo(new Target.OfLabels(List.of(2, 3)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> data.as(new Task(Task.Kind.LABELS, Labels.of("a", "b"))))
        .withMessageContaining("expected are the labels [a, b]");
  }

  @Test
  void numbersAreNumbersUnlessTheyAreWhole() throws IOException {
    LabeledImages data = read("path,label\nimages/1.png,1.5\nimages/1.png,-2\n");
    assertThat(data.task()).isEqualTo(new Task(Task.Kind.NUMBERS, Labels.of("label")));
    assertThat(data.images().get(0).target()).isEqualTo(new Target.OfNumbers(new float[] {1.5f}));
    String whole = "path,label\nimages/1.png,10\nimages/1.png,9\n";
    assertThat(read(whole).task()).isEqualTo(Task.classes(Labels.of("10", "9")));
    assertThat(ImageList.read(root.resolve("list.csv"), Optional.of(Task.Kind.NUMBERS)).images())
        .extracting(LabeledImage::target)
        .contains(new Target.OfNumbers(new float[] {10}));
    read("path,label\nimages/1.png,a;b\nimages/1.png,a\n");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ImageList.read(root.resolve("list.csv"), Optional.of(Task.Kind.CLASSES)))
        .withMessageContaining("has the labels \"a;b\"; expected one class");
  }

  @Test
  void columnsWithoutLabelAreNumbersOfTheirNames() throws IOException {
    LabeledImages data = read("width,path,height\n1,images/1.png,2\n");
    assertThat(data.task()).isEqualTo(new Task(Task.Kind.NUMBERS, Labels.of("width", "height")));
    assertThat(data.images().get(0).target()).isEqualTo(new Target.OfNumbers(new float[] {1, 2}));
  }

  @Test
  void singleClassIsRefused() {
    refused(
        "path,label\nimages/1.png,a\ngone.png,b\n", "1 images that exist", "[a]", "1 rows name");
  }

  @Test
  void otherEncodingsAreRefused() throws IOException {
    Path list = root.resolve("list.csv");
    Files.write(list, "path,label\nä.png,a\n".getBytes(StandardCharsets.ISO_8859_1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ImageList.read(list))
        .withMessage(list + " is not UTF-8 text; save it as UTF-8.");
  }

  @Test
  void missingListIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ImageList.read(root.resolve("gone.csv")))
        .withMessageContaining("gone.csv is not a file");
  }

  private LabeledImages read(String text) throws IOException {
    Path list = root.resolve("list.csv");
    Files.writeString(list, text);
    return ImageList.read(list);
  }

  private void refused(String text, String... messages) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read(text))
        .satisfies(e -> assertThat(e.getMessage()).contains(messages));
  }
}
