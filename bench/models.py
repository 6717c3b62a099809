"""Makes one model in every form that a peer takes: ``models.py NAME SIZE FOLDER``.

NAME is one of graft-export's. All but EfficientNet-Lite0, which has its ImageNet weights, get
random ones that are lively: with BatchNorm statistics and biases off their initial values, as
fresh ones are optimised away.
"""

import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tf2onnx

from graft_export import applications, lively
from graft_export.applications import Request
from graft_export.export import export
from graft_export.source import Source, read_keras_file

VECTOR = "vector"
_OPSET = 17


def main() -> None:
    """Makes ``handoff/``, ``stock/``, ``model.keras`` and ``model.onnx``."""
    name, size, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    folder.mkdir(parents=True)
    if name == VECTOR:
        _vector(size).save(folder / "model.keras")
        export(read_keras_file(folder / "model.keras", None, None), folder / "handoff")
        return
    source = _source(name, size)
    source.model.save(folder / "model.keras")
    export(source, folder / "handoff")
    source.model.export(str(folder / "stock"), verbose=False)
    _to_onnx(source.model, size, folder / "model.onnx")


def _source(name: str, size: int) -> Source:
    weights = "imagenet" if name == "efficientnet-lite0" else "none"
    return applications.build(Request(name, weights=weights, input_size=(size, size)))


def _vector(size: int) -> Any:
    """Next to nothing, over vectors: a backbone whose features are already there."""
    inputs = keras.Input((size,), name="x")
    model = keras.Model(inputs, keras.layers.BatchNormalization()(inputs), name=VECTOR)
    samples = np.random.default_rng(1).standard_normal((8, size), np.float32)
    lively.enliven(model, 1, [samples])
    return model


def _to_onnx(model: Any, size: int, target: Path) -> None:
    function = tf.function(
        lambda images: model(images, training=False),
        input_signature=[tf.TensorSpec((None, size, size, 3), tf.float32, name="images")],
    )
    tf2onnx.convert.from_function(
        function, function.input_signature, opset=_OPSET, output_path=str(target)
    )


if __name__ == "__main__":
    main()
