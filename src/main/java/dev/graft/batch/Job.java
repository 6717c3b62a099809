package dev.graft.batch;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.features.DiskFull;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Takes every record of an input to a row of an output or to the rejected, in order, in parts that
 * are on the disk before they count. Killed at any time it can be resumed and makes the same bytes.
 */
final class Job {
  /** Records a part: all but the last end at multiples, so that the same images share batches. */
  static final int PART = 2048;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Workspace workspace;
  private final BatchInput input;
  private final MaxRejected limit;
  private final BatchListener listener;
  private final int part;

  Job(Workspace workspace, BatchInput input, MaxRejected limit, BatchListener listener, int part) {
    this.workspace = workspace;
    this.input = input;
    this.limit = limit;
    this.listener = listener;
    this.part = part;
  }

  /**
   * What became of a record: a row, or a reason why there is none.
   *
   * @param labels what it is counted as
   */
  record Result(
      InputRecord record,
      Optional<List<Object>> row,
      Optional<String> reason,
      List<String> labels) {}

  /** Results in the order of the records. */
  interface Results extends Closeable {
    boolean hasNext();

    Result next() throws IOException;

    @Override
    void close();
  }

  /** Turns records into results. */
  @FunctionalInterface
  interface Work {
    Results start(Records records);
  }

  /**
   * Does what is left to do; afterwards the output is finished and the state complete.
   *
   * @param rejectedName of the file for the records that cannot be used
   */
  void run(Work work, BatchOutput output, String rejectedName) throws IOException {
    JobState state = workspace.state();
    state.starts++;
    try (AppendedFile rejected = workspace.append(rejectedName)) {
      List<AppendedFile> files = new ArrayList<>(output.files());
      files.add(rejected);
      try (Records records = input.from(state.records);
          Results results = work.start(records)) {
        new Pass(output, rejected, files).run(results);
      }
      state.complete = true;
      workspace.commit(files);
      output.finish();
    } catch (UncheckedIOException e) {
      throw explain(e.getCause());
    } catch (IOException e) {
      throw explain(e);
    }
  }

  /** One start of the job. */
  private final class Pass {
    private final JobState state = workspace.state();
    private final BatchOutput output;
    private final AppendedFile rejected;
    private final List<AppendedFile> files;
    private final long most = limit.among(input.size());
    private long committed = System.nanoTime();
    private boolean demanded;

    Pass(BatchOutput output, AppendedFile rejected, List<AppendedFile> files) {
      this.output = output;
      this.rejected = rejected;
      this.files = files;
    }

    void run(Results results) throws IOException {
      if (output.rowBytes().isPresent()) {
        requireRoom(output.rowBytes().getAsLong());
      }
      while (results.hasNext()) {
        take(results.next());
        if (state.records % part == 0) {
          commit();
        }
        listener.progress(state.records, input.size(), state.rejected);
      }
      commit();
    }

    private void take(Result result) throws IOException {
      state.records++;
      if (result.reason().isPresent()) {
        reject(result.record(), result.reason().get());
      } else {
        output.write(result.row().orElseThrow());
        state.latencies.add(result.record().age());
        result.labels().forEach(label -> state.labels.merge(label, 1L, Long::sum));
      }
    }

    private void reject(InputRecord record, String reason) throws IOException {
      state.rejected++;
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("index", record.index());
      line.put("path", record.path());
      line.put("reason", reason);
      rejected.write((JSON.writeValueAsString(line) + '\n').getBytes(StandardCharsets.UTF_8));
      if (state.rejected > most) {
        throw new IOException(
            "%,d of the first %,d records were rejected, more than the %,d of %,d that --max-rejected allows; the last was %s, which %s. What was done until then is kept: mend the input, or allow more and go on with --resume."
                .formatted(
                    state.rejected, state.records, most, input.size(), record.path(), reason));
      }
    }

    private void commit() throws IOException {
      long now = System.nanoTime();
      state.seconds += (now - committed) / 1e9;
      committed = now;
      output.seal();
      workspace.commit(files);
      long written = files.stream().mapToLong(AppendedFile::length).sum();
      requireRoom((double) written / Math.max(1, state.records));
    }

    /**
     * Says what the result will take on disk, and refuses what can't fit, as soon as it is known.
     */
    private void requireRoom(double bytesPerRecord) throws IOException {
      long left = input.size() - state.records;
      DiskDemand demand = DiskDemand.of(left, bytesPerRecord, workspace.path("")).require();
      if (left > 0 && !demanded) {
        listener.plan(demand.describe());
      }
      demanded = true;
    }
  }

  private IOException explain(IOException failure) {
    if (Thread.currentThread().isInterrupted()) {
      return new IOException(
          "Interrupted; what was done until then is kept in %s: go on with --resume."
              .formatted(workspace.path("")),
          failure);
    }
    return DiskFull.isReasonOf(failure)
        ? new IOException(
            "The disk of %s is full (%s); what was done until then is kept: make room and go on with --resume."
                .formatted(workspace.path(""), failure.getMessage()),
            failure)
        : failure;
  }
}
