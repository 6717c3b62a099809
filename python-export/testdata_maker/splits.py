"""``testdata/splits.json``: how numpy shuffles and how Keras splits an image folder."""

import hashlib
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np

_COUNTS = (1, 2, 5, 10, 100, 3670)
_SEEDS = (0, 1, 42, 123456)
_WRITTEN_OUT = 100
_FRACTION = 0.2
_SEED = 1


def make(testdata: Path) -> None:
    """Writes ``splits.json``; needs ``testdata/digits``."""
    document = {
        "made_by": "python -m testdata_maker splits.json",
        "shuffles": [_shuffle(count, seed) for count in _COUNTS for seed in _SEEDS],
        "keras": {
            "folder": "digits",
            "validation_split": _FRACTION,
            "seed": _SEED,
            "training": _subset(testdata, "training"),
            "validation": _subset(testdata, "validation"),
        },
    }
    (testdata / "splits.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _shuffle(count: int, seed: int) -> dict[str, Any]:
    """``numpy.random.RandomState(seed).shuffle`` of 0 to ``count`` - 1."""
    order = list(range(count))
    np.random.RandomState(seed).shuffle(order)
    text = ",".join(str(index) for index in order)
    shuffle = {"count": count, "seed": seed, "sha256": hashlib.sha256(text.encode()).hexdigest()}
    if count <= _WRITTEN_OUT:
        return {**shuffle, "order": text}
    return {**shuffle, "first": text.split(",")[:10], "last": text.split(",")[-10:]}


def _subset(testdata: Path, subset: str) -> list[str]:
    """The files of one part of the split, in Keras's order."""
    folder = testdata / "digits"
    data = keras.utils.image_dataset_from_directory(
        folder,
        validation_split=_FRACTION,
        subset=subset,
        seed=_SEED,
        image_size=(8, 8),
        shuffle=True,
        verbose=False,
    )
    return [Path(path).relative_to(folder).as_posix() for path in data.file_paths]
