"""``testdata/digits``: real handwritten digits as an image folder with ten classes."""

from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

_PER_CLASS = 100
_LARGEST = 16
_README = """\
# Handwritten digits

The first 100 images of each digit in scikit-learn's `load_digits`, as 8×8 grayscale PNGs; the values
0 to 16 are scaled to 0 to 255.

Source: E. Alpaydin and C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine Learning
Repository, 1998, https://doi.org/10.24432/C50P49 (its test part). Licence: Creative Commons
Attribution 4.0 International (CC BY 4.0), https://creativecommons.org/licenses/by/4.0/.

Made by `python -m testdata_maker digits` in `python-export`.
"""


def make(testdata: Path) -> None:
    """Writes ``digits/0/000.png`` to ``digits/9/099.png`` below ``testdata``."""
    digits = load_digits()
    for label in range(10):
        folder = testdata / "digits" / str(label)
        folder.mkdir(parents=True)
        images = digits.images[digits.target == label][:_PER_CLASS]
        for index, image in enumerate(images):
            pixels = np.rint(image * (255 / _LARGEST)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{index:03d}.png")
    (testdata / "digits" / "README.md").write_text(_README, encoding="utf-8")
