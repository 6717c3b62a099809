package dev.graft.batch;

import dev.graft.data.CodePointOrder;
import dev.graft.image.ImageFile;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;

/**
 * The images of a folder and its sub-folders, each folder's entries in Python's order of strings.
 * What was found is kept in a file, so that a resumed job sees the same images in the same order
 * whatever has come and gone since, and only the names in one folder are in memory at once.
 */
final class FolderInput implements BatchInput {
  private static final Column LABEL = Column.of("label", ColumnKind.TEXT);

  private final Path folder;
  private final Path list;
  private final long size;
  private final boolean labelled;

  private FolderInput(Path folder, Path list, long size, boolean labelled) {
    this.folder = folder;
    this.list = list;
    this.size = size;
    this.labelled = labelled;
  }

  /**
   * Lists a folder, or takes the list that is there.
   *
   * @param list where the names are kept
   * @param labelled whether the name of the sub-folder is carried as {@code label}
   */
  static FolderInput open(Path folder, PathFilter filter, Path list, boolean labelled)
      throws IOException {
    if (!Files.exists(list)) {
      Path partial = list.resolveSibling(list.getFileName() + ".partial");
      try (DataOutputStream out =
          new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(partial)))) {
        new Listing(folder, filter, out).add(folder, new ArrayDeque<>());
      }
      Files.move(partial, list, StandardCopyOption.ATOMIC_MOVE);
    }
    long size = 0;
    try (Names names = new Names(list)) {
      while (names.next() != null) {
        size++;
      }
    }
    return new FolderInput(folder, list, size, labelled);
  }

  private record Listing(Path root, PathFilter filter, DataOutputStream out) {
    void add(Path folder, Deque<Path> above) throws IOException {
      Path real = folder.toRealPath();
      if (above.contains(real)) {
        return; // a link to a folder above
      }
      above.push(real);
      for (Path entry : sorted(folder)) {
        String name = relative(entry);
        if (Files.isDirectory(entry)) {
          add(entry, above);
        } else if (filter.accepts(name)) {
          out.writeUTF(name);
        }
      }
      above.pop();
    }

    private static List<Path> sorted(Path folder) throws IOException {
      try (Stream<Path> entries = Files.list(folder)) {
        return entries
            .filter(entry -> !entry.getFileName().toString().startsWith("."))
            .sorted(
                Comparator.comparing(
                    entry -> entry.getFileName().toString(), CodePointOrder.INSTANCE))
            .toList();
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
    }

    private String relative(Path entry) {
      return root.relativize(entry).toString().replace(entry.getFileSystem().getSeparator(), "/");
    }
  }

  /** The names in the file, one after the other. */
  private static final class Names implements AutoCloseable {
    private final DataInputStream in;

    Names(Path list) throws IOException {
      in = new DataInputStream(new BufferedInputStream(Files.newInputStream(list)));
    }

    /** The next name, or null after the last. */
    String next() throws IOException {
      in.mark(1);
      if (in.read() < 0) {
        return null;
      }
      in.reset();
      return in.readUTF();
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }

  @Override
  public List<Column> carried() {
    return labelled ? List.of(LABEL) : List.of();
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public Records from(long index) throws IOException {
    Names names = new Names(list);
    return new Records(size) {
      @Override
      void skip(long count) throws IOException {
        for (long i = 0; i < count; i++) {
          names.next();
        }
      }

      @Override
      InputRecord read(long index) throws IOException {
        return record(index, names.next());
      }

      @Override
      public void close() throws IOException {
        names.close();
      }
    }.from(index);
  }

  private InputRecord record(long index, String name) {
    Path path = folder.resolve(name);
    int slash = name.indexOf('/');
    List<Object> carried =
        labelled ? Arrays.asList(slash < 0 ? null : name.substring(0, slash)) : List.of();
    return new InputRecord(index, path.toString(), new ImageFile(path), carried);
  }
}
