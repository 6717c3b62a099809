package dev.graft.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Reads a folder with one sub-folder of images a class.
 *
 * <p>Classes and files are found and ordered as {@code keras.utils.image_dataset_from_directory}
 * does with {@code shuffle=False}: class names in Python's order of strings, sub-folders of a class
 * included, hidden class folders left out; TIFF and PNM files, which Keras leaves out, are listed
 * among them. Only the endings of the names are looked at, not the files' contents.
 *
 * <p>A folder with {@code train} beside {@code validation}, {@code val} or {@code test} is taken as
 * parts of one data set instead, each with the same class folders; so is a folder with {@code
 * train} alone. A {@code test} beside class folders is the test part if it has class folders of
 * those names itself, and a class if it has not.
 */
public final class ImageFolder {
  private static final String EXPECTED = "expected a folder with one sub-folder of images a class";

  private final List<SkippedFile> skipped = new ArrayList<>();

  private ImageFolder() {}

  /**
   * Reads the folder.
   *
   * @throws IllegalArgumentException if there is no such folder, or if it is not made of at least
   *     two class folders with at least one image each
   * @throws IOException if the disk fails
   */
  public static LabeledImages read(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      throw new IllegalArgumentException(folder + " does not exist; " + EXPECTED + ".");
    }
    if (!Files.isDirectory(folder)) {
      throw new IllegalArgumentException(folder + " is a file; " + EXPECTED + ".");
    }
    return new ImageFolder().readParts(folder);
  }

  /** Whether a file's name ends as an image's does, in whatever case. */
  public static boolean isImageName(String name) {
    return ClassFolder.ENDINGS.stream().anyMatch(name.toLowerCase(Locale.ROOT)::endsWith);
  }

  private LabeledImages readParts(Path folder) throws IOException {
    List<Path> children =
        ClassFolder.sorted(folder).stream().filter(this::isVisibleFolder).toList();
    Optional<Path> train = named(children, "train");
    Optional<Path> validation = validation(folder, children);
    Optional<Path> test = named(children, "test");
    if (train.isEmpty() && validation.isPresent() && consistsOfParts(children)) {
      throw new IllegalArgumentException(
          folder
              + " has "
              + ClassFolder.name(validation.get())
              + "/ but no train/; add train/ with the images to train on.");
    }
    if (train.isPresent() && (validation.isPresent() || consistsOfParts(children))) {
      skipOthers(children);
      return assemble(folder, readClasses(train.get(), Optional.empty()), validation, test);
    }
    Optional<Path> testPart = test.filter(path -> holdsClassOf(path, children));
    return assemble(folder, readClasses(folder, testPart), Optional.empty(), testPart);
  }

  private LabeledImages assemble(
      Path folder, Part training, Optional<Path> validation, Optional<Path> test)
      throws IOException {
    return new LabeledImages(
        folder,
        training.labels,
        training.images,
        readSame(training, validation),
        readSame(training, test),
        skipped);
  }

  private List<LabeledImage> readSame(Part training, Optional<Path> folder) throws IOException {
    if (folder.isEmpty()) {
      return List.of();
    }
    Part part = readClasses(folder.get(), Optional.empty());
    String difference = training.labels.difference(part.labels);
    if (!difference.isEmpty()) {
      throw new IllegalArgumentException(
          part.folder
              + " must have the same class folders as "
              + training.folder
              + ", but it has "
              + difference
              + ".");
    }
    return part.images;
  }

  /** The class folders of {@code folder}, one of its sub-folders left out. */
  private Part readClasses(Path folder, Optional<Path> except) throws IOException {
    List<Path> classes = new ArrayList<>();
    int images = 0;
    for (Path child : ClassFolder.sorted(folder)) {
      if (isVisibleFolder(child)) {
        classes.add(child);
      } else if (ClassFolder.isImage(child)) {
        images++;
        skipped.add(new SkippedFile(child, "lies beside the class folders and so has no label"));
      } else if (Files.isDirectory(child)) {
        skipped.add(new SkippedFile(child, "is hidden, so it is no class folder"));
      }
    }
    except.ifPresent(classes::remove);
    checkClasses(folder, classes, images);
    return readImages(folder, classes);
  }

  private static void checkClasses(Path folder, List<Path> classes, int images) {
    if (classes.isEmpty() && images > 0) {
      throw new IllegalArgumentException(
          folder
              + " holds "
              + images
              + " images itself and no class folders; put the images of each class into a sub-folder"
              + " of its own.");
    }
    if (classes.isEmpty()) {
      throw new IllegalArgumentException(folder + " has no class folders; " + EXPECTED + ".");
    }
    if (classes.size() == 1) {
      throw new IllegalArgumentException(
          folder
              + " has only one class folder, "
              + ClassFolder.name(classes.get(0))
              + "; at least two classes are needed to tell apart.");
    }
  }

  private Part readImages(Path folder, List<Path> classes) throws IOException {
    Labels labels = new Labels(classes.stream().map(ClassFolder::name).toList());
    List<LabeledImage> images = new ArrayList<>();
    for (int label = 0; label < classes.size(); label++) {
      ClassFolder files = ClassFolder.read(classes.get(label));
      if (files.images().isEmpty()) {
        throw new IllegalArgumentException(
            "The class folder "
                + classes.get(label)
                + " holds no image ("
                + String.join(", ", ClassFolder.ENDINGS)
                + "); add images or remove it.");
      }
      for (Path path : files.images()) {
        images.add(new LabeledImage(path, label));
      }
      skipped.addAll(files.skipped());
    }
    return new Part(folder, labels, images);
  }

  private void skipOthers(List<Path> children) {
    for (Path child : children) {
      if (!isPart(child)) {
        skipped.add(new SkippedFile(child, "lies beside train/ and is no part of the data"));
      }
    }
  }

  private boolean isVisibleFolder(Path path) {
    return Files.isDirectory(path) && !ClassFolder.name(path).startsWith(".");
  }

  private static Optional<Path> validation(Path folder, List<Path> children) {
    Optional<Path> validation = named(children, "validation");
    Optional<Path> val = named(children, "val");
    if (named(children, "train").isPresent() && validation.isPresent() && val.isPresent()) {
      throw new IllegalArgumentException(
          folder + " has both validation/ and val/; keep the one to validate on.");
    }
    return validation.or(() -> val);
  }

  private static Optional<Path> named(List<Path> children, String name) {
    return children.stream().filter(child -> ClassFolder.name(child).equals(name)).findFirst();
  }

  private static boolean isPart(Path child) {
    return List.of("train", "validation", "val", "test").contains(ClassFolder.name(child));
  }

  private static boolean consistsOfParts(List<Path> children) {
    return children.stream().allMatch(ImageFolder::isPart);
  }

  private static boolean holdsClassOf(Path test, List<Path> children) {
    return children.stream()
        .filter(child -> !child.equals(test))
        .anyMatch(child -> Files.isDirectory(test.resolve(ClassFolder.name(child))));
  }

  private record Part(Path folder, Labels labels, List<LabeledImage> images) {}
}
