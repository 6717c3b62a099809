package dev.graft.batch;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * How far a job is: replaced as a whole after every part. All counts are of the records whose rows
 * are on the disk.
 */
final class JobState {
  private static final ObjectMapper JSON = new ObjectMapper();

  long records;
  long rejected;
  double seconds;
  int starts;
  boolean complete;
  final Map<String, Long> lengths = new TreeMap<>();
  final Map<String, Long> labels = new TreeMap<>();
  Latencies latencies = new Latencies(Map.of());

  /** What is on the disk of a state. */
  private record Stored(
      long records,
      long rejected,
      double seconds,
      int starts,
      boolean complete,
      Map<String, Long> lengths,
      Map<String, Long> labels,
      Map<Integer, Long> latencies) {}

  /** Reads a state; a new one if there is none. */
  static JobState read(Path file) throws IOException {
    JobState state = new JobState();
    if (Files.exists(file)) {
      Stored stored = JSON.readValue(file.toFile(), new TypeReference<>() {});
      state.records = stored.records;
      state.rejected = stored.rejected;
      state.seconds = stored.seconds;
      state.starts = stored.starts;
      state.complete = stored.complete;
      state.lengths.putAll(stored.lengths);
      state.labels.putAll(stored.labels);
      state.latencies = new Latencies(stored.latencies);
    }
    return state;
  }

  long predicted() {
    return records - rejected;
  }

  long length(String file) {
    return lengths.getOrDefault(file, 0L);
  }

  /** Replaces the state on the disk by this one. */
  void write(Path file) throws IOException {
    Stored stored =
        new Stored(
            records, rejected, seconds, starts, complete, lengths, labels, latencies.counts());
    WholeFile.write(file, JSON.writeValueAsBytes(stored));
  }
}
