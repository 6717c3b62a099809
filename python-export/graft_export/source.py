"""What is exported: a model with its weights, their origin, and how its images are prepared."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from graft_export import drawing, preparation
from graft_export.errors import GraftError, UsageError, one_line
from graft_export.handoff import Preparation, Resize, Weights

_CLASSIFIERS = keras.layers.Dense | keras.layers.Softmax | keras.layers.Activation


@dataclass(frozen=True)
class Source:
    """A model ready to be exported.

    ``preparation`` is None for a model that does not take one image. ``licence_text`` goes into
    the folder as ``LICENSE``.
    """

    name: str
    kind: str
    model: Any
    include_top: bool
    weights: Weights
    preparation: Preparation | None
    labels: list[str] | None = None
    licence_text: str | None = None


def calibration_images(how: Preparation, count: int = 8) -> Any:
    """A prepared batch of drawn pictures, other ones than the golden samples."""
    return np.stack([preparation.prepare(how, drawing.jpeg(100 + index)) for index in range(count)])


def takes_one_image(model: Any) -> bool:
    """Whether the only input is ``[batch, height, width, 1 or 3]`` of floating point numbers."""
    if len(model.inputs) != 1:
        return False
    tensor = model.inputs[0]
    return len(tensor.shape) == 4 and tensor.shape[-1] in (1, 3) and "float" in tensor.dtype


def read_keras_file(
    path: Path, input_size: tuple[int, int] | None, preparation_name: str | None
) -> Source:
    """The model in a ``.keras`` (or whole-model ``.h5``) file."""
    model = read_model(path)
    if not getattr(model, "inputs", None):
        raise GraftError(
            f"{path} holds a {type(model).__name__} without symbolic inputs: "
            "only functional and sequential models can be exported."
        )
    image = takes_one_image(model)
    if not image and (input_size or preparation_name):
        raise UsageError(
            f"--input-size and --preparation are for models that take one image, but {path} takes "
            f"{[tuple(tensor.shape) for tensor in model.inputs]}."
        )
    return Source(
        name=path.stem,
        kind=f"file:{path.name}",
        model=model,
        include_top=ends_in_classifier(model),
        weights=Weights(source=f"file:{path.name}", licence=None, file=None),
        preparation=_preparation(path, model, input_size, preparation_name) if image else None,
    )


def read_model(path: Path) -> Any:
    """The model in a ``.keras`` (or whole-model ``.h5``) file, not compiled."""
    if not path.is_file():
        raise GraftError(f"There is no file {path}.")
    try:
        return keras.saving.load_model(path, compile=False)
    except Exception as error:
        raise GraftError(f"Keras cannot read {path}: {one_line(error)}") from error


def _preparation(
    path: Path, model: Any, input_size: tuple[int, int] | None, name: str | None
) -> Preparation:
    _, height, width, channels = model.inputs[0].shape
    size = input_size or (height, width)
    if None in size:
        raise UsageError(
            f"{path} takes images of any size: say with --input-size HxW which size to export."
        )
    if (height not in (None, size[0])) or (width not in (None, size[1])):
        raise UsageError(
            f"{path} takes images of {height}x{width}, --input-size asks for {size[0]}x{size[1]}."
        )
    resize = Resize("bilinear", *size)
    if name is not None:
        return preparation.named(name, resize, channels)
    pixels = preparation.named("none", resize, channels)
    return dataclasses.replace(pixels, in_graph=prepares_itself(model))


def ends_in_classifier(model: Any) -> bool:
    """Whether the last layer that learns gives one number for each class."""
    if len(model.outputs) != 1 or len(model.outputs[0].shape) != 2:
        return False
    return isinstance(_last_layer(model), _CLASSIFIERS)


def gives_probabilities(model: Any) -> bool:
    """Whether the last layer is a softmax or a sigmoid."""
    last = _last_layer(model)
    activation = getattr(last, "activation", None)
    probable = activation in (keras.activations.softmax, keras.activations.sigmoid)
    return probable or isinstance(last, keras.layers.Softmax)


def _last_layer(model: Any) -> Any:
    layer = model.layers[-1]
    return _last_layer(layer) if isinstance(layer, keras.Model) else layer


def prepares_itself(model: Any) -> bool:
    """Whether a layer that scales pixels comes before the first layer that learns."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.Rescaling | keras.layers.Normalization):
            return True
        if isinstance(layer, keras.Model):
            return prepares_itself(layer)
        if layer.weights:
            return False
    return False
