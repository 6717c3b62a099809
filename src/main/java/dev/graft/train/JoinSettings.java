package dev.graft.train;

import dev.graft.model.FreezePlan;
import dev.graft.model.Head;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What is joined to what.
 *
 * @param backbone folder of the exported backbone
 * @param output layer of the backbone that the head reads; the backbone's last by default
 * @param head what is joined to it; {@link Head#standard} by default
 * @param plan which layers of the backbone train
 * @param batchNorm how BatchNorm of unfrozen layers runs while they train
 */
public record JoinSettings(
    Path backbone,
    Optional<String> output,
    Optional<Head> head,
    FreezePlan plan,
    BatchNorm batchNorm) {

  /** The standard head on a frozen backbone. */
  public static JoinSettings of(Path backbone) {
    return new JoinSettings(
        backbone, Optional.empty(), Optional.empty(), FreezePlan.allFrozen(), BatchNorm.INFERENCE);
  }

  /** The same with another head. */
  public JoinSettings withHead(Head other) {
    return new JoinSettings(backbone, output, Optional.of(other), plan, batchNorm);
  }

  /** The same with another freeze plan. */
  public JoinSettings withPlan(FreezePlan other) {
    return new JoinSettings(backbone, output, head, other, batchNorm);
  }

  /** The same, joined at another layer. */
  public JoinSettings withOutput(String layer) {
    return new JoinSettings(backbone, Optional.of(layer), head, plan, batchNorm);
  }

  /** The same, with BatchNorm run in another way. */
  public JoinSettings withBatchNorm(BatchNorm other) {
    return new JoinSettings(backbone, output, head, plan, other);
  }
}
