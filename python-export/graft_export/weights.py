"""The weights of a trained model as ``.npz`` or ``.safetensors``, under their Keras names."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from graft_export import __version__
from graft_export.errors import GateError, GraftError
from graft_export.output import beside
from graft_export.trained import Trained

Arrays = dict[str, npt.NDArray[Any]]


def write_weights(trained: Trained, out: Path) -> int:
    """Writes all variables and returns how many; ``out`` ends in ``.npz`` or ``.safetensors``.

    ``GateError`` where a value does not have the hash of the handoff, or is another one when the
    file is read again.
    """
    names = trained.keras_names()
    arrays = {names[name]: values for name, values in trained.values().items()}
    if not arrays:
        raise GraftError(f"{trained.folder} has no variables: its weights are constants.")
    write, read = (_write_npz, _read_npz) if out.suffix == ".npz" else _safetensors(trained)
    with beside(out) as file:
        write(arrays, file)
        _require_same(arrays, read(file), out)
    return len(arrays)


def _write_npz(arrays: Arrays, file: Path) -> None:
    np.savez(file, **arrays)


def _read_npz(file: Path) -> Arrays:
    with np.load(file) as read:
        return dict(read)


def _safetensors(trained: Trained) -> Any:
    try:
        from safetensors import numpy as safetensors
    except ImportError:
        raise GraftError(
            "A .safetensors file needs a package that is not installed: "
            'pip install "graft-export[safetensors]".'
        ) from None
    metadata = {
        "model": trained.manifest.model.name,
        "labels": json.dumps(trained.manifest.labels),
        "graft": __version__,
    }

    def write(arrays: Arrays, file: Path) -> None:
        safetensors.save_file(arrays, file, metadata)

    return write, safetensors.load_file


def _require_same(expected: Arrays, received: Arrays, out: Path) -> None:
    for name, values in expected.items():
        other = received.get(name)
        if other is None or not np.array_equal(values, other, equal_nan=True):
            raise GateError(f"{name} is another one in {out} than it was written.")
