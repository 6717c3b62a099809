"""A handoff, whoever wrote it, as what it is imported from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from graft_export import handoff, savedmodel
from graft_export.errors import GateError, GraftError
from graft_export.handoff import Handoff, Variable
from graft_export.head import PREFIX, Names


@dataclass(frozen=True)
class Trained:
    """A handoff and its folder; ``run`` is that of the run, where it was named."""

    folder: Path
    manifest: Handoff
    run: Path | None = None

    @staticmethod
    def read(path: Path) -> "Trained":
        """Reads a model's folder, or that of a run with its ``model`` in it."""
        folder = handoff.model_folder(path)
        manifest = handoff.read(folder)
        if manifest.precision is not None:
            raise GraftError(
                f"{folder} computes its backbone in {manifest.precision.backbone}, without its "
                "weights in float32: import the run, or an export in float32."
            )
        return Trained(folder, manifest, path if folder != path else None)

    @property
    def unfrozen(self) -> dict[str, list[str]]:
        """The layers that trained, by phase; empty where the handoff does not say."""
        return dict((self.manifest.training or {}).get("unfrozen") or {})

    @property
    def variables(self) -> list[Variable]:
        """All variables that the handoff lists."""
        return [variable for layer in self.manifest.layers for variable in layer.variables]

    def require_variables(self) -> None:
        """``GraftError`` where the weights are constants of the graph."""
        if not self.variables and any(layer.parameters for layer in self.manifest.layers):
            raise GraftError(
                f"{self.folder} has its weights as constants, which are no variables of Keras: "
                "import the run, or an export with --variables."
            )

    def values(self) -> dict[str, npt.NDArray[Any]]:
        """The variables' values by name, each held to its hash."""
        reader = savedmodel.checkpoint(self.folder)
        read = {}
        for variable in self.variables:
            values = savedmodel.read_variable(reader, variable.key)
            require_hash(f"{variable.name} in {self.folder}", variable, values)
            read[variable.name] = values
        return read

    def keras_names(self) -> dict[str, str]:
        """What Keras calls each variable, by its name in the handoff: ``dense/kernel``."""
        own = [layer for layer in self.manifest.layers if not of_head(layer.name)]
        names = Names(layer.name.partition("/")[0] for layer in own)
        called = {}
        for layer in self.manifest.layers:
            name = names.free(layer.name.removeprefix(PREFIX)) if of_head(layer.name) else None
            for variable in layer.variables:
                leaf = variable.name.removeprefix(f"{layer.name}/")
                called[variable.name] = f"{name}/{leaf}" if name else variable.name
        return called


def require_hash(what: str, variable: Variable, values: npt.NDArray[Any]) -> None:
    """``GateError`` where ``values`` are not those that the handoff hashed."""
    received = savedmodel.sha256_of_values(values)
    if received != variable.sha256:
        raise GateError(
            f"The values of {what} should have the SHA-256 {variable.sha256} but have {received}."
        )


def of_head(name: str) -> bool:
    """Whether a layer or variable of this name was joined by Graft."""
    return name.startswith(PREFIX)
