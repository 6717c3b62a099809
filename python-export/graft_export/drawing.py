"""Small colourful pictures, drawn the same way everywhere: golden samples and calibration."""

import numpy as np
import numpy.typing as npt
import tensorflow as tf

Picture = npt.NDArray[np.uint8]

# Height and width, odd and of different proportions, so that every resize has something to do.
SIZES = ((61, 97), (97, 59), (75, 75), (49, 83), (89, 67))


def picture(index: int) -> Picture:
    """Picture number ``index``: shapes on a gradient, ``[height, width, 3]``."""
    random = np.random.default_rng(index)
    height, width = SIZES[index % len(SIZES)]
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    start, end = random.uniform(0, 255, (2, 3))
    canvas = start + (end - start) * (x * random.uniform(0.3, 1) + y)[..., None] / 2
    for _ in range(6):
        canvas = np.where(_shape(random, x, y)[..., None], random.uniform(0, 255, 3), canvas)
    canvas += random.normal(0, 6, canvas.shape)
    rounded: Picture = np.clip(np.rint(canvas), 0, 255).astype(np.uint8)
    return rounded


def jpeg(index: int) -> bytes:
    """Picture number ``index`` as a JPEG file."""
    encoded: bytes = tf.io.encode_jpeg(picture(index), quality=90).numpy()
    return encoded


def _shape(
    random: np.random.Generator, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    centre_x, centre_y, size = random.uniform(0, 0.8), random.uniform(0, 0.8), random.uniform(0, 1)
    right, down = x - centre_x, y - centre_y
    if random.integers(2):
        disc: npt.NDArray[np.bool_] = np.hypot(right, down) < 0.05 + 0.2 * size
        return disc
    slanted = right * np.cos(size * 3) + down * np.sin(size * 3)
    stripe: npt.NDArray[np.bool_] = np.abs(slanted) < 0.02 + 0.05 * size
    return stripe
