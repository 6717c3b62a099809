"""The backbones that have a name: those of ``keras.applications``, and EfficientNet-Lite0."""

import dataclasses
import inspect
import json
import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras.src.applications import efficientnet
from keras.src.backend import config  # keras.config does not tell the folder

from graft_export import efficientnet_lite0, lively, preparation
from graft_export.errors import GraftError, UsageError, one_line
from graft_export.handoff import Preparation, Resize, Weights
from graft_export.progress import stage
from graft_export.source import Source, calibration_images

IMAGENET_CLASSES = 1000

_PREPARATION_OF_MODULE = {
    "vgg16": "caffe",
    "vgg19": "caffe",
    "resnet": "caffe",
    "resnet_v2": "tf",
    "mobilenet": "tf",
    "mobilenet_v2": "tf",
    "inception_v3": "tf",
    "inception_resnet_v2": "tf",
    "xception": "tf",
    "nasnet": "tf",
    "densenet": "torch",
}

# SPDX identifiers of what https://keras.io/api/applications cites; where it cites nothing, none.
_LICENCE_OF_MODULE = {
    "vgg16": "CC-BY-4.0",
    "vgg19": "CC-BY-4.0",
    "resnet": "MIT",
    "xception": "MIT",
    "inception_v3": "Apache-2.0",
    "mobilenet": "Apache-2.0",
    "densenet": "BSD-3-Clause",
    "nasnet": "Apache-2.0",
}

_SIZES = {
    "xception": 299,
    "inceptionv3": 299,
    "inceptionresnetv2": 299,
    "nasnetlarge": 331,
    "efficientnetb1": 240,
    "efficientnetb2": 260,
    "efficientnetb3": 300,
    "efficientnetb4": 380,
    "efficientnetb5": 456,
    "efficientnetb6": 528,
    "efficientnetb7": 600,
    "efficientnetv2b1": 240,
    "efficientnetv2b2": 260,
    "efficientnetv2b3": 300,
    "efficientnetv2s": 384,
    "efficientnetv2m": 480,
    "efficientnetv2l": 480,
}
_USUAL_SIZE = 224

# Only EfficientNets of ImageNet weights have a second layer of this kind.
_SCALING = "rescaling_1"


@dataclasses.dataclass(frozen=True)
class Request:
    """What to build: ``weights`` is ``imagenet``, ``none`` or the path of a file."""

    name: str
    weights: str = "imagenet"
    seed: int = 1
    input_size: tuple[int, int] | None = None
    include_top: bool = False
    classes: int = IMAGENET_CLASSES


@dataclasses.dataclass(frozen=True)
class _Architecture:
    name: str
    kind: str
    size: int
    licence: str | None
    build: Callable[..., Any]
    preparation: Callable[[Resize], Preparation]


def names() -> list[str]:
    """The names that ``build`` knows."""
    return sorted([*_keras_builders(), efficientnet_lite0.NAME])


def preparation_of(name: str) -> Preparation:
    """How the images of the backbone ``name`` are prepared at its usual size."""
    architecture = _architecture(name)
    return architecture.preparation(Resize("bilinear", architecture.size, architecture.size))


def build(request: Request) -> Source:
    """Builds the model that is asked for and gives it its weights."""
    architecture = _architecture(request.name)
    height, width = request.input_size or (architecture.size, architecture.size)
    how = architecture.preparation(Resize("bilinear", height, width))
    if request.include_top and request.weights == "imagenet":
        _require_imagenet_classes(request)
    with stage(f"Building {architecture.name}"):
        model = _built(architecture, request, height, width)
    source = Source(
        name=architecture.name,
        kind=architecture.kind,
        model=model,
        include_top=request.include_top,
        weights=Weights(source=request.weights, licence=None, file=None),
        preparation=how,
    )
    if request.weights == "imagenet":
        return _with_imagenet(source, architecture)
    if request.weights == "none":
        return _with_random(source, request.seed)
    return _with_file(source, Path(request.weights))


def skeleton(
    name: str, input_size: tuple[int, int], include_top: bool, classes: int, layers: set[str]
) -> Any:
    """The model that ``build`` makes for ``name``, its weights not set.

    ``layers`` are the names of the layers that it is to have: the EfficientNets with ImageNet
    weights have one more than those without.
    """
    architecture = _architecture(name)
    # Layers that Keras numbers get the numbers that they had in an export of its own.
    keras.utils.clear_session()
    request = Request(name, "none", 1, input_size, include_top, classes)
    model = _built(architecture, request, *input_size)
    return _scaled(model) if _SCALING in layers and not _has(model, _SCALING) else model


def _has(model: Any, name: str) -> bool:
    return any(layer.name == name for layer in model.layers)


def _scaled(model: Any) -> Any:
    """Divides by the roots of ImageNet's deviations, as EfficientNet does with its weights."""
    scale = [1 / math.sqrt(one) for one in efficientnet.IMAGENET_STDDEV_RGB]
    scaling = keras.layers.Rescaling(scale, name=_SCALING)

    def scaled(operation: Any) -> Callable[..., Any]:
        return lambda x: scaling(operation(x))

    # Runs the graph node by node through the function that is given for each operation.
    answers = model._run_through_graph(
        model.inputs, lambda one: scaled(one) if one.name == "normalization" else one
    )
    return keras.Model(model.inputs, answers, name=model.name)


def _architecture(name: str) -> _Architecture:
    wanted = _bare(name)
    if wanted == _bare(efficientnet_lite0.NAME):
        return _Architecture(
            name=efficientnet_lite0.NAME,
            kind="graft_export",
            size=efficientnet_lite0.SIZE,
            licence="Apache-2.0",
            build=_build_lite0,
            preparation=_lite0_preparation,
        )
    builder = _keras_builders().get(wanted)
    if builder is None:
        raise UsageError(f"There is no backbone {name!r}; known are {', '.join(names())}.")
    module = builder.__module__.rpartition(".")[2]
    usual = _PREPARATION_OF_MODULE.get(module, "none")
    return _Architecture(
        name=wanted,
        kind="keras.applications",
        size=_SIZES.get(wanted, _USUAL_SIZE),
        licence=_LICENCE_OF_MODULE.get(module),
        build=builder,
        preparation=lambda resize: dataclasses.replace(
            preparation.named(usual, resize), in_graph=usual == "none"
        ),
    )


def _keras_builders() -> dict[str, Callable[..., Any]]:
    members = inspect.getmembers(keras.applications, inspect.isfunction)
    return {_bare(name): function for name, function in members if name[0].isupper()}


def _bare(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


def _build_lite0(
    weights: str | None, include_top: bool, input_shape: tuple[int, int, int], classes: int
) -> Any:
    height, width, _ = input_shape
    model = efficientnet_lite0.build(height, width, include_top, classes)
    if weights == "imagenet":
        efficientnet_lite0.load_imagenet(model)
    return model


def _lite0_preparation(resize: Resize) -> Preparation:
    return dataclasses.replace(
        preparation.named("none", resize),
        mean=[efficientnet_lite0.MEAN] * 3,
        deviation=[efficientnet_lite0.DEVIATION] * 3,
    )


def _built(architecture: _Architecture, request: Request, height: int, width: int) -> Any:
    weights = "imagenet" if request.weights == "imagenet" else None
    try:
        return architecture.build(
            weights=weights,
            include_top=request.include_top,
            input_shape=(height, width, 3),
            classes=request.classes,
        )
    except GraftError:
        raise
    except ValueError as error:
        raise UsageError(
            f"{architecture.name} cannot be built for {height}x{width}: {one_line(error)}"
        ) from error
    except Exception as error:
        if weights is None:
            raise
        raise GraftError(
            f"The ImageNet weights of {architecture.name} could not be fetched "
            f"({one_line(error)}): put the file where Keras looks, "
            f"{_keras_home() / 'models'}, or name it with --weights FILE."
        ) from error


def _require_imagenet_classes(request: Request) -> None:
    if request.classes != IMAGENET_CLASSES:
        raise UsageError(
            f"The ImageNet weights have {IMAGENET_CLASSES} classes, --classes asks for "
            f"{request.classes}: leave --include-top out, or use --weights none or FILE."
        )


def _with_imagenet(source: Source, architecture: _Architecture) -> Source:
    lite0 = architecture.name == efficientnet_lite0.NAME
    return dataclasses.replace(
        source,
        weights=Weights("imagenet", architecture.licence, "LICENSE" if lite0 else None),
        labels=_imagenet_labels() if source.include_top else None,
        licence_text=efficientnet_lite0.licence_text() if lite0 else None,
    )


def _with_random(source: Source, seed: int) -> Source:
    assert source.preparation is not None
    with stage(f"Drawing weights for {source.name}"):
        lively.enliven(source.model, seed, [calibration_images(source.preparation)])
    return dataclasses.replace(source, weights=Weights(f"random, seed {seed}", None, None))


def _with_file(source: Source, path: Path) -> Source:
    if not path.is_file():
        raise GraftError(f"There is no weights file {path}: use imagenet, none or a file.")
    try:
        missing = _load_strictly(source.model, path)
    except Exception as error:
        raise GraftError(f"{_do_not_fit(source, path)}: {one_line(error)}") from error
    if missing:
        raise GraftError(f"{_do_not_fit(source, path)}: it has no values for {missing}.")
    return dataclasses.replace(source, weights=Weights(f"file:{path.name}", None, None))


def _load_strictly(model: Any, path: Path) -> list[str]:
    """Loads the weights and returns the names of those that Keras left out without an error."""
    for weight in model.weights:
        weight.assign(np.full(weight.shape, np.nan if "float" in weight.dtype else 0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.load_weights(path)
    return [weight.path for weight in model.weights if np.isnan(weight.numpy()).any()]


def _do_not_fit(source: Source, path: Path) -> str:
    top = "with" if source.include_top else "without"
    return f"The weights in {path} do not fit {source.name} {top} its top"


def _imagenet_labels() -> list[str] | None:
    """The names of the ImageNet classes if Keras has already fetched them, else None."""
    path = _keras_home() / "models" / "imagenet_class_index.json"
    if not path.is_file():
        return None
    index = json.loads(path.read_text(encoding="utf-8"))
    return [index[str(number)][1] for number in range(IMAGENET_CLASSES)]


def _keras_home() -> Path:
    return Path(config.keras_home())
