import com.sun.management.OperatingSystemMXBean;
import dev.graft.image.ImageSource;
import dev.graft.predict.MicroBatching;
import dev.graft.predict.Predictor;
import dev.graft.predict.PredictorListener;
import dev.graft.predict.PredictorSettings;
import dev.graft.tensor.Arithmetic;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/** Images a second of one predictor: a list, and the calls of many threads, alternating. */
final class PredictorRate {
  private static final LongAdder RAN = new LongAdder();
  private static final LongAdder BATCHES = new LongAdder();

  private record Options(
      int threads, int count, int rounds, MicroBatching batching, Arithmetic arithmetic) {
    static Options parse(List<String> arguments) {
      int threads = 16;
      int count = 1000;
      int rounds = 5;
      MicroBatching batching = MicroBatching.defaults();
      Arithmetic arithmetic = Arithmetic.AS_BUILT;
      for (int i = 0; i < arguments.size(); i += 2) {
        String value = arguments.get(i + 1);
        switch (arguments.get(i)) {
          case "--threads" -> threads = Integer.parseInt(value);
          case "--count" -> count = Integer.parseInt(value);
          case "--rounds" -> rounds = Integer.parseInt(value);
          case "--max-batch" -> batching = batching.withMaxBatch(Integer.parseInt(value));
          case "--max-wait" ->
              batching = batching.withMaxWait(Duration.ofMillis(Long.parseLong(value)));
          case "--arithmetic" -> arithmetic = Arithmetic.valueOf(value);
          default -> throw new IllegalArgumentException("no option " + arguments.get(i));
        }
      }
      return new Options(threads, count, rounds, batching, arithmetic);
    }
  }

  public static void main(String[] arguments) throws Exception {
    Options options = Options.parse(Arrays.asList(arguments).subList(2, arguments.length));
    List<byte[]> images = read(Path.of(arguments[1]), options.count());
    PredictorListener counting =
        new PredictorListener() {
          @Override
          public void ran(int batch, Duration time) {
            RAN.add(batch);
            BATCHES.increment();
          }
        };
    PredictorSettings settings =
        PredictorSettings.defaults()
            .withArithmetic(options.arithmetic())
            .withMicroBatching(options.batching())
            .withListener(counting);
    try (Predictor predictor = Predictor.load(Path.of(arguments[0]), settings)) {
      list(predictor, images.subList(0, Math.min(200, images.size())));
      calls(predictor, images.subList(0, Math.min(200, images.size())), options.threads());
      List<Double> ratios = new ArrayList<>();
      for (int round = 1; round <= options.rounds(); round++) {
        Rate list = rate(images.size(), () -> list(predictor, images));
        RAN.reset();
        BATCHES.reset();
        Rate calls = rate(images.size(), () -> calls(predictor, images, options.threads()));
        ratios.add(calls.perSecond() / list.perSecond());
        System.out.printf(
            "round %d: list %s, %d threads %s (%.2f), %.2f images a batch%n",
            round,
            list,
            options.threads(),
            calls,
            ratios.get(round - 1),
            RAN.doubleValue() / BATCHES.doubleValue());
      }
      ratios.sort(null);
      System.out.printf("median ratio %.3f%n", ratios.get(ratios.size() / 2));
    }
  }

  private interface Work {
    void run() throws Exception;
  }

  /** Images a second, and processor time an image, which other processes hardly change. */
  private record Rate(double perSecond, double cpuMillis) {
    @Override
    public String toString() {
      return String.format("%.1f images/s at %.1f ms of processor", perSecond, cpuMillis);
    }
  }

  private static Rate rate(int images, Work work) throws Exception {
    OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    long cpu = system.getProcessCpuTime();
    long began = System.nanoTime();
    work.run();
    double seconds = (System.nanoTime() - began) / 1e9;
    return new Rate(images / seconds, (system.getProcessCpuTime() - cpu) / 1e6 / images);
  }

  private static void list(Predictor predictor, List<byte[]> images) {
    long answered =
        predictor
            .predict(images.stream().map(ImageSource::of))
            .filter(a -> a.answer().isPresent())
            .count();
    require(answered == images.size());
  }

  private static void calls(Predictor predictor, List<byte[]> images, int threads)
      throws Exception {
    AtomicInteger next = new AtomicInteger();
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    List<Future<Integer>> callers = new ArrayList<>();
    for (int thread = 0; thread < threads; thread++) {
      callers.add(
          pool.submit(
              () -> {
                int done = 0;
                for (int i = next.getAndIncrement();
                    i < images.size();
                    i = next.getAndIncrement()) {
                  predictor.predict(images.get(i)).label();
                  done++;
                }
                return done;
              }));
    }
    int answered = 0;
    for (Future<Integer> caller : callers) {
      answered += caller.get();
    }
    pool.shutdown();
    require(answered == images.size());
  }

  private static void require(boolean all) {
    if (!all) {
      throw new IllegalStateException("Some images can't be read.");
    }
  }

  /** As many as are asked for, from the first again if there are fewer. */
  private static List<byte[]> read(Path folder, int count) throws IOException {
    List<byte[]> images = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file :
          files
              .filter(Files::isRegularFile)
              .filter(PredictorRate::isImage)
              .sorted()
              .limit(count)
              .toList()) {
        images.add(Files.readAllBytes(file));
      }
    }
    for (int i = 0; images.size() < count; i++) {
      images.add(images.get(i));
    }
    return images;
  }

  private static boolean isImage(Path file) {
    return file.toString().toLowerCase().matches(".*\\.(jpe?g|png|gif|bmp)");
  }
}
