package dev.graft.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFolderTest {
  @TempDir Path root;

  /** The order was printed by Keras 3.15's {@code index_directory} on the same tree. */
  @Test
  void filesAreListedInKerasOrder() throws IOException {
    kerasTree();
    LabeledImages data = ImageFolder.read(root);
    assertThat(data.labels().names()).containsExactly("Rose", "daisy");
    assertThat(names(data.images()))
        .containsExactly(
            "Rose/r1.png",
            "Rose/r2.png",
            "daisy/.hidden.png",
            "daisy/10.jpg",
            "daisy/9.jpg",
            "daisy/Z.Jpg",
            "daisy/a.jpeg",
            "daisy/b.JPG",
            "daisy/.dot/f.jpg",
            "daisy/sub/c.png",
            "daisy/sub-1/d.gif",
            "daisy/sub/deep/e.bmp");
    assertThat(data.images()).filteredOn(image -> image.label() == 0).hasSize(2);
    assertThat(data.hasValidation()).isFalse();
    assertThat(data.test()).isEmpty();
  }

  @Test
  void filesThatAreNoImagesAreSkippedWithAReason() throws IOException {
    kerasTree();
    assertThat(ImageFolder.read(root).skipped())
        .extracting(file -> relative(file.path()) + " " + file.reason())
        .containsExactly(
            ".hidden is hidden, so it is no class folder",
            "top.jpg lies beside the class folders and so has no label",
            "daisy/jpg does not end in .bmp, .gif, .jpeg, .jpg, .png, .tif, .tiff, .pbm, .pgm, .ppm, .pnm",
            "daisy/notes.txt does not end in .bmp, .gif, .jpeg, .jpg, .png, .tif, .tiff, .pbm, .pgm, .ppm, .pnm",
            "daisy/x.jpg.txt does not end in .bmp, .gif, .jpeg, .jpg, .png, .tif, .tiff, .pbm, .pgm, .ppm, .pnm");
  }

  @Test
  void linksToFilesAndClassesAreFollowedButNotLinksInsideAClass() throws IOException {
    make("elsewhere/tulip/t.jpg", "data/rose/r.jpg", "data/rose/sub/s.jpg");
    try {
      Path data = root.resolve("data");
      Files.createSymbolicLink(data.resolve("tulip"), root.resolve("elsewhere/tulip"));
      Files.createSymbolicLink(data.resolve("rose/loop"), data.resolve("rose"));
      Files.createSymbolicLink(data.resolve("rose/link.jpg"), data.resolve("rose/r.jpg"));
      Files.createSymbolicLink(data.resolve("rose/broken.jpg"), data.resolve("gone"));
    } catch (IOException | UnsupportedOperationException e) {
      assumeTrue(false, "This system does not allow links.");
    }
    LabeledImages data = ImageFolder.read(root.resolve("data"));
    assertThat(names(data.images()))
        .containsExactly(
            "data/rose/broken.jpg",
            "data/rose/link.jpg",
            "data/rose/r.jpg",
            "data/rose/sub/s.jpg",
            "data/tulip/t.jpg");
    assertThat(data.skipped())
        .extracting(SkippedFile::reason)
        .containsExactly("is a link to a folder, which is not followed");
  }

  @Test
  void trainValidationAndTestAreKeptApart() throws IOException {
    for (String part : List.of("train", "validation", "test")) {
      make(part + "/a/1.png", part + "/b/2.png");
    }
    make("extra/a/x.png", "README.md");
    LabeledImages data = ImageFolder.read(root);
    assertThat(names(data.images())).containsExactly("train/a/1.png", "train/b/2.png");
    assertThat(names(data.validation()))
        .containsExactly("validation/a/1.png", "validation/b/2.png");
    assertThat(names(data.test())).containsExactly("test/a/1.png", "test/b/2.png");
    assertThat(data.labels().names()).containsExactly("a", "b");
    assertThat(data.skipped())
        .containsExactly(
            new SkippedFile(
                root.resolve("extra"), "lies beside train/ and is no part of the data"));
  }

  @Test
  void valIsAnotherNameForValidation() throws IOException {
    make("train/a/1.png", "train/b/2.png", "val/a/3.png", "val/b/4.png");
    assertThat(names(ImageFolder.read(root).validation()))
        .containsExactly("val/a/3.png", "val/b/4.png");
  }

  @Test
  void trainWithTestLeavesValidationToASplit() throws IOException {
    make("train/a/1.png", "train/b/2.png", "test/a/3.png", "test/b/4.png");
    LabeledImages data = ImageFolder.read(root);
    assertThat(data.hasValidation()).isFalse();
    assertThat(names(data.test())).containsExactly("test/a/3.png", "test/b/4.png");
  }

  @Test
  void testBesideClassFoldersIsATestPartOnlyIfItHasTheirNames() throws IOException {
    make("a/1.png", "b/2.png", "test/a/3.png", "test/b/4.png");
    LabeledImages data = ImageFolder.read(root);
    assertThat(data.labels().names()).containsExactly("a", "b");
    assertThat(names(data.test())).containsExactly("test/a/3.png", "test/b/4.png");

    make("other/exam/1.png", "other/test/2.png");
    assertThat(ImageFolder.read(root.resolve("other")).labels().names())
        .containsExactly("exam", "test");
  }

  @Test
  void partsWithOtherClassesAreRefusedNamingAllOfThem() throws IOException {
    make("train/a/1.png", "train/b/1.png", "train/c/1.png");
    make("validation/b/1.png", "validation/d/1.png");
    refused(
        root,
        root.resolve("validation")
            + " must have the same class folders as "
            + root.resolve("train")
            + ", but it has the missing classes [a, c] and the unexpected classes [d].");
  }

  @Test
  void bothValidationAndValAreRefused() throws IOException {
    make("train/a/1.png", "train/b/1.png", "val/a/1.png", "validation/a/1.png");
    refused(root, root + " has both validation/ and val/; keep the one to validate on.");
  }

  @Test
  void validationWithoutTrainIsRefused() throws IOException {
    make("validation/a/1.png", "validation/b/1.png", "test/a/1.png");
    refused(root, root + " has validation/ but no train/; add train/ with the images to train on.");
  }

  @Test
  void missingFolderIsRefused() {
    refused(
        root.resolve("gone"),
        root.resolve("gone")
            + " does not exist; expected a folder with one sub-folder of images a class.");
  }

  @Test
  void fileInsteadOfAFolderIsRefused() throws IOException {
    make("photo.jpg");
    refused(
        root.resolve("photo.jpg"),
        root.resolve("photo.jpg")
            + " is a file; expected a folder with one sub-folder of images a class.");
  }

  @Test
  void emptyFolderIsRefused() {
    refused(
        root,
        root + " has no class folders; expected a folder with one sub-folder of images a class.");
  }

  @Test
  void imagesWithoutClassFoldersAreRefusedWithAdvice() throws IOException {
    make("1.jpg", "2.jpg");
    refused(
        root,
        root
            + " holds 2 images itself and no class folders; put the images of each class into a"
            + " sub-folder of its own.");
  }

  @Test
  void singleClassIsRefused() throws IOException {
    make("daisy/1.jpg");
    refused(
        root,
        root + " has only one class folder, daisy; at least two classes are needed to tell apart.");
  }

  @Test
  void emptyClassIsRefused() throws IOException {
    make("daisy/1.jpg", "rose/notes.txt");
    refused(
        root,
        "The class folder "
            + root.resolve("rose")
            + " holds no image (.bmp, .gif, .jpeg, .jpg, .png, .tif, .tiff, .pbm, .pgm, .ppm, .pnm); add images or remove it.");
  }

  /** Without its links, which not every system allows. */
  private void kerasTree() throws IOException {
    make(
        "daisy/b.JPG",
        "daisy/a.jpeg",
        "daisy/.hidden.png",
        "daisy/10.jpg",
        "daisy/9.jpg",
        "daisy/Z.Jpg",
        "daisy/notes.txt",
        "daisy/jpg",
        "daisy/x.jpg.txt",
        "daisy/sub/c.png",
        "daisy/sub-1/d.gif",
        "daisy/sub/deep/e.bmp",
        "daisy/.dot/f.jpg",
        "Rose/r2.png",
        "Rose/r1.png",
        ".hidden/h.jpg",
        "top.jpg");
  }

  private void make(String... files) throws IOException {
    for (String file : files) {
      Path path = root.resolve(file);
      Files.createDirectories(path.getParent());
      Files.createFile(path);
    }
  }

  private static void refused(Path folder, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ImageFolder.read(folder))
        .withMessage(message);
  }

  private List<String> names(List<LabeledImage> images) {
    return images.stream().map(image -> relative(image.path())).toList();
  }

  private String relative(Path path) {
    return root.relativize(path).toString().replace('\\', '/');
  }
}
