"""Any number of different JPEG files, from a folder of some, or drawn."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_DRAWN = 64
_SIZES = ((240, 320), (320, 240), (256, 256), (213, 320), (320, 213))


class Images:
    """Files to copy from. Each copy gets a comment of its own, so that no two are the same."""

    def __init__(self, folder: Path | None) -> None:
        if folder is None:
            self._files: list[bytes] = []
            self.words = f"{_DRAWN} drawn JPEG files, 240×320 or so"
            return
        paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg"))
        self._files = [data for path in paths if (data := path.read_bytes())[:2] == b"\xff\xd8"]
        if not self._files:
            raise SystemExit(f"{folder} has no JPEG files.")
        self.words = f"{len(self._files):,} JPEG files of a folder"

    def write(self, folder: Path, count: int) -> Path:
        """Writes so many files, again from the first when there are fewer, if not there yet."""
        if not folder.exists():
            beside = folder.with_name(folder.name + ".partial")
            beside.mkdir(parents=True, exist_ok=True)
            for index, data in enumerate(self._copies(count)):
                (beside / f"{index:06}.jpg").write_bytes(data)
            beside.rename(folder)
        return folder

    def write_classes(self, folder: Path, training: int, validation: int) -> Path:
        """Writes ``train/`` and ``validation/``, each with two classes."""
        if not folder.exists():
            beside = folder.with_name(folder.name + ".partial")
            copies = self._copies(training + validation)
            for part, count in (("train", training), ("validation", validation)):
                for index in range(count):
                    target = beside / part / ("a", "b")[index % 2] / f"{index:06}.jpg"
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(next(copies))
            beside.rename(folder)
        return folder

    def _copies(self, count: int) -> Iterator[bytes]:
        self._files = self._files or _all_drawn()
        for index in range(count):
            data = self._files[index % len(self._files)]
            text = b"%d" % index
            yield data[:2] + b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text + data[2:]


def _all_drawn() -> list[bytes]:
    import tensorflow as tf

    return [
        tf.io.encode_jpeg(_drawn(index, tf.image.resize), quality=90).numpy()
        for index in range(_DRAWN)
    ]


def _drawn(index: int, resize: Any) -> npt.NDArray[np.uint8]:
    """Patches of colour at several scales: about as many bytes as a photograph of that size."""
    random = np.random.default_rng(index)
    height, width = _SIZES[index % len(_SIZES)]
    canvas = np.zeros((height, width, 3))
    for cells in (3, 9, 27, 81):
        patches = random.uniform(-1, 1, (1, cells, cells, 3))
        canvas += resize(patches, (height, width), "bicubic")[0].numpy() * 60 / cells**0.4
    rounded: npt.NDArray[np.uint8] = np.clip(np.rint(canvas + 128), 0, 255).astype(np.uint8)
    return rounded
