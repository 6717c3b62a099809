package dev.graft.batch;

import dev.graft.handoff.Handoff;
import dev.graft.handoff.Versions;
import dev.graft.model.Calibration;
import dev.graft.predict.FeatureExtractor;
import dev.graft.predict.Predicted;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes the features of any number of images, into a folder that {@code docs/batch.md} describes.
 * With the guarantees of {@link BatchPredictor}; until all is there, it is in {@code DIR.partial}.
 *
 * @param settings model, input and so on
 * @param out the folder
 * @param layer of the model whose output the features are; if not said, the model's only output, or
 *     what a trained model's backbone hands to its head
 * @param format of the features
 */
public record FeatureFiles(
    BatchSettings settings, Path out, Optional<String> layer, Format format) {
  private static final String WHOLE = "whole";

  /** How features are written. */
  public enum Format {
    /** One array, {@code features.npy}, and {@code index.csv} with a line for each of its rows. */
    NPY,
    /** One table, {@code features.parquet}. */
    PARQUET
  }

  /**
   * Does the job, or what is left of it.
   *
   * @return what was done; empty when the whole folder was there already and the job was to be
   *     resumed
   * @throws IllegalArgumentException as {@link BatchPredictor#run}; also when {@code out} is a
   *     folder of something else
   * @throws IOException as {@link BatchPredictor#run}
   */
  public Optional<BatchSummary> run(BatchListener listener) throws IOException {
    return run(listener, Job.PART);
  }

  Optional<BatchSummary> run(BatchListener listener, int part) throws IOException {
    Inputs.requireThere(settings.source().path());
    requireOurs();
    if (Workspace.isDone(out, settings.whenThere())) {
      Workspace.requireSame(out, out.resolve("summary.json"), settled(settings.modelHash()));
      return Optional.empty();
    }
    try (FeatureExtractor extractor =
            FeatureExtractor.load(
                settings.model(),
                layer,
                settings.execution().precision(),
                settings.execution().decoding());
        Workspace workspace = Workspace.open(out, settings.whenThere())) {
      JobFacts.effect(settings).ifPresent(listener::plan);
      BatchInput input = Inputs.open(settings, workspace, true);
      Calibration calibration = settings.execution().calibration(workspace.calibration());
      Map<String, String> asked = asked(extractor, part, calibration);
      workspace.require(asked);
      if (!workspace.state().complete || Files.exists(workspace.path(WHOLE))) {
        extract(
            extractor,
            workspace,
            input,
            new Job(workspace, input, settings.maxRejected(), listener, part),
            calibration);
        describe(extractor, workspace, asked);
      }
      workspace.publish(WHOLE, workspace.target());
      workspace.remove();
      return Optional.of(BatchSummary.of(workspace.state(), asked));
    }
  }

  private void requireOurs() {
    if (Files.exists(out) && !Files.exists(out.resolve("features.json"))) {
      throw new IllegalArgumentException(
          out
              + " is there already and is no folder of features (it has no features.json): choose"
              + " another --out.");
    }
  }

  private Map<String, String> asked(FeatureExtractor extractor, int part, Calibration calibration) {
    Map<String, String> asked = settled(extractor.hash());
    asked.put("part", String.valueOf(part));
    asked.putAll(JobFacts.platform(settings.execution().precision(), calibration));
    return asked;
  }

  private Map<String, String> settled(String model) {
    Map<String, String> settled = settings.settled(model);
    settled.put("layer", layer.orElse("of the backbone"));
    settled.put("format", format.name());
    return settled;
  }

  private void extract(
      FeatureExtractor extractor,
      Workspace workspace,
      BatchInput input,
      Job job,
      Calibration calibration)
      throws IOException {
    List<Column> columns = new ArrayList<>();
    columns.add(Column.of("path", ColumnKind.TEXT));
    columns.addAll(
        PredictionColumns.renamed(
            List.of(columns.get(0), Column.of("features", ColumnKind.FLOATS)), input.carried()));
    try (BatchOutput output = output(extractor, workspace, columns)) {
      job.run(
          records ->
              new Answering(
                  extractor.start(records, settings.execution().threads(), calibration), this::row),
          output,
          WHOLE + "/rejected.jsonl");
    }
  }

  private BatchOutput output(FeatureExtractor extractor, Workspace workspace, List<Column> columns)
      throws IOException {
    if (format == Format.NPY) {
      AppendedFile array = workspace.append(WHOLE + "/features.npy");
      BatchOutput index = TextOutput.csv(workspace.append(WHOLE + "/index.csv"), columns);
      return new NpyOutput(array, index, extractor.rowShape());
    }
    List<Column> all = new ArrayList<>(columns);
    all.add(Column.of("features", ColumnKind.FLOATS));
    AppendedFile file = workspace.append(WHOLE + "/features.parquet");
    return new ParquetOutput(file, workspace.append("groups"), all, List.of());
  }

  private List<Object> row(Predicted<InputRecord> predicted) {
    List<Object> row = new ArrayList<>();
    row.add(predicted.source().path());
    row.addAll(predicted.source().carried());
    row.add(predicted.outputs().get("features"));
    return row;
  }

  private void describe(FeatureExtractor extractor, Workspace workspace, Map<String, String> asked)
      throws IOException {
    Handoff handoff = extractor.handoff();
    Map<String, Object> about = new LinkedHashMap<>();
    about.put("format", "graft-features");
    about.put("version", 1);
    about.put("model", Map.of("name", handoff.model().name(), "sha256", extractor.hash()));
    about.put("layer", layer.orElse(null));
    about.put("shape", extractor.rowShape());
    about.put("dtype", "float32");
    about.put("precision", settings.execution().precision().word());
    about.put("files", format == Format.NPY ? "npy" : "parquet");
    about.put("images", workspace.state().predicted());
    about.put("rejected", workspace.state().rejected);
    about.put("preparation", handoff.preparationAsJson().orElseThrow());
    about.put("versions", Versions.provenance());
    WholeFile.writeJson(
        workspace.path(WHOLE + "/summary.json"), BatchSummary.of(workspace.state(), asked).toMap());
    WholeFile.writeJson(workspace.path(WHOLE + "/features.json"), about);
  }
}
