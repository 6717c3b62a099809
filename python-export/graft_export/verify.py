"""Verifies a handoff, whoever wrote it: its hashes, and its golden samples computed again."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from graft_export import golden, handoff, preparation, savedmodel
from graft_export.errors import GateError, GraftError, one_line
from graft_export.handoff import Golden, Handoff
from graft_export.progress import stage


@dataclass(frozen=True)
class Agreement:
    """How well one output agrees with the golden one, from the images or the prepared input."""

    output: str
    start: str
    relative_difference: float
    top1_agreement: float


@dataclass(frozen=True)
class Verification:
    """What was verified, all of it found right."""

    files: int
    variables: int
    tolerance: float | None
    agreements: list[Agreement]


def verify(folder: Path) -> Verification:
    """Verifies the handoff in ``folder``.

    ``GateError`` where a hash or an answer is wrong, ``GraftError`` where it cannot be read.
    """
    if not folder.is_dir():
        raise GraftError(f"There is no folder {folder}.")
    manifest = handoff.read(folder)
    with stage("Hashing the files"):
        _require_hashes(folder, manifest)
    variables = _require_variables(folder, manifest)
    if manifest.golden is None:
        return Verification(len(manifest.files), variables, None, [])
    with stage("Computing the golden samples"):
        agreements = list(_agreements(folder, manifest, manifest.golden))
    return Verification(len(manifest.files), variables, manifest.golden.tolerance, agreements)


def _require_hashes(folder: Path, manifest: Handoff) -> None:
    present = set(handoff.files_in(folder))
    missing = sorted(set(manifest.files) - present)
    unknown = sorted(present - set(manifest.files))
    if missing or unknown:
        raise GateError(
            f"The files of {folder} are not those that its handoff lists: "
            f"missing {missing or 'none'}, not listed {unknown or 'none'}."
        )
    for name, expected in manifest.files.items():
        received = handoff.sha256_of_file(folder / name)
        if received != expected:
            raise GateError(
                f"{folder / name} should have the SHA-256 {expected} but has {received}: "
                "it was changed or damaged after the export."
            )


def _require_variables(folder: Path, manifest: Handoff) -> int:
    variables = [variable for layer in manifest.layers for variable in layer.variables]
    if not variables:
        return 0
    reader = _checkpoint(folder)
    for variable in variables:
        if not reader.has_tensor(variable.key):
            raise GateError(
                f"The checkpoint of {folder} has no {variable.key}, "
                f"where its handoff says that {variable.name} is."
            )
        received = savedmodel.sha256_of_values(savedmodel.read_variable(reader, variable.key))
        if received != variable.sha256:
            raise GateError(
                f"The values of {variable.name} in {folder} should have the SHA-256 "
                f"{variable.sha256} but have {received}."
            )
    return len(variables)


def _checkpoint(folder: Path) -> Any:
    try:
        return savedmodel.checkpoint(folder)
    except (ValueError, RuntimeError, tf.errors.OpError) as error:
        raise GraftError(f"The variables of {folder} cannot be read: {one_line(error)}") from error


def _agreements(folder: Path, manifest: Handoff, samples: Golden) -> Iterator[Agreement]:
    model = _Model(folder, manifest)
    prepared = _load(folder, samples.prepared)
    expected = {alias: _load(folder, name) for alias, name in samples.outputs.items()}
    names = samples.images or [f"sample {index}" for index in range(len(prepared))]
    comparison = _Comparison(folder, names, samples.tolerance)
    if samples.images:
        from_images = _prepare(folder, manifest, samples)
        comparison.require(samples.prepared, "images", prepared, from_images)
        received = model(from_images)
        for alias, values in expected.items():
            yield comparison.require(alias, "images", values, received[alias])
    received = model(
        prepared, {a: _load(folder, n) for a, n in (samples.other_inputs or {}).items()}
    )
    for alias, values in expected.items():
        yield comparison.require(alias, "prepared", values, received[alias])


def _load(folder: Path, name: str) -> npt.NDArray[Any]:
    try:
        values: npt.NDArray[Any] = np.load(folder / name, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise GraftError(f"{folder / name} cannot be read: {one_line(error)}") from error
    return values


def _prepare(folder: Path, manifest: Handoff, samples: Golden) -> npt.NDArray[Any]:
    how = manifest.preparation
    if how is None:
        raise GraftError(f"{folder} has golden images but does not say how they are prepared.")
    return np.stack(
        [preparation.prepare(how, (folder / name).read_bytes()) for name in samples.images]
    )


class _Model:
    """The signature that the handoff names, called by aliases."""

    def __init__(self, folder: Path, manifest: Handoff) -> None:
        self._signature = manifest.signature
        # Held, because the functions of a SavedModel do not keep its variables alive.
        self._loaded = _load_model(folder)
        functions = self._loaded.signatures
        if self._signature.name not in functions:
            raise GraftError(
                f"{folder} has no signature {self._signature.name}, only {sorted(functions)}."
            )
        self._function = functions[self._signature.name]

    def __call__(
        self, first: npt.NDArray[Any], others: dict[str, npt.NDArray[Any]] | None = None
    ) -> dict[str, npt.NDArray[Any]]:
        keys = {one.alias: one.key for one in self._signature.inputs}
        # Signatures of the TF1 form, which Java writes, take tensors only.
        fed = {self._signature.inputs[0].key: tf.constant(first)}
        fed |= {keys[alias]: tf.constant(values) for alias, values in (others or {}).items()}
        answers = self._function(**fed)
        return {output.alias: answers[output.key].numpy() for output in self._signature.outputs}


def _load_model(folder: Path) -> Any:
    try:
        return tf.saved_model.load(str(folder))
    except (OSError, ValueError, tf.errors.OpError) as error:
        raise GraftError(f"TensorFlow cannot load {folder}: {one_line(error)}") from error


@dataclass(frozen=True)
class _Comparison:
    folder: Path
    samples: list[str]
    tolerance: float

    def require(
        self, what: str, start: str, expected: npt.NDArray[Any], received: npt.NDArray[Any]
    ) -> Agreement:
        if expected.shape != received.shape:
            raise GateError(
                f"{what} of {self.folder} should have the shape {list(expected.shape)} but has "
                f"{list(received.shape)}."
            )
        found = golden.difference(expected, received)
        if found.relative > self.tolerance:
            sample, *place = found.index
            raise GateError(
                f"{self.samples[sample]} of {self.folder}: {what}{place} should be "
                f"{found.expected:g} but is {found.received:g} (from the {start}; relative "
                f"difference {found.relative:.1e}, allowed {self.tolerance:.0e})."
            )
        agreement = golden.top1_agreement(expected, received)
        return Agreement(what, start, found.relative, agreement)


def table(verification: Verification) -> str:
    """What was verified, for people."""
    lines = [f"{verification.files} files and {verification.variables} variables have their hashes"]
    if verification.tolerance is None:
        return "\n".join([*lines, "no golden samples"])
    lines.append(f"{'output':16}{'from':12}{'max difference':>16}{'top-1 agreement':>18}")
    for one in verification.agreements:
        lines.append(
            f"{one.output:16}{one.start:12}{one.relative_difference:>16.1e}"
            f"{one.top1_agreement:>18.0%}"
        )
    return "\n".join([*lines, f"within {verification.tolerance:.0e}"])
