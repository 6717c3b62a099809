"""``testdata/preparation``: what Keras makes of one photograph, bit for bit."""

import tempfile
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
from PIL import Image

from graft_export import drawing

_SIZE = (20, 24)
_INTERPOLATIONS = ("bilinear", "nearest", "bicubic", "area", "lanczos3")
_MODES = ("caffe", "tf", "torch")
_README = """\
# What Keras makes of one image

`photo.jpg` is 40 wide and 30 high. `INTERPOLATION.npy` is what `keras.utils.image_dataset_from_directory`
gives for it with `image_size=(20, 24)`; `grey.npy` is the same, bilinear, with `color_mode="grayscale"`.
`nearest.npy` holds bytes, as Keras leaves them, all others float32.
`caffe.npy`, `tf.npy` and `torch.npy` are `keras.applications.imagenet_utils.preprocess_input` of
`bilinear.npy` in that mode, and `rescale.npy` is `keras.layers.Rescaling(1 / 255)` of it.

Made by `python -m testdata_maker preparation` in `python-export`.
"""


def make(testdata: Path) -> None:
    """Writes the photograph and the arrays."""
    folder = testdata / "preparation"
    folder.mkdir(parents=True)
    image = Image.fromarray(drawing.picture(210)).resize((40, 30))
    image.save(folder / "photo.jpg", quality=92)
    for interpolation in _INTERPOLATIONS:
        np.save(folder / f"{interpolation}.npy", _from_directory(folder, interpolation, "rgb"))
    np.save(folder / "grey.npy", _from_directory(folder, "bilinear", "grayscale"))
    pixels = np.load(folder / "bilinear.npy")
    for mode in _MODES:
        prepared = keras.applications.imagenet_utils.preprocess_input(pixels.copy(), mode=mode)
        np.save(folder / f"{mode}.npy", prepared)
    np.save(folder / "rescale.npy", keras.layers.Rescaling(1 / 255)(pixels).numpy())
    (folder / "README.md").write_text(_README, encoding="utf-8")


def _from_directory(folder: Path, interpolation: str, colours: str) -> npt.NDArray[np.float32]:
    with tempfile.TemporaryDirectory() as only:
        (Path(only) / "photo.jpg").write_bytes((folder / "photo.jpg").read_bytes())
        batches = keras.utils.image_dataset_from_directory(
            only,
            labels=None,
            image_size=_SIZE,
            interpolation=interpolation,
            color_mode=colours,
            shuffle=False,
            verbose=False,
        )
        first: npt.NDArray[np.float32] = next(iter(batches)).numpy()[0]
    return first
