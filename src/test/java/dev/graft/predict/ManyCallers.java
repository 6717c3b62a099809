package dev.graft.predict;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A process in which many threads ask one predictor, and which says what came of it: {@code
 * ManyCallers MODEL IMAGES THREADS PREDICTIONS}.
 */
final class ManyCallers {
  /** What counts as the start: everything is loaded, every thread has worked. */
  private static final int FIRST = 1000;

  private static final Pattern ANONYMOUS = Pattern.compile("RssAnon:\\s+(\\d+) kB");

  private ManyCallers() {}

  public static void main(String[] arguments) throws Exception {
    List<byte[]> images = read(Path.of(arguments[1]));
    int threads = Integer.parseInt(arguments[2]);
    int predictions = Integer.parseInt(arguments[3]);
    try (Predictor predictor = Predictor.load(Path.of(arguments[0]))) {
      List<float[]> alone = new ArrayList<>();
      for (byte[] image : images) {
        alone.add(predictor.predict(image).probabilities());
      }
      ask(predictor, images, alone, threads, predictions);
    }
  }

  private static void ask(
      Predictor predictor, List<byte[]> images, List<float[]> alone, int threads, int predictions)
      throws Exception {
    AtomicInteger next = new AtomicInteger();
    AtomicInteger equal = new AtomicInteger();
    AtomicLong first = new AtomicLong();
    AtomicLong most = new AtomicLong();
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    List<Future<?>> callers = new ArrayList<>();
    for (int thread = 0; thread < threads; thread++) {
      callers.add(
          pool.submit(
              () -> {
                for (int i = next.getAndIncrement(); i < predictions; i = next.getAndIncrement()) {
                  int image = i % images.size();
                  float[] answer = predictor.predict(images.get(image)).probabilities();
                  equal.addAndGet(Arrays.equals(answer, alone.get(image)) ? 1 : 0);
                  if (i == FIRST) {
                    first.set(anonymous());
                  } else if (i > FIRST && i % 100 == 0) {
                    most.accumulateAndGet(anonymous(), Math::max);
                  }
                }
                return null;
              }));
    }
    for (Future<?> caller : callers) {
      caller.get();
    }
    pool.shutdown();
    System.out.printf("equal=%d first=%d most=%d%n", equal.get(), first.get(), most.get());
  }

  private static List<byte[]> read(Path folder) throws IOException {
    List<byte[]> images = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(file -> file.toString().endsWith(".png")).sorted().toList()) {
        images.add(Files.readAllBytes(file));
      }
    }
    return images;
  }

  /** This process's anonymous memory in kB; 0 where the system does not say. */
  private static long anonymous() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return 0;
    }
    Matcher found = ANONYMOUS.matcher(Files.readString(status));
    return found.find() ? Long.parseLong(found.group(1)) : 0;
  }
}
