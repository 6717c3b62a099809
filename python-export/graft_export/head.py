"""The head language of ``graft train --head``, built of Keras layers.

Layers from left to right, of ``gap``, ``gmp``, ``flatten``, ``dense(units[, activation][, l1=…]
[, l2=…])``, ``dropout(rate)`` and ``batchnorm``; the last is a ``dense`` whose units may be left
out.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from graft_export.errors import GraftError

PREFIX = "head/"

_LAYER = re.compile(r"\s*([a-z0-9_]+)\s*(?:\(([^()]*)\))?\s*(?:,|$)")
_NUMBER = re.compile(r"_\d+$")


class Names:
    """Names of layers that a model does not have yet, numbered as Keras does."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)

    def free(self, wanted: str) -> str:
        """``wanted``, or with another number where a layer has that name."""
        candidate, number = wanted, 0
        while candidate in self._taken:
            number += 1
            candidate = f"{_NUMBER.sub('', wanted)}_{number}"
        self._taken.add(candidate)
        return candidate


@dataclass(frozen=True)
class HeadLayer:
    """One layer of the text: ``name`` is what Graft calls it, such as ``head/dense_1``."""

    name: str
    build: Callable[[str], Any]


def parse(text: str, units: int) -> list[HeadLayer]:
    """The layers of ``text``, the last of ``units`` units.

    ``GraftError`` where it is not of the head language, as of a head that was written in Java.
    """
    seen: Counter[str] = Counter()
    parsed = []
    for word, inside in _words(text):
        base, build = _layer(text, word, [one.strip() for one in inside.split(",") if one], units)
        parsed.append(HeadLayer(PREFIX + base + (f"_{seen[base]}" if seen[base] else ""), build))
        seen[base] += 1
    return parsed


def _words(text: str) -> list[tuple[str, str]]:
    words, at = [], 0
    while at < len(text):
        match = _LAYER.match(text, at)
        if match is None:
            raise GraftError(
                f"The head {text!r} is not of the head language, so Keras cannot build it: import "
                "the weights (--out FILE.npz or FILE.safetensors) or the graph (FILE.onnx) instead."
            )
        words.append((match[1], match[2] or ""))
        at = match.end()
    return words


def _layer(
    text: str, word: str, arguments: list[str], units: int
) -> tuple[str, Callable[[str], Any]]:
    match word:
        case "gap":
            return "global_average_pooling2d", lambda name: layers.GlobalAveragePooling2D(name=name)
        case "gmp":
            return "global_max_pooling2d", lambda name: layers.GlobalMaxPooling2D(name=name)
        case "flatten":
            return "flatten", lambda name: layers.Flatten(name=name)
        case "dropout":
            return "dropout", lambda name: layers.Dropout(float(arguments[0]), name=name)
        case "batchnorm":
            return "batch_normalization", lambda name: layers.BatchNormalization(name=name)
        case "dense":
            return "dense", _dense(arguments, units)
    raise GraftError(
        f"The head {text!r} has a layer {word!r} that this graft-import does not know."
    )


def _dense(arguments: list[str], units: int) -> Callable[[str], Any]:
    settings = dict(one.split("=") for one in arguments if "=" in one)
    plain = [one for one in arguments if "=" not in one]
    width = int(plain.pop(0)) if plain[0].isdigit() else units
    activation = plain[0] if plain else "linear"
    penalty = _penalty(float(settings.get("l1", 0)), float(settings.get("l2", 0)))
    return lambda name: layers.Dense(
        width, activation=activation, kernel_regularizer=penalty, name=name
    )


def _penalty(l1: float, l2: float) -> Any:
    if l1 and l2:
        return keras.regularizers.L1L2(l1, l2)
    if l1:
        return keras.regularizers.L1(l1)
    return keras.regularizers.L2(l2) if l2 else None
