"""``trained_model.py MODEL BACKBONE STORE OUT IMAGE…``: what Python makes of what Java trained.

Prepares the images for EfficientNet-Lite0 and writes what the model answers by
``tf.saved_model.load`` (``OUT/loaded.npy``) and as a ``keras.layers.TFSMLayer``
(``OUT/layer.npy``), the variables that Python sees in it (``OUT/variables.json``), and the means
of the backbone's features over the image (``OUT/features.npy``) beside the rows of the feature
store (``OUT/stored.npy``).
"""

import json
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf


def prepared(path: str) -> Any:
    """The image as EfficientNet-Lite0 wants it, ``[224, 224, 3]``."""
    image = tf.io.decode_image(tf.io.read_file(path), channels=3, expand_animations=False)
    return (tf.image.resize(image, [224, 224]) - 127) / 128


def features(backbone: str, images: Any) -> npt.NDArray[np.float32]:
    """Means over the image, ``[batch, channels]``."""
    loaded = tf.saved_model.load(backbone)
    answer = loaded.signatures["serving_default"](images=images)["features"]
    means: npt.NDArray[np.float32] = tf.reduce_mean(answer, axis=[1, 2]).numpy()
    return means


def main(model: str, backbone: str, store: Path, out: Path, paths: list[str]) -> None:
    """Writes the answers."""
    images = tf.stack([prepared(path) for path in paths])
    loaded = tf.saved_model.load(model)
    answer = loaded.signatures["serving_default"](images=images)
    np.save(out / "loaded.npy", answer["probabilities"].numpy())
    layer = keras.layers.TFSMLayer(model, call_endpoint="serving_default")
    np.save(out / "layer.npy", layer(images)["probabilities"].numpy())

    variables = {variable.name: variable.trainable for variable in loaded.variables}
    (out / "variables.json").write_text(json.dumps(variables), encoding="utf-8")

    np.save(out / "features.npy", features(backbone, images))
    (shard,) = store.glob("*/*.npy")
    np.save(out / "stored.npy", np.load(shard))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]), sys.argv[5:])
