package example;

import dev.graft.predict.PredictorListener;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;

/** What the predictor did, in the text format of Prometheus. */
final class Metrics implements PredictorListener {
  private final LongAdder answered = new LongAdder();
  private final LongAdder rejected = new LongAdder();
  private final LongAdder refused = new LongAdder();
  private final LongAdder batches = new LongAdder();
  private final LongAdder queuedNanos = new LongAdder();
  private final LongAdder ranNanos = new LongAdder();

  @Override
  public void answered(Times times) {
    answered.increment();
    queuedNanos.add(times.queued().toNanos());
  }

  @Override
  public void ran(int images, Duration time) {
    batches.increment();
    ranNanos.add(time.toNanos());
  }

  @Override
  public void rejected(String reason) {
    rejected.increment();
  }

  @Override
  public void refused() {
    refused.increment();
  }

  String text() {
    return """
        photos_answered_total %d
        photos_rejected_total %d
        calls_refused_total %d
        batches_total %d
        queue_seconds_total %s
        model_seconds_total %s
        """
        .formatted(
            answered.sum(),
            rejected.sum(),
            refused.sum(),
            batches.sum(),
            queuedNanos.sum() / 1e9,
            ranNanos.sum() / 1e9);
  }
}
