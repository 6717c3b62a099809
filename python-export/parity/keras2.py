"""``testdata/parity/keras2-*``: rows of models that Keras 2 saved.

Keras 2 and 3 do not live together in one process, so this needs an environment of its own:
``tensorflow~=2.18.0`` and ``tf-keras~=2.18.0``, and nothing else of this project.
``TF_USE_LEGACY_KERAS=1 python -m parity.keras2 ../testdata/parity``
"""

import json
import platform
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
import tf_keras
from tf_keras import layers

from parity import numbers, optimizers
from parity.numbers import Subject
from testdata_maker.keras2 import enliven, make_repeatable

Array = npt.NDArray[Any]

_SIZE = 12


def main(folder: Path) -> None:
    """Writes every row below ``folder``."""
    for name, (what, build) in _MODELS.items():
        tf_keras.backend.clear_session()
        _write(f"keras2-{name}", what, build(), folder / f"keras2-{name}")


def _write(name: str, what: str, model: Any, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    enliven(model)
    model.save(folder / "model")
    make_repeatable(folder / "model")
    subject = Subject(
        model=model,
        inputs=[_images(2, numbers.BATCH)],
        training_inputs=lambda seed: [_images(seed, numbers.BATCH * numbers.STEPS)],
        layers=list(_flat(model)),
    )
    described = numbers.write_outputs(subject, folder)
    seeds = [np.load(folder / one["seed"]) for one in described]
    np.save(folder / "input-0.npy", subject.inputs[0])
    signature = tf.saved_model.load(str(folder / "model")).signatures["serving_default"]
    manifest = {
        "name": name,
        "group": "saving",
        "what": what,
        "form": "Keras 2 `model.save`",
        "half": False,
        "refused": [],
        "untrained": None,
        "unusable": None,
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": tf_keras.__version__,
        },
        "inputs": [
            {"key": next(iter(signature.structured_input_signature[1])), "file": "input-0.npy"}
        ],
        "outputs": [{"key": next(iter(signature.structured_outputs)), **described[0]}],
        "variables": numbers.write_gradients(subject, seeds, folder),
        "training": _training(subject, folder),
    }
    text = json.dumps(manifest, indent=1)
    (folder / "row.json").write_text(text + "\n", encoding="utf-8")


def _training(subject: Subject, folder: Path) -> dict[str, Any]:
    head = tf_keras.Sequential(
        [
            tf_keras.Input(subject.model.output_shape[1:]),
            layers.GlobalAveragePooling2D(),
            layers.Dense(numbers.CLASSES),
        ]
    )
    random = np.random.default_rng(5)
    for weight in head.trainable_weights:
        weight.assign(random.normal(0, 0.3, weight.shape))
    described = numbers.write_training(subject, head, tf_keras.optimizers, optimizers.SHORT, folder)
    return {**described, "headText": "gap, dense(softmax)", "outputLayer": None}


def _flat(model: Any) -> Any:
    for layer in model.layers:
        if isinstance(layer, tf_keras.Model):
            yield from _flat(layer)
        else:
            yield layer


def _images(seed: int, count: int) -> Array:
    shape = (count, _SIZE, _SIZE, 3)
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def _residual() -> Any:
    image = tf_keras.Input((_SIZE, _SIZE, 3))
    shared = layers.Conv2D(6, 3, padding="same", name="shared_conv")
    x = layers.Conv2D(6, 3, strides=2, padding="same", use_bias=False, name="stem_conv")(image)
    x = layers.BatchNormalization(name="stem_bn")(x)
    x = layers.Activation("swish", name="stem_swish")(x)
    y = layers.DepthwiseConv2D(3, padding="same", name="block_depthwise")(shared(shared(x)))
    y = layers.BatchNormalization(name="block_bn")(y)
    y = layers.ReLU(6.0, name="block_relu")(y)
    x = layers.Add(name="block_add")([x, layers.Dropout(0.5, name="block_dropout")(y)])
    x = layers.SeparableConv2D(6, 3, activation="gelu", name="top_separable")(x)
    return tf_keras.Model(image, x, name="residual")


def _nested() -> Any:
    image = tf_keras.Input((_SIZE, _SIZE, 3))
    x = layers.Rescaling(0.5, offset=0.1, name="rescaling")(image)
    x = _residual()(x)
    x = layers.Conv2D(6, 3, dilation_rate=2, padding="same", name="outer_conv")(x)
    return tf_keras.Model(image, layers.LayerNormalization(name="outer_norm")(x), name="nested")


_MODELS: dict[str, tuple[str, Callable[[], Any]]] = {
    "residual": ("a residual network, a layer used twice, `swish`, `gelu`", _residual),
    "nested": ("that network as a layer of another, a dilated convolution", _nested),
}

if __name__ == "__main__":
    main(Path(sys.argv[1]))
