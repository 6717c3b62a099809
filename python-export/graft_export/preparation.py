"""From the bytes of an image to the pixels that a model expects."""

import dataclasses
import typing
from io import BytesIO

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from PIL import Image

from graft_export.handoff import Preparation, Resize

Array = npt.NDArray[np.float32]

NAMES = ("caffe", "tf", "torch", "rescale", "pil-nearest", "none")


def named(name: str, resize: Resize | None, channels: int = 3) -> Preparation:
    """The preparation that ``docs/handoff-format.md`` calls ``name``."""
    order = "grey" if channels == 1 else "bgr" if name == "caffe" else "rgb"
    divisor = {"tf": 127.5, "torch": 255.0}.get(name, 1.0)
    scale = 1 / 255 if name in ("rescale", "pil-nearest") else 1.0
    if name == "pil-nearest" and resize is not None:
        resize = dataclasses.replace(resize, method="nearest")
    mean = {
        "caffe": [103.939, 116.779, 123.68],
        "tf": [1.0, 1.0, 1.0],
        "torch": [0.485, 0.456, 0.406],
    }.get(name, [0.0, 0.0, 0.0])
    deviation = [0.229, 0.224, 0.225] if name == "torch" else [1.0, 1.0, 1.0]
    return Preparation(
        decode="pillow" if name == "pil-nearest" else "tensorflow",
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
    pixels = decoded(preparation, encoded)
    if preparation.resize is not None:
        resized = _resized_by_pillow if preparation.decode == "pillow" else _resized
        pixels = resized(pixels, preparation.resize)
    if preparation.colour_order == "bgr":
        pixels = pixels[..., ::-1]
    pixels = pixels / np.float32(preparation.divisor)
    pixels = pixels * np.float32(preparation.scale)
    pixels = pixels - np.asarray(preparation.mean, np.float32)
    return np.ascontiguousarray(pixels / np.asarray(preparation.deviation, np.float32))


def decoded(preparation: Preparation, encoded: bytes) -> Array:
    """The pixels of one encoded image, 0 to 255 in float32, turned upright where asked."""
    pixels = _decoded(preparation, encoded)
    if preparation.orientation == "exif":
        pixels = _upright(pixels, _exif_orientation(encoded))
    return pixels


def _decoded(preparation: Preparation, encoded: bytes) -> Array:
    grey = preparation.colour_order == "grey"
    if preparation.decode == "pillow":
        mode = "grayscale" if grey else "rgb"
        image = keras.utils.load_img(BytesIO(encoded), color_mode=mode)
        return typing.cast(Array, keras.utils.img_to_array(image, dtype="float32"))
    image = tf.io.decode_image(encoded, channels=1 if grey else 3, expand_animations=False)
    return typing.cast(Array, image.numpy().astype(np.float32))


def _resized(pixels: Array, resize: Resize) -> Array:
    size = (resize.height, resize.width)
    if resize.aspect == "pad":
        padded: Array = tf.image.resize_with_pad(pixels, *size, method=resize.method).numpy()
        return padded.astype(np.float32)
    if resize.aspect == "crop":
        pixels = _cropped(pixels, size)
    resized: Array = tf.image.resize(pixels, size, method=resize.method).numpy()
    return resized.astype(np.float32)


def _cropped(pixels: Array, size: tuple[int, int]) -> Array:
    """The centred part that ``crop_to_aspect_ratio`` leaves, with Keras's rounding."""
    height, width = pixels.shape[:2]
    wanted = _proportional(height, width, size)
    kept = max(min(height, wanted[0]), 1), max(min(width, wanted[1]), 1)
    top, left = (height - kept[0]) // 2, (width - kept[1]) // 2
    return pixels[top : top + kept[0], left : left + kept[1]]


def _proportional(height: int, width: int, size: tuple[int, int]) -> tuple[int, int]:
    """The height that fits the width, and the width that fits the height, cut to whole pixels."""
    return (
        int(np.float32(width * size[0]) / np.float32(size[1])),
        int(np.float32(height * size[1]) / np.float32(size[0])),
    )


def _resized_by_pillow(pixels: Array, resize: Resize) -> Array:
    """Pillow takes the pixel under each centre; its positions are sums, not products."""
    height, width = pixels.shape[:2]
    rows, columns = _positions(height, resize.height), _positions(width, resize.width)
    return pixels[rows][:, columns]


def _positions(given: int, wanted: int) -> npt.NDArray[np.int64]:
    step = given / wanted
    return np.cumsum([step / 2, *[step] * (wanted - 1)]).astype(np.int64)


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
