package dev.graft.batch;

import dev.graft.handoff.Versions;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a job did, all its starts together.
 *
 * @param records of the input
 * @param predicted records with a row in the output
 * @param rejected records without one
 * @param labels how often each label was the answer, or among the answer's labels, in their order;
 *     empty for numbers and features
 * @param seconds that the job worked for what is in the output, loading not counted
 * @param starts 1, or more when it was resumed
 * @param latency milliseconds from a record being taken up to its row, waiting included: {@code
 *     p50}, {@code p90}, {@code p99} and {@code max}, known to 2.5 %
 * @param job what was asked for, by name
 */
public record BatchSummary(
    long records,
    long predicted,
    long rejected,
    Map<String, Long> labels,
    double seconds,
    int starts,
    Map<String, Double> latency,
    Map<String, String> job) {

  static BatchSummary of(JobState state, Map<String, String> job) {
    return new BatchSummary(
        state.records,
        state.predicted(),
        state.rejected,
        new LinkedHashMap<>(state.labels),
        state.seconds,
        state.starts,
        state.latencies.percentiles(),
        job);
  }

  /** Records a second. */
  public double throughput() {
    return seconds > 0 ? records / seconds : 0;
  }

  /** For JSON. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("records", records);
    map.put("predicted", predicted);
    map.put("rejected", rejected);
    map.put("labels", labels);
    map.put("seconds", Math.round(seconds * 1000) / 1000.0);
    map.put("imagesPerSecond", Math.round(throughput() * 100) / 100.0);
    map.put("latencyMilliseconds", latency);
    map.put("starts", starts);
    map.put("job", job);
    map.put("versions", Versions.provenance());
    return map;
  }
}
