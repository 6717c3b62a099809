"""The preparation of images as Keras layers, for a model that takes pixels as they are decoded."""

from typing import Any

import keras

from graft_export.errors import GraftError
from graft_export.handoff import Preparation, Resize
from graft_export.head import Names

_METHODS = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")


def pixels(how: Preparation) -> tuple[None, None, int]:
    """The shape of a decoded image."""
    return None, None, 1 if how.colour_order == "grey" else 3


def prepare(how: Preparation, images: Any, names: Names) -> Any:
    """Prepares decoded ``images``, float32 of 0 to 255 and of any size, in the model."""
    if how.resize is not None:
        images = _resizing(how, how.resize, names.free("resizing"))(images)
    if how.colour_order == "bgr":
        images = keras.ops.flip(images, axis=-1)
    scale = [how.scale / how.divisor / deviation for deviation in how.deviation]
    offset = [-mean / deviation for mean, deviation in zip(how.mean, how.deviation, strict=True)]
    if any(one != 1 for one in scale) or any(offset):
        images = keras.layers.Rescaling(_one(scale), _one(offset), name=names.free("rescaling"))(
            images
        )
    return images


def _resizing(how: Preparation, resize: Resize, name: str) -> Any:
    if how.decode == "pillow" or resize.aspect == "pad" or resize.method not in _METHODS:
        # The layer pads before it resizes, image_dataset_from_directory after.
        raise GraftError(
            f"For the preparation ({how.decode}, {resize.method}, {resize.aspect}) Keras has no "
            "layer: leave --with-preparation out."
        )
    return keras.layers.Resizing(
        resize.height,
        resize.width,
        interpolation=resize.method,
        crop_to_aspect_ratio=resize.aspect == "crop",
        name=name,
    )


def _one(values: list[float]) -> float | list[float]:
    return values[0] if len(set(values)) == 1 else values
