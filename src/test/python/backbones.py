"""``backbones.py OUT NAME:SIZE…``: models as Keras saves them, with what they answer.

Makes the weights of ``graft-export NAME --weights none --seed 1`` again and saves the model
without graft-export: ``OUT/NAME-exported`` by ``model.export``, ``OUT/NAME-saved`` by
``tf.saved_model.save``.
``backbones.py import RUN BLOCK`` imports what Java trained with the layers unfrozen whose names
begin with BLOCK, and prints how far it is from the golden samples and which layers train.

``OUT/NAME-inputs.npy`` and ``OUT/NAME-outputs.npy`` are a seeded batch and the model's answer.
"""

import json
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from graft_export import applications
from graft_export.importing import KerasOptions, write_keras
from graft_export.onnx_model import write_onnx
from graft_export.trained import Trained


def make(out: Path, name: str, size: int) -> None:
    """Makes one model."""
    request = applications.Request(name=name, weights="none", seed=1, input_size=(size, size))
    model = applications.build(request).model
    model.export(str(out / f"{name}-exported"), verbose=False)
    tf.saved_model.save(model, str(out / f"{name}-saved"))
    inputs = np.random.default_rng(5).normal(scale=60, size=(3, size, size, 3)).astype(np.float32)
    np.save(out / f"{name}-inputs.npy", inputs)
    np.save(out / f"{name}-outputs.npy", model(inputs, training=False).numpy())
    keras.backend.clear_session()


def imported(run: Path, block: str) -> dict[str, object]:
    """The facts of an import."""
    trained = Trained.read(run)
    (in_keras,) = write_keras(trained, run / "back.keras", KerasOptions())
    in_onnx = write_onnx(trained, run / "back.onnx")
    model = keras.saving.load_model(run / "back.keras")
    weighty = [layer for layer in model.layers if layer.trainable_weights]
    return {
        "keras": in_keras.relative_difference,
        "onnx": max(one.relative_difference for one in in_onnx),
        "trainable": sorted(layer.name for layer in weighty if layer.name != "dense"),
        "unfrozen": sorted(
            layer.name
            for layer in trained.manifest.layers
            if layer.name.startswith(block) and layer.variables
        ),
    }


if __name__ == "__main__":
    if sys.argv[1] == "import":
        print(json.dumps(imported(Path(sys.argv[2]), sys.argv[3])))
        sys.exit()
    for argument in sys.argv[2:]:
        make(Path(sys.argv[1]), argument.split(":")[0], int(argument.split(":")[1]))
