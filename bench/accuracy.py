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
BACKBONE = ROOT / "savedmodels" / "efficientnet-lite0"
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
                *("--epochs", "10", "--schedule", "cosine(warmup=1)", "--unfreeze", "*"),
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


@dataclass(frozen=True)
class Bench:
    """What all trainings of one call share; ``room`` holds their features and runs."""

    backbone: Path
    room: Path

    def train(self, recipe: Recipe, data: Path, seed: int) -> float:
        """Runs ``graft train`` and gives the accuracy on the validation images."""
        command = [
            *(str(ROOT / "graft"), "train", str(data), "--backbone", str(self.backbone)),
            *recipe.options,
            *("--seed", str(seed), "--split-seed", SPLIT_SEED),
            *("--features", str(self.room / "features"), "--out", str(self.run(recipe, seed))),
            *("--overwrite", "--json"),
        ]
        print("$", " ".join(command), file=sys.stderr, flush=True)
        answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        accuracy: float = json.loads(answer.stdout)["accuracy"]
        return accuracy

    def run(self, recipe: Recipe, seed: int) -> Path:
        """Where the run of a recipe and a seed goes."""
        return self.room / "runs" / f"{recipe.name.replace(' ', '-')}-{seed}"

    def held_out(self, data: Path) -> Path:
        """A folder with links to training images alone, a fifth of them for validation.

        Settings are compared on it, so that nothing is chosen by the images that the figures are
        of.
        """
        out = self.room / "held-out"
        root, files = self.training(data)
        random.Random(7).shuffle(files)
        for number, name in enumerate(files):
            part = "validation" if number < len(files) // 5 else "train"
            link = out / part / name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to((root / name).resolve())
        return out

    def training(self, data: Path) -> tuple[Path, list[Path]]:
        """The training images: those in ``train/``, else those of the default split."""
        root = data / "train"
        if root.is_dir():
            found = (path for path in root.rglob("*") if path.is_file())
            return root, sorted(path.relative_to(root) for path in found)
        split = Recipe("split", ("--epochs", "1"))
        self.train(split, data, 1)
        run = json.loads((self.run(split, 1) / "run.json").read_text(encoding="utf-8"))
        return data, sorted(Path(name) for name in run["split"]["training"])


def main() -> None:
    """Prints one line a recipe: the accuracy with each seed, and their mean."""
    parser = argparse.ArgumentParser(prog="bench/accuracy", description=__doc__)
    parser.add_argument("recipes", choices=sorted(RECIPES))
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "testdata" / "digits")
    parser.add_argument("--backbone", type=Path, default=BACKBONE)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument(
        "--held-out",
        action="store_true",
        help="measure on a fifth of the training images instead, as for choosing settings",
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(options.backbone.resolve(), Path(scratch))
        data = options.folder.resolve()
        if options.held_out:
            data = bench.held_out(data)
        print(f"| {options.recipes} | {' | '.join(f'seed {s}' for s in options.seeds)} | mean |")
        print("|---" * (len(options.seeds) + 2) + "|")
        for recipe in RECIPES[options.recipes]:
            accuracies = [bench.train(recipe, data, seed) for seed in options.seeds]
            figures = [*accuracies, statistics.mean(accuracies)]
            print(f"| {recipe.name} | {' | '.join(f'{a:.4f}' for a in figures)} |", flush=True)


if __name__ == "__main__":
    main()
