from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pytest
from keras import layers

from graft_export import lively, preparation
from graft_export.handoff import Resize, Weights
from graft_export.source import Source, calibration_images

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def testdata() -> Path:
    return ROOT / "testdata"


@pytest.fixture
def small_model() -> Any:
    """A backbone ``[?, 20, 24, 3]`` with BatchNorm, dropout, swish and a frozen layer."""
    images = keras.Input((20, 24, 3), name="pixels")
    x = layers.Conv2D(8, 3, strides=2, padding="same", name="stem_conv")(images)
    x = layers.BatchNormalization(name="stem_bn")(x)
    x = layers.Activation("swish", name="stem_swish")(x)
    x = layers.Dropout(0.5, name="drop")(x)
    x = layers.Conv2D(4, 3, activation="relu", name="block1_conv")(x)
    model = keras.Model(images, x, name="small")
    model.get_layer("block1_conv").trainable = False
    return model


@pytest.fixture
def small_source(small_model: Any) -> Source:
    how = preparation.named("caffe", Resize("bilinear", 20, 24))
    lively.enliven(small_model, 1, [calibration_images(how)])
    return Source("small", "file:small.keras", small_model, False, random_weights(), how)


def random_weights() -> Weights:
    return Weights("random, seed 1", None, None)


def vectors(model: Any, count: int = 4) -> list[npt.NDArray[np.float32]]:
    """Seeded inputs of the model's shapes."""
    random = np.random.default_rng(7)
    return [
        random.normal(size=(count, *tensor.shape[1:])).astype(np.float32) for tensor in model.inputs
    ]
