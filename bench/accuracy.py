"""Trains the commands of docs/accuracy.md with several seeds on one split; prints accuracies."""

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BACKBONE = "savedmodels/efficientnet-lite0"
SPLIT_SEED = "1"


@dataclass(frozen=True)
class Recipe:
    """The options of one command, apart from images, backbone, seed and where the run goes."""

    name: str
    options: tuple[str, ...]


RECIPES = {
    "digits": (
        Recipe("head alone", ("--epochs", "30")),
        Recipe(
            "fine-tuned",
            (
                *("--epochs", "10", "--schedule", "cosine(warmup=1)"),
                *("--unfreeze-from", "block5a_expand_conv"),
                *("--fine-tune-epochs", "12", "--fine-tune-learning-rate", "5e-4"),
            ),
        ),
    ),
    "flowers": (
        Recipe("head alone", ("--epochs", "20", "--head", "gap, dense(softmax)")),
        Recipe(
            "fine-tuned",
            (
                *("--epochs", "8", "--schedule", "cosine"),
                *("--unfreeze-from", "block6a_expand_conv"),
                *("--fine-tune-epochs", "3", "--fine-tune-learning-rate", "2e-4"),
            ),
        ),
    ),
}


def train(recipe: Recipe, data: Path, seed: int, features: Path, runs: Path) -> float:
    """Runs ``graft train`` and gives the accuracy on the validation images."""
    out = runs / f"{recipe.name.replace(' ', '-')}-{seed}"
    command = [
        *(str(ROOT / "graft"), "train", str(data), "--backbone", str(ROOT / BACKBONE)),
        *recipe.options,
        *("--seed", str(seed), "--split-seed", SPLIT_SEED),
        *("--features", str(features), "--out", str(out), "--overwrite", "--json"),
    ]
    print("$", " ".join(command), file=sys.stderr, flush=True)
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    accuracy: float = json.loads(answer.stdout)["accuracy"]
    return accuracy


def held_out(data: Path, out: Path) -> Path:
    """A folder with links to training images alone, a fifth of them in place of the validation.

    Settings are compared on it, so that nothing is chosen by the images that the figures are of.
    """
    training = data / "train"
    if not training.is_dir():
        raise SystemExit(f"{data} has no train/ to hold images out of.")
    files = sorted(path for path in training.rglob("*") if path.is_file())
    random.Random(7).shuffle(files)
    for number, path in enumerate(files):
        part = "validation" if number < len(files) // 5 else "train"
        link = out / part / path.relative_to(training)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path.resolve())
    return out


def main() -> None:
    """Prints one line a recipe: the accuracy with each seed, and their mean."""
    parser = argparse.ArgumentParser(prog="bench/accuracy", description=__doc__)
    parser.add_argument("recipes", choices=sorted(RECIPES))
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "testdata" / "digits")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument(
        "--held-out",
        action="store_true",
        help="measure on a fifth of FOLDER/train instead, as for choosing settings",
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        room = Path(scratch)
        data = options.folder.resolve()
        if options.held_out:
            data = held_out(data, room / "held-out")
        print(f"| {options.recipes} | {' | '.join(f'seed {s}' for s in options.seeds)} | mean |")
        print("|---" * (len(options.seeds) + 2) + "|")
        for recipe in RECIPES[options.recipes]:
            accuracies = [
                train(recipe, data, seed, room / "features", room / "runs")
                for seed in options.seeds
            ]
            figures = [*accuracies, statistics.mean(accuracies)]
            print(f"| {recipe.name} | {' | '.join(f'{a:.4f}' for a in figures)} |", flush=True)


if __name__ == "__main__":
    main()
