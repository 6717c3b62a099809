package dev.graft.batch;

import dev.graft.handoff.Versions;
import dev.graft.model.Calibration;
import dev.graft.tensor.Precision;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What else than the settings can change a bit of a result. */
final class JobFacts {
  static final String CALIBRATION = "calibration";

  private JobFacts() {}

  static String arithmetic(Precision precision) {
    return precision.arithmetic().name().toLowerCase(Locale.ROOT);
  }

  static Map<String, String> platform(Precision precision, Calibration calibration) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("arithmetic", arithmetic(precision));
    facts.put(CALIBRATION, calibration.describe());
    facts.put("platform", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    facts.putAll(Versions.current());
    return facts;
  }
}
