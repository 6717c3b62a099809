"""``testdata/images``: odd and hostile image files, and the pixels TensorFlow makes of them."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image

from graft_export import drawing

_WIDTH, _HEIGHT = 24, 16
_ORIENTATION = 0x0112
# How a picture has to be turned so that a viewer that obeys EXIF turns it upright again.
_TURNS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
_README = """\
# Odd and hostile images

`pixels/NAME.npy` is `tf.io.decode_image(bytes, channels=3, expand_animations=False)` of the files that
it can decode. `upright/exif-N.jpg.npy` is the same turned as the EXIF orientation says.
The others cannot be decoded and say so by their names; `huge.png` only claims to be huge.

Made by `python -m testdata_maker images` in `python-export`.
"""


def make(testdata: Path) -> None:
    """Writes the files, and the pixels of those that can be decoded."""
    folder = testdata / "images"
    for name in ("pixels", "upright"):
        (folder / name).mkdir(parents=True)
    for name, encoded in {**_good(), **_turned(folder / "upright")}.items():
        (folder / name).write_bytes(encoded)
        image = tf.io.decode_image(encoded, channels=3, expand_animations=False)
        np.save(folder / "pixels" / f"{name}.npy", image.numpy())
    for name, encoded in _bad().items():
        (folder / name).write_bytes(encoded)
        _require_undecodable(name, encoded)
    (folder / "README.md").write_text(_README, encoding="utf-8")


def _picture(index: int = 200) -> Image.Image:
    return Image.fromarray(drawing.picture(index)).resize((_WIDTH, _HEIGHT))


def _encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _good() -> dict[str, bytes]:
    image = _picture()
    alpha = image.convert("RGBA")
    alpha.putalpha(Image.linear_gradient("L").resize(alpha.size))
    deep = np.arange(_WIDTH * _HEIGHT, dtype=np.uint16).reshape(_HEIGHT, _WIDTH) * 170
    frames: list[Callable[[], Image.Image]] = [lambda: _picture(201), lambda: _picture(202)]
    return {
        "rgb.jpg": _encoded(image, "JPEG"),
        "gray.jpg": _encoded(image.convert("L"), "JPEG"),
        "cmyk.jpg": _encoded(image.convert("CMYK"), "JPEG"),
        "progressive.jpg": _encoded(image, "JPEG", progressive=True),
        "png-named.jpg": _encoded(image, "PNG"),
        "rgb.png": _encoded(image, "PNG"),
        "rgba.png": _encoded(alpha, "PNG"),
        "palette.png": _encoded(image.quantize(16), "PNG"),
        "gray.png": _encoded(image.convert("L"), "PNG"),
        "16-bit.png": _encoded(Image.fromarray(deep), "PNG"),
        "rgb.bmp": _encoded(image, "BMP"),
        "animated.gif": _encoded(
            image, "GIF", save_all=True, append_images=[frame() for frame in frames]
        ),
    }


def _turned(upright: Path) -> dict[str, bytes]:
    files = {}
    for orientation, turn in _TURNS.items():
        name = f"exif-{orientation}.jpg"
        image = _picture() if turn is None else _picture().transpose(turn)
        exif = Image.Exif()
        exif[_ORIENTATION] = orientation
        files[name] = _encoded(image, "JPEG", exif=exif, quality=95)
        pixels = Image.fromarray(tf.io.decode_jpeg(files[name], channels=3).numpy())
        back = _TURNS[{6: 8, 8: 6}.get(orientation, orientation)]
        np.save(
            upright / f"{name}.npy", np.asarray(pixels if back is None else pixels.transpose(back))
        )
    return files


def _bad() -> dict[str, bytes]:
    image = _picture()
    jpeg = _encoded(image, "JPEG")
    png = _encoded(image, "PNG")
    header = bytearray(png)
    header[16:24] = (100_000).to_bytes(4, "big") * 2
    return {
        "text.jpg": b"This is a text and no image, whatever the name of the file says.\n",
        "empty.jpg": b"",
        "truncated.jpg": jpeg[:-40],
        "truncated-header.jpg": jpeg[: len(jpeg) // 2],
        "truncated.png": png[: len(png) // 2],
        "huge.png": bytes(header),
        "webp-named.jpg": _encoded(image, "WEBP", lossless=True),
    }


def _require_undecodable(name: str, encoded: bytes) -> None:
    try:
        tf.io.decode_image(encoded, channels=3, expand_animations=False)
    except tf.errors.InvalidArgumentError:
        return
    raise AssertionError(f"TensorFlow decodes {name}, which should be broken")
