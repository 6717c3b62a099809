"""Reads the tensors of a PyTorch file of the old form (before 1.6), without PyTorch.

The file is a row of pickles: a magic number, a protocol version, the sizes of C types, the state
dictionary, and the keys of its storages; the storages' raw values follow. A pickle can call any
function, so this one is read by an unpickler that knows four names and no more.
"""

import pickle
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from graft_export.errors import GraftError

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_STORAGE_TYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


@dataclass(frozen=True)
class _Storage:
    key: str
    dtype: np.dtype[Any]
    count: int


@dataclass(frozen=True)
class _View:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The tensors of the file by name; ``GraftError`` where it is not such a file."""
    try:
        with path.open("rb") as file:
            return _read(file)
    except (pickle.UnpicklingError, EOFError, ValueError, KeyError, TypeError) as error:
        raise GraftError(f"{path} is not a PyTorch file of the old form: {error}.") from error


def _read(file: BinaryIO) -> dict[str, npt.NDArray[Any]]:
    magic, protocol, system = (_Unpickler(file).load() for _ in range(3))
    if magic != _MAGIC or protocol != _PROTOCOL or not system["little_endian"]:
        raise ValueError(f"magic number {magic}, protocol {protocol}, system {system}")
    views: dict[str, _View] = _Unpickler(file).load()
    storages = {view.storage.key: view.storage for view in views.values()}
    values = {key: _values(file, storages[key]) for key in _Unpickler(file).load()}
    return {name: _tensor(view, values[view.storage.key]) for name, view in views.items()}


def _values(file: BinaryIO, storage: _Storage) -> npt.NDArray[Any]:
    count = int.from_bytes(file.read(8), "little")
    if count != storage.count:
        raise ValueError(f"storage {storage.key} has {count} values instead of {storage.count}")
    encoded = file.read(count * storage.dtype.itemsize)
    if len(encoded) != count * storage.dtype.itemsize:
        raise ValueError(f"storage {storage.key} is cut off")
    return np.frombuffer(encoded, storage.dtype)


def _tensor(view: _View, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    reach = sum((size - 1) * step for size, step in zip(view.shape, view.strides, strict=True))
    if view.offset < 0 or min(view.strides, default=0) < 0 or view.offset + reach >= len(values):
        raise ValueError(f"a tensor of shape {view.shape} reaches beyond its storage")
    strides = [step * values.itemsize for step in view.strides]
    return np.lib.stride_tricks.as_strided(
        values[view.offset :], view.shape, strides, writeable=False
    ).copy()


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild
        if module == "torch" and name in _STORAGE_TYPES:
            return _STORAGE_TYPES[name]
        raise pickle.UnpicklingError(f"the name {module}.{name} is not allowed")

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key, _device, count, view = pid
        if kind != "storage" or view is not None:
            raise pickle.UnpicklingError(f"unknown reference {pid}")
        return _Storage(key, dtype, count)


def _rebuild(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any
) -> _View:
    return _View(storage, offset, shape, strides)
