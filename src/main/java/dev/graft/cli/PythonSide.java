package dev.graft.cli;

import dev.graft.handoff.Versions;
import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The Python environment that has graft-export. */
final class PythonSide {
  private static final String WHAT = "Python side";
  private static final String PACKAGES =
      "import sys, importlib.metadata as m\n"
          + "print('python', sys.version.split()[0])\n"
          + "for d in m.distributions():\n"
          + "    n = (d.metadata['Name'] or '').lower().replace('_', '-')\n"
          + "    if n in ('graft-export', 'tensorflow', 'tensorflow-cpu', 'keras'): print(n, d.version)";
  private static final boolean WINDOWS = File.separatorChar == '\\';

  private PythonSide() {}

  static List<Finding> examine() {
    for (Path folder : folders()) {
      Path tool = folder.resolve(WINDOWS ? "graft-export.exe" : "graft-export");
      if (Files.isExecutable(tool)) {
        return List.of(examine(folder, versions(python(folder))));
      }
    }
    return List.of(
        Finding.note(
            WHAT,
            "no graft-export on the PATH, in VIRTUAL_ENV or in python-export/.venv",
            "only needed to export Keras models: python3 -m venv .venv && .venv/bin/pip install"
                + " ./python-export, with Python 3.11 or 3.12"));
  }

  private static Path python(Path folder) {
    Path plain = folder.resolve(WINDOWS ? "python.exe" : "python");
    return Files.isExecutable(plain) ? plain : folder.resolve("python3");
  }

  /** Where programs of an environment may be, nearest first. */
  private static List<Path> folders() {
    List<Path> folders = new ArrayList<>();
    String inside = WINDOWS ? "Scripts" : "bin";
    Optional.ofNullable(System.getenv("VIRTUAL_ENV"))
        .ifPresent(folder -> folders.add(Path.of(folder, inside)));
    for (Path root : roots()) {
      folders.add(root.resolve("python-export").resolve(".venv").resolve(inside));
      folders.add(root.resolve(".venv").resolve(inside));
    }
    for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
      if (!folder.isBlank()) {
        folders.add(Path.of(folder));
      }
    }
    return folders;
  }

  /** The working folder, and the folder that the launcher is in. */
  private static List<Path> roots() {
    List<Path> roots = new ArrayList<>(List.of(Path.of("").toAbsolutePath()));
    try {
      Path code =
          Path.of(PythonSide.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      for (Path folder = code.getParent(); folder != null; folder = folder.getParent()) {
        if (Files.isDirectory(folder.resolve("python-export"))) {
          roots.add(folder);
          break;
        }
      }
    } catch (URISyntaxException e) {
      return roots; // code that is in no file
    }
    return roots;
  }

  private static Map<String, String> versions(Path python) {
    Map<String, String> versions = new LinkedHashMap<>();
    Probe.ask(python.toString(), "-c", PACKAGES)
        .ifPresent(
            said ->
                said.lines()
                    .map(line -> line.split(" ", 2))
                    .filter(words -> words.length == 2)
                    .forEach(words -> versions.put(words[0], words[1])));
    return versions;
  }

  /**
   * What there is to say of an environment.
   *
   * @param folder of its programs
   * @param versions by package; empty where its Python does not run
   */
  static Finding examine(Path folder, Map<String, String> versions) {
    String mine = release(Versions.current().get("graft"));
    String found =
        versions.isEmpty() ? "does not run, in " + folder : text(versions) + ", in " + folder;
    Finding finding;
    if (!versions.containsKey("graft-export")) {
      finding =
          Finding.note(
              WHAT, found, "install it again: pip install --force-reinstall ./python-export");
    } else if (!release(versions.get("graft-export")).equals(mine)) {
      finding =
          Finding.note(
              WHAT,
              found + "; this Graft is " + mine,
              "install the one that belongs to it: pip install ./python-export");
    } else {
      finding = Finding.good(WHAT, found);
    }
    return finding.with("folder", folder.toString()).with("versions", versions);
  }

  private static String text(Map<String, String> versions) {
    List<String> words = new ArrayList<>();
    versions.forEach((name, version) -> words.add(name + " " + version));
    return String.join(", ", words);
  }

  private static String release(String version) {
    return version.replace("-SNAPSHOT", "");
  }
}
