"""Runs ``fit`` and writes down what it says, and what it does in single steps."""

import fnmatch
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from history.recipes import OPTIMIZERS, Phase
from parity import numbers
from parity.numbers import Array, save_flat

STEPS = (0, 10, 50, 100)
"""The steps of fine-tuning before which weights and slots are written down."""

_MOVED = 1e-7
_TIMES_MOVED = 3

# Slots of each optimizer: Graft's name and Keras's attribute.
_SLOTS = {
    "SGD": {"momentum": "momentums"},
    "RMSprop": {"velocity": "_velocities"},
    "Adam": {"momentum": "_momentums", "velocity": "_velocities"},
}


@dataclass(frozen=True)
class Examples:
    """Prepared images ``[count, height, width, 3]`` and what Keras is to answer."""

    images: Array
    answers: Array

    def chosen(self, rows: Array) -> "Examples":
        """Some of them."""
        return Examples(self.images[rows], self.answers[rows])

    def perturbed(self, seed: int, share: float) -> "Examples":
        """Each number times 1 + ``share`` × a normal random one."""
        random = np.random.default_rng(seed)
        factor = 1 + share * random.normal(size=self.images.shape)
        return Examples((self.images * factor).astype(np.float32), self.answers)


class InferenceMode(keras.layers.Layer):  # type: ignore[misc]
    """Calls a model with ``training=False``, also while ``fit`` trains.

    ``backbone(images, training=False)`` in a functional model does not: Keras 3 overrides it with
    what ``fit`` passes, and an unfrozen BatchNorm then uses the batch (keras-team/keras#20285).
    """

    def __init__(self, backbone: Any) -> None:
        super().__init__()
        self.backbone = backbone

    def call(self, images: Any) -> Any:
        """The backbone's answer."""
        return self.backbone(images, training=False)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The backbone's."""
        return self.backbone.compute_output_shape(input_shape)


@dataclass(frozen=True)
class Joined:
    """A backbone, in inference mode, and a head on it."""

    backbone: Any
    model: Any

    @staticmethod
    def of(backbone: Any, output_layer: str | None, head: list[Any]) -> "Joined":
        """Joins the layers of a head."""
        joined = backbone
        if output_layer is not None:
            joined = keras.Model(backbone.input, backbone.get_layer(output_layer).output)
        images = keras.Input(backbone.input_shape[1:])
        x = InferenceMode(joined)(images)
        for layer in head:
            x = layer(x)
        return Joined(joined, keras.Model(images, x))

    def freeze_all_but(self, patterns: tuple[str, ...]) -> None:
        """Unfreezes the layers of the backbone whose names match."""
        self.backbone.trainable = True
        for layer in self.backbone.layers:
            layer.trainable = any(fnmatch.fnmatchcase(layer.name, one) for one in patterns)


def fit(
    joined: Joined,
    phase: Phase,
    orders: Array,
    examples: tuple[Examples, Examples],
    callbacks: list[Any],
) -> list[dict[str, float]]:
    """Fits for a phase, going through the training images in a given order in each pass.

    ``orders`` is ``[passes, images]``. Returns loss, accuracy, val_loss and val_accuracy of each
    epoch.
    """
    training, validation = examples
    joined.freeze_all_but(phase.unfrozen)
    loss = "binary" if training.answers.ndim == 1 else "categorical"
    joined.model.compile(
        optimizer=OPTIMIZERS[phase.optimizer](),
        loss=f"{loss}_crossentropy",
        metrics=["accuracy"],
        jit_compile=False,
    )
    joined.model.optimizer.build(joined.model.trainable_variables)
    logs = joined.model.fit(
        _batches(training, orders, phase.batch),
        steps_per_epoch=phase.steps or -(-len(training.images) // phase.batch),
        epochs=phase.epochs,
        validation_data=(validation.images, validation.answers),
        validation_batch_size=phase.batch,
        validation_steps=phase.validation_steps,
        shuffle=False,
        callbacks=callbacks,
        verbose=0,
    ).history
    return [
        {name: float(values[epoch]) for name, values in logs.items()}
        for epoch in range(phase.epochs)
    ]


def _batches(examples: Examples, orders: Array, size: int) -> Any:
    """Pass after pass; the last batch of each may be smaller."""
    rows = tf.data.Dataset.from_tensor_slices(orders).flat_map(
        lambda row: tf.data.Dataset.from_tensor_slices(row).batch(size)
    )
    images, answers = tf.constant(examples.images), tf.constant(examples.answers)
    return rows.map(lambda batch: (tf.gather(images, batch), tf.gather(answers, batch)))


class StepWriter(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes the weights and slots before some steps, the weights after them, and the loss.

    The steps are the first ones of an epoch: what Keras logs is the mean over an epoch so far.
    ``batch_of`` gives the examples of a step, of which the gradient is written down too, as
    ``nearness`` to zero. ``own`` is how far Keras is from itself in that very step: each weight's
    largest difference when the step is made again, op by op, on images of which each number is
    times 1 + 1e-7 × a normal random one, in several draws.
    """

    def __init__(self, folder: Path, batch_of: Callable[[int], Examples]) -> None:
        super().__init__()
        self.described: list[dict[str, Any]] = []
        self._folder = folder
        self._batch_of = batch_of
        self._step = 0
        self._moved: list[list[Array]] = []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Writes what a step starts from."""
        if self._step in STEPS:
            if batch != 0:
                raise ValueError(f"Step {self._step} is not the first of an epoch.")
            names = _SLOTS[type(self.model.optimizer).__name__]
            slots = [getattr(self.model.optimizer, attribute) for attribute in names.values()]
            parts = [self.model.trainable_weights, *slots]
            save_flat(self._file("before"), [one.numpy() for part in parts for one in part])
            examples = self._batch_of(self._step)
            save_flat(self._file("nearness"), numbers.nearness_of(self._gradients(examples)))
            self._moved = [
                self._stepped(examples.perturbed(seed, _MOVED)) for seed in range(_TIMES_MOVED)
            ]

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Writes what a step ends with."""
        if self._step in STEPS:
            weights = [one.numpy() for one in self.model.trainable_weights]
            save_flat(self._file("after"), weights)
            save_flat(self._file("own"), _largest_apart(weights, self._moved))
            self._moved = []
            self.described.append(
                {
                    "step": self._step,
                    "loss": float(logs["loss"]),
                    "slots": list(_SLOTS[type(self.model.optimizer).__name__]),
                    "before": self._file("before").name,
                    "after": self._file("after").name,
                    "nearness": self._file("nearness").name,
                    "own": self._file("own").name,
                }
            )
        self._step += 1

    def _stepped(self, batch: Examples) -> list[Array]:
        """The weights after a step on these examples, which is then undone."""
        gradients = self._gradients(batch)
        trained = self.model.trainable_weights
        touched = [*trained, *self.model.optimizer.variables]
        first = [one.numpy() for one in touched]
        self.model.optimizer.apply_gradients(
            [(tf.constant(one), weight) for one, weight in zip(gradients, trained, strict=True)]
        )
        after = [one.numpy() for one in trained]
        for one, value in zip(touched, first, strict=True):
            one.assign(value)
        return after

    def _gradients(self, batch: Examples) -> list[Array]:
        with tf.GradientTape() as tape:
            answers = self.model(batch.images, training=True)
            loss = self.model.compute_loss(y=tf.constant(batch.answers), y_pred=answers)
        weights = [weight.value for weight in self.model.trainable_weights]
        return [tf.convert_to_tensor(one).numpy() for one in tape.gradient(loss, weights)]

    def _file(self, when: str) -> Path:
        return self._folder / f"step-{self._step}-{when}.npy"


def _largest_apart(weights: list[Array], others: list[list[Array]]) -> list[Array]:
    """Each weight's largest distance from the same one in the others."""
    return [
        np.max([np.abs(other[index] - one) for other in others], axis=0)
        for index, one in enumerate(weights)
    ]


def run(
    joined: Joined,
    phases: tuple[Phase, ...],
    orders: Array,
    examples: tuple[Examples, Examples],
    callbacks: Callable[[Phase, Array], list[Any]],
) -> list[list[dict[str, float]]]:
    """All phases one after the other, from the same first weights in each call.

    ``callbacks`` makes those of a phase, which is given its passes, ``[passes, images]``.
    """
    first = joined.model.get_weights()
    histories, start = [], 0
    for phase in phases:
        passes = orders[start:]
        histories.append(fit(joined, phase, passes, examples, callbacks(phase, passes)))
        start += phase.epochs
    joined.model.set_weights(first)
    return histories
