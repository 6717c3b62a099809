"""``keras_pixels.py OUT``: what Keras makes of image folders and images.

``OUT/digits.npy`` holds the pixels of ``testdata/digits`` and ``OUT/digits.json`` their files and
labels, as ``keras.utils.image_dataset_from_directory`` gives them, and the files of the two parts
of a split. ``OUT/NAME-METHOD.npy`` are the images named in ``OUT/images.json``, prepared.
"""

import json
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.applications import imagenet_utils

DIGITS = Path("testdata", "digits")
IMAGES = Path("testdata", "images")
SIZE = (19, 22)
SPLIT = {"validation_split": 0.3, "seed": 42}
SCALED = ("bilinear", "lanczos3")


def digits(out: Path) -> None:
    """Reads ``testdata/digits``."""
    data = keras.utils.image_dataset_from_directory(
        DIGITS, image_size=SIZE, shuffle=False, verbose=False
    )
    batches = [(pixels.numpy(), labels.numpy()) for pixels, labels in data]
    np.save(out / "digits.npy", np.concatenate([pixels for pixels, _ in batches]))
    document = {
        "files": files(data),
        "labels": np.concatenate([labels for _, labels in batches]).tolist(),
        "training": files(part("training")),
        "validation": files(part("validation")),
    }
    (out / "digits.json").write_text(json.dumps(document), encoding="utf-8")


def part(subset: str) -> Any:
    """One part of the split."""
    return keras.utils.image_dataset_from_directory(
        DIGITS, image_size=SIZE, subset=subset, verbose=False, **SPLIT
    )


def files(data: Any) -> list[str]:
    """The files of a data set, relative to its folder."""
    return [Path(path).relative_to(DIGITS).as_posix() for path in data.file_paths]


def prepared(path: Path, name: str, method: str) -> Any:
    """One image, ``[height, width, 3]``."""
    image = tf.io.decode_image(path.read_bytes(), channels=3, expand_animations=False)
    pixels = tf.image.resize(image, SIZE, method=method).numpy()
    if name == "rescale":
        return keras.layers.Rescaling(1 / 255)(pixels).numpy()
    return pixels if name == "none" else imagenet_utils.preprocess_input(pixels, mode=name)


def images(out: Path) -> None:
    """Prepares all of ``testdata/images`` that TensorFlow can decode, in each way."""
    names = sorted(path.stem for path in (IMAGES / "pixels").glob("*.npy"))
    (out / "images.json").write_text(json.dumps(names), encoding="utf-8")
    for name in ("caffe", "tf", "torch", "rescale", "none"):
        for method in SCALED:
            batch = [prepared(IMAGES / image, name, method) for image in names]
            np.save(out / f"{name}-{method}.npy", np.stack(batch))


if __name__ == "__main__":
    digits(Path(sys.argv[1]))
    images(Path(sys.argv[1]))
