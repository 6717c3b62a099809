"""``scikit_metrics.py OUT.json``: predictions, and what scikit-learn says of them.

``src/test/resources/dev/graft/metrics/scikit.json`` was made with scikit-learn 1.9.1.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn import metrics
from sklearn.calibration import calibration_curve

BINS = 15
Array = npt.NDArray[Any]


def average(truth: Array, given: Array, how: str) -> list[float]:
    """Precision, recall and F1."""
    return [
        float(figure)
        for figure in metrics.precision_recall_fscore_support(
            truth, given, average=how, zero_division=0
        )[:3]
    ]


def calibration(right: Array, confidence: Array) -> dict[str, Any]:
    """The bins that are not empty, and the expected calibration error."""
    accuracy, mean = calibration_curve(right, confidence, n_bins=BINS, strategy="uniform")
    edges = np.linspace(0, 1, BINS + 1)[1:-1]
    counts = np.bincount(np.searchsorted(edges, confidence), minlength=BINS)
    counts = counts[counts > 0]
    error = float((np.abs(accuracy - mean) * counts).sum() / counts.sum())
    return {
        "accuracy": accuracy.tolist(),
        "confidence": mean.tolist(),
        "counts": counts.tolist(),
        "error": error,
    }


def classes(random: np.random.RandomState) -> dict[str, Any]:
    """Examples of one class each."""
    count, width = 40, 4
    truth = random.randint(0, width, count)
    logits = np.round(random.normal(size=(count, width)) + 1.2 * np.eye(width)[truth], 1)
    scores = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    scores = np.round(scores, 2).astype(np.float32)
    given = scores.argmax(1)
    # Among equal scores the first class wins in Graft, the last in top_k_accuracy_score.
    untied = scores.astype(np.float64) - np.arange(width) * 1e-9
    one_hot = np.eye(width)[truth]
    false_positives, true_positives, _ = metrics.roc_curve(
        truth == 1, scores[:, 1], drop_intermediate=False
    )
    precision, recall, _ = metrics.precision_recall_curve(truth == 1, scores[:, 1])
    clipped = np.clip(scores.astype(np.float64), 1e-7, 1 - 1e-7)
    return {
        "truth": truth.tolist(),
        "scores": scores.astype(np.float64).round(2).tolist(),
        "accuracy": float(metrics.accuracy_score(truth, given)),
        "top": [
            float(metrics.top_k_accuracy_score(truth, untied, k=best)) for best in range(1, width)
        ],
        "micro": average(truth, given, "micro"),
        "macro": average(truth, given, "macro"),
        "loss": float(-np.log(clipped[np.arange(count), truth]).mean()),
        "rocAuc": float(metrics.roc_auc_score(one_hot, scores, average="macro")),
        "rocAucs": [float(metrics.roc_auc_score(truth == i, scores[:, i])) for i in range(width)],
        "averagePrecision": float(metrics.average_precision_score(one_hot, scores)),
        "averagePrecisions": [
            float(metrics.average_precision_score(truth == i, scores[:, i])) for i in range(width)
        ],
        "roc": [false_positives.tolist(), true_positives.tolist()],
        "precisionRecall": [recall[::-1].tolist(), precision[::-1].tolist()],
        "calibration": calibration(given == truth, scores.max(1).astype(np.float64)),
    }


def labels(random: np.random.RandomState) -> dict[str, Any]:
    """Examples of several labels each."""
    truth = (random.rand(30, 3) < [0.3, 0.5, 0.7]).astype(int)
    scores = 1 / (1 + np.exp(-(random.normal(size=(30, 3)) + 1.5 * (truth - 0.5))))
    scores = np.round(scores, 2).astype(np.float32)
    given = (scores > 0.5).astype(int)
    clipped = np.clip(scores.astype(np.float64), 1e-7, 1 - 1e-7)
    figures = metrics.precision_recall_fscore_support(truth, given, average=None, zero_division=0)
    return {
        "truth": truth.tolist(),
        "scores": scores.astype(np.float64).round(2).tolist(),
        "exactMatch": float(metrics.accuracy_score(truth, given)),
        "accuracy": 1 - float(metrics.hamming_loss(truth, given)),
        "micro": average(truth, given, "micro"),
        "macro": average(truth, given, "macro"),
        "weighted": average(truth, given, "weighted"),
        "figures": [figure.tolist() for figure in figures],
        "loss": float(np.mean([metrics.log_loss(truth[:, i], clipped[:, i]) for i in range(3)])),
        "rocAuc": float(metrics.roc_auc_score(truth, scores, average="macro")),
        "averagePrecision": float(metrics.average_precision_score(truth, scores)),
        "calibration": calibration(truth.ravel(), scores.ravel().astype(np.float64)),
    }


def numbers(random: np.random.RandomState) -> dict[str, Any]:
    """Examples of two numbers each."""
    truth = np.round(random.normal(size=(12, 2)) * [1, 50] + [0, 100], 2).astype(np.float32)
    noise = np.round(random.normal(size=(12, 2)) * [0.4, 30], 2)
    predicted = np.round(truth + noise, 2).astype(np.float32)
    expected, given = truth.astype(np.float64), predicted.astype(np.float64)
    each = {"multioutput": "raw_values"}
    return {
        "truth": truth.astype(np.float64).round(2).tolist(),
        "predicted": predicted.astype(np.float64).round(2).tolist(),
        "mae": float(metrics.mean_absolute_error(expected, given)),
        "maes": metrics.mean_absolute_error(expected, given, **each).tolist(),
        "mse": float(metrics.mean_squared_error(expected, given)),
        "rmse": float(metrics.root_mean_squared_error(expected, given)),
        "rmses": metrics.root_mean_squared_error(expected, given, **each).tolist(),
        "r2": float(metrics.r2_score(expected, given)),
        "r2s": metrics.r2_score(expected, given, **each).tolist(),
    }


if __name__ == "__main__":
    numpy_random = np.random.RandomState(7)
    document = {
        "classes": classes(numpy_random),
        "labels": labels(numpy_random),
        "numbers": numbers(numpy_random),
    }
    Path(sys.argv[1]).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
