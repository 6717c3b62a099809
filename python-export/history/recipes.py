"""The recipes of ``docs/recipes`` in small: a backbone, a head, phases, and digits to tell apart.

Dropout and augmentation are off, for they draw other random numbers in Java.
"""

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from graft_export import applications, lively, preparation
from graft_export.applications import Request
from graft_export.source import Source

_IMAGES = Path(__file__).parents[2] / "testdata" / "digits"

EPOCHS = 10
# One more than is compared, so that step 100 is the first of an epoch: its loss is in the logs.
TUNING_EPOCHS = 11
TRAINING_IMAGES = 100
VALIDATION_IMAGES = 40
BATCH = 10

OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "adam(0.001)": lambda: keras.optimizers.Adam(1e-3),
    "adam(1.0E-4)": lambda: keras.optimizers.Adam(1e-4),
    "rmsprop(1.0E-4)": lambda: keras.optimizers.RMSprop(1e-4),
    "rmsprop(2.0E-5)": lambda: keras.optimizers.RMSprop(2e-5),
    "rmsprop(1.0E-5)": lambda: keras.optimizers.RMSprop(1e-5),
    "sgd(5.0E-5, momentum=0.9, nesterov)": lambda: keras.optimizers.SGD(
        5e-5, momentum=0.9, nesterov=True
    ),
}
"""Keras's optimizers under the names that Graft reads them by."""


@dataclass(frozen=True)
class Phase:
    """A stretch of epochs; ``unfrozen`` are patterns of names of the backbone's layers.

    An epoch is one pass over the training images, or ``steps`` steps.
    """

    name: str
    optimizer: str
    epochs: int
    batch: int = BATCH
    unfrozen: tuple[str, ...] = ()
    steps: int | None = None
    validation_steps: int | None = None


@dataclass(frozen=True)
class Recipe:
    """One recipe on one backbone.

    ``head`` is in Graft's head language, ``output_layer`` where it is joined if not at the end,
    ``classes`` the digits to tell apart. ``unsteady`` marks a head whose training
    magnifies rounding, in Keras too: it is held to Keras's own spread instead of a fixed limit.
    """

    name: str
    number: int
    backbone: str
    head: str
    classes: tuple[str, ...]
    phases: tuple[Phase, ...]
    output_layer: str | None = None
    unsteady: bool = False


_DIGITS = tuple("0123456789")
_TWO = ("0", "1")
_FIVE = tuple("01234")

_FLATTEN_1024 = "flatten, dense(1024, relu), dense(softmax)"
_FLATTEN_256 = "flatten, dense(256, relu), dense(softmax)"
_SIGMOID = "flatten, dense(256, relu), dense(1, sigmoid)"
_GAP = "gap, dense(softmax)"
_NESTEROV = "sgd(5.0E-5, momentum=0.9, nesterov)"


def _head(optimizer: str, batch: int = BATCH) -> Phase:
    return Phase("head", optimizer, EPOCHS, batch)


def _tuning(optimizer: str, *unfrozen: str) -> Phase:
    return Phase("fine-tune", optimizer, TUNING_EPOCHS, BATCH, unfrozen)


def recipes() -> list[Recipe]:
    """All recipes: with random lively weights, and with EfficientNet-Lite0's real ones."""
    adam = (_head("adam(0.001)", 32),)
    two = (Phase("head", "rmsprop(2.0E-5)", EPOCHS, steps=7, validation_steps=2),)
    three = (_head(_NESTEROV), _tuning(_NESTEROV, "fc2"))
    four = (_head("rmsprop(1.0E-4)"), _tuning("rmsprop(1.0E-5)", "block5_*"))
    top = ("block7a_*", "top_*")
    real_four = (_head("rmsprop(1.0E-4)"), _tuning("rmsprop(1.0E-5)", *top))
    five = (_head("adam(0.001)"), _tuning("adam(1.0E-4)", "conv5_block3_*"))
    real_five = (_head("adam(0.001)"), _tuning("adam(1.0E-4)", *top))
    lite = "efficientnet-lite0"
    return [
        Recipe("1-vgg16", 1, "vgg16", _FLATTEN_1024, _DIGITS, adam),
        Recipe("2-vgg16", 2, "vgg16-64", _SIGMOID, _TWO, two),
        Recipe("3-vgg16", 3, "vgg16-top", "dense(softmax)", _FIVE, three, "fc2"),
        Recipe("4-vgg16", 4, "vgg16", _FLATTEN_256, _DIGITS, four),
        Recipe("5-resnet50", 5, "resnet50", _GAP, _DIGITS, five),
        Recipe(f"1-{lite}", 1, lite, _FLATTEN_1024, _DIGITS, (_head("adam(1.0E-4)", 32),)),
        Recipe(f"1-{lite}-1e-3", 1, lite, _FLATTEN_1024, _DIGITS, adam, unsteady=True),
        Recipe(f"2-{lite}", 2, lite, _SIGMOID, _TWO, two),
        Recipe(f"4-{lite}", 4, lite, _FLATTEN_256, _DIGITS, real_four),
        Recipe(f"5-{lite}", 5, lite, _GAP, _DIGITS, real_five),
    ]


_BACKBONES = {
    "vgg16": Request("vgg16", "none", input_size=(32, 32)),
    "vgg16-64": Request("vgg16", "none", input_size=(64, 64)),
    "vgg16-top": Request("vgg16", "none", input_size=(32, 32), include_top=True, classes=10),
    "resnet50": Request("resnet50", "none", input_size=(64, 64)),
    "efficientnet-lite0": Request("efficientnet-lite0", "imagenet", input_size=(64, 64)),
}


def backbone(name: str) -> Source:
    """Builds a backbone; random weights are calibrated on digits.

    The pixels of VGG16 without its top are divided by 255.
    """
    request = _BACKBONES[name]
    source = applications.build(request)
    assert source.preparation is not None
    if request.weights != "none":
        return source
    how = source.preparation
    if request.name == "vgg16" and not request.include_top:
        how = preparation.named("rescale", how.resize)
    samples = [preparation.prepare(how, digit(one, 99).read_bytes()) for one in "0123456789"]
    lively.enliven(source.model, 1, [np.stack(samples)])
    if request.name == "vgg16":
        _tell_apart(source.model, np.stack(samples))
    return dataclasses.replace(source, preparation=how)


def _tell_apart(chain: Any, samples: Any) -> None:
    """Makes each channel of a chain of layers vary by 1 around 0 over the samples.

    Without BatchNorm a deep random network answers much the same to all images, and there is
    nothing to learn.
    """
    x = samples
    for layer in chain.layers[1:]:
        if layer.weights:
            activation, layer.activation = layer.activation, keras.activations.linear
            channels = np.asarray(layer(x)).reshape(-1, layer.bias.shape[0])
            layer.activation = activation
            deviation = channels.std(axis=0) + 1e-3
            layer.kernel.assign(layer.kernel.numpy() / deviation)
            layer.bias.assign((layer.bias.numpy() - channels.mean(axis=0)) / deviation)
        x = layer(x)


def digit(name: str, number: int) -> Path:
    """The file of one of a hundred images of a digit."""
    return _IMAGES / name / f"{number:03}.png"


def head_layers(text: str, classes: int) -> list[Any]:
    """Keras's layers of a head in Graft's language."""
    layers: list[Any] = []
    for name, arguments in re.findall(r"(\w+)(?:\(([^)]*)\))?", text):
        if name == "dense":
            *units, activation = [one.strip() for one in arguments.split(",")]
            count = int(units[0]) if units else classes
            layers.append(keras.layers.Dense(count, activation=activation))
        elif name == "gap":
            layers.append(keras.layers.GlobalAveragePooling2D())
        elif name == "flatten":
            layers.append(keras.layers.Flatten())
        else:
            raise ValueError(f"there is no layer {name!r} here")
    return layers
