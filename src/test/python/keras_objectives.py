"""``keras_objectives.py OUT.json``: five steps of Keras under each loss, weighting and penalty.

``src/test/resources/dev/graft/train/objectives.json`` was made by Keras 3.15.1.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
COUNT, WIDTH, HIDDEN, STEPS = 12, 8, 5, 5
SOFT = ("softmax", 3)
RANDOM = np.random.default_rng(11)


def rows(*shape: int) -> Array:
    """Seeded float32 values of few decimals."""
    return RANDOM.normal(size=shape).round(2).astype(np.float32)


def weights(count: int) -> Array:
    """Seeded weights of examples."""
    return RANDOM.uniform(0, 2, count).round(2).astype(np.float32)


def classes(count: int, width: int) -> Array:
    """Classes, more of the first than of the others."""
    return np.array([0 if i % 3 else (i // 3) % width for i in range(count)])


def targets(kind: str, count: int, width: int) -> Array:
    """What the answers are compared with."""
    if kind == "classes":
        return classes(count, width)
    if kind == "labels":
        return (RANDOM.random((count, width)) < 0.4).astype(np.float32)
    return rows(count, width)


def case(name: str, kind: str, ending: tuple[str, int], loss: Any, **how: Any) -> dict[str, Any]:
    """Trains a small head and says what became of it."""
    activation, units = ending
    regularizer = keras.regularizers.L1L2(l1=how.get("l1", 0), l2=how.get("l2", 0))
    model = keras.Sequential(
        [
            keras.layers.Input((WIDTH,)),
            keras.layers.Dense(HIDDEN, activation="tanh", kernel_regularizer=regularizer),
            keras.layers.Dense(units, activation=activation),
        ]
    )
    initial = [rows(*weight.shape) * np.float32(0.5) for weight in model.weights]
    model.set_weights(initial)
    width = max(units, 2) if kind == "classes" else units
    x, validation_x = rows(COUNT, WIDTH), rows(4, WIDTH)
    y, validation_y = targets(kind, COUNT, width), targets(kind, 4, width)
    sample_weight, validation_weight = weights(COUNT), weights(4)
    weighted = how.get("sample_weight", False)
    class_weight = how.get("class_weight")
    fed, validation_fed = y, validation_y
    if kind == "classes" and units > 1:
        fed, validation_fed = np.eye(units)[y], np.eye(units)[validation_y]
    validation = (validation_x, validation_fed)
    model.compile(optimizer=keras.optimizers.SGD(0.1, momentum=0.9), loss=loss, jit_compile=False)
    history = model.fit(
        x,
        fed,
        batch_size=COUNT,
        epochs=STEPS,
        shuffle=False,
        verbose=0,
        sample_weight=sample_weight if weighted else None,
        class_weight=class_weight,
        validation_data=(*validation, validation_weight) if weighted else validation,
    ).history
    return {
        "name": name,
        "kind": kind,
        "head": f"gap, dense({HIDDEN}, tanh{penalty(how)}), dense({activation})",
        "size": width,
        "settings": how.get("settings", {}),
        "initial": [weight.ravel().astype(float).round(3).tolist() for weight in initial],
        "x": x.astype(float).round(2).tolist(),
        "y": y.astype(float).round(2).tolist(),
        "weights": sample_weight.astype(float).round(2).tolist() if weighted else None,
        "validationX": validation_x.astype(float).round(2).tolist(),
        "validationY": validation_y.astype(float).round(2).tolist(),
        "validationWeights": (
            validation_weight.astype(float).round(2).tolist() if weighted else None
        ),
        "loss": history["loss"],
        "validationLoss": history["val_loss"],
        "final": [np.asarray(weight).ravel().astype(float).tolist() for weight in model.weights],
    }


def penalty(how: dict[str, Any]) -> str:
    """The penalties in the head language."""
    return "".join(f", {name}={how[name]}" for name in ("l1", "l2") if name in how)


def cases() -> list[dict[str, Any]]:
    """All of them."""
    losses = keras.losses
    categorical, binary = "categorical_crossentropy", "binary_crossentropy"
    smooth = {"labelSmoothing": 0.1}
    balanced = balanced_weights(classes(COUNT, 3))
    return [
        case("plain", "classes", SOFT, categorical),
        case(
            "smoothed",
            "classes",
            SOFT,
            losses.CategoricalCrossentropy(label_smoothing=0.1),
            settings=smooth,
        ),
        case("l1 and l2", "classes", SOFT, categorical, l1=0.02, l2=0.05),
        case(
            "balanced",
            "classes",
            SOFT,
            categorical,
            class_weight=balanced,
            settings={"classWeights": "balanced"},
        ),
        case(
            "named class weights",
            "classes",
            SOFT,
            categorical,
            class_weight={0: 0.5, 1: 3.0, 2: 1.0},
            settings={"classWeights": "0=0.5,1=3"},
        ),
        case("sample weights", "classes", SOFT, categorical, sample_weight=True, l2=0.03),
        case(
            "one sigmoid, smoothed",
            "classes",
            ("sigmoid", 1),
            losses.BinaryCrossentropy(label_smoothing=0.1),
            settings=smooth,
        ),
        case("labels", "labels", ("sigmoid", 4), binary),
        case(
            "labels, smoothed and weighted",
            "labels",
            ("sigmoid", 4),
            losses.BinaryCrossentropy(label_smoothing=0.2),
            sample_weight=True,
            settings={"labelSmoothing": 0.2},
        ),
        case("mse", "numbers", ("linear", 2), "mse"),
        case("mae", "numbers", ("linear", 2), "mae", settings={"loss": "mae"}),
        case(
            "huber",
            "numbers",
            ("linear", 2),
            losses.Huber(delta=0.7),
            sample_weight=True,
            settings={"loss": "huber(0.7)"},
        ),
    ]


def balanced_weights(truth: Array) -> dict[int, float]:
    """``sklearn.utils.class_weight.compute_class_weight("balanced")``."""
    from sklearn.utils.class_weight import compute_class_weight

    present = np.unique(truth)
    balanced = compute_class_weight("balanced", classes=present, y=truth)
    return {int(one): float(weight) for one, weight in zip(present, balanced, strict=True)}


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(cases(), indent=1) + "\n", encoding="utf-8")
