package dev.graft.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Asks another program of this computer. */
final class Probe {
  private static final long PATIENCE = 30;

  private Probe() {}

  /**
   * What a program says on standard output.
   *
   * @return empty where there is no such program, it fails, or it does not end within half a minute
   */
  static Optional<String> ask(String... command) {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .redirectInput(ProcessBuilder.Redirect.PIPE)
              .start();
      try {
        process.getOutputStream().close();
        CompletableFuture<String> said = CompletableFuture.supplyAsync(() -> read(process));
        boolean ended = process.waitFor(PATIENCE, TimeUnit.SECONDS);
        return ended && process.exitValue() == 0
            ? Optional.of(said.join().strip())
            : Optional.empty();
      } finally {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  private static String read(Process process) {
    try {
      return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
  }
}
