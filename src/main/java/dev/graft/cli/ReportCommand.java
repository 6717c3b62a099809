package dev.graft.cli;

import dev.graft.report.Report;
import dev.graft.report.ReportData;
import dev.graft.report.SavedRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code graft report}. */
@Command(
    name = "report",
    description =
        "Write the HTML report of a run again, or of several runs one that shows them side by"
            + " side.")
final class ReportCommand implements Callable<Integer> {
  @Mixin private OutputOptions output;
  @Spec private CommandSpec spec;

  @Parameters(arity = "1..*", paramLabel = "RUN", description = "Folder of a run.")
  private List<Path> runs;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "Where the report goes (default: report.html of the one run).")
  private Path out;

  @Option(names = "--overwrite", description = "Replace what is at --out.")
  private boolean overwrite;

  @Override
  public Integer call() throws Exception {
    if (out == null && runs.size() > 1) {
      throw new ParameterException(
          spec.commandLine(),
          "A report of several runs needs a place: give --out FILE, as in --out comparison.html.");
    }
    if (out != null && Files.exists(out) && (!overwrite || Files.isDirectory(out))) {
      throw new IllegalArgumentException(
          Files.isDirectory(out)
              ? out + " is a folder, expected a file for the report: choose another --out."
              : out + " exists already: choose another --out, or replace it with --overwrite.");
    }
    Console console = output.console();
    Path written = write(console);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("runs", runs);
    json.put("report", written);
    console.result(json, () -> "report: " + written);
    return ExitCode.DONE.code();
  }

  private Path write(Console console) throws Exception {
    if (out == null) {
      SavedRun.writeReport(runs.get(0), names().get(0));
      return runs.get(0).resolve("report.html");
    }
    List<ReportData> data = new ArrayList<>();
    try (Progress progress = console.progress("reading", runs.size(), "runs")) {
      for (int i = 0; i < runs.size(); i++) {
        data.add(SavedRun.read(runs.get(i), names().get(i)));
        progress.step(1);
      }
    }
    Path folder = out.toAbsolutePath().getParent();
    Files.createDirectories(folder);
    Report.write(data.size() == 1 ? Report.render(data.get(0)) : Report.compare(data), out);
    return out;
  }

  /** The folders' own names, or their paths where two share one. */
  private List<String> names() {
    List<String> names =
        runs.stream()
            .map(run -> run.toAbsolutePath().normalize().getFileName())
            .map(name -> name == null ? "/" : name.toString())
            .toList();
    return names.stream().distinct().count() == names.size()
        ? names
        : runs.stream().map(Path::toString).toList();
  }
}
