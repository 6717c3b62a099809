"""Makes images, and in expected.txt what TensorFlow and numpy make of them.

Run in ``src/test/resources/dev/graft/image`` with the environment of python-export:
``python ../../../../python/image_fixtures.py``.

A line of expected.txt has the file, the preparation, the height, the width, and the SHA-256 of the
prepared pixels as little-endian float32, or ``refused`` where TensorFlow refuses the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from PIL import Image

Pixels = npt.NDArray[Any]
Size = tuple[int, int]
Make = Callable[[str, str, Size], Pixels]

METHODS = [
    "bilinear",
    "nearest",
    "bicubic",
    "area",
    "lanczos3",
    "lanczos5",
    "gaussian",
    "mitchellcubic",
]
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
FLOAT = np.float32


def drawing(width: int, height: int, seed: int) -> Image.Image:
    """Draw gradients, a disc and some noise, so that no two pixels or channels are alike."""
    random = np.random.RandomState(seed)
    y, x = np.mgrid[0:height, 0:width].astype(float)
    disc = np.hypot(x - width * 0.4, y - height * 0.6) < min(width, height) / 3
    channels = [x / width * 255, y / height * 255, np.where(disc, 230, 40)]
    pixels = np.stack(channels, -1) + random.uniform(-20, 20, (height, width, 3))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def make_images() -> None:
    """Write the image files into this folder."""
    picture = drawing(37, 29, 1)
    picture.save("baseline.jpg", quality=90)
    drawing(40, 56, 2).save("progressive.jpg", quality=80, progressive=True)
    picture.convert("CMYK").save("cmyk.jpg")
    picture.convert("L").save("grey.jpg")
    picture.save("rgb.png")
    transparent = picture.convert("RGBA")
    transparent.putalpha(picture.convert("L"))
    transparent.save("alpha.png")
    picture.convert("L").save("grey.png")
    picture.quantize(16).save("palette.png")
    wide = np.arange(29 * 37).reshape(29, 37) * 60
    Image.fromarray(wide.astype(np.uint16)).save("deep.png")
    drawing(24, 24, 3).save("square.png")
    drawing(1, 1, 4).save("dot.png")
    picture.save("picture.bmp")
    picture.quantize(16).save("still.gif")
    frames = [drawing(20, 16, seed).quantize(8) for seed in (5, 6, 7)]
    frames[0].save("moving.gif", save_all=True, append_images=frames[1:])
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        drawing(30, 20, 8).save(f"exif{orientation}.jpg", exif=exif, quality=85)


def decode(name: str, channels: int) -> Any:
    """Decode as Keras does."""
    encoded = tf.io.read_file(name)
    return tf.io.decode_image(encoded, channels=channels, expand_animations=False)


def resized(image: Any, method: str, size: Size) -> Pixels:
    """Resize as Keras does."""
    return np.asarray(tf.image.resize(image, size, method=method)).astype(FLOAT)


def turned(image: Any, orientation: int) -> Pixels:
    """Turn as the EXIF orientation says."""
    picture = Image.fromarray(image.numpy())
    return np.asarray(picture.transpose(TURNS[orientation]) if orientation > 1 else picture)


def in_colour(name: str, method: str, size: Size) -> Pixels:
    """Resize the three channels."""
    return resized(decode(name, 3), method, size)


def in_grey(name: str, what: str, size: Size) -> Pixels:
    """Resize one channel."""
    return resized(decode(name, 1), "bilinear", size)


def upright(name: str, what: str, size: Size) -> Pixels:
    """Turn, then resize."""
    return resized(turned(decode(name, 3), int(name[4])), "bilinear", size)


def prepared(name: str, what: str, size: Size) -> Pixels:
    """Resize, then do the arithmetic."""
    return ARITHMETIC[what](in_colour(name, "bilinear", size))


def channels(*values: float) -> Pixels:
    """Give one value a channel."""
    return np.array(values, FLOAT)


ARITHMETIC: dict[str, Callable[[Pixels], Pixels]] = {
    "caffe": lambda x: x[..., ::-1] - channels(103.939, 116.779, 123.68),
    "tf": lambda x: x / FLOAT(127.5) - FLOAT(1),
    "torch": lambda x: (
        (x / FLOAT(255) - channels(0.485, 0.456, 0.406)) / channels(0.229, 0.224, 0.225)
    ),
    "rescale": lambda x: x * FLOAT(1 / 255),
    "none": lambda x: x,
    "everything": lambda x: (
        (x[..., ::-1] / FLOAT(3) * FLOAT(0.7) - channels(0.1, 0.2, 0.3)) / channels(1.1, 1.2, 1.3)
    ),
}


def cases() -> Iterator[tuple[str, str, Size, Make]]:
    """Name each file, what is done to it, and how."""
    for path in sorted(Path().glob("*.*")):
        if path.suffix == ".txt" or path.stem.startswith("exif"):
            continue
        for method in METHODS:
            for size in ((24, 24), (31, 45)):
                yield path.name, method, size, in_colour
        yield path.name, "grey-bilinear", (24, 24), in_grey
    for name in ARITHMETIC:
        yield "baseline.jpg", name, (24, 24), prepared
    for orientation in range(1, 9):
        yield f"exif{orientation}.jpg", "exif", (24, 24), upright


def outcome(name: str, what: str, size: Size, make: Make) -> str:
    """Hash the pixels, or say that the file was refused."""
    try:
        pixels = make(name, what, size)
    except tf.errors.InvalidArgumentError:
        return "refused"
    assert pixels.dtype == FLOAT
    return hashlib.sha256(pixels.astype("<f4").tobytes()).hexdigest()


if __name__ == "__main__":
    make_images()
    with Path("expected.txt").open("w") as out:
        for name, what, size, make in cases():
            print(name, what, *size, outcome(name, what, size, make), file=out)
