"""The backbone of a trained model as a Keras model again, without its trained weights."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from graft_export import applications, source
from graft_export.errors import GraftError, UsageError
from graft_export.handoff import Handoff
from graft_export.head import PREFIX


@dataclass(frozen=True)
class Origin:
    """What a model's backbone is; ``output`` is the layer that the head reads, None for the last.

    ``kind`` is the handoff's ``model.source``, None where the backbone had no handoff.
    """

    name: str
    kind: str | None
    include_top: bool
    output: str | None

    @staticmethod
    def of(manifest: Handoff) -> "Origin":
        """The origin that a handoff tells: of a backbone, its own."""
        model = manifest.model
        if model.source != "graft":
            return Origin(model.name, model.source, model.include_top, None)
        return Origin._of_training(model.name, manifest.training or {}, None)

    @staticmethod
    def _of_training(name: str, training: dict[str, Any], output: str | None) -> "Origin":
        """A model that was trained on a trained model goes back to the first one."""
        told = training.get("backbone") or {}
        told_name = str(told.get("name", name))
        output = output or told.get("output")
        if told.get("source") != "graft":
            return Origin(
                told_name, told.get("source"), bool(told.get("includeTop", False)), output
            )
        if output is None or output.startswith(PREFIX):
            raise GraftError(
                f"{name} was trained on {told_name}, itself trained by Graft, head included: "
                "import that model, and train on it from graft-export --model."
            )
        return Origin._of_training(told_name, told.get("training") or {}, output)


def backbone(manifest: Handoff, file: Path | None) -> Any:
    """The model that was exported, from ``file`` or built by its name; weights are yet to come."""
    origin = Origin.of(manifest)
    if file is not None:
        return source.read_model(file)
    if origin.kind in ("keras.applications", "graft_export"):
        return applications.skeleton(
            origin.name,
            _size(manifest),
            origin.include_top,
            _classes(manifest),
            {layer.name for layer in manifest.layers},
        )
    if origin.kind is None:
        raise UsageError(
            f"The handoff of {origin.name} does not say what its backbone was in Keras: name its "
            "file with --backbone FILE.keras."
        )
    raise UsageError(
        f"The backbone was {origin.kind.removeprefix('file:')}: name that file with "
        "--backbone FILE.keras."
    )


def _size(manifest: Handoff) -> tuple[int, int]:
    (images,) = manifest.signature.inputs
    return images.shape[1], images.shape[2]


def _classes(manifest: Handoff) -> int:
    """Of a classifier that is still part of the model, else any number."""
    own = [layer for layer in manifest.layers if not layer.name.startswith(PREFIX)]
    last = own[-1].variables if own else []
    return last[-1].shape[-1] if last else applications.IMAGENET_CLASSES


def output(model: Any, layer: str | None) -> Any:
    """The tensor of ``model`` that ``layer`` answers, ``outer/inner`` for one of a nested model."""
    if layer is None:
        if len(model.outputs) != 1:
            raise GraftError(
                f"{model.name} has the outputs {model.output_names}, and the handoff does not say "
                "which of them the head reads."
            )
        return model.outputs[0]
    name, _, inner = layer.partition("/")
    try:
        found = model.get_layer(name)
    except ValueError:
        raise GraftError(
            f"The head reads the layer {layer}, but {model.name} has no layer {name}: it is not "
            "the backbone that was exported."
        ) from None
    tensors = found._inbound_nodes[-1].output_tensors
    if not inner:
        return tensors[0]
    # The nested model only as far as it is needed, called on what the whole one is called on.
    cut = keras.Model(found.inputs, output(found, inner), name=found.name)
    inputs = found._inbound_nodes[-1].input_tensors
    return cut(inputs if len(inputs) > 1 else inputs[0])
