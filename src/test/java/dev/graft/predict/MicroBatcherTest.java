package dev.graft.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.data.Labels;
import dev.graft.image.BadImageException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A model whose answer is the image's only value. */
@Timeout(60)
class MicroBatcherTest {
  private static final Labels LABELS = Labels.of("value");

  /** Longer than any test: what waits for it fails. */
  private static final MicroBatching PATIENT =
      MicroBatching.defaults().withMaxWait(Duration.ofHours(1));

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final ConcurrentLinkedQueue<Integer> batches = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<PredictorListener.Times> times =
      new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<String> rejected = new ConcurrentLinkedQueue<>();
  private final AtomicInteger refused = new AtomicInteger();
  private final PredictorListener listener =
      new PredictorListener() {
        @Override
        public void answered(Times ofCall) {
          times.add(ofCall);
        }

        @Override
        public void ran(int images, Duration time) {
          batches.add(images);
        }

        @Override
        public void rejected(String reason) {
          rejected.add(reason);
        }

        @Override
        public void refused() {
          refused.incrementAndGet();
        }
      };

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  private static List<Answer> echo(List<float[]> images) {
    return images.stream().map(image -> new Answer(LABELS, image)).toList();
  }

  private MicroBatcher batcher(MicroBatching settings) {
    return new MicroBatcher(settings, listener, 2, MicroBatcherTest::echo);
  }

  private static float value(Answer answer) {
    return answer.probability();
  }

  @Test
  void aLoneCallWaitsForNobody() throws Exception {
    try (MicroBatcher batcher = batcher(PATIENT)) {
      assertThat(value(batcher.answer(() -> new float[] {7}))).isEqualTo(7);
      assertThat(value(batcher.answer(() -> new float[] {8}))).isEqualTo(8);
    }
    assertThat(batches).containsExactly(1, 1);
    assertThat(times).hasSize(2);
  }

  @Test
  void anImageWaitsForOneThatIsOnItsWay() throws Exception {
    CountDownLatch bothThere = new CountDownLatch(2);
    try (MicroBatcher batcher = batcher(PATIENT)) {
      List<Future<Answer>> answers = new ArrayList<>();
      for (float value : new float[] {1, 2}) {
        answers.add(
            threads.submit(
                () ->
                    batcher.answer(
                        () -> {
                          meet(bothThere);
                          return new float[] {value};
                        })));
      }
      assertThat(value(answers.get(0).get())).isEqualTo(1);
      assertThat(value(answers.get(1).get())).isEqualTo(2);
    }
    assertThat(batches).containsExactly(2);
  }

  @Test
  void whoWasAnsweredJustNowIsWaitedFor() throws Exception {
    CountDownLatch bothThere = new CountDownLatch(2);
    try (MicroBatcher batcher = batcher(PATIENT)) {
      Callable<Float> twice =
          () -> {
            batcher.answer(
                () -> {
                  meet(bothThere);
                  return new float[] {1};
                });
            return value(batcher.answer(() -> new float[] {2}));
          };
      Future<Float> one = threads.submit(twice);
      Future<Float> other = threads.submit(twice);
      assertThat(one.get()).isEqualTo(2);
      assertThat(other.get()).isEqualTo(2);
    }
    assertThat(batches).containsExactly(2, 2);
  }

  @Test
  void anImageDoesNotWaitLongerThanItIsTold() throws Exception {
    CountDownLatch bothThere = new CountDownLatch(2);
    CountDownLatch firstAnswered = new CountDownLatch(1);
    MicroBatching hasty = MicroBatching.defaults().withMaxWait(Duration.ofMillis(1));
    try (MicroBatcher batcher = batcher(hasty)) {
      Future<Answer> slow =
          threads.submit(
              () ->
                  batcher.answer(
                      () -> {
                        meet(bothThere);
                        await(firstAnswered);
                        return new float[] {2};
                      }));
      Answer first =
          batcher.answer(
              () -> {
                meet(bothThere);
                return new float[] {1};
              });
      firstAnswered.countDown();
      assertThat(value(first)).isEqualTo(1);
      assertThat(value(slow.get())).isEqualTo(2);
    }
    assertThat(batches).containsExactly(1, 1);
  }

  @Test
  void aBadImageFailsAloneAndHoldsNobodyUp() throws Exception {
    CountDownLatch bothThere = new CountDownLatch(2);
    try (MicroBatcher batcher = batcher(PATIENT)) {
      Future<Answer> bad =
          threads.submit(
              () ->
                  batcher.answer(
                      () -> {
                        meet(bothThere);
                        throw new BadImageException("is torn");
                      }));
      Answer good =
          batcher.answer(
              () -> {
                meet(bothThere);
                return new float[] {3};
              });
      assertThat(value(good)).isEqualTo(3);
      assertThatThrownBy(bad::get).hasCauseInstanceOf(BadImageException.class);
    }
    assertThat(batches).containsExactly(1);
    assertThat(rejected).containsExactly("is torn");
  }

  @Test
  void manyCallsGetTheirOwnAnswersInBatchesOfTheirSize() throws Exception {
    MicroBatching small = MicroBatching.defaults().withMaxBatch(4).withMaxQueue(10);
    int each = 100;
    try (MicroBatcher batcher = batcher(small)) {
      List<Future<Boolean>> threadsRight = new ArrayList<>();
      for (int thread = 0; thread < 32; thread++) {
        int first = thread * each;
        Callable<Boolean> calls =
            () -> {
              boolean right = true;
              for (int i = first; i < first + each; i++) {
                float value = i;
                right &= value(batcher.answer(() -> new float[] {value})) == value;
              }
              return right;
            };
        threadsRight.add(threads.submit(calls));
      }
      for (Future<Boolean> right : threadsRight) {
        assertThat(right.get()).isTrue();
      }
    }
    assertThat(batches).allMatch(size -> size >= 1 && size <= 4);
    assertThat(batches.stream().mapToInt(Integer::intValue).sum()).isEqualTo(32 * each);
    assertThat(times)
        .hasSize(32 * each)
        .allMatch(call -> !call.queued().isNegative() && !call.ran().isNegative());
  }

  @Test
  void aCallWithoutAPlaceIsRefused() throws Exception {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    MicroBatching one = MicroBatching.defaults().withMaxQueue(1).withPatience(Duration.ZERO);
    try (MicroBatcher batcher =
        new MicroBatcher(
            one,
            listener,
            2,
            images -> {
              running.countDown();
              await(go);
              return echo(images);
            })) {
      Future<Answer> first = threads.submit(() -> batcher.answer(() -> new float[] {1}));
      running.await();
      assertThatThrownBy(() -> batcher.answer(() -> new float[] {2}))
          .isInstanceOf(RejectedExecutionException.class)
          .hasMessageContaining("1 calls are waiting");
      assertThat(refused).hasValue(1);
      go.countDown();
      assertThat(value(first.get())).isEqualTo(1);
      assertThat(value(batcher.answer(() -> new float[] {3}))).isEqualTo(3);
    }
  }

  @Test
  void aFailedRunFailsItsCallsAlone() throws Exception {
    AtomicInteger runs = new AtomicInteger();
    try (MicroBatcher batcher =
        new MicroBatcher(
            PATIENT,
            listener,
            2,
            images -> {
              if (runs.getAndIncrement() == 0) {
                throw new IllegalArgumentException("no memory left");
              }
              return echo(images);
            })) {
      assertThatThrownBy(() -> batcher.answer(() -> new float[] {1}))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("no memory left");
      assertThat(value(batcher.answer(() -> new float[] {2}))).isEqualTo(2);
    }
  }

  @Test
  void anInterruptedCallerLeaves() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    CountDownLatch running = new CountDownLatch(1);
    try (MicroBatcher batcher =
        new MicroBatcher(
            PATIENT,
            listener,
            2,
            images -> {
              running.countDown();
              await(go);
              return echo(images);
            })) {
      Future<Boolean> interrupted =
          threads.submit(
              () -> {
                Thread caller = Thread.currentThread();
                threads.submit(
                    () -> {
                      running.await();
                      caller.interrupt();
                      return null;
                    });
                assertThatThrownBy(() -> batcher.answer(() -> new float[] {1}))
                    .isInstanceOf(CancellationException.class);
                return Thread.interrupted();
              });
      assertThat(interrupted.get()).isTrue();
      go.countDown();
      assertThat(value(batcher.answer(() -> new float[] {2}))).isEqualTo(2);
    }
  }

  @Test
  void closingWaitsForTheRunAndFailsWhoWaits() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    CyclicBarrier running = new CyclicBarrier(2);
    AtomicInteger ended = new AtomicInteger();
    MicroBatching single = MicroBatching.defaults().withMaxBatch(1);
    MicroBatcher batcher =
        new MicroBatcher(
            single,
            listener,
            1,
            images -> {
              meet(running);
              await(go);
              ended.incrementAndGet();
              return echo(images);
            });
    Future<Answer> first = threads.submit(() -> batcher.answer(() -> new float[] {1}));
    running.await();
    CountDownLatch prepared = new CountDownLatch(1);
    Future<Answer> second =
        threads.submit(
            () ->
                batcher.answer(
                    () -> {
                      prepared.countDown();
                      return new float[] {2};
                    }));
    prepared.await();
    Future<Integer> closed =
        threads.submit(
            () -> {
              batcher.close();
              return ended.get();
            });
    assertThatThrownBy(second::get)
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseMessage("The model was closed; load it again to run it.");
    go.countDown();
    assertThat(closed.get()).isEqualTo(1);
    assertThat(value(first.get())).isEqualTo(1);
    assertThatThrownBy(() -> batcher.answer(() -> new float[] {3}))
        .isInstanceOf(IllegalStateException.class);
    batcher.close();
  }

  private static void meet(CountDownLatch all) {
    all.countDown();
    await(all);
  }

  private static void meet(CyclicBarrier barrier) {
    try {
      barrier.await();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
