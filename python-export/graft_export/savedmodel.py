"""Writes a Keras model as a SavedModel that stores every weight once, under a name that reads."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow.core.protobuf import fingerprint_pb2, saved_model_pb2, trackable_object_graph_pb2

from graft_export import training
from graft_export.errors import GraftError, one_line
from graft_export.handoff import Endpoint, Layer, Signature, Variable
from graft_export.layers import NamedLayer, named_layers

SIGNATURE = "serving_default"
TRAINING_SIGNATURE = "training"
_OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


@dataclass(frozen=True)
class Interface:
    """The aliases of a model's inputs and outputs, in its order, and the shapes of its inputs."""

    inputs: dict[str, list[int | None]]
    outputs: list[str]


def write(
    model: Any, interface: Interface, folder: Path, with_training: bool = False
) -> tuple[Signature, list[Layer]]:
    """Saves ``model``, a functional or sequential one, in inference mode into ``folder``.

    ``with_training`` adds the signature ``training``, see ``graft_export.training``. Each weight
    becomes one variable, so that the stock loaders of Python, C++ and Java fill what the signature
    reads (keras-team/keras#19274). Returns the signature and the stored layers.
    """
    layers = named_layers(model)
    variables = {
        id(weight): tf.Variable(weight.numpy(), trainable=layer.trainable(weight), name=name)
        for layer in layers
        for name, weight in layer.weights.items()
    }
    root = tf.Module()
    root.layers = _tree(layers, variables)
    function = _inference(model, interface, variables).get_concrete_function()
    signatures = {SIGNATURE: function}
    if with_training:
        signatures[TRAINING_SIGNATURE] = training.function(
            model, interface.inputs, interface.outputs, layers, variables
        ).get_concrete_function()
    tf.saved_model.save(root, str(folder), signatures=signatures)
    _run_without_xla(folder)
    make_repeatable(folder)
    signature = Signature(SIGNATURE, _inputs(model, interface), _outputs(function, interface))
    return signature, _stored(layers, folder)


def read_variable(reader: Any, key: str) -> npt.NDArray[Any]:
    """The values of the variable that a checkpoint reader knows as ``key``."""
    return np.asarray(reader.get_tensor(key))


def sha256_of_values(values: npt.NDArray[Any]) -> str:
    """SHA-256 of the values, little-endian and row-major."""
    little_endian = values.astype(values.dtype.newbyteorder("<"), copy=False)
    return hashlib.sha256(little_endian.tobytes(order="C")).hexdigest()


def load(folder: Path) -> Any:
    """The SavedModel in ``folder``; hold it while its signatures are in use."""
    try:
        return tf.saved_model.load(str(folder))
    except (OSError, ValueError, tf.errors.OpError) as error:
        raise GraftError(f"TensorFlow cannot load {folder}: {one_line(error)}") from error


def checkpoint(folder: Path) -> Any:
    """A reader of the variables of the SavedModel in ``folder``."""
    return tf.train.load_checkpoint(str(folder / "variables" / "variables"))


def _inference(model: Any, interface: Interface, variables: dict[int, Any]) -> Any:
    flat = keras.Model(model.inputs, model.outputs)
    # Random state is no weight and has no part in inference; it enters as zeros.
    trainable, others = (
        [variables.get(id(one), np.zeros(one.shape, one.dtype)) for one in of_model]
        for of_model in (flat.trainable_variables, flat.non_trainable_variables)
    )

    def call(*inputs: Any) -> dict[str, Any]:
        outputs, _ = flat.stateless_call(trainable, others, list(inputs), training=False)
        return dict(zip(interface.outputs, keras.tree.flatten(outputs), strict=True))

    specifications = [
        tf.TensorSpec(shape, tensor.dtype, name)
        for (name, shape), tensor in zip(interface.inputs.items(), model.inputs, strict=True)
    ]
    return tf.function(call, input_signature=specifications, autograph=False)


def _tree(layers: list[NamedLayer], variables: dict[int, Any]) -> dict[str, Any]:
    """Nested dictionaries: their keys become the path of a variable in the checkpoint."""
    root: dict[str, Any] = {}
    for layer in layers:
        for name, weight in layer.weights.items():
            *folders, leaf = name.split("/")
            node = root
            for part in folders:
                node = node.setdefault(part, {})
            node[leaf] = variables[id(weight)]
    return root


def _inputs(model: Any, interface: Interface) -> list[Endpoint]:
    return [
        Endpoint(name, name, tensor.dtype, [-1 if size is None else size for size in shape])
        for (name, shape), tensor in zip(interface.inputs.items(), model.inputs, strict=True)
    ]


def _outputs(function: Any, interface: Interface) -> list[Endpoint]:
    return [
        Endpoint(
            name,
            name,
            function.structured_outputs[name].dtype.name,
            [-1 if size is None else size for size in function.structured_outputs[name].shape],
        )
        for name in interface.outputs
    ]


def _stored(layers: list[NamedLayer], folder: Path) -> list[Layer]:
    reader = checkpoint(folder)
    keys = _checkpoint_keys(reader)
    return [
        Layer(
            name=layer.name,
            class_name=type(layer.layer).__name__,
            output_shape=layer.output_shape,
            parameters=layer.parameters,
            trainable=bool(layer.layer.trainable),
            variables=[
                _variable(reader, name, keys[f"layers/{name}"], layer.trainable(weight))
                for name, weight in layer.weights.items()
            ],
        )
        for layer in layers
    ]


def _variable(reader: Any, name: str, key: str, trainable: bool) -> Variable:
    values = read_variable(reader, key)
    dtype = tf.as_dtype(values.dtype).name
    return Variable(name, key, dtype, list(values.shape), trainable, sha256_of_values(values))


def _checkpoint_keys(reader: Any) -> dict[str, str]:
    """The checkpoint key of each variable by its path from the root."""
    graph = trackable_object_graph_pb2.TrackableObjectGraph()
    graph.ParseFromString(reader.get_tensor(_OBJECT_GRAPH))
    keys = {}
    paths = [("", 0)]
    while paths:
        path, index = paths.pop()
        for attribute in graph.nodes[index].attributes:
            keys[path] = attribute.checkpoint_key
        for child in graph.nodes[index].children:
            if path or child.local_name == "layers":
                paths.append((f"{path}/{child.local_name}".lstrip("/"), child.node_id))
    return keys


def make_repeatable(folder: Path) -> None:
    """Takes out of a SavedModel what differs from run to run, and a folder that git cannot hold."""
    path = folder / "fingerprint.pb"
    if path.exists():
        fingerprint = fingerprint_pb2.FingerprintDef()
        fingerprint.ParseFromString(path.read_bytes())
        # The random identifier is a field that TensorFlow 2.18 writes but does not declare.
        fingerprint.DiscardUnknownFields()
        path.write_bytes(fingerprint.SerializeToString(deterministic=True))
    assets = folder / "assets"
    if assets.is_dir() and not any(assets.iterdir()):
        assets.rmdir()


def _run_without_xla(folder: Path) -> None:
    """Lets the functions that Keras compiles with XLA, grouped convolutions, run like all others.

    Not every runtime has XLA, and it has no part in what the model computes.
    """
    path = folder / "saved_model.pb"
    model = saved_model_pb2.SavedModel()
    model.ParseFromString(path.read_bytes())
    library = model.meta_graphs[0].graph_def.library.function
    owners = [*library, *(node for function in library for node in function.node_def)]
    compiled = [owner for owner in owners if "_XlaMustCompile" in owner.attr]
    for owner in compiled:
        del owner.attr["_XlaMustCompile"]
    if compiled:
        path.write_bytes(model.SerializeToString(deterministic=True))
        # It is of the file as it was.
        (folder / "fingerprint.pb").unlink()
