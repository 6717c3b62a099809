package dev.graft.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** The answer to {@code --version}: Graft's version and those of what it stands on. */
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() throws IOException {
    Properties built = new Properties();
    try (InputStream in = Version.class.getResourceAsStream("/dev/graft/version.properties")) {
      built.load(in);
    }
    return new String[] {
      "graft " + built.getProperty("version"),
      "TensorFlow Java " + built.getProperty("tensorflow"),
      "Java " + Runtime.version()
    };
  }
}
