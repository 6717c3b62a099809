"""Verifies a handoff, whoever wrote it: its hashes, and its golden samples computed again."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from graft_export import handoff, preparation, savedmodel
from graft_export.agreement import Agreement, Comparison, Samples, read_samples
from graft_export.errors import GateError, GraftError, one_line
from graft_export.handoff import Golden, Handoff, Signature, Variable
from graft_export.progress import stage

_LABELS = "assets/labels.txt"


@dataclass(frozen=True)
class Verification:
    """What was verified, all of it found right."""

    files: int
    variables: int
    tolerance: float | None
    agreements: list[Agreement]


def verify(path: Path) -> Verification:
    """Verifies the handoff in ``path``, a model's folder or that of a run.

    ``GateError`` where a label, a hash or an answer is wrong, ``GraftError`` where it cannot be
    read.
    """
    folder = handoff.model_folder(path)
    manifest = handoff.read(folder)
    _require_labels(folder, manifest)
    with stage("Hashing the files"):
        _require_hashes(folder, manifest)
    variables = _require_variables(folder, manifest)
    if manifest.golden is None:
        return Verification(len(manifest.files), variables, None, [])
    with stage("Computing the golden samples"):
        agreements = list(_agreements(folder, manifest, manifest.golden))
    return Verification(len(manifest.files), variables, manifest.golden.tolerance, agreements)


def _require_labels(folder: Path, manifest: Handoff) -> None:
    file = folder / _LABELS
    if manifest.labels is None or not file.is_file():
        return
    stored = file.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    _require_same_labels(folder, manifest.labels, stored, _LABELS)


def _require_same_labels(folder: Path, listed: list[str], others: list[str], where: str) -> None:
    if len(others) != len(listed):
        raise GateError(
            f"{folder} has {len(listed)} labels in its handoff but {len(others)} in {where}: "
            "one of the two was changed after the export."
        )
    for index, (label, other) in enumerate(zip(listed, others, strict=True)):
        if label != other:
            raise GateError(
                f"Label {index} of {folder} is {label!r} in its handoff but {other!r} in {where}: "
                "one of the two was changed after the export."
            )


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
            raise GateError(_wrong_values(folder, variable, received, variables))
    return len(variables)


def _wrong_values(folder: Path, variable: Variable, received: str, all_: list[Variable]) -> str:
    owner = next((one.name for one in all_ if one.sha256 == received), None)
    if owner is not None:
        return (
            f"The weights of {folder} were swapped: {variable.name} has the values that its "
            f"handoff lists for {owner} (SHA-256 {received} instead of {variable.sha256})."
        )
    return (
        f"The values of {variable.name} in {folder} should have the SHA-256 {variable.sha256} "
        f"but have {received}."
    )


def _checkpoint(folder: Path) -> Any:
    try:
        return savedmodel.checkpoint(folder)
    except (ValueError, RuntimeError, tf.errors.OpError) as error:
        raise GraftError(f"The variables of {folder} cannot be read: {one_line(error)}") from error


def _agreements(folder: Path, manifest: Handoff, golden: Golden) -> Iterator[Agreement]:
    # Held, because the functions of a SavedModel do not keep its variables alive.
    loaded = savedmodel.load(folder)
    samples = read_samples(folder, manifest, golden)
    comparison = Comparison(folder, samples.names, golden.tolerance)
    starts: dict[str, list[npt.NDArray[Any]]] = {}
    if golden.images:
        encoded = [(folder / name).read_bytes() for name in golden.images]
        pixels = _prepare(folder, manifest, encoded)
        comparison.require(golden.prepared, "images", samples.inputs[0], pixels)
        starts["images"] = [pixels]
    starts["prepared"] = samples.inputs
    for start, inputs in starts.items():
        answers = _answers(folder, loaded, manifest.signature, inputs)
        _require_answered_labels(folder, manifest, manifest.signature, answers)
        yield from _compared(comparison, start, samples, manifest.signature, answers)
    for other in manifest.signatures or []:
        if other.inputs[0].dtype != "string":
            answers = _answers(folder, loaded, other, samples.inputs)
        elif golden.images:
            answers = _answers(folder, loaded, other, [np.array(encoded, object)])
        else:
            continue
        _require_answered_labels(folder, manifest, other, answers)
        yield from _compared(comparison, other.name, samples, other, answers)


def _require_answered_labels(
    folder: Path, manifest: Handoff, signature: Signature, answers: dict[str, npt.NDArray[Any]]
) -> None:
    """The texts that a signature answers: the names of all, and of each row the likeliest."""
    listed = manifest.labels
    texts = {one.alias for one in signature.outputs if one.dtype == "string"}
    if listed is None:
        return
    where = f"the graph (signature {signature.name})"
    for row in answers["labels"] if "labels" in texts else []:
        _require_same_labels(folder, listed, [label.decode() for label in row], where)
    if "label" not in texts or "probabilities" not in answers:
        return
    likeliest = np.argmax(answers["probabilities"], axis=1)
    for sample, (index, label) in enumerate(zip(likeliest, answers["label"], strict=True)):
        if label.decode() != listed[index]:
            raise GateError(
                f"Golden sample {sample} of {folder} is called {label.decode()!r} by {where}, but "
                f"its largest probability is that of {listed[index]!r}: "
                "the graph was changed after the export."
            )


def _compared(
    comparison: Comparison,
    start: str,
    samples: Samples,
    signature: Signature,
    answers: dict[str, npt.NDArray[Any]],
) -> Iterator[Agreement]:
    for output in signature.outputs:
        if output.alias in samples.outputs:
            expected = samples.outputs[output.alias]
            yield comparison.require(output.alias, start, expected, answers[output.alias])


def _prepare(folder: Path, manifest: Handoff, encoded: list[bytes]) -> npt.NDArray[Any]:
    how = manifest.preparation
    if how is None:
        raise GraftError(f"{folder} has golden images but does not say how they are prepared.")
    return np.stack([preparation.prepare(how, one) for one in encoded])


def _answers(
    folder: Path, loaded: Any, signature: Signature, inputs: list[npt.NDArray[Any]]
) -> dict[str, npt.NDArray[Any]]:
    """What a signature answers, by aliases, to ``inputs`` in its order."""
    functions = loaded.signatures
    if signature.name not in functions:
        raise GraftError(f"{folder} has no signature {signature.name}, only {sorted(functions)}.")
    # Signatures of the TF1 form, which Java writes, take tensors only.
    fed = {
        one.key: tf.constant(values) for one, values in zip(signature.inputs, inputs, strict=True)
    }
    answers = functions[signature.name](**fed)
    return {output.alias: answers[output.key].numpy() for output in signature.outputs}


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
