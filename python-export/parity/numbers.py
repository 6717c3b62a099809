"""What Python computes with a model: outputs, gradients and a few steps of training.

Knows nothing of Keras's version: takes models of Keras 2 and of Keras 3.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from parity import optimizers

Array = npt.NDArray[Any]

BATCH = 4
STEPS = 3
CLASSES = 5

LABELS = np.random.default_rng(13).integers(0, CLASSES, BATCH * STEPS).tolist()

# Graft shuffles each epoch by numpy's generator with this seed: run seed 1, epoch 1.
_SHUFFLE_SEED = 1_000_004

# How far inputs are moved, eight units in the last place, and how often, to see how far Keras is
# then from itself; how far it may be in a draw of inputs that is trained on, of the change and of
# the weights; draws to look at.
_MOVED = 2.0**-20
_TIMES_MOVED = 4
_STEADY = 5e-4
_STEADY_OF_WEIGHTS = 5e-6
_DRAWS = 4

# As dev.graft.parity.Tolerances.NEAR_ZERO says it.
_NEAR_ZERO = 1e-4

_LIVELY_OUTPUT = 1e-3
_LIVELY_GRADIENT = 1e-7

# The unfrozen part: so many layers with weights, and weights, at most.
_BLOCK_LAYERS = 6
_BLOCK_WEIGHTS = 8_000_000


class DegenerateError(Exception):
    """A model that would agree with anything, or not even with itself."""


@dataclass(frozen=True)
class Subject:
    """A model, its inputs in its order, and the layers that own its weights.

    ``training_inputs`` makes the inputs of the training steps for a seed.
    """

    model: Any
    inputs: list[Array]
    training_inputs: Callable[[int], list[Array]]
    layers: list[Any]
    dead: tuple[str, ...] = ()
    block: list[Any] | None = None


def write_outputs(subject: Subject, folder: Path) -> list[dict[str, Any]]:
    """Writes each output and a seeded tensor of its shape."""
    random = np.random.default_rng(11)
    described = []
    for index, output in enumerate(_outputs(subject.model, subject.inputs)):
        values = np.asarray(output, np.float32)
        _require_lively(values, index)
        seed = random.normal(size=values.shape).astype(np.float32)
        np.save(folder / f"output-{index}.npy", values)
        np.save(folder / f"seed-{index}.npy", seed)
        described.append({"values": f"output-{index}.npy", "seed": f"seed-{index}.npy"})
    return described


def write_gradients(subject: Subject, seeds: list[Array], folder: Path) -> list[dict[str, Any]]:
    """Writes the gradients of sum(output * seed), one variable behind the other."""
    weights = subject.model.trainable_weights
    with tf.GradientTape() as tape:
        outputs = _outputs(subject.model, subject.inputs)
        total = tf.add_n(
            [
                tf.reduce_sum(tf.cast(one, tf.float32) * seed)
                for one, seed in zip(outputs, seeds, strict=True)
            ]
        )
    gradients = [
        np.asarray(tf.convert_to_tensor(one), np.float32)
        for one in tape.gradient(total, [variable(weight) for weight in weights])
    ]
    _require_lively_gradients(weights, gradients, subject.dead)
    save_flat(folder / "gradients.npy", gradients)
    return [describe(weight) for weight in weights]


def write_training(
    subject: Subject, head: Any, keras: Any, texts: list[str], folder: Path
) -> dict[str, Any]:
    """Trains the last block and a dense head for a few steps with each optimizer.

    ``head`` gives logits for the output of the model and has its first weights; ``keras`` is the
    module of optimizers.

    A unit that is within rounding of the kink of its activation has no gradient that two
    implementations must agree on: Keras disagrees with itself when the inputs move by a few units
    in the last place. How far is ``own`` of each run. Where that is far with the first optimizer,
    the draw of inputs is written as ``unsteady``, and the next one is trained on. The last draw is
    trained on in any case: its runs say of themselves how far Keras is from itself.
    """
    block = subject.block or last_block(subject.layers)
    names = [weight for layer in block for weight in layer.trainable_weights]
    weights = [*names, *head.trainable_weights]
    first = [weight.numpy() for weight in weights]
    for index, values in enumerate(first[len(names) :]):
        np.save(folder / f"head-{index}.npy", values)
    described = {
        "classes": CLASSES,
        "batch": BATCH,
        "steps": STEPS,
        "variables": [describe(weight) for weight in names],
        "head": [
            {"file": f"head-{index}.npy", "shape": list(value.shape)}
            for index, value in enumerate(first[len(names) :])
        ],
    }
    dead = [any(one in describe(weight)["name"] for one in subject.dead) for weight in weights]
    stepper = _Stepper(_gradients(subject, head, weights), weights, first, dead)
    unsteady: list[dict[str, Any]] = []
    drawn: dict[str, Any] = {}
    for draw in range(_DRAWS):
        inputs = subject.training_inputs(3 + draw)
        files = [f"training-{draw}-{index}.npy" for index in range(len(inputs))]
        for file, values in zip(files, inputs, strict=True):
            np.save(folder / file, values)
        drawn = {"inputs": files, "labels": LABELS, "runs": []}
        for number, text in enumerate(texts):
            run = _write_run(stepper, inputs, text, keras, folder, f"{draw}-{number}.npy")
            drawn["runs"].append(run)
            unsteady_run = run["own"] > _STEADY or run["ownOfWeights"] > _STEADY_OF_WEIGHTS
            if unsteady_run and number == 0 and draw < _DRAWS - 1:
                unsteady.append(drawn)
                break
        else:
            break
    return {**described, **drawn, "unsteady": unsteady}


def _write_run(
    stepper: "_Stepper", inputs: list[Array], text: str, keras: Any, folder: Path, suffix: str
) -> dict[str, Any]:
    steps, nearness = stepper.run(inputs, optimizers.ALL[text](keras))
    save_flat(folder / f"run-{suffix}", [one for step in steps for one in step])
    save_flat(folder / f"nearness-{suffix}", nearness)
    counted = [text.startswith("sgd") | (one >= _NEAR_ZERO) for one in nearness]
    weighed = [one | (not dead) for one, dead in zip(counted, stepper.dead, strict=True)]
    own = np.zeros(2)
    for seed in range(_TIMES_MOVED):
        random = np.random.default_rng(seed)
        moved = [_moved(one, random) for one in inputs]
        others, _ = stepper.run(moved, optimizers.ALL[text](keras))
        own = np.maximum(own, _apart(stepper.first, steps, others, counted, weighed))
    return {
        "optimizer": text,
        "weights": f"run-{suffix}",
        "nearness": f"nearness-{suffix}",
        "own": float(own[0]),
        "ownOfWeights": float(own[1]),
    }


def _apart(
    first: list[Array],
    steps: list[list[Array]],
    others: list[list[Array]],
    counted: list[Array],
    weighed: list[Array],
) -> Array:
    """The worst variable's norm of the difference, over the norms of its change and of itself.

    The one of what is ``counted``, the other of what is ``weighed``, as Java compares.
    """
    worst = np.zeros(2)
    for ours, theirs in zip(steps, others, strict=True):
        for start, one, other, *which in zip(first, ours, theirs, counted, weighed, strict=True):
            exact = one.astype(np.float64)
            apart = np.array([np.linalg.norm((other - exact) * some) for some in which])
            whole = [np.linalg.norm(exact - start), np.linalg.norm(exact)]
            worst = np.maximum(worst, np.divide(apart, whole, out=np.zeros(2), where=apart > 0))
    return worst


def last_block(layers: list[Any]) -> list[Any]:
    """The last layers that have something to train, in the order of the model."""
    block: list[Any] = []
    size = 0
    for layer in reversed(layers):
        own = sum(int(np.prod(weight.shape)) for weight in layer.trainable_weights)
        if not own:
            continue
        size += own
        if block and (len(block) == _BLOCK_LAYERS or size > _BLOCK_WEIGHTS):
            break
        block.insert(0, layer)
    return block


def describe(weight: Any) -> dict[str, Any]:
    """A weight by its values: each way of saving has its own names, the values are the same."""
    values = np.ascontiguousarray(weight.numpy())
    return {
        "name": getattr(weight, "path", weight.name),
        "shape": list(values.shape),
        "sha256": hashlib.sha256(values.tobytes()).hexdigest(),
    }


def variable(weight: Any) -> tf.Variable:
    """TensorFlow's variable in a weight of either Keras."""
    return weight if isinstance(weight, tf.Variable) else weight.value


def _gradients(subject: Subject, head: Any, weights: list[Any]) -> Callable[..., list[Any]]:
    """A function of labels and inputs, traced once, that computes op by op as Keras wrote it."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})

    def gradients(labels: Any, *inputs: Any) -> list[Any]:
        with tf.GradientTape() as tape:
            features = _outputs(subject.model, list(inputs))
            losses = tf.nn.softmax_cross_entropy_with_logits(
                tf.one_hot(labels, CLASSES), head(features[0])
            )
            loss = tf.reduce_mean(losses)
        found = tape.gradient(loss, [variable(weight) for weight in weights])
        return [tf.convert_to_tensor(one) for one in found]

    traced: Callable[..., list[Any]] = tf.function(gradients, autograph=False, jit_compile=False)
    return traced


@dataclass(frozen=True)
class _Stepper:
    """Runs steps of training from the first weights, which it puts back."""

    gradients_of: Callable[..., list[Any]]
    weights: list[Any]
    first: list[Array]
    dead: list[bool]

    def run(
        self, training_inputs: list[Array], optimizer: Any
    ) -> tuple[list[list[Array]], list[Array]]:
        """The weights after each step, and how near to zero each gradient came in any of them."""
        order = np.random.RandomState(_SHUFFLE_SEED).permutation(len(LABELS))
        steps = []
        nearness = [np.full(weight.shape, np.inf, np.float32) for weight in self.weights]
        for batch in np.split(order, STEPS):
            inputs = [tf.constant(one[batch]) for one in training_inputs]
            gradients = self.gradients_of(tf.constant(np.take(LABELS, batch)), *inputs)
            optimizer.apply_gradients(list(zip(gradients, self.weights, strict=True)))
            steps.append([weight.numpy() for weight in self.weights])
            for smallest, now in zip(nearness, nearness_of(gradients), strict=True):
                np.minimum(smallest, now, out=smallest)
        for weight, value in zip(self.weights, self.first, strict=True):
            weight.assign(value)
        return steps, nearness


def nearness_of(gradients: list[Any]) -> list[Array]:
    """How near to zero each gradient is.

    That is its magnitude in units of the root mean square of the variable's gradients, plus a
    hundredth of the norm of all gradients spread over the variable: what the comparison of
    gradients allows, times 10^4.
    """
    arrays = [np.asarray(one, np.float64) for one in gradients]
    every = float(np.sqrt(sum(np.sum(one**2) for one in arrays)))
    near = []
    for one in arrays:
        scale = (np.linalg.norm(one) + 0.01 * every) / np.sqrt(one.size)
        near.append((np.abs(one) / scale).astype(np.float32))
    return near


def _moved(values: Array, random: np.random.Generator) -> Array:
    if values.dtype.kind != "f":
        return values
    signs = random.choice([-1, 1], values.shape)
    return np.asarray(values * (1 + _MOVED * signs), values.dtype)


def _outputs(model: Any, inputs: list[Array]) -> list[Any]:
    tensors = [tf.convert_to_tensor(one) for one in inputs]
    outputs = model(_packed(model, tensors), training=False)
    return list(tf.nest.flatten(outputs))


def _packed(model: Any, tensors: list[Any]) -> Any:
    """The tensors in the structure that the model takes: one, a list or a dictionary."""
    structure = getattr(model, "_inputs_struct", None)
    if isinstance(structure, dict):
        return tf.nest.pack_sequence_as(structure, tensors)
    return tensors[0] if len(tensors) == 1 else tensors


def _require_lively(values: Array, index: int) -> None:
    largest = np.abs(values).max()
    apart = values.std(axis=0).max()
    if not np.isfinite(values).all() or largest < _LIVELY_OUTPUT or apart < 0.01 * largest:
        raise DegenerateError(
            f"Output {index} is dead: largest magnitude {largest:g}, "
            f"largest deviation between examples {apart:g}."
        )


def _require_lively_gradients(
    weights: list[Any], gradients: list[Array], dead: tuple[str, ...]
) -> None:
    norms = [float(np.linalg.norm(one.astype(np.float64))) for one in gradients]
    if not np.isfinite(norms).all():
        raise DegenerateError("A gradient is not finite.")
    total = float(np.linalg.norm(norms))
    found = [
        getattr(weight, "path", weight.name)
        for weight, norm in zip(weights, norms, strict=True)
        if norm < _LIVELY_GRADIENT * total
    ]
    unexpected = [name for name in found if not any(one in name for one in dead)]
    if unexpected:
        raise DegenerateError(f"These gradients are next to nothing: {', '.join(unexpected)}.")


def save_flat(path: Path, arrays: list[Array]) -> None:
    """Writes arrays one behind the other, in float32."""
    np.save(path, np.concatenate([one.astype(np.float32).ravel() for one in arrays]))
