package dev.graft.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code graft doctor}. */
@Command(
    name = "doctor",
    description = {
      "What Graft finds on this computer, and what to do about it: Java, TensorFlow's library,"
          + " memory, processor, GPU, the Python side, disks.",
      "Exit code 1 where Graft can't work."
    })
final class DoctorCommand implements Callable<Integer> {
  @Mixin private OutputOptions output;

  @Override
  public Integer call() throws Exception {
    List<Finding> findings = new ArrayList<>();
    for (Supplier<List<Finding>> part :
        List.<Supplier<List<Finding>>>of(
            Machine::examine, NativeSide::examine, PythonSide::examine, Disks::examine)) {
      findings.addAll(part.get());
    }
    boolean works = findings.stream().noneMatch(one -> one.state() == Finding.State.PROBLEM);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("works", works);
    json.put("findings", findings.stream().map(DoctorCommand::json).toList());
    output.console().result(json, () -> text(findings));
    return works ? ExitCode.DONE.code() : ExitCode.FAILED.code();
  }

  private static Map<String, Object> json(Finding finding) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("what", finding.what());
    json.put("state", word(finding));
    json.put("found", finding.found());
    json.put("remedy", finding.remedy().isEmpty() ? null : finding.remedy());
    json.put("facts", finding.facts());
    return json;
  }

  private static String word(Finding finding) {
    return finding.state().name().toLowerCase(Locale.ROOT);
  }

  private static String text(List<Finding> findings) {
    Table table = new Table("", "what", "found");
    for (Finding finding : findings) {
      table.row(word(finding), finding.what(), finding.found());
      if (!finding.remedy().isEmpty()) {
        table.row("", "", "→ " + finding.remedy());
      }
    }
    return table.toString();
  }
}
