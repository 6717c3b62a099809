package dev.graft.train;

import dev.graft.features.Examples;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The batches of the steps, each made while the step before runs. For one thread at a time; owns a
 * thread and the batch that was not taken. Closing it leaves the batches behind that one.
 */
final class StepsAhead implements AutoCloseable {
  private final Batches batches;
  private final GraftBatch graft;
  private final ExecutorService maker = Executors.newSingleThreadExecutor(StepsAhead::thread);
  private CompletableFuture<Step> ahead;

  StepsAhead(Batches batches, GraftBatch graft) {
    this.batches = batches;
    this.graft = graft;
  }

  /**
   * What a step trains on; whoever takes it closes it.
   *
   * @param examples as they look in the step's pass
   * @param rows of the examples
   * @param after where the next batch begins
   * @param fed the same as tensors
   */
  record Step(Examples examples, int[] rows, Batches.Position after, GraftBatch.Fed fed)
      implements AutoCloseable {
    @Override
    public void close() {
      fed.close();
    }
  }

  /** How many examples the next steps have together, when none is made ahead. */
  long examplesIn(int steps) {
    return batches.examplesIn(steps);
  }

  /**
   * The next step's batch.
   *
   * @param more whether another one follows, which is then made at once: views of images that
   *     nobody asks for are not made
   */
  Step next(boolean more) {
    CompletableFuture<Step> next = ahead == null ? start() : ahead;
    ahead = null;
    Step step = taken(next);
    ahead = more ? start() : null;
    return step;
  }

  private CompletableFuture<Step> start() {
    return CompletableFuture.supplyAsync(this::make, maker);
  }

  private Step make() {
    int[] rows = batches.next();
    Examples shown = batches.shown();
    return new Step(shown, rows, batches.position(), graft.feed(shown, rows));
  }

  private static Step taken(CompletableFuture<Step> made) {
    try {
      return made.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      if (e.getCause() instanceof Error failure) {
        throw failure;
      }
      throw e;
    }
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "graft-batches");
    thread.setDaemon(true);
    return thread;
  }

  @Override
  public void close() {
    maker.shutdown();
    if (ahead != null) {
      ahead.handle((step, failure) -> step).thenAccept(step -> closeIfMade(step)).join();
      ahead = null;
    }
  }

  /** A batch that could not be made, and that nobody needs any more, is no failure. */
  private static void closeIfMade(Step step) {
    if (step != null) {
      step.close();
    }
  }
}
