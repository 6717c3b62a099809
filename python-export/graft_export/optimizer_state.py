"""The optimizer of a run as Keras's of the same name, with what it remembered at the run's end."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from graft_export import savedmodel
from graft_export.errors import GraftError, UsageError
from graft_export.layers import weights_of
from graft_export.trained import Trained

_RULES = {
    "sgd": keras.optimizers.SGD,
    "rmsprop": keras.optimizers.RMSprop,
    "adam": keras.optimizers.Adam,
    "nadam": keras.optimizers.Nadam,
    "adagrad": keras.optimizers.Adagrad,
}
_OPTIMIZER = re.compile(r"optimizer=(\w+)\(([^()]*)\)")
_LOSS = re.compile(r"([a-z-]+)(?:\(([\d.eE+-]+)\))?(?:, label smoothing ([\d.eE+-]+))?")

# Graft's slots and the attributes in which Keras keeps them, a variable each.
_SLOTS = {
    "momentum": ("_momentums", "momentums"),
    "velocity": ("_velocities",),
    "average_gradient": ("_average_gradients",),
    "accumulator": ("_accumulators",),
}


@dataclass(frozen=True)
class _State:
    """The last checkpoint of a run: how far it was, and a reader of its values."""

    folder: Path
    facts: dict[str, Any]
    reader: Any

    def value(self, key: str) -> Any:
        if not self.reader.has_tensor(key):
            raise GraftError(
                f"The checkpoint {self.folder} has no {key}: the run's last phase did not train "
                "the layers that the handoff says."
            )
        return savedmodel.read_variable(self.reader, key)


def compile_as_in(trained: Trained, model: Any, names: dict[str, str]) -> None:
    """Compiles ``model`` with the run's loss and optimizer, which goes on where the run ended.

    ``names`` are the Keras names of the handoff's variables. ``GraftError`` where the checkpoint
    is of other weights than those exported, as after early stopping has taken an earlier epoch's.
    """
    if trained.run is None:
        raise UsageError(
            f"--optimizer needs the run's folder, where its checkpoint is, but got "
            f"{trained.folder}."
        )
    state = _read(trained.run)
    _require_exported(state, trained)
    optimizer = _optimizer(state)
    model.compile(optimizer, loss=_loss(trained), metrics=_metrics(trained))
    by_keras_name = {keras_name: name for name, keras_name in names.items()}
    weights = weights_of(model)
    owners = {id(weight): by_keras_name[name] for name, weight in weights.items()}
    variables = model.trainable_variables
    optimizer.build(variables)
    _fill(state, optimizer, [owners[id(variable)] for variable in variables])


def _read(run: Path) -> _State:
    folders = sorted((run / "checkpoint").glob("[0-9]" * 9))
    if not folders:
        raise GraftError(f"{run} has no checkpoint, so nothing is known of its optimizer.")
    try:
        reader = tf.train.load_checkpoint(str(folders[-1] / "values"))
        facts = json.loads(reader.get_tensor("state").tobytes())
    except (ValueError, RuntimeError, tf.errors.OpError) as error:
        raise GraftError(f"The checkpoint {folders[-1]} cannot be read: {error}") from error
    return _State(folders[-1], facts, reader)


def _require_exported(state: _State, trained: Trained) -> None:
    prefix = "model/"
    listed = {variable.name: variable for variable in trained.variables}
    for key in state.reader.get_variable_to_shape_map():
        name = key.removeprefix(prefix)
        if not key.startswith(prefix) or name not in listed:
            continue
        if savedmodel.sha256_of_values(state.value(key)) != listed[name].sha256:
            raise GraftError(
                f"{name} of {trained.folder} is not what it was at the run's last step: the model "
                "is of an earlier epoch, as after early stopping, and the optimizer does not "
                "belong to it; leave --optimizer out."
            )


def _optimizer(state: _State) -> Any:
    text = state.facts["phases"][state.facts["phase"]]
    match = _OPTIMIZER.search(text)
    if match is None or match[1] not in _RULES:
        raise GraftError(
            f"Keras cannot go on with the run's optimizer ({text}): known are {', '.join(_RULES)}; "
            "leave --optimizer out."
        )
    settings: dict[str, Any] = {}
    for part in match[2].split(",")[1:]:
        name, _, value = part.strip().partition("=")
        name = {"beta1": "beta_1", "beta2": "beta_2"}.get(name, name)
        settings[name] = float(value) if value else True
    # The rate of the last step, whatever the schedule.
    return _RULES[match[1]](learning_rate=state.facts["progress"]["rate"], **settings)


def _loss(trained: Trained) -> Any:
    text = str((trained.manifest.training or {}).get("loss"))
    match = _LOSS.fullmatch(text)
    name, delta, smoothing = match.groups() if match else (None, None, None)
    smooth = float(smoothing or 0)
    match name:
        case "categorical-crossentropy":
            return keras.losses.CategoricalCrossentropy(label_smoothing=smooth)
        case "binary-crossentropy":
            return keras.losses.BinaryCrossentropy(label_smoothing=smooth)
        case "mse":
            return keras.losses.MeanSquaredError()
        case "mae":
            return keras.losses.MeanAbsoluteError()
        case "huber":
            return keras.losses.Huber(float(delta or 1))
    raise GraftError(f"The run's loss has no counterpart in Keras: {text!r}.")


def _metrics(trained: Trained) -> list[str]:
    return ["mae"] if "numbers" in _outputs(trained) else ["accuracy"]


def _outputs(trained: Trained) -> list[str]:
    return [output.alias for output in trained.manifest.signature.outputs]


def _fill(state: _State, optimizer: Any, owners: list[str]) -> None:
    for slot, attributes in _SLOTS.items():
        kept = next((getattr(optimizer, one) for one in attributes if _has(optimizer, one)), None)
        for name, variable in zip(owners, kept or [], strict=bool(kept)):
            variable.assign(state.value(f"slots/optimizer/{name}/{slot}"))
    if hasattr(optimizer, "_u_product"):
        # Of Nadam, one for all variables.
        optimizer._u_product.assign(state.value(f"slots/optimizer/{owners[0]}/u_product"))
    optimizer.iterations.assign(state.facts["progress"]["steps"])


def _has(optimizer: Any, attribute: str) -> bool:
    return bool(getattr(optimizer, attribute, None))
