"""The ways of saving a model, and how what was saved is called."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from graft_export import savedmodel
from graft_export.export import export
from graft_export.source import read_keras_file

Array = npt.NDArray[Any]

FORMS = {
    "export": "`model.export`",
    "saved": "`tf.saved_model.save`",
    "handoff": "`.keras` through `graft-export`",
}
_SIGNATURE = "serving_default"
_SAME = 0.05


def save(model: Any, form: str, folder: Path) -> None:
    """Writes ``model`` to ``folder`` in one of the forms."""
    if form == "handoff":
        with tempfile.TemporaryDirectory() as temporary:
            file = Path(temporary, f"{model.name}.keras")
            model.save(file)
            export(read_keras_file(file, None, None), folder)
        return
    if form == "export":
        model.export(str(folder), verbose=False)
    else:
        tf.saved_model.save(model, str(folder))
    savedmodel.make_repeatable(folder)


def keys(
    folder: Path, names: list[str], inputs: list[Array], outputs: list[Array]
) -> tuple[list[str], list[str]]:
    """The signature's keys of the inputs and outputs of a saved model, in the model's order.

    Inputs are known by their names, outputs by what they are.
    """
    loaded = tf.saved_model.load(str(folder))
    signature = loaded.signatures[_SIGNATURE]
    specifications = signature.structured_input_signature[1]
    input_keys = _input_keys(specifications, names, inputs)
    answers = signature(
        **{key: tf.constant(one) for key, one in zip(input_keys, inputs, strict=True)}
    )
    received = {key: np.asarray(one, np.float32) for key, one in answers.items()}
    return input_keys, [_output_key(received, one, len(outputs)) for one in outputs]


def _input_keys(specifications: Any, names: list[str], inputs: list[Array]) -> list[str]:
    known = sorted(specifications)
    if len(known) == 1:
        return known
    if set(known) == set(names):
        return names
    found = []
    for one in inputs:
        fitting = [
            key
            for key in known
            if key not in found and specifications[key].shape.is_compatible_with(one.shape)
        ]
        found.append(fitting[0])
    return found


def _output_key(received: dict[str, Array], expected: Array, count: int) -> str:
    if count == 1 and len(received) == 1:
        return next(iter(received))
    largest = np.abs(expected).max()
    fitting = [
        key
        for key, values in received.items()
        if values.shape == expected.shape and np.abs(values - expected).max() <= _SAME * largest
    ]
    if len(fitting) != 1:
        raise ValueError(f"An output is found as {fitting} among {list(received)}.")
    return fitting[0]
