"""Whether a model answers its golden samples as its sender did, and where it does not."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from graft_export import golden
from graft_export.errors import GateError, GraftError, one_line
from graft_export.handoff import Golden, Handoff


@dataclass(frozen=True)
class Agreement:
    """How well one output agrees with the golden one, and what it was computed from."""

    output: str
    start: str
    relative_difference: float
    top1_agreement: float


@dataclass(frozen=True)
class Comparison:
    """Answers to the golden samples of ``folder``, held to the sender's to ``tolerance``."""

    folder: Path
    samples: list[str]
    tolerance: float

    def require(
        self, what: str, start: str, expected: npt.NDArray[Any], received: npt.NDArray[Any]
    ) -> Agreement:
        """``GateError`` with the sample, the expected and the received where they differ."""
        if expected.shape != received.shape:
            raise GateError(
                f"{what} of {self.folder} should have the shape {list(expected.shape)} but has "
                f"{list(received.shape)} (from the {start})."
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


@dataclass(frozen=True)
class Samples:
    """The golden samples of a handoff, read: its images' names, its inputs and its answers."""

    names: list[str]
    inputs: list[npt.NDArray[Any]]
    outputs: dict[str, npt.NDArray[Any]]


def read_samples(folder: Path, manifest: Handoff, samples: Golden) -> Samples:
    """Reads the samples; inputs in the order of the signature."""
    prepared = _load(folder, samples.prepared)
    names = samples.images or [f"sample {index}" for index in range(len(prepared))]
    others = samples.other_inputs or {}
    aliases = [one.alias for one in manifest.signature.inputs[1:]]
    named = samples.outputs | (samples.other_outputs or {})
    outputs = {alias: _load(folder, name) for alias, name in named.items()}
    inputs = [prepared, *(_load(folder, others[alias]) for alias in aliases if alias in others)]
    return Samples(names, inputs, outputs)


def _load(folder: Path, name: str) -> npt.NDArray[Any]:
    try:
        values: npt.NDArray[Any] = np.load(folder / name, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise GraftError(f"{folder / name} cannot be read: {one_line(error)}") from error
    return values
