"""Random weights under which a network does something, for tests of what reads the export.

A fresh Keras network is nearly dead: the signal fades from layer to layer, BatchNorm is idle, every
bias is zero; an importer that gets them wrong still gives the right answer. Here each layer is
drawn and then set by what reaches it in one pass over a few samples, so that its outputs vary by
about 1, and every bias, factor and statistic is moved off its resting value.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from graft_export.layers import named_layers

_JITTER = 0.1

# Vectors that rest at 1; all others rest at 0.
_FACTORS = ("gamma", "scale", "variance", "moving_variance")

# Rectifiers that are open more often than not, and branches of a residual network that are weaker
# than its stream, keep a deep random network from magnifying rounding errors until two correct
# implementations disagree.
_OPENNESS = 0.75
_BRANCH = 0.3


def enliven(model: Any, seed: int, samples: list[npt.NDArray[Any]]) -> None:
    """Gives every weight of ``model`` a seeded value, calibrated on ``samples``.

    ``samples`` holds one batch for each input, prepared as the model expects it; half a dozen
    samples are enough. The same model, seed and samples give the same weights.
    """
    draw = _Draw(np.random.default_rng(seed))
    for layer in named_layers(model):
        for weight in layer.weights.values():
            draw.fill(weight)
    _Pass(draw).run(model, samples)


class _Draw:
    """Draws weights by what their names say that they are."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random

    def jitter(self, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
        return self._random.normal(0, _JITTER, shape)

    def fill(self, weight: Any) -> None:
        if not np.issubdtype(np.dtype(weight.dtype), np.floating):
            return
        shape = tuple(weight.shape)
        if len(shape) >= 2:
            weight.assign(self._he_normal(weight.name, shape))
        elif weight.name in _FACTORS:
            weight.assign(np.exp(self.jitter(shape)))
        else:
            weight.assign(self.jitter(shape))

    def _he_normal(self, name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
        # A depthwise kernel [height, width, in, multiplier] sums over its window only.
        summed = shape[:-2] if "depthwise" in name else shape[:-1]
        return self._random.normal(0, np.sqrt(2 / np.prod(summed)), shape)


class _Pass:
    """Runs the samples through a model and calibrates each layer when they first reach it."""

    def __init__(self, draw: _Draw) -> None:
        self._draw = draw
        self._done: set[int] = set()
        self._branches: set[int] = set()

    def run(self, model: Any, samples: list[Any]) -> Any:
        flat = keras.Model(model.inputs, model.outputs)
        self._branches |= _ends_of_branches(flat)
        # Runs the graph node by node through the function that is given for each operation.
        return flat._run_through_graph(samples, operation_fn=self._calibrated)

    def _calibrated(self, operation: Any) -> Callable[..., Any]:
        if isinstance(operation, keras.Model):
            return lambda *inputs, **_: self.run(operation, keras.tree.flatten(inputs))

        def call(*inputs: Any, **options: Any) -> Any:
            if id(operation) not in self._done:
                self._done.add(id(operation))
                self._calibrate(operation, inputs, options)
            return operation(*inputs, **options)

        return call

    def _calibrate(self, layer: Any, inputs: Any, options: Any) -> None:
        if isinstance(layer, keras.layers.BatchNormalization):
            self._set_statistics(layer.moving_mean, layer.moving_variance, inputs[0], layer.axis)
            self._open(layer)
        elif isinstance(layer, keras.layers.Normalization):
            if layer.weights:
                self._set_statistics(layer.adapt_mean, layer.adapt_variance, inputs[0], -1)
                layer.finalize_state()
        elif hasattr(layer, "activation") and _last_kernel(layer) is not None:
            self._set_kernel(layer, inputs, options)

    def _set_statistics(self, mean: Any, variance: Any, inputs: Any, axis: int) -> None:
        values = np.moveaxis(np.asarray(inputs, np.float64), axis, -1)
        values = values.reshape(-1, values.shape[-1])
        deviation = values.std(axis=0)
        # A channel that hardly varies over the samples would burst on the next image.
        deviation = np.hypot(deviation, 0.3 * np.sqrt(np.mean(deviation**2)) + 1e-3)
        shape = tuple(mean.shape)
        mean.assign(_rounded(values.mean(axis=0) + deviation * self._draw.jitter(shape)))
        variance.assign(_rounded(deviation**2 * np.exp(self._draw.jitter(shape))))

    def _open(self, layer: Any) -> None:
        if id(layer) in self._branches:
            if layer.scale:
                layer.gamma.assign(layer.gamma.numpy() * np.float32(_BRANCH))
        elif layer.center:
            layer.beta.assign(layer.beta.numpy() + np.float32(_OPENNESS))

    def _set_kernel(self, layer: Any, inputs: Any, options: Any) -> None:
        """Scales the kernel so that what reaches the activation varies by 1 around about 0."""
        activation, layer.activation = layer.activation, keras.activations.linear
        output = np.asarray(layer(*inputs, **options), np.float64)
        layer.activation = activation
        if getattr(layer, "data_format", None) == "channels_first":
            output = np.moveaxis(output, 1, -1)
        bias = getattr(layer, "bias", None)
        shift = 0.0 if bias is None else np.asarray(bias.numpy(), np.float64)
        output = output - shift
        scale = float(_rounded(1 / (output.std() + 1e-6)))
        kernel = _last_kernel(layer)
        kernel.assign(kernel.numpy() * np.float32(scale))
        if bias is not None:
            mean = output.reshape(-1, output.shape[-1]).mean(axis=0)
            jitter = self._draw.jitter(tuple(bias.shape))
            opening = _OPENNESS if _rectifies(activation) else 0.0
            bias.assign(opening + jitter - _rounded(mean * scale))


def _rectifies(activation: Any) -> bool:
    return activation in (keras.activations.relu, keras.activations.relu6)


def _ends_of_branches(model: Any) -> set[int]:
    """The layers whose outputs are added to a stream: of what each ``Add`` adds, the last made."""
    order = {id(operation): index for index, operation in enumerate(model.operations)}
    ends = set()
    for layer in model.layers:
        if isinstance(layer, keras.layers.Add):
            added = [_maker(tensor) for tensor in layer.input]
            ends.add(id(max(added, key=lambda maker: order.get(id(maker), -1))))
    return ends


def _maker(tensor: Any) -> Any:
    """The operation that made a tensor, dropouts left out."""
    operation = tensor._keras_history.operation
    return _maker(operation.input) if isinstance(operation, keras.layers.Dropout) else operation


def _last_kernel(layer: Any) -> Any:
    kernels = [
        weight
        for weight in layer.weights
        if weight.name in ("kernel", "depthwise_kernel", "pointwise_kernel")
    ]
    plain = isinstance(
        layer,
        keras.layers.Dense
        | keras.layers.Conv1D
        | keras.layers.Conv2D
        | keras.layers.Conv3D
        | keras.layers.DepthwiseConv2D
        | keras.layers.SeparableConv2D
        | keras.layers.Conv2DTranspose,
    )
    return kernels[-1] if plain and kernels else None


def _rounded(values: Any) -> Any:
    """To three significant digits: the last bits of a sum differ from machine to machine."""
    values = np.asarray(values, np.float64)
    magnitude = np.floor(np.log10(np.maximum(np.abs(values), 1e-30)))
    step = 10.0 ** (magnitude - 2)
    return np.rint(values / step) * step
