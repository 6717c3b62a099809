package dev.graft.batch;

import dev.graft.data.ImageFolder;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.List;

/**
 * Which files of a folder are taken. Patterns are those of {@code glob}; one without a {@code /} is
 * compared with the file's name, any other with its path below the folder.
 *
 * @param include only files that match one; with none, files whose names end as images' do
 * @param exclude never files that match one
 */
public record PathFilter(List<String> include, List<String> exclude) {
  /** Copies the patterns. */
  public PathFilter {
    include = List.copyOf(include);
    exclude = List.copyOf(exclude);
    include.forEach(PathFilter::matcher);
    exclude.forEach(PathFilter::matcher);
  }

  /** All images. */
  public static PathFilter none() {
    return new PathFilter(List.of(), List.of());
  }

  /**
   * Whether a file is taken.
   *
   * @param path below the folder, with {@code /}
   */
  public boolean accepts(String path) {
    boolean included =
        include.isEmpty()
            ? ImageFolder.isImageName(path)
            : include.stream().anyMatch(pattern -> matches(pattern, path));
    return included && exclude.stream().noneMatch(pattern -> matches(pattern, path));
  }

  private static boolean matches(String pattern, String path) {
    Path whole = Path.of(path);
    return matcher(pattern).matches(pattern.contains("/") ? whole : whole.getFileName());
  }

  private static PathMatcher matcher(String pattern) {
    return FileSystems.getDefault().getPathMatcher("glob:" + pattern);
  }
}
