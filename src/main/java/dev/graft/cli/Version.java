package dev.graft.cli;

import dev.graft.handoff.Versions;
import java.util.Map;
import picocli.CommandLine.IVersionProvider;

/** The answer to {@code --version}: Graft's version and those of what it stands on. */
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    Map<String, String> versions = Versions.current();
    String commit = Versions.commit().map(known -> " (commit " + known + ")").orElse("");
    return new String[] {
      "graft " + versions.get("graft") + commit,
      "TensorFlow Java " + versions.get("tensorflow-java"),
      "Java " + Runtime.version()
    };
  }
}
