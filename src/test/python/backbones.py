"""``backbones.py OUT NAME:SIZE…``: models as Keras saves them, with what they answer.

Makes the weights of ``graft-export NAME --weights none --seed 1`` again and saves the model
without graft-export: ``OUT/NAME-exported`` by ``model.export``, ``OUT/NAME-saved`` by
``tf.saved_model.save``.
``OUT/NAME-inputs.npy`` and ``OUT/NAME-outputs.npy`` are a seeded batch and the model's answer.
"""

import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from graft_export import applications


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


if __name__ == "__main__":
    for argument in sys.argv[2:]:
        make(Path(sys.argv[1]), argument.split(":")[0], int(argument.split(":")[1]))
