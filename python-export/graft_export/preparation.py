"""From the bytes of an image to the pixels that a model expects."""

from io import BytesIO

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from PIL import Image

from graft_export.handoff import Preparation, Resize

Array = npt.NDArray[np.float32]

NAMES = ("caffe", "tf", "torch", "rescale", "none")


def named(name: str, resize: Resize | None, channels: int = 3) -> Preparation:
    """The preparation that ``docs/handoff-format.md`` calls ``name``."""
    order = "grey" if channels == 1 else "bgr" if name == "caffe" else "rgb"
    divisor = {"tf": 127.5, "torch": 255.0}.get(name, 1.0)
    scale = 1 / 255 if name == "rescale" else 1.0
    mean = {
        "caffe": [103.939, 116.779, 123.68],
        "tf": [1.0, 1.0, 1.0],
        "torch": [0.485, 0.456, 0.406],
    }.get(name, [0.0, 0.0, 0.0])
    deviation = [0.229, 0.224, 0.225] if name == "torch" else [1.0, 1.0, 1.0]
    return Preparation(
        decode="tensorflow",
        orientation="ignore",
        resize=resize,
        colour_order=order,
        divisor=divisor,
        scale=scale,
        mean=mean[:channels],
        deviation=deviation[:channels],
        in_graph=False,
    )


def prepare(preparation: Preparation, encoded: bytes) -> Array:
    """The prepared pixels ``[height, width, channels]`` of one encoded image, in float32."""
    channels = 1 if preparation.colour_order == "grey" else 3
    image = tf.io.decode_image(encoded, channels=channels, expand_animations=False)
    pixels: Array = image.numpy().astype(np.float32)
    if preparation.orientation == "exif":
        pixels = _upright(pixels, _exif_orientation(encoded))
    if preparation.resize is not None:
        pixels = _resized(pixels, preparation.resize)
    if preparation.colour_order == "bgr":
        pixels = pixels[..., ::-1]
    pixels = pixels / np.float32(preparation.divisor)
    pixels = pixels * np.float32(preparation.scale)
    pixels = pixels - np.asarray(preparation.mean, np.float32)
    return np.ascontiguousarray(pixels / np.asarray(preparation.deviation, np.float32))


def _resized(pixels: Array, resize: Resize) -> Array:
    size = (resize.height, resize.width)
    resized: Array = tf.image.resize(pixels, size, method=resize.method).numpy()
    return resized.astype(np.float32)


def _exif_orientation(encoded: bytes) -> int:
    with Image.open(BytesIO(encoded)) as image:
        if image.format != "JPEG":
            return 1
        orientation = image.getexif().get(0x0112, 1)
    return orientation if orientation in range(1, 9) else 1


def _upright(pixels: Array, orientation: int) -> Array:
    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels
