package dev.graft.model;

import dev.graft.image.ImageShape;
import dev.graft.tensor.HostTensor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Measures how fast a graph runs images in several ways, in this process, whose number of threads
 * an op it cannot change. For one thread.
 */
public final class Calibrator {
  /** How long a way is measured, once it is warm. */
  private static final Duration EACH = Duration.ofMillis(400);

  /** In its first second a process runs at half its speed. */
  private static final Duration WARM_UP = Duration.ofSeconds(1);

  private final FrozenGraph graph;
  private final ImageShape shape;

  /**
   * @param graph must stay open
   * @param shape of its images
   */
  public Calibrator(FrozenGraph graph, ImageShape shape) {
    this.graph = graph;
    this.shape = shape;
  }

  /**
   * The ways worth measuring in a process with a number of threads an op.
   *
   * @param threads an op, 0 for all processors
   * @param processors of the machine
   */
  public static List<Calibration> ways(int threads, int processors) {
    List<Calibration> ways = new ArrayList<>();
    int runs = threads == 0 ? processors : Math.max(1, processors / threads);
    for (int batch : new int[] {2, 4, 8}) {
      ways.add(new Calibration(runs, batch, threads));
    }
    if (threads == 0 && processors > 1) {
      ways.add(new Calibration(1, 8, threads));
      ways.add(new Calibration(1, 16, threads));
    }
    return ways;
  }

  /** Numbers of threads an op worth measuring, each in a process of its own. */
  public static List<Integer> threads(int processors) {
    List<Integer> threads = new ArrayList<>(List.of(0));
    for (int one = 1; one < processors && one <= 4; one *= 2) {
      threads.add(one);
    }
    return threads;
  }

  /**
   * Runs noise in each way, one after the other.
   *
   * @param ways at least one
   * @return images a second
   */
  public Map<Calibration, Double> measure(List<Calibration> ways) {
    Map<Calibration, Double> rates = new LinkedHashMap<>();
    rate(ways.get(0), WARM_UP);
    for (Calibration way : ways) {
      rate(way, Duration.ZERO);
      rates.put(way, rate(way, EACH));
    }
    return rates;
  }

  /** At least one run of each thread. */
  private double rate(Calibration way, Duration time) {
    HostTensor images = noise(way.batch());
    ExecutorService threads = Executors.newFixedThreadPool(way.runs());
    long began = System.nanoTime();
    try {
      List<Future<Integer>> working = new ArrayList<>();
      for (int i = 0; i < way.runs(); i++) {
        working.add(threads.submit(() -> run(images, began + time.toNanos())));
      }
      int runs = 0;
      for (Future<Integer> work : working) {
        runs += work.get();
      }
      return runs * way.batch() / ((System.nanoTime() - began) / 1e9);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while the machine was being measured.", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("The model can't be run: " + e.getCause(), e.getCause());
    } finally {
      ImagePipeline.stop(threads);
    }
  }

  private int run(HostTensor images, long end) {
    int runs = 0;
    do {
      graph.run(List.of(images));
      runs++;
    } while (System.nanoTime() < end);
    return runs;
  }

  private HostTensor noise(int batch) {
    Random random = new Random(1);
    List<float[]> images = new ArrayList<>();
    for (int i = 0; i < batch; i++) {
      float[] values = new float[shape.values()];
      for (int j = 0; j < values.length; j++) {
        values[j] = random.nextFloat() * 2 - 1;
      }
      images.add(values);
    }
    return ImageBatch.of(shape, images);
  }
}
