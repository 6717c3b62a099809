"""The layers of a Keras model in order, and a unique name for each of its weights."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras


@dataclass(frozen=True)
class NamedLayer:
    """A layer under its full name, with the weights that no layer before it owns."""

    name: str
    layer: Any
    weights: dict[str, Any]

    @property
    def output_shape(self) -> list[int] | None:
        """The shape of the only output, -1 where unknown; None where there is not just one."""
        try:
            shape = self.layer.output.shape
        except (AttributeError, ValueError):
            return None
        return [-1 if size is None else int(size) for size in shape]

    @property
    def parameters(self) -> int:
        """The number of values in all weights of the layer."""
        return sum(size(weight) for weight in self.weights.values())

    def trainable(self, weight: Any) -> bool:
        """Whether ``weight`` would be trained, its layer's flag included."""
        return any(weight is one for one in self.layer.trainable_weights)


def size(weight: Any) -> int:
    """The number of values in a weight."""
    count = 1
    for length in weight.shape:
        count *= int(length)
    return count


def named_layers(model: Any) -> list[NamedLayer]:
    """All layers of ``model`` in its order; those of a nested model as ``outer/inner``.

    A layer that appears twice is listed where it appears first. Weights that a model owns beside
    its layers are listed last, under the model's own name.
    """
    seen: set[int] = set()
    taken: set[str] = set()
    layers = [
        NamedLayer(name, layer, _named_weights(name, layer, seen, taken))
        for name, layer in _flatten(model, "", seen)
    ]
    own = _named_weights(model.name, model, seen, taken)
    return layers if not own else [*layers, NamedLayer(model.name, model, own)]


def _flatten(model: Any, prefix: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    for layer in model.layers:
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        name = prefix + layer.name
        if not isinstance(layer, keras.Model):
            yield name, layer
            continue
        yield from _flatten(layer, f"{name}/", seen)
        if _has_own_weights(layer):
            yield name, layer


def _has_own_weights(model: Any) -> bool:
    inner = {id(weight) for layer in model.layers for weight in layer.weights}
    return any(id(weight) not in inner for weight in model.weights)


def _named_weights(layer_name: str, layer: Any, seen: set[int], taken: set[str]) -> dict[str, Any]:
    named = {}
    for weight in layer.weights:
        if id(weight) not in seen:
            seen.add(id(weight))
            named[_unique(_weight_name(layer_name, layer, weight), taken)] = weight
    return named


def _weight_name(layer_name: str, layer: Any, weight: Any) -> str:
    path = str(weight.path)
    for prefix in (f"{layer.path}/", f"{layer.name}/"):
        if path.startswith(prefix):
            return f"{layer_name}/{path.removeprefix(prefix)}"
    return f"{layer_name}/{path}"


def _unique(name: str, taken: set[str]) -> str:
    """``name``, or with a number where it, or a folder of its name, is taken by another weight."""
    candidate, number = name, 0
    while any(
        candidate == other or candidate.startswith(f"{other}/") or other.startswith(f"{candidate}/")
        for other in taken
    ):
        number += 1
        candidate = f"{name}_{number}"
    taken.add(candidate)
    return candidate


def weights_of(model: Any) -> dict[str, Any]:
    """All weights of ``model`` by their names."""
    return {name: one for layer in named_layers(model) for name, one in layer.weights.items()}
