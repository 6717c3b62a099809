"""Golden samples: a few inputs and what the model answered where it was made."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from graft_export import drawing, preparation
from graft_export.handoff import Golden, Preparation

TOLERANCE = 1e-5
COUNT = 3


@dataclass(frozen=True)
class Difference:
    """How far an answer is from what was expected, and where it is farthest."""

    relative: float
    index: tuple[int, ...]
    expected: float
    received: float


def images() -> list[bytes]:
    """The golden JPEG files."""
    return [drawing.jpeg(index) for index in range(COUNT)]


def prepared_images(how: Preparation) -> npt.NDArray[Any]:
    """The golden images as the model's input."""
    return np.stack([preparation.prepare(how, encoded) for encoded in images()])


def vectors(shape: list[int | None], dtype: str) -> npt.NDArray[Any]:
    """Seeded inputs for a model that does not take images; unknown sizes become 8."""
    sizes = [COUNT, *(8 if size is None else size for size in shape[1:])]
    random = np.random.default_rng(0)
    if np.issubdtype(np.dtype(dtype), np.integer):
        return random.integers(0, 2, sizes).astype(dtype)
    return random.normal(0, 1, sizes).astype(dtype)


def write(
    folder: Path,
    encoded: list[bytes],
    inputs: dict[str, npt.NDArray[Any]],
    outputs: dict[str, npt.NDArray[Any]],
) -> Golden:
    """Writes the samples below ``folder/golden``; ``inputs`` by alias, in their order."""
    (folder / "golden" / "images").mkdir(parents=True)
    names = [f"golden/images/{index}.jpg" for index in range(len(encoded))]
    for name, image in zip(names, encoded, strict=True):
        (folder / name).write_bytes(image)
    if not encoded:
        (folder / "golden" / "images").rmdir()
    (_, prepared), *others = inputs.items()
    np.save(folder / "golden" / "prepared.npy", prepared)
    other_files = {alias: f"golden/input_{index}.npy" for index, (alias, _) in enumerate(others, 1)}
    for alias, values in others:
        np.save(folder / other_files[alias], values)
    files = {alias: f"golden/{alias}.npy" for alias in outputs}
    for alias, values in outputs.items():
        np.save(folder / files[alias], values)
    return Golden(names, "golden/prepared.npy", files, TOLERANCE, other_files or None)


def difference(expected: npt.NDArray[Any], received: npt.NDArray[Any]) -> Difference:
    """The largest difference, relative to the largest magnitude of what was expected.

    The arrays have the same shape. A value that is not a number is infinitely far from any other.
    """
    apart = np.abs(expected.astype(np.float64) - received.astype(np.float64))
    apart = np.where(np.isnan(apart), np.inf, apart)
    if apart.size == 0:
        return Difference(0.0, (), 0.0, 0.0)
    index = np.unravel_index(int(np.argmax(apart)), apart.shape)
    largest = float(np.max(np.abs(expected)))
    relative = float(apart[index]) / largest if largest else float(apart[index])
    place = tuple(int(position) for position in index)
    return Difference(relative, place, float(expected[index]), float(received[index]))


def top1_agreement(expected: npt.NDArray[Any], received: npt.NDArray[Any]) -> float:
    """The fraction of samples whose largest value is in the same place."""
    rows = (len(expected), -1)
    same = expected.reshape(rows).argmax(axis=1) == received.reshape(rows).argmax(axis=1)
    return float(same.mean())
