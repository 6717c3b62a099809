"""``python -m history FOLDER RECIPE...`` writes recipes below FOLDER; ``--list`` names all."""

import argparse
import json
import platform
import shutil
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from graft_export import preparation
from graft_export.export import export
from graft_export.handoff import Preparation
from graft_export.source import Source
from history import fitting, recipes
from history.fitting import Examples, Joined, StepWriter
from history.recipes import Phase, Recipe
from parity.numbers import Array

_SEED = 1
_PERTURBATION = 1e-6
_PERTURBED_RUNS = 2


def main() -> None:
    """Writes the recipes that are asked for."""
    known = {recipe.name: recipe for recipe in recipes.recipes()}
    parser = argparse.ArgumentParser(prog="history", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("recipes", nargs="*", metavar="RECIPE")
    parser.add_argument("--list", action="store_true", help="write the names to recipes.txt")
    options = parser.parse_intermixed_args()
    if options.list:
        (options.folder / "recipes.txt").write_text("\n".join(known), encoding="utf-8")
        return
    for name in options.recipes:
        if name not in known:
            parser.error(f"there is no recipe {name!r}, only {', '.join(known)}")
        write(known[name], options.folder)


def write(recipe: Recipe, root: Path) -> None:
    """Writes one recipe: images, first weights of the head, orders, and Keras's histories.

    The backbone lies in ``root/backbones``, everything else in a folder of the recipe's name.
    """
    start = time.monotonic()
    keras.backend.clear_session()
    keras.utils.set_random_seed(_SEED)
    source = _exported(recipe.backbone, root / "backbones" / recipe.backbone)
    folder = root / recipe.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    examples = _examples(recipe, source.preparation, folder / "data")
    head = recipes.head_layers(recipe.head, len(recipe.classes))
    joined = Joined.of(source.model, recipe.output_layer, head)
    weights = [weight.numpy() for layer in head for weight in layer.weights]
    for index, values in enumerate(weights):
        np.save(folder / f"head-{index}.npy", values)
    orders = _orders(sum(phase.epochs for phase in recipe.phases))
    np.save(folder / "orders.npy", orders)

    writers: dict[str, StepWriter] = {}

    def writing(phase: Phase, passes: Array) -> list[Any]:
        if not phase.unfrozen:
            return []
        rows = passes.reshape(-1, phase.batch)
        writers[phase.name] = StepWriter(folder, lambda step: examples[0].chosen(rows[step]))
        return [writers[phase.name]]

    trained: dict[str, list[dict[str, Any]]] = {}
    histories = fitting.run(joined, recipe.phases, orders, examples, writing)
    for phase in recipe.phases:
        joined.freeze_all_but(phase.unfrozen)
        trained[phase.name] = [
            {"name": weight.path, "shape": list(weight.shape)}
            for weight in joined.model.trainable_weights
        ]
    perturbed = [
        _perturbed(joined, recipe, orders, examples, seed) for seed in range(1, 1 + _PERTURBED_RUNS)
    ]
    manifest = {
        "name": recipe.name,
        "number": recipe.number,
        "backbone": recipe.backbone,
        "size": list(source.model.input_shape[1:3]),
        "head": recipe.head,
        "unsteady": recipe.unsteady,
        "headWeights": len(weights),
        "outputLayer": recipe.output_layer,
        "seconds": round(time.monotonic() - start),
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
        "phases": [
            {
                "name": phase.name,
                "optimizer": phase.optimizer,
                "epochs": phase.epochs,
                "batch": phase.batch,
                "unfrozen": list(phase.unfrozen),
                "steps": phase.steps,
                "validationSteps": phase.validation_steps,
                "trained": trained[phase.name],
                "history": histories[index],
                "perturbed": [one[index] for one in perturbed],
                "states": writers[phase.name].described if phase.unfrozen else [],
            }
            for index, phase in enumerate(recipe.phases)
        ],
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False)
    (folder / "recipe.json").write_text(text + "\n", encoding="utf-8")


def _exported(name: str, folder: Path) -> Source:
    source = recipes.backbone(name)
    if not folder.exists():
        export(source, folder)
    return source


def _perturbed(
    joined: Joined,
    recipe: Recipe,
    orders: Array,
    examples: tuple[Examples, Examples],
    seed: int,
) -> list[list[dict[str, float]]]:
    training, validation = examples
    moved = (
        training.perturbed(2 * seed, _PERTURBATION),
        validation.perturbed(2 * seed + 1, _PERTURBATION),
    )
    return fitting.run(joined, recipe.phases, orders, moved, lambda *_: [])


def _orders(epochs: int) -> Array:
    """A random order of the training images for each epoch, ``[epochs, images]``."""
    random = np.random.default_rng(_SEED)
    images = recipes.TRAINING_IMAGES
    return np.stack([random.permutation(images) for _ in range(epochs)]).astype(np.int32)


def _examples(recipe: Recipe, how: Preparation | None, folder: Path) -> tuple[Examples, Examples]:
    """Copies digits to ``train`` and ``validation``, one folder a class, and prepares them."""
    assert how is not None
    parts = []
    first = 0
    for part, count in (
        ("train", recipes.TRAINING_IMAGES),
        ("validation", recipes.VALIDATION_IMAGES),
    ):
        each = count // len(recipe.classes)
        parts.append(_part(recipe, how, folder / part, range(first, first + each)))
        first += each
    return parts[0], parts[1]


def _part(recipe: Recipe, how: Preparation, folder: Path, numbers: range) -> Examples:
    images, labels = [], []
    for label, digit in enumerate(recipe.classes):
        target = folder / digit
        target.mkdir(parents=True)
        for number in numbers:
            file = recipes.digit(digit, number)
            shutil.copy(file, target)
            images.append(preparation.prepare(how, file.read_bytes()))
            labels.append(label)
    answers = np.asarray(labels)
    if len(recipe.classes) > 2:
        answers = np.eye(len(recipe.classes))[answers]
    return Examples(np.stack(images), answers.astype(np.float32))


if __name__ == "__main__":
    main()
