"""``testdata/augmentation``: what Keras's layers make of one photograph at one value of their factor."""

from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

_README = """\
# What Keras's augmentation makes of one image

Each array is a layer of `keras.layers`, called with `training=True` on `../preparation/bilinear.npy`
(20 high, 24 wide, values from 0 to 255), with a factor whose lower and upper limit are equal, so
that nothing is random but what the names say:

| file | layer |
|---|---|
| `rotation.npy` | `RandomRotation((0.1, 0.1))` |
| `zoom-out.npy`, `zoom-in.npy` | `RandomZoom((0.2, 0.2))`, `RandomZoom((-0.3, -0.3))` |
| `contrast.npy` | `RandomContrast` at the factor 1.5 |
| `brightness.npy` | `RandomBrightness((0.2, 0.2))` |
| `hue-plus.npy`, `hue-minus.npy` | `RandomHue((0.4, 0.4))`, whose direction is random |
| `saturation.npy` | `RandomSaturation((0.6, 0.6), value_range=(0, 1))` of the values over 255, times 255 |
| `flip.npy` | `RandomFlip("horizontal")`, where it flips |
| `shift.npy` | `RandomTranslation((0.15, 0.15), (-0.25, -0.25))` |

Made by `python -m testdata_maker augmentation` in `python-export`.
"""


def make(testdata: Path) -> None:
    """Writes the arrays."""
    folder = testdata / "augmentation"
    folder.mkdir(parents=True)
    pixels = np.load(testdata / "preparation" / "bilinear.npy")[np.newaxis]
    layers = keras.layers
    plain: dict[str, keras.layers.Layer] = {
        "rotation": layers.RandomRotation((0.1, 0.1)),
        "zoom-out": layers.RandomZoom((0.2, 0.2)),
        "zoom-in": layers.RandomZoom((-0.3, -0.3)),
        "contrast": layers.RandomContrast((-0.5, 0.5)),
        "brightness": layers.RandomBrightness((0.2, 0.2)),
        "shift": layers.RandomTranslation((0.15, 0.15), (-0.25, -0.25)),
    }
    for name, layer in plain.items():
        np.save(folder / f"{name}.npy", _apply(layer, pixels))
    saturation = layers.RandomSaturation((0.6, 0.6), value_range=(0, 1))
    np.save(folder / "saturation.npy", _apply(saturation, pixels / np.float32(255)) * 255)
    hues = _distinct(layers.RandomHue((0.4, 0.4), seed=1), pixels)
    reddest = sorted(hues, key=lambda image: float(image[..., 0].mean()))
    np.save(folder / "hue-minus.npy", reddest[0])
    np.save(folder / "hue-plus.npy", reddest[1])
    flips = _distinct(layers.RandomFlip("horizontal", seed=1), pixels)
    (flipped,) = (image for image in flips if not np.array_equal(image, pixels[0]))
    np.save(folder / "flip.npy", flipped)
    (folder / "README.md").write_text(_README, encoding="utf-8")


def _apply(layer: keras.layers.Layer, pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    made: npt.NDArray[np.float32] = layer(tf.constant(pixels), training=True).numpy()[0]
    return made


def _distinct(
    layer: keras.layers.Layer, pixels: npt.NDArray[np.float32]
) -> list[npt.NDArray[np.float32]]:
    """The two results of a layer whose direction is random."""
    results: dict[bytes, npt.NDArray[np.float32]] = {}
    for _ in range(100):
        made = _apply(layer, pixels)
        results[made.tobytes()] = made
    if len(results) != 2:
        raise ValueError(f"expected two results, got {len(results)}")
    return list(results.values())
