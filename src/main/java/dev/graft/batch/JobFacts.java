package dev.graft.batch;

import dev.graft.handoff.Versions;
import dev.graft.model.ImagePipeline;
import dev.graft.tensor.Precision;
import java.util.LinkedHashMap;
import java.util.Map;

/** What else than the settings can change a bit of a result. */
final class JobFacts {
  private JobFacts() {}

  static Map<String, String> platform(Precision precision) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("arithmetic", precision == Precision.FLOAT32 ? "fused" : precision.word());
    facts.put("batch", String.valueOf(ImagePipeline.BATCH));
    facts.put("platform", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    facts.putAll(Versions.current());
    return facts;
  }
}
