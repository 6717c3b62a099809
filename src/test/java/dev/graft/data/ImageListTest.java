package dev.graft.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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
    refused("path,label\nimages/1.png,a;b\n", "\"a;b\"", "not supported");
    refused("path,label\n\"images/1.png,a\n", "is not a valid CSV");
    refused("path,path,label\nimages/1.png,x,a\n", "is not a valid CSV", "duplicate", "path");
    refused("path,label,\nimages/1.png,a,x\n", "is not a valid CSV", "missing");
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
