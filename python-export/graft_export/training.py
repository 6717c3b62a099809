"""The signature ``training`` of an export: the model as it runs while it is trained.

Its inputs are those of the model and

- ``random``: two int64, the seed of a run and the number of a step, from which dropout draws;
- ``training_N``: a bool for each layer that behaves differently in training, N being the layer's
  place in the handoff's list: whether it does. A frozen layer stays in inference mode.

Its outputs are those of the model and, under ``update/NAME``, the next value of each variable that
training updates without a gradient, such as the moving statistics of ``BatchNormalization``.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from graft_export.layers import NamedLayer

RANDOM = "random"
UPDATE = "update/"


def switch(index: int) -> str:
    """The input that says whether the layer at ``index`` of the handoff is in training mode."""
    return f"training_{index}"


def switched(layers: list[NamedLayer]) -> dict[str, NamedLayer]:
    """The layers that behave differently in training, by the name of their input."""
    return {
        switch(index): layer
        for index, layer in enumerate(layers)
        if getattr(layer.layer, "_call_has_training_arg", False)
    }


def function(
    model: Any,
    inputs: dict[str, list[int | None]],
    outputs: list[str],
    layers: list[NamedLayer],
    variables: dict[int, Any],
) -> Any:
    """The function of the signature, over ``variables`` by the id of the model's weight."""
    flat = keras.Model(model.inputs, model.outputs)
    switches = switched(layers)
    names = {id(weight): name for layer in layers for name, weight in layer.weights.items()}

    def call(*values: Any) -> dict[str, Any]:
        images, random, flags = (
            values[: len(inputs)],
            values[len(inputs)],
            values[len(inputs) + 1 :],
        )
        state = _state(flat, variables, random)
        with keras.StatelessScope(state_mapping=list(state.values())) as scope:
            by_layer = {
                id(layer.layer): flag for layer, flag in zip(switches.values(), flags, strict=True)
            }
            answers = _Run(scope, by_layer).run(flat, list(images))
            updates = {
                UPDATE + names[key]: scope.get_current_value(weight)
                for key, (weight, value) in state.items()
                if key in names and scope.get_current_value(weight) is not value
            }
        return {**dict(zip(outputs, keras.tree.flatten(answers), strict=True)), **updates}

    specifications = [
        tf.TensorSpec(shape, tensor.dtype, name)
        for (name, shape), tensor in zip(inputs.items(), model.inputs, strict=True)
    ]
    specifications.append(tf.TensorSpec([2], tf.int64, RANDOM))
    specifications += [tf.TensorSpec([], tf.bool, name) for name in switches]
    return tf.function(call, input_signature=specifications, autograph=False)


def _state(flat: Any, variables: dict[int, Any], random: Any) -> dict[int, tuple[Any, Any]]:
    """What each weight is in the function: a variable, or numbers that are drawn for a step."""
    state = {}
    generators = 0
    for weight in flat.variables:
        if id(weight) in variables:
            value = tf.convert_to_tensor(variables[id(weight)])
        else:
            generators += 1
            value = tf.cast(random + tf.constant([generators, 0], tf.int64), weight.dtype)
        state[id(weight)] = (weight, value)
    return state


class _Run:
    """Runs a model layer by layer, each in the mode that its flag says."""

    def __init__(self, scope: Any, flags: dict[int, Any]) -> None:
        self._scope = scope
        self._flags = flags

    def run(self, model: Any, inputs: list[Any]) -> Any:
        flat = keras.Model(model.inputs, model.outputs)
        # Runs the graph node by node through the function that is given for each operation.
        return flat._run_through_graph(inputs, operation_fn=self._in_its_mode)

    def _in_its_mode(self, operation: Any) -> Callable[..., Any]:
        if isinstance(operation, keras.Model):
            return lambda *inputs, **_: self._nested(operation, keras.tree.flatten(inputs))
        flag = self._flags.get(id(operation))
        if flag is None:
            return operation  # type: ignore[no-any-return]

        def call(*inputs: Any, **options: Any) -> Any:
            resting = operation(*inputs, **{**options, "training": False})
            before = [self._scope.get_current_value(one) for one in operation.variables]
            training = operation(*inputs, **{**options, "training": True})
            with tf.name_scope(operation.name):
                for weight, old in zip(operation.variables, before, strict=True):
                    new = self._scope.get_current_value(weight)
                    if new is not old:
                        self._scope.add_update((weight, tf.where(flag, new, old)))
                return keras.tree.map_structure(
                    lambda one, other: tf.where(flag, one, other), training, resting
                )

        return call

    def _nested(self, model: Any, inputs: list[Any]) -> Any:
        with tf.name_scope(model.name):
            return self.run(model, inputs)
