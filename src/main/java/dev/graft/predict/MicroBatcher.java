package dev.graft.predict;

import dev.graft.image.BadImageException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/**
 * Runs the images of concurrent calls together. Each image is prepared on its caller's thread, as
 * many at a time as there are processors, and run on threads of its own, which are started by the
 * first call. Owns these threads; close it before the model.
 */
final class MicroBatcher implements AutoCloseable {
  private final MicroBatching settings;
  private final PredictorListener listener;
  private final Function<List<float[]>, List<Answer>> model;
  private final int processors;

  private final Semaphore places;
  private final Semaphore preparing;
  private final List<Thread> runners = new ArrayList<>();

  /** Held by the runner that gathers the next batch. */
  private final ReentrantLock gathering = new ReentrantLock();

  private final ReentrantLock state = new ReentrantLock();
  private final Condition changed = state.newCondition();

  /** Prepared images, under {@link #state} as all below. */
  private final Queue<Call> waiting = new ArrayDeque<>();

  /** Calls whose image is not prepared yet. */
  private int coming;

  /** Callers that were answered until {@link #expired} and have not called again. */
  private int returning;

  private long expired = System.nanoTime();

  private boolean closed;

  /** Runs as many batches at a time as there are processors. */
  MicroBatcher(
      MicroBatching settings,
      PredictorListener listener,
      int processors,
      Function<List<float[]>, List<Answer>> model) {
    this.settings = settings;
    this.listener = listener;
    this.model = model;
    this.processors = processors;
    this.preparing = new Semaphore(processors, true);
    this.places = new Semaphore(settings.maxQueue(), true);
  }

  /** Makes the values of a prepared image. */
  @FunctionalInterface
  interface Values {
    float[] make() throws BadImageException;
  }

  /** A prepared image, and what becomes of it. */
  private static final class Call {
    final float[] values;
    final long preparation;
    final CompletableFuture<Answer> answer = new CompletableFuture<>();
    volatile long taken;
    volatile long ran;

    Call(float[] values, long preparation) {
      this.values = values;
      this.preparation = preparation;
    }
  }

  /**
   * Answers an image, for which it waits.
   *
   * @throws RejectedExecutionException when there is no place for the call
   * @throws CancellationException when the thread is interrupted; its flag is then set
   * @throws IllegalStateException when closed
   */
  Answer answer(Values image) throws BadImageException {
    long start = System.nanoTime();
    try {
      enter();
      try {
        return answer(image, start);
      } finally {
        places.release();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("Interrupted while an image waited for its answer.");
    }
  }

  private void enter() throws InterruptedException {
    requireOpen();
    if (!places.tryAcquire(settings.patience().toNanos(), TimeUnit.NANOSECONDS)) {
      listener.refused();
      throw new RejectedExecutionException(
          "%d calls are waiting for their answers, as many as maxQueue allows, and none ended in %s: ask again later, from fewer threads, or allow more."
              .formatted(settings.maxQueue(), settings.patience()));
    }
  }

  private Answer answer(Values image, long start) throws BadImageException, InterruptedException {
    Call call = prepared(image);
    add(call);
    Answer answer = await(call);
    listener.answered(
        new PredictorListener.Times(
            Duration.ofNanos(call.taken - start - call.preparation),
            Duration.ofNanos(call.preparation),
            Duration.ofNanos(call.ran)));
    return answer;
  }

  private Call prepared(Values image) throws BadImageException, InterruptedException {
    arrived();
    try {
      preparing.acquire();
      try {
        requireOpen();
        long began = System.nanoTime();
        float[] values = image.make();
        return new Call(values, System.nanoTime() - began);
      } finally {
        preparing.release();
      }
    } catch (BadImageException e) {
      left();
      listener.rejected(e.getMessage());
      throw e;
    } catch (InterruptedException | RuntimeException | Error e) {
      left();
      throw e;
    }
  }

  private static Answer await(Call call) throws InterruptedException {
    try {
      return call.answer.get();
    } catch (InterruptedException e) {
      call.answer.cancel(false);
      throw e;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(e.getCause().getMessage(), e.getCause());
    }
  }

  private void requireOpen() {
    state.lock();
    try {
      if (closed) {
        throw whenClosed();
      }
    } finally {
      state.unlock();
    }
  }

  private static IllegalStateException whenClosed() {
    return new IllegalStateException("The model was closed; load it again to run it.");
  }

  private void arrived() {
    state.lock();
    try {
      coming++;
      returning = Math.max(0, returning - 1);
    } finally {
      state.unlock();
    }
  }

  private void left() {
    state.lock();
    try {
      coming--;
      changed.signal();
    } finally {
      state.unlock();
    }
  }

  private void add(Call call) {
    state.lock();
    try {
      coming--;
      if (closed) {
        throw whenClosed();
      }
      startRunners();
      waiting.add(call);
      changed.signal();
    } finally {
      state.unlock();
    }
  }

  private void startRunners() {
    while (runners.size() < processors) {
      Thread runner = new Thread(this::runBatches, "graft-predict-" + runners.size());
      runner.setDaemon(true);
      runners.add(runner);
      runner.start();
    }
  }

  private void runBatches() {
    for (List<Call> batch = gather(); !batch.isEmpty(); batch = gather()) {
      run(batch);
    }
  }

  /** The next batch, for which it waits; empty when closed. */
  private List<Call> gather() {
    gathering.lock();
    try {
      state.lock();
      try {
        awaitBatch();
        List<Call> batch = new ArrayList<>();
        while (!closed && !waiting.isEmpty() && batch.size() < settings.maxBatch()) {
          batch.add(waiting.remove());
        }
        return batch;
      } finally {
        state.unlock();
      }
    } finally {
      gathering.unlock();
    }
  }

  private void awaitBatch() {
    while (waiting.isEmpty() && !closed) {
      changed.awaitUninterruptibly();
    }
    long end = System.nanoTime() + settings.maxWait().toNanos();
    while (!closed && waiting.size() < settings.maxBatch() && areOthersExpected()) {
      long now = System.nanoTime();
      long left = Math.min(end - now, coming > 0 ? Long.MAX_VALUE : expired - now);
      if (left <= 0 || !await(left)) {
        return;
      }
    }
  }

  /** Those on their way, and those who were answered just now: they mostly ask again. */
  private boolean areOthersExpected() {
    return coming > 0 || returning > 0 && expired - System.nanoTime() > 0;
  }

  private void answered(int callers) {
    state.lock();
    try {
      long now = System.nanoTime();
      returning = (expired - now > 0 ? returning : 0) + callers;
      expired = now + settings.maxWait().toNanos();
    } finally {
      state.unlock();
    }
  }

  /** Whether it is worth to wait on. Nobody else has this thread, so nobody interrupts it. */
  private boolean await(long nanos) {
    try {
      return changed.awaitNanos(nanos) > 0;
    } catch (InterruptedException e) {
      return false;
    }
  }

  private void run(List<Call> batch) {
    try {
      long began = System.nanoTime();
      List<Answer> answers = model.apply(batch.stream().map(call -> call.values).toList());
      long time = System.nanoTime() - began;
      listener.ran(batch.size(), Duration.ofNanos(time));
      answered((int) batch.stream().filter(call -> !call.answer.isCancelled()).count());
      for (int i = 0; i < batch.size(); i++) {
        Call call = batch.get(i);
        call.taken = began;
        call.ran = time;
        call.answer.complete(answers.get(i));
      }
    } catch (RuntimeException | Error e) {
      batch.forEach(call -> call.answer.completeExceptionally(e));
    }
  }

  /** Fails the calls that wait, and waits until nothing prepares or runs an image any more. */
  @Override
  public void close() {
    state.lock();
    try {
      closed = true;
      waiting.forEach(call -> call.answer.completeExceptionally(whenClosed()));
      waiting.clear();
      changed.signalAll();
    } finally {
      state.unlock();
    }
    preparing.acquireUninterruptibly(processors);
    preparing.release(processors);
    boolean interrupted = false;
    for (Thread runner : runners) {
      interrupted |= joined(runner);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits for a thread; whether this one was interrupted meanwhile. */
  private static boolean joined(Thread runner) {
    boolean interrupted = false;
    while (runner.isAlive()) {
      try {
        runner.join();
      } catch (InterruptedException e) {
        interrupted = true; // The model is closed next, so its users must be gone.
      }
    }
    return interrupted;
  }
}
