"""``python -m parity FOLDER ROW...`` writes rows below FOLDER; ``--list`` names all in rows.txt.

The rows ``tf221-*`` are committed in ``testdata/parity``. They are made with ``--short`` in an
environment of their own: ``tensorflow-cpu==2.21.*``, ``keras==3.15.*`` and ``pillow``.
"""

import argparse
import json
import platform
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import graft_export  # noqa: F401  sets up the environment before TensorFlow is imported
from graft_export.layers import named_layers
from parity import numbers, optimizers, rows, saving
from parity.numbers import Subject
from parity.rows import Row

_HEADS = {4: "gap, dense(softmax)", 3: "flatten, dense(softmax)", 2: "dense(softmax)"}


def main() -> None:
    """Writes the rows that are asked for."""
    known = {row.name: row for row in [*rows.gallery(), *rows.newer()]}
    parser = argparse.ArgumentParser(prog="parity", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("rows", nargs="*", metavar="ROW")
    parser.add_argument("--list", action="store_true", help="write the names of the rows")
    parser.add_argument("--short", action="store_true", help="two optimizers a row only")
    options = parser.parse_intermixed_args()
    if options.list:
        names = "\n".join(row.name for row in rows.gallery())
        (options.folder / "rows.txt").write_text(names, encoding="utf-8")
        return
    for name in options.rows:
        if name not in known:
            parser.error(f"there is no row {name!r}, only {', '.join(known)}")
        keras.backend.clear_session()
        write(known[name], options.folder / name, options.short)


def write(row: Row, folder: Path, short: bool) -> None:
    """Writes one row: the model, Python's numbers, and ``row.json`` that says what is where."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    keras.utils.set_random_seed(1)
    built = row.build()
    model = built.model
    saving.save(model, row.form, folder / "model")
    layers = [one.layer for one in named_layers(model)]
    subject = Subject(
        model=model,
        inputs=built.inputs(np.random.default_rng(2), numbers.BATCH),
        training_inputs=lambda seed: built.inputs(
            np.random.default_rng(seed), numbers.BATCH * numbers.STEPS
        ),
        layers=layers,
        dead=row.dead,
        block=[one for one in layers if one.name in row.block] or None,
    )
    described = numbers.write_outputs(subject, folder)
    values = [np.load(folder / one["values"]) for one in described]
    seeds = [np.load(folder / one["seed"]) for one in described]
    names = [tensor.name for tensor in model.inputs]
    keys = saving.keys(folder / "model", names, subject.inputs, values)
    manifest = {
        "name": row.name,
        "group": row.group,
        "what": row.what,
        "form": saving.FORMS[row.form],
        "half": row.half,
        "dead": list(row.dead),
        "refused": list(row.refused),
        "untrained": row.untrained,
        "unusable": row.unusable,
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
        "inputs": _inputs(subject.inputs, keys[0], folder),
        "outputs": [{"key": key, **one} for key, one in zip(keys[1], described, strict=True)],
        "variables": numbers.write_gradients(subject, seeds, folder),
        "training": _training(row, subject, values[0], short, folder),
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False)
    (folder / "row.json").write_text(text + "\n", encoding="utf-8")


def _inputs(inputs: list[Any], keys: list[str], folder: Path) -> list[dict[str, Any]]:
    described = []
    for index, (key, values) in enumerate(zip(keys, inputs, strict=True)):
        if values.dtype.kind in "OSU":
            described.append(
                {"key": key, "strings": values.ravel().tolist(), "shape": values.shape}
            )
            continue
        np.save(folder / f"input-{index}.npy", values)
        described.append({"key": key, "file": f"input-{index}.npy"})
    return described


def _training(
    row: Row, subject: Subject, features: Any, short: bool, folder: Path
) -> dict[str, Any] | None:
    texts = [text for text in row.training if not short or text in optimizers.SHORT]
    if not texts:
        return None
    head = _head(features.shape)
    described = numbers.write_training(subject, head, keras.optimizers, texts, folder)
    return {"headText": _HEADS[features.ndim], "outputLayer": row.output_layer, **described}


def _head(shape: tuple[int, ...]) -> Any:
    layers: list[Any] = [keras.Input(shape[1:])]
    if len(shape) == 4:
        layers.append(keras.layers.GlobalAveragePooling2D())
    elif len(shape) == 3:
        layers.append(keras.layers.Flatten())
    head = keras.Sequential([*layers, keras.layers.Dense(numbers.CLASSES)])
    kernel, bias = head.trainable_weights
    random = np.random.default_rng(5)
    kernel.assign(random.normal(0, 1 / np.sqrt(kernel.shape[0]), kernel.shape))
    bias.assign(random.normal(0, 0.1, bias.shape))
    return head


if __name__ == "__main__":
    main()
