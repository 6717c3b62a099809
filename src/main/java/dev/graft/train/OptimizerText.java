package dev.graft.train;

import dev.graft.train.Restraint.Clipping;
import java.util.List;
import java.util.stream.Stream;

/** An optimizer as text: {@code name(rate, setting=value, …)}. */
final class OptimizerText {
  private OptimizerText() {}

  static Optimizer parse(String text) {
    CallText call = CallText.parse("Optimizer", "adam(1e-3)", text);
    boolean nesterov = call.name().equals("sgd") && call.flag("nesterov");
    boolean centered = call.name().equals("rmsprop") && call.flag("centered");
    double rate = call.first("learning_rate", call.name().equals("sgd") ? 0.01 : 1e-3);
    Optimizer rule =
        switch (call.name()) {
          case "sgd" -> new Optimizer.Sgd(rate, call.number("momentum", 0), nesterov);
          case "rmsprop" ->
              new Optimizer.RmsProp(
                  rate,
                  call.number("rho", 0.9),
                  call.number("momentum", 0),
                  call.number("epsilon", 1e-7),
                  centered);
          case "adam", "adamw" ->
              new Optimizer.Adam(
                  rate,
                  call.number("beta1", 0.9),
                  call.number("beta2", 0.999),
                  call.number("epsilon", 1e-7));
          case "nadam" ->
              new Optimizer.Nadam(
                  rate,
                  call.number("beta1", 0.9),
                  call.number("beta2", 0.999),
                  call.number("epsilon", 1e-7));
          case "adagrad" -> new Optimizer.Adagrad(rate, call.number("epsilon", 1e-7));
          default ->
              throw call.refuse(
                  "there is no optimizer \""
                      + call.name()
                      + "\"; known are sgd, rmsprop, adam, adamw, nadam, adagrad");
        };
    Optimizer optimizer = rule.withRestraint(restraint(call));
    call.requireAllRead();
    return optimizer;
  }

  private static Restraint restraint(CallText call) {
    double usual = call.name().equals("adamw") ? 0.004 : 0;
    Restraint restraint = Restraint.NONE.withWeightDecay(call.number("weight_decay", usual));
    List<Clipping> asked =
        Stream.of(Clipping.NORM, Clipping.GLOBAL_NORM, Clipping.VALUE)
            .filter(clipping -> call.has(clipping.setting()))
            .toList();
    if (asked.size() > 1) {
      throw call.refuse("only one of clipnorm, global_clipnorm and clipvalue can be given");
    }
    return asked.isEmpty()
        ? restraint
        : restraint.withClipping(asked.get(0), call.number(asked.get(0).setting(), 1));
  }
}
