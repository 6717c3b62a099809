"""The rows of the parity table: each a model, a way of saving it, and its inputs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graft_export import applications, drawing, lively, preparation
from graft_export.applications import Request
from graft_export.handoff import Preparation
from parity import optimizers

Array = npt.NDArray[Any]
Random = np.random.Generator


@dataclass(frozen=True)
class Built:
    """A model with lively weights, and what makes so many inputs for it from a seed."""

    model: Any
    inputs: Callable[[Random, int], list[Array]]


@dataclass(frozen=True)
class Row:
    """One row.

    What is expected to be refused: ``refused`` names variables that cannot be unfrozen,
    ``untrained`` and ``unusable`` are parts of the reason why no head can be trained, and why the
    model cannot be used at all. ``dead`` names variables whose gradient is nothing by the model's
    nature. ``training`` names the optimizers; none for a model to which no head is joined.
    ``output_layer`` is where the head is joined in a model of several outputs, and ``block`` names
    the layers to train where the last ones do not reach the head.
    """

    name: str
    group: str
    what: str
    form: str
    build: Callable[[], Built]
    training: tuple[str, ...] = tuple(optimizers.ALL)
    dead: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    output_layer: str | None = None
    untrained: str | None = None
    unusable: str | None = None
    block: tuple[str, ...] = ()
    half: bool = False


_FAMILIES = (
    ("vgg16", 48, "export"),
    ("vgg19", 48, "saved"),
    ("resnet50", 64, "handoff"),
    ("resnet101v2", 64, "export"),
    ("densenet121", 64, "saved"),
    ("inceptionv3", 80, "handoff"),
    ("inceptionresnetv2", 80, "export"),
    ("mobilenet", 64, "saved"),
    ("mobilenetv2", 64, "handoff"),
    ("mobilenetv3small", 64, "export"),
    ("xception", 80, "saved"),
    ("nasnetmobile", 64, "handoff"),
    ("efficientnetb0", 64, "handoff"),
    ("efficientnetv2b0", 64, "saved"),
    ("convnexttiny", 64, "export"),
)
_SHORT = ("vgg16", "resnet50", "mobilenetv2", "efficientnetb0")


def families() -> list[Row]:
    """All families of keras.applications, small, and EfficientNet-Lite0 with its real weights."""
    rows = [
        Row(name, "family", f"{size}x{size}", form, _family(name, size, "none"))
        for name, size, form in _FAMILIES
    ]
    lite0 = _family("efficientnet-lite0", 96, "imagenet")
    rows.append(Row("efficientnet-lite0", "family", "96x96, real weights", "handoff", lite0))
    return rows


def short() -> list[str]:
    """The rows of the short form."""
    return list(_SHORT)


def _family(name: str, size: int, weights: str) -> Callable[[], Built]:
    def build() -> Built:
        source = applications.build(Request(name, weights=weights, input_size=(size, size)))
        how = source.preparation
        assert how is not None
        return Built(source.model, lambda random, count: [_pictures(how, random, count)])

    return build


def _pictures(how: Preparation, random: Random, count: int) -> Array:
    seeds = random.integers(1000, 1_000_000, count)
    return np.stack([preparation.prepare(how, drawing.jpeg(int(seed))) for seed in seeds])


def enlivened(model: Any, inputs: Callable[[Random, int], list[Array]]) -> Built:
    """``model`` with seeded lively weights."""
    lively.enliven(model, 1, inputs(np.random.default_rng(1), 8))
    return Built(model, inputs)


def gallery() -> list[Row]:
    """All rows that this environment makes."""
    from parity import shapes

    return [*families(), *ways(), *shapes.rows()]


def newer() -> list[Row]:
    """Rows that a newer TensorFlow saves, committed in ``testdata/parity``."""
    from parity import shapes

    return shapes.newer()


def ways() -> list[Row]:
    """One network in every form."""
    return [
        Row(f"efficientnetb0-{form}", "saving", "EfficientNetB0 64x64", form, build)
        for form in ("export", "saved")
        for build in [_family("efficientnetb0", 64, "none")]
    ]
