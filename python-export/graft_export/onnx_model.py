"""A trained model as ONNX, held to its golden samples in ONNX Runtime."""

import importlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from graft_export import savedmodel
from graft_export.agreement import Agreement, Comparison, read_samples
from graft_export.errors import GraftError, one_line
from graft_export.handoff import Endpoint
from graft_export.output import beside
from graft_export.progress import stage
from graft_export.trained import Trained

TOLERANCE = 1e-4
_OPSET = 18


def write_onnx(trained: Trained, out: Path) -> list[Agreement]:
    """Converts the signature of the handoff, with its aliases as names, into ``out``.

    It is there only after ONNX Runtime gave the golden answers to 1e-4 of the largest of them;
    ``GateError`` where it does not.
    """
    tf2onnx, runtime = _package("tf2onnx"), _package("onnxruntime")
    with beside(out) as file:
        with stage(f"Converting {trained.manifest.model.name} to ONNX"):
            _convert(tf2onnx, trained, file)
        with stage("Computing the golden samples in ONNX Runtime"):
            agreements = list(_agreements(runtime, trained, file))
    return agreements


def _package(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise GraftError(
            'ONNX needs packages that are not installed: pip install "graft-export[onnx]".'
        ) from None


def _convert(tf2onnx: Any, trained: Trained, file: Path) -> None:
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    signature = trained.manifest.signature
    loaded = savedmodel.load(trained.folder)
    called = loaded.signatures[signature.name]

    def answer(*inputs: Any) -> dict[str, Any]:
        answers = called(**{one.key: x for one, x in zip(signature.inputs, inputs, strict=True)})
        return {one.alias: answers[one.key] for one in _numbers(trained)}

    specifications = [
        tf.TensorSpec([None if size < 0 else size for size in one.shape], one.dtype, one.alias)
        for one in signature.inputs
    ]
    function = tf.function(answer, input_signature=specifications, autograph=False)
    try:
        tf2onnx.convert.from_function(function, specifications, opset=_OPSET, output_path=str(file))
    except Exception as error:
        raise GraftError(f"tf2onnx cannot convert {trained.folder}: {one_line(error)}") from error


def _numbers(trained: Trained) -> list[Endpoint]:
    """The outputs but for the labels, which are texts."""
    return [one for one in trained.manifest.signature.outputs if one.dtype != "string"]


def _agreements(runtime: Any, trained: Trained, file: Path) -> Iterator[Agreement]:
    golden = trained.manifest.golden
    if golden is None:
        return
    samples = read_samples(trained.folder, trained.manifest, golden)
    session = runtime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    aliases = [one.alias for one in _numbers(trained)]
    names = [one.alias for one in trained.manifest.signature.inputs]
    answers = session.run(aliases, dict(zip(names, samples.inputs, strict=True)))
    comparison = Comparison(trained.folder, samples.names, TOLERANCE)
    for alias, received in zip(aliases, answers, strict=True):
        if alias in samples.outputs:
            expected = samples.outputs[alias]
            yield comparison.require(alias, "ONNX model", expected, np.asarray(received))
