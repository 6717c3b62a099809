"""A trained model as a genuine ``keras.Model``: its backbone, its head, its weights."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from graft_export import handoff, head, optimizer_state, preparation, preparation_layers, rebuild
from graft_export.agreement import Agreement, Comparison, Samples, read_samples
from graft_export.errors import GraftError, UsageError
from graft_export.export import identifiers
from graft_export.handoff import Golden, Handoff
from graft_export.head import PREFIX, Names
from graft_export.layers import named_layers, weights_of
from graft_export.output import beside
from graft_export.progress import stage
from graft_export.source import takes_one_image
from graft_export.trained import Trained, of_head, require_hash


@dataclass(frozen=True)
class _Built:
    """A model with its weights; ``names`` tells the Keras name of each variable."""

    model: Any
    names: dict[str, str]


@dataclass(frozen=True)
class KerasOptions:
    """How a Keras model is to be made: from which backbone file, and with what beside it."""

    backbone: Path | None = None
    with_preparation: bool = False
    optimizer: bool = False


def write_keras(trained: Trained, out: Path, options: KerasOptions) -> list[Agreement]:
    """Writes the model to ``out``, a ``.keras`` file.

    It is there only after it was read again, its weights had the hashes of the handoff, and it
    gave the golden answers; ``GateError`` where it does not.
    """
    trained.require_variables()
    with stage(f"Building {trained.manifest.model.name}"):
        built = _build(trained, options)
    if options.optimizer:
        optimizer_state.compile_as_in(trained, built.model, built.names)
    with beside(out) as file:
        built.model.save(file)
        with stage("Computing the golden samples"):
            model = keras.saving.load_model(file)
            _require_weights(trained, model, built.names)
            agreements = list(_agreements(trained, model, options.with_preparation))
    return agreements


def _build(trained: Trained, options: KerasOptions) -> _Built:
    manifest, file = trained.manifest, options.backbone
    whole = rebuild.backbone(manifest, file)
    layer = rebuild.Origin.of(manifest).output
    own = keras.Model(_inputs_used(manifest, whole), rebuild.output(whole, layer))
    names = _bind_backbone(trained, own, file)
    if file is not None:
        _require_frozen(trained, own, names, file)
    phases = list(trained.unfrozen.values())
    if phases:
        _freeze(own, set(phases[-1]))

    top = Names(operation.name for operation in own.operations)
    inputs, x = _begin(manifest, own, options.with_preparation, top)
    answers, in_head = _headed(trained, own._run_through_graph(x), top)
    model = keras.Model(_packed(inputs), answers, name=_model_name(manifest))
    built = _Built(model, names | in_head)
    _assign(trained, built)
    return built


def _inputs_used(manifest: Handoff, whole: Any) -> list[Any]:
    """The inputs of the signature, in its order."""
    if takes_one_image(whole):
        return list(whole.inputs)
    by_alias = dict(zip(identifiers([one.name for one in whole.inputs]), whole.inputs, strict=True))
    missing = [one.alias for one in manifest.signature.inputs if one.alias not in by_alias]
    if missing:
        raise GraftError(
            f"The run's model takes {missing}, but the backbone has the inputs {list(by_alias)}: "
            "it is not the one that was exported."
        )
    return [by_alias[one.alias] for one in manifest.signature.inputs]


def _bind_backbone(trained: Trained, own: Any, file: Path | None) -> dict[str, str]:
    """The Keras name of each variable of the backbone; by name, or by order where names differ."""
    listed = [one for one in trained.variables if not of_head(one.name)]
    weights = weights_of(own)
    wanted = {one.name for one in listed}
    if wanted == set(weights) or (file is not None and wanted < set(weights)):
        return {name: name for name in wanted}
    shapes = [list(weight.shape) for weight in weights.values()]
    if shapes == [one.shape for one in listed]:
        return {one.name: name for one, name in zip(listed, weights, strict=True)}
    raise GraftError(
        f"The backbone of {trained.folder} and {file or own.name} do not have the same weights: "
        f"only the run has {_some(wanted - set(weights))}, only the backbone "
        f"{_some(set(weights) - wanted)}."
    )


def _some(names: set[str]) -> str:
    first = sorted(names)[:5]
    more = f" and {len(names) - len(first)} more" if len(names) > len(first) else ""
    return (", ".join(first) or "none") + more


def _require_frozen(trained: Trained, own: Any, names: dict[str, str], file: Path) -> None:
    """The file's weights that the run left alone must be the run's."""
    if not trained.unfrozen:
        return
    trains = {layer for layers in trained.unfrozen.values() for layer in layers}
    weights = weights_of(own)
    for layer in trained.manifest.layers:
        if layer.name in trains or of_head(layer.name):
            continue
        for variable in layer.variables:
            values = np.asarray(weights[names[variable.name]])
            require_hash(f"{variable.name}, frozen in the run, in {file}", variable, values)


def _freeze(own: Any, unfrozen: set[str]) -> None:
    """Sets the ``trainable`` flags as the run had them; what was frozen in Keras stays so."""
    leaves = [one for one in named_layers(own) if not isinstance(one.layer, keras.Model)]
    trains = {one.name: one.layer.trainable and one.name in unfrozen for one in leaves}
    # A model hands its flag down, so the outer ones come first and the layers last.
    for name, model in _nested(own, ""):
        model.trainable = any(flag and one.startswith(name) for one, flag in trains.items())
    for one in leaves:
        one.layer.trainable = trains[one.name]


def _nested(model: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield f"{prefix}{layer.name}/", layer
            yield from _nested(layer, f"{prefix}{layer.name}/")


def _begin(
    manifest: Handoff, own: Any, with_preparation: bool, top: Names
) -> tuple[list[Any], list[Any]]:
    """New inputs of the sizes that the run had, and what the backbone takes of them."""
    if with_preparation:
        how = _preparation(manifest)
        decoded = keras.Input(preparation_layers.pixels(how), name=top.free("pixels"))
        return [decoded], [preparation_layers.prepare(how, decoded, top)]
    inputs = [
        keras.Input(
            [None if size < 0 else size for size in one.shape[1:]], dtype=of.dtype, name=of.name
        )
        for one, of in zip(manifest.signature.inputs, own.inputs, strict=True)
    ]
    return inputs, inputs


def _preparation(manifest: Handoff) -> handoff.Preparation:
    if manifest.preparation is None:
        raise UsageError(
            f"--with-preparation is for models that take images, but {manifest.model.name} takes "
            f"{[one.alias for one in manifest.signature.inputs]}."
        )
    return manifest.preparation


def _headed(trained: Trained, features: Any, top: Names) -> tuple[Any, dict[str, str]]:
    """The head on the backbone's output, and the Keras names of its variables."""
    if trained.manifest.model.source != "graft":
        return features, {}
    listed = [one for one in trained.variables if of_head(one.name)]
    units = listed[-1].shape[-1] if listed else 0
    names: dict[str, str] = {}
    for layer in head.parse(str((trained.manifest.training or {}).get("head", "")), units):
        called = top.free(layer.name.removeprefix(PREFIX))
        features = layer.build(called)(features)
        names |= {
            one.name: f"{called}/{one.name.removeprefix(f'{layer.name}/')}"
            for one in listed
            if one.name.startswith(f"{layer.name}/")
        }
    return features, names


def _model_name(manifest: Handoff) -> str:
    plain = "".join(one if one.isalnum() else "_" for one in manifest.model.name)
    return f"trained_{plain}" if manifest.model.source == "graft" else plain


def _assign(trained: Trained, built: _Built) -> None:
    weights = weights_of(built.model)
    for name, values in trained.values().items():
        weight = weights[built.names[name]]
        if tuple(weight.shape) != values.shape:
            raise GraftError(
                f"{name} of {trained.folder} is {list(values.shape)}, but {built.names[name]} of "
                f"the model that was built is {list(weight.shape)}: it is another model."
            )
        weight.assign(values)
    for layer in named_layers(built.model):
        if isinstance(layer.layer, keras.layers.Normalization):
            layer.layer.finalize_state()


def _require_weights(trained: Trained, model: Any, names: dict[str, str]) -> None:
    weights = weights_of(model)
    for variable in trained.variables:
        what = f"{names[variable.name]}, written and read again,"
        require_hash(what, variable, np.asarray(weights[names[variable.name]]))


def _agreements(trained: Trained, model: Any, with_preparation: bool) -> Iterator[Agreement]:
    golden = trained.manifest.golden
    if golden is None:
        return
    samples = read_samples(trained.folder, trained.manifest, golden)
    comparison = Comparison(trained.folder, samples.names, golden.tolerance)
    expected = _expected(trained.manifest, samples)
    for what, values in expected.items():
        if with_preparation:
            received = _answers_to_images(trained, golden, model)
        else:
            received = np.asarray(model(_packed(samples.inputs), training=False))
        yield comparison.require(what, "Keras model", values, received)


def _expected(manifest: Handoff, samples: Samples) -> dict[str, npt.NDArray[Any]]:
    """The golden answers that the Keras model gives: one sigmoid where Graft tells both classes."""
    for name in ("probabilities", "numbers"):
        if name in samples.outputs:
            values = samples.outputs[name]
            logits = samples.outputs.get("logits", values)
            two = logits.shape[1] == 1 and values.shape[1] == 2
            return {name: values[:, 1:] if two else values}
    if len(samples.outputs) != 1:
        raise GraftError(f"{manifest.model.name} has several outputs: import one that has a head.")
    return samples.outputs


def _packed(inputs: list[Any]) -> Any:
    return inputs if len(inputs) > 1 else inputs[0]


def _answers_to_images(trained: Trained, golden: Golden, model: Any) -> npt.NDArray[Any]:
    how = _preparation(trained.manifest)
    files = [trained.folder / name for name in golden.images]
    images = [preparation.decoded(how, file.read_bytes()) for file in files]
    return np.concatenate([np.asarray(model(image[None], training=False)) for image in images])
