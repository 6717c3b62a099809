"""``testdata/models/keras2``: a folder of Keras 2's ``model.save``.

Keras 2 and 3 do not live together in one process, so this needs an environment of its own:
``tensorflow~=2.18.0`` and ``tf-keras~=2.18.0``, and nothing else of this project.
``python -m testdata_maker.keras2 ../testdata/models``
"""

import shutil
import sys
from pathlib import Path

import numpy as np
import tf_keras
from tensorflow.core.protobuf import fingerprint_pb2
from tf_keras import layers

_SEED = 1


def _build() -> tf_keras.Model:
    inputs = tf_keras.Input((12, 12, 3))
    x = layers.Conv2D(6, 3, padding="same", use_bias=False, name="block1_conv")(inputs)
    x = layers.BatchNormalization(name="block1_bn")(x)
    x = layers.Activation("swish", name="block1_swish")(x)
    x = layers.Conv2D(6, 3, strides=2, activation="relu", name="block2_conv")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return tf_keras.Model(inputs, layers.Dense(4, name="logits")(x), name="plain")


def enliven(model: tf_keras.Model) -> None:
    """Gives a model random weights, none of which is without effect."""
    random = np.random.default_rng(_SEED)
    for weight in model.weights:
        shape = weight.shape.as_list()
        if len(shape) > 1:
            weight.assign(random.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape))
        else:
            weight.assign(weight.numpy() + random.uniform(-0.2, 0.2, shape))


def make_repeatable(folder: Path) -> None:
    """Takes out of a saved model what is random or empty."""
    path = folder / "fingerprint.pb"
    fingerprint = fingerprint_pb2.FingerprintDef()
    fingerprint.ParseFromString(path.read_bytes())
    fingerprint.DiscardUnknownFields()
    path.write_bytes(fingerprint.SerializeToString(deterministic=True))
    if not any((folder / "assets").iterdir()):
        (folder / "assets").rmdir()


def main(models: Path) -> None:
    """Writes ``models/keras2``."""
    folder = models / "keras2"
    shutil.rmtree(folder, ignore_errors=True)
    model = _build()
    enliven(model)
    inputs = np.random.default_rng(_SEED).normal(size=(4, 12, 12, 3)).astype(np.float32)
    model.save(folder)
    make_repeatable(folder)
    (folder / "golden").mkdir()
    np.save(folder / "golden" / "inputs.npy", inputs)
    np.save(folder / "golden" / "outputs.npy", model(inputs, training=False).numpy())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
