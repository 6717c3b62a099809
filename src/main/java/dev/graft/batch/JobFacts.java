package dev.graft.batch;

import dev.graft.handoff.Versions;
import dev.graft.model.Calibration;
import dev.graft.predict.ModelFolder;
import dev.graft.predict.Verification;
import dev.graft.tensor.Precision;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** What else than the settings can change a bit of a result. */
final class JobFacts {
  static final String CALIBRATION = "calibration";

  private JobFacts() {}

  static String arithmetic(Precision precision) {
    return precision.arithmetic().word();
  }

  /**
   * What the precision makes of the model's golden samples, where one was asked for.
   *
   * @throws IOException when they can't be read
   */
  static Optional<String> effect(BatchSettings settings) throws IOException {
    Precision precision = settings.execution().precision();
    return precision == Execution.STANDARD
        ? Optional.empty()
        : Verification.effect(ModelFolder.of(settings.model()), precision);
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
