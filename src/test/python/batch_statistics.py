"""Trains with Keras's ``fit``, unfrozen BatchNorm by batch statistics, for BatchStatisticsIT.

``batch_statistics.py FOLDER`` takes the head's first values, ``kernel.npy`` and ``bias.npy``, and
writes the backbone as a handoff with a training signature, the inputs and labels, and every weight
after one epoch. ``data.npz`` is the same inputs for the command line.
"""

import json
import sys
from pathlib import Path

import keras
import numpy as np
from keras import layers

from graft_export import lively
from graft_export.export import export
from graft_export.source import read_keras_file

SIZE, EXAMPLES, BATCH, CLASSES = 12, 24, 4, 3
# Graft's order of the examples in the first epoch of seed 1.
SHUFFLE_SEED = 1_000_004


def backbone() -> keras.Model:
    """A stem, and a nested block that uses one BatchNorm twice and has a dropout of rate 0."""
    inside = keras.Input((SIZE - 2, SIZE - 2, 6))
    norm = layers.BatchNormalization(momentum=0.9, name="shared_bn")
    x = layers.Conv2D(6, 3, padding="same", use_bias=False, name="conv1")(inside)
    x = layers.Activation("tanh", name="tanh1")(norm(x))
    x = layers.Conv2D(6, 3, padding="same", use_bias=False, name="conv2")(x)
    x = layers.Activation("tanh", name="tanh2")(norm(x))
    block = keras.Model(inside, layers.Dropout(0.0, name="dropout")(x), name="block")
    image = keras.Input((SIZE, SIZE, 3))
    x = layers.Conv2D(6, 3, name="stem_conv")(image)
    x = layers.BatchNormalization(name="stem_bn")(x)
    x = block(layers.Activation("tanh", name="stem_tanh")(x))
    x = layers.Conv2D(8, 3, use_bias=False, name="top_conv")(x)
    return keras.Model(image, layers.BatchNormalization(name="top_bn")(x), name="backbone")


def main(folder: Path) -> None:
    """Writes everything below ``folder``."""
    keras.utils.set_random_seed(1)
    random = np.random.default_rng(2)
    images = random.normal(size=(EXAMPLES, SIZE, SIZE, 3)).astype(np.float32)
    labels = random.integers(0, CLASSES, EXAMPLES)
    base = backbone()
    lively.enliven(base, 1, [images])
    file = folder / "backbone.keras"
    base.save(file)
    export(read_keras_file(file, None, None), folder / "backbone", with_training=True)

    dense = layers.Dense(CLASSES, name="dense")
    model = keras.Sequential([base, layers.GlobalAveragePooling2D(), dense])
    model.build((None, SIZE, SIZE, 3))
    for name in ("stem_conv", "stem_bn"):
        base.get_layer(name).trainable = False
    dense.kernel.assign(np.load(folder / "kernel.npy"))
    dense.bias.assign(np.load(folder / "bias.npy"))
    np.save(folder / "images.npy", images)
    np.savez(folder / "data.npz", x=images, y=labels, x_val=images[:BATCH], y_val=labels[:BATCH])

    model.compile(
        keras.optimizers.SGD(0.05, momentum=0.9),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    first = {weight.path: weight.numpy() for weight in model.weights}
    order = np.random.RandomState(SHUFFLE_SEED).permutation(EXAMPLES)
    model.fit(images[order], labels[order], batch_size=BATCH, shuffle=False, verbose=0)
    weights = []
    for index, weight in enumerate(model.weights):
        np.save(folder / f"first-{index}.npy", first[weight.path])
        np.save(folder / f"trained-{index}.npy", weight.numpy())
        weights.append(weight.path)
    (folder / "row.json").write_text(
        json.dumps({"labels": labels.tolist(), "weights": weights}), encoding="utf-8"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
