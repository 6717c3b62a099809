"""Models that take arrays: made, and asked again after Java has trained them.

``array_models.py make OUT`` writes ``OUT/NAME.keras`` and ``OUT/NAME.npz`` for each of three
models. ``array_models.py ask MODEL DATA.npz OUT.npy BACKBONE.keras`` writes what the signature of
MODEL answers to the arrays, and requires the Keras model that graft-import makes of it to answer
so too.
"""

import os
import sys
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from graft_export.importing import KerasOptions, write_keras
from graft_export.trained import Trained

RANDOM = np.random.default_rng(1)


def text() -> tuple[Any, dict[str, Any]]:
    """Sequences of any length, of words, and their class."""
    words = layers.Input((None,), dtype="int32", name="tokens")
    embedded = layers.Embedding(30, 6, name="embed")(words)
    model = keras.Model(words, layers.LSTM(8, name="lstm")(embedded))
    tokens = RANDOM.integers(0, 30, (60, 9)).astype(np.int32)
    return model, {"tokens": tokens, "y": (tokens[:, -1] > 14).astype(np.int64)}


def perceptron() -> tuple[Any, dict[str, Any]]:
    """Vectors, and two numbers."""
    model = keras.Sequential(
        [
            layers.Input((5,), name="values"),
            layers.Dense(16, activation="relu", name="first"),
            layers.Dense(12, activation="tanh", name="second"),
            layers.Dense(8, activation="relu", name="third"),
        ]
    )
    x = RANDOM.normal(size=(90, 5)).astype(np.float32)
    y = np.stack([2 * x[:, 0] + x[:, 1], x[:, 2] * x[:, 3]], 1)
    return model, {"x": x, "y": y, "weight": RANDOM.uniform(0.5, 1.5, 90)}


def two() -> tuple[Any, dict[str, Any]]:
    """Vectors and matrices, and three labels."""
    left, right = layers.Input((4,), name="left"), layers.Input((3, 2), name="right")
    first = layers.Dense(6, activation="relu", name="of_left")(left)
    second = layers.Dense(6, activation="tanh", name="of_right")(layers.Flatten()(right))
    joined = layers.Dense(7, activation="relu", name="join")(layers.Concatenate()([first, second]))
    arrays: dict[str, Any] = {}
    for part, rows in (("", 60), ("_val", 20)):
        a, b = RANDOM.normal(size=(rows, 4)), RANDOM.normal(size=(rows, 3, 2))
        truth = [a[:, 0] > 0, b[:, 0, 0] > 0, a[:, 1] + b[:, 1, 1] > 0]
        arrays |= {f"left{part}": a, f"right{part}": b}
        arrays[f"y{part}"] = np.stack(truth, 1).astype(np.uint8)
    return keras.Model([left, right], joined), arrays


def make(out: Path) -> None:
    """Writes the models and their data."""
    keras.utils.set_random_seed(3)
    for name, (model, arrays) in {"text": text(), "mlp": perceptron(), "two": two()}.items():
        model.save(out / f"{name}.keras")
        np.savez(out / f"{name}.npz", **arrays)


def ask(model: str, data: str, out: str, backbone: str) -> None:
    """Writes the answers of a model's signature, once its Keras model gives them too."""
    arrays = np.load(data)
    signature = tf.saved_model.load(model).signatures["serving_default"]
    fed = {}
    for name, spec in signature.structured_input_signature[1].items():
        values = arrays[name] if name in arrays else arrays["x"]
        fed[name] = tf.constant(values.astype(spec.dtype.as_numpy_dtype))
    answers = signature(**fed)
    wanted = "numbers" if "numbers" in answers else "probabilities"
    np.save(out, answers[wanted].numpy())

    imported = Path(out).with_suffix(".keras")
    write_keras(Trained.read(Path(model)), imported, KerasOptions(Path(backbone)))
    inputs = list(fed.values())
    keras_model = keras.saving.load_model(imported)
    ordered = [fed[one.name] for one in keras_model.inputs]
    received = np.asarray(keras_model(ordered if len(inputs) > 1 else ordered[0], training=False))
    # One sigmoid tells two classes apart.
    two = received.shape[1] == 1 and answers[wanted].shape[1] == 2
    received = np.concatenate([1 - received, received], 1) if two else received
    np.testing.assert_allclose(received, answers[wanted].numpy(), rtol=0, atol=1e-5)


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]))
    else:
        ask(*sys.argv[2:])
