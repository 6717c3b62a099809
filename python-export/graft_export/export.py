"""Exports a model as a handoff: written beside, reloaded, compared, and only then moved."""

import platform
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from graft_export import __version__, golden, handoff, savedmodel
from graft_export.errors import GraftError
from graft_export.handoff import Golden, Handoff
from graft_export.progress import stage
from graft_export.savedmodel import Interface
from graft_export.source import Source, gives_probabilities, takes_one_image


def export(
    source: Source, out: Path, overwrite: bool = False, with_training: bool = False
) -> Handoff:
    """Writes ``source`` to the folder ``out`` and returns its manifest.

    ``with_training`` adds a signature that runs the model as in training, for batch statistics.
    An output that exists is refused unless ``overwrite`` is set. ``out`` appears whole or not at
    all, and only after the export was reloaded and gave the model's answers.
    """
    require_free(out, overwrite)
    with _beside(out) as folder:
        manifest = _write(source, folder, with_training)
        handoff.write(manifest, folder)
        _move(folder, out)
    return manifest


def require_free(out: Path, overwrite: bool) -> None:
    """Refuses an output that exists, unless it may be overwritten and is a model."""
    if not out.exists():
        return
    if not overwrite:
        raise GraftError(f"{out} exists: choose another --out, or replace it with --overwrite.")
    if not (out / "saved_model.pb").is_file():
        raise GraftError(f"{out} is not a SavedModel folder: --overwrite replaces nothing else.")


def _write(source: Source, folder: Path, with_training: bool) -> Handoff:
    interface = _interface(source)
    with stage(f"Saving {source.name}"):
        signature, layers = savedmodel.write(source.model, interface, folder, with_training)
    if source.licence_text is not None:
        (folder / "LICENSE").write_text(source.licence_text, encoding="utf-8")
    with stage(f"Checking the export of {source.name}"):
        samples = _golden(source, interface, folder)
    parameters = sum(layer.parameters for layer in layers)
    return Handoff(
        model=handoff.Model(source.name, source.kind, source.include_top, parameters),
        weights=source.weights,
        versions=_versions(),
        signature=signature,
        preparation=source.preparation,
        labels=source.labels,
        layers=layers,
        files={name: handoff.sha256_of_file(folder / name) for name in handoff.files_in(folder)},
        golden=samples,
        training=None,
    )


def _interface(source: Source) -> Interface:
    return Interface(_input_shapes(source), _output_names(source))


def _input_shapes(source: Source) -> dict[str, list[int | None]]:
    tensors = source.model.inputs
    if not takes_one_image(source.model):
        names = identifiers([tensor.name for tensor in tensors])
        shapes = ([None, *tensor.shape[1:]] for tensor in tensors)
        return dict(zip(names, shapes, strict=True))
    assert source.preparation is not None
    assert source.preparation.resize is not None
    size = source.preparation.resize
    return {"images": [None, size.height, size.width, tensors[0].shape[-1]]}


def _output_names(source: Source) -> list[str]:
    model = source.model
    if len(model.outputs) == 1 and source.include_top:
        return ["probabilities" if gives_probabilities(model) else "logits"]
    if len(model.outputs) == 1 and takes_one_image(model):
        return ["features"]
    return identifiers(list(model.output_names))


def identifiers(names: list[str]) -> list[str]:
    """Names that a signature accepts: letters, digits and ``_``, each of them once."""
    taken: list[str] = []
    for name in names:
        plain = re.sub(r"\W", "_", name, flags=re.ASCII)
        plain = plain if plain[:1].isalpha() else f"tensor_{plain}"
        candidate, number = plain, 0
        while candidate in taken:
            number += 1
            candidate = f"{plain}_{number}"
        taken.append(candidate)
    return taken


def _golden(source: Source, interface: Interface, folder: Path) -> Golden | None:
    how = source.preparation
    if how is not None:
        inputs = [golden.prepared_images(how)]
    else:
        shapes = interface.inputs.values()
        dtypes = [tensor.dtype for tensor in source.model.inputs]
        inputs = [golden.vectors(*one) for one in zip(shapes, dtypes, strict=True)]
    # The stored answers are those of the export, which must be the model's own to rounding.
    outputs = _exported_answers(folder, dict(zip(interface.inputs, inputs, strict=True)))
    _require_same(_answers(source.model, interface, inputs), outputs)
    if any(array.dtype.kind not in "fiu" for array in inputs):
        return None
    named = dict(zip(interface.inputs, inputs, strict=True))
    return golden.write(folder, golden.images() if how else [], named, outputs)


def _answers(
    model: Any, interface: Interface, inputs: list[npt.NDArray[Any]]
) -> dict[str, npt.NDArray[Any]]:
    flat = keras.Model(model.inputs, model.outputs)
    answers = keras.tree.flatten(flat(inputs, training=False))
    return {
        name: np.asarray(answer) for name, answer in zip(interface.outputs, answers, strict=True)
    }


def _exported_answers(
    folder: Path, inputs: dict[str, npt.NDArray[Any]]
) -> dict[str, npt.NDArray[Any]]:
    loaded = tf.saved_model.load(str(folder))
    function = loaded.signatures[savedmodel.SIGNATURE]
    answers = function(**{name: tf.constant(values) for name, values in inputs.items()})
    return {name: answer.numpy() for name, answer in answers.items()}


def _require_same(
    expected: dict[str, npt.NDArray[Any]], received: dict[str, npt.NDArray[Any]]
) -> None:
    for name, values in expected.items():
        if not np.isfinite(values).all():
            raise GraftError(f"The output {name} of the model is not finite: check its weights.")
        found = golden.difference(values, received[name])
        if found.relative > golden.TOLERANCE:
            raise GraftError(
                f"The reloaded export differs from the model: {name}{list(found.index)} is "
                f"{found.received:g} instead of {found.expected:g} "
                f"(relative {found.relative:.1e}, allowed {golden.TOLERANCE:.0e})."
            )


def _versions() -> dict[str, str]:
    return {
        "graft": __version__,
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }


@contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """A folder next to ``out``, on the same disk; it is gone at the end unless it was moved."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise GraftError(f"{out} cannot be written: {error.strerror}.") from error
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _move(folder: Path, out: Path) -> None:
    if not out.exists():
        folder.replace(out)
        return
    with _beside(out) as old:
        out.replace(old / "replaced")
        folder.replace(out)
