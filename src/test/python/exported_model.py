"""``exported_model.py MODEL CONSTANTS HALF TURNING OUT IMAGE…``: what Python makes of an export.

Answers the images through ``serving_default`` (prepared by graft_export), ``image_bytes`` (all in
one batch, and one by one), of the model with variables, of the one with constants, of the one in
bfloat16, and of the one that turns images; and as a ``keras.layers.TFSMLayer``; holds the handoffs
to their schema; takes gradients through the layer; runs the warm-up requests; replays
the REST request; compares the fingerprint. Writes arrays and ``OUT/facts.json``.
"""

import base64
import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
import keras
import numpy as np
import tensorflow as tf
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from tensorflow.core.framework import tensor_pb2
from tensorflow.core.protobuf import fingerprint_pb2
from tensorflow.python.saved_model.pywrap_saved_model import fingerprinting

from graft_export import handoff, preparation

FIELD = descriptor_pb2.FieldDescriptorProto


def prediction_log() -> Any:
    """The class ``PredictionLog``, with what of TensorFlow Serving's protocol it needs."""
    file = descriptor_pb2.FileDescriptorProto(
        name="prediction_log.proto",
        package="graft.serving",
        syntax="proto3",
        dependency=[tensor_pb2.DESCRIPTOR.name],
    )

    def add(message: Any, name: str, number: int, kind: str | None, many: bool = False) -> None:
        message.field.add(
            name=name,
            number=number,
            label=FIELD.LABEL_REPEATED if many else FIELD.LABEL_OPTIONAL,
            type=FIELD.TYPE_MESSAGE if kind else FIELD.TYPE_STRING,
            type_name=kind,
        )

    spec = file.message_type.add(name="ModelSpec")
    add(spec, "name", 1, None)
    add(spec, "signature_name", 3, None)
    request = file.message_type.add(name="PredictRequest")
    entry = request.nested_type.add(name="InputsEntry")
    entry.options.map_entry = True
    add(entry, "key", 1, None)
    add(entry, "value", 2, ".tensorflow.TensorProto")
    add(request, "model_spec", 1, ".graft.serving.ModelSpec")
    add(request, "inputs", 2, ".graft.serving.PredictRequest.InputsEntry", many=True)
    predict = file.message_type.add(name="PredictLog")
    add(predict, "request", 1, ".graft.serving.PredictRequest")
    log = file.message_type.add(name="PredictionLog")
    add(log, "predict_log", 6, ".graft.serving.PredictLog")
    pool = descriptor_pool.Default()
    pool.Add(file)
    return message_factory.GetMessageClass(
        pool.FindMessageTypeByName("graft.serving.PredictionLog")
    )


def warmed(model: Path, loaded: Any) -> dict[str, list[int]]:
    """Runs the warm-up requests: by signature, the shape of the first output."""
    kind = prediction_log()
    shapes = {}
    file = str(model / "assets.extra" / "tf_serving_warmup_requests")
    for record in tf.data.TFRecordDataset(file):
        log = kind.FromString(record.numpy())
        request = log.predict_log.request
        # Nothing may be there that this protocol does not know.
        assert log.SerializeToString(deterministic=True) == record.numpy()
        inputs = {key: tf.constant(tf.make_ndarray(value)) for key, value in request.inputs.items()}
        answers = loaded.signatures[request.model_spec.signature_name](**inputs)
        shapes[request.model_spec.signature_name] = next(iter(answers.values())).shape.as_list()
    return shapes


def replayed(model: Path, loaded: Any) -> float:
    """The largest difference between the answer to the REST request and the one that is there."""
    extra = model / "assets.extra"
    request = json.loads((extra / "rest_request.json").read_text(encoding="utf-8"))
    expected = json.loads((extra / "rest_response.json").read_text(encoding="utf-8"))
    images = [base64.b64decode(instance["b64"]) for instance in request["instances"]]
    answers = loaded.signatures[request["signature_name"]](image_bytes=tf.constant(images))
    largest = 0.0
    for row, prediction in enumerate(expected["predictions"]):
        assert set(prediction) == set(answers)
        for name, value in prediction.items():
            received = answers[name].numpy()[row]
            if isinstance(value, str):
                assert received.decode() == value
            elif received.dtype.kind == "f":
                largest = max(largest, float(np.abs(received - np.array(value)).max()))
            else:
                assert [one.decode() for one in received] == value
    return largest


def fingerprints(model: Path) -> tuple[str, str]:
    """What TensorFlow computes, and what the file says."""
    computed = fingerprint_pb2.FingerprintDef.FromString(
        fingerprinting.CreateFingerprintDef(str(model))
    )
    read = tf.saved_model.experimental.read_fingerprint(str(model))
    stored = fingerprint_pb2.FingerprintDef.FromString((model / "fingerprint.pb").read_bytes())
    assert read.graph_def_program_hash == stored.graph_def_program_hash
    return str(computed), str(stored)


def gradients(model: Path, images: Any) -> dict[str, float]:
    """By variable, the norm of the gradient of the sum of squares of the logits."""
    layer = keras.layers.TFSMLayer(str(model), call_endpoint="serving_default")
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(layer(images)["logits"]))
    variables = layer.trainable_weights
    found = tape.gradient(loss, variables)
    return {one.path: float(tf.norm(by)) for one, by in zip(variables, found, strict=True)}


def valid(models: list[Path]) -> int:
    """How many handoffs obey the schema; all, or it raises."""
    schema = json.loads(Path("docs/handoff.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    for model in models:
        validator.validate(json.loads((model / "handoff.json").read_text(encoding="utf-8")))
    return len(models)


def main(models: list[Path], out: Path, paths: list[Path]) -> None:
    """Writes the answers."""
    model, constants, half, turning = models
    files = [path.read_bytes() for path in paths]
    how = handoff.read(model).preparation
    assert how is not None
    pixels = tf.constant(np.stack([preparation.prepare(how, file) for file in files]))
    loaded = tf.saved_model.load(str(model))
    frozen = tf.saved_model.load(str(constants))
    turns = tf.saved_model.load(str(turning)).signatures["image_bytes"]
    turned = turns(image_bytes=tf.constant(files))["probabilities"]
    np.save(out / "turning-bytes.npy", turned.numpy())
    in_half = tf.saved_model.load(str(half))
    for name, one in {"variables": loaded, "constants": frozen, "half": in_half}.items():
        default = one.signatures["serving_default"](images=pixels)
        together = one.signatures["image_bytes"](image_bytes=tf.constant(files))
        alone = [one.signatures["image_bytes"](image_bytes=tf.constant([f])) for f in files[:8]]
        np.save(out / f"{name}-default.npy", default["probabilities"].numpy())
        np.save(out / f"{name}-bytes.npy", together["probabilities"].numpy())
        np.save(
            out / f"{name}-alone.npy", np.concatenate([a["probabilities"].numpy() for a in alone])
        )
        labels = [label.decode() for label in together["label"].numpy()]
        (out / f"{name}-labels.json").write_text(json.dumps(labels), encoding="utf-8")
    layer = keras.layers.TFSMLayer(str(model), call_endpoint="image_bytes")
    np.save(out / "layer.npy", layer(tf.constant(files))["probabilities"].numpy())
    computed, stored = fingerprints(model)
    frozen_computed, frozen_stored = fingerprints(constants)
    facts = {
        "valid": valid(models),
        "warmed": warmed(model, loaded),
        "replayed": replayed(model, loaded),
        "computed": computed,
        "stored": stored,
        "frozenComputed": frozen_computed,
        "frozenStored": frozen_stored,
        "gradients": gradients(model, pixels[:16]),
        "frozenVariables": len(frozen.variables),
    }
    (out / "facts.json").write_text(json.dumps(facts), encoding="utf-8")


if __name__ == "__main__":
    words = [Path(word) for word in sys.argv[1:]]
    main(words[:4], words[4], words[5:])
