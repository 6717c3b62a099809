package dev.graft.cli;

import java.io.PrintWriter;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A bar that is drawn again in its place. Owns the thread that draws it. */
final class ProgressOnTerminal implements Progress {
  private final PrintWriter err;
  private final ProgressBar bar;

  ProgressOnTerminal(PrintWriter err, Terminal terminal, String task, long total, String unit) {
    this.err = err;
    this.bar =
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(total)
            .setUnit(" " + unit, 1)
            .setStyle(ProgressBarStyle.ASCII)
            .setUpdateIntervalMillis(200)
            .continuousUpdate()
            .setConsumer(new DelegatingProgressBarConsumer(this::draw, terminal.columns() - 1))
            .build();
  }

  private void draw(String line) {
    err.print('\r' + line);
    err.flush();
  }

  @Override
  public void step(long steps) {
    bar.stepBy(steps);
  }

  @Override
  public void note(String note) {
    bar.setExtraMessage(note);
  }

  @Override
  public void close() {
    bar.close();
    err.println();
    err.flush();
  }
}
