"""Measures Graft beside Keras on the same images, backbone, head and number of epochs."""

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import sections
from measure import GRAFT, ROOT, Others, memory, processor, python, run, say

BACKBONE = "savedmodels/efficientnet-lite0"
HEAD = "gap, dense(softmax)"
HEADING = "Transfer learning on photographs"


@dataclass
class Way:
    """One way to train, and what its rounds took."""

    name: str
    seconds: list[float] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)

    def median(self) -> float:
        """Seconds of a round."""
        return statistics.median(self.seconds)

    def spread(self) -> str:
        """The fastest and the slowest round."""
        if len(self.seconds) < 2:
            return "one round"
        return f"{min(self.seconds):.1f} to {max(self.seconds):.1f}"


@dataclass(frozen=True)
class Data:
    """How many images there are."""

    training: int
    validation: int
    classes: int

    @staticmethod
    def of(folder: Path) -> "Data":
        """Counts, and reads every file once, so that no way finds the disk's cache colder."""
        counts = []
        for part in ("train", "validation"):
            files = [path for path in (folder / part).rglob("*") if path.is_file()]
            if not files:
                sys.exit(
                    f"{folder / part} has no images: FOLDER needs train/ and validation/ with one "
                    "folder a class."
                )
            for path in files:
                path.read_bytes()
            counts.append(len(files))
        classes = sum(1 for path in (folder / "train").iterdir() if path.is_dir())
        return Data(counts[0], counts[1], classes)


def main() -> None:
    """Runs the rounds, prints the table and writes the page."""
    options = _options()
    data = Data.of(options.folder)
    _warm_up()
    keras = Way("Keras `model.fit`")
    first = Way("`graft train`, nothing stored")
    again = Way("`graft train`, features stored")
    versions: dict[str, str] = {}
    epochs: list[float] = []
    others = Others()
    for number in range(1, options.rounds + 1):
        say(f"round {number} of {options.rounds}: Keras")
        epochs += _keras(keras, options, others)
        with tempfile.TemporaryDirectory() as scratch:
            for way in (first, again):
                say(f"round {number} of {options.rounds}: {way.name}")
                versions = _graft(way, options, others, Path(scratch))
    text = _section(options, data, [keras, first, again], epochs, others, versions)
    print(text)
    sections.put(options.out, HEADING, text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/flowers", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="with train/ and validation/")
    parser.add_argument("--rounds", type=_at_least(1), default=1, help="alternating (1)")
    parser.add_argument("--epochs", type=_at_least(1), default=20, help="of each way (20)")
    parser.add_argument(
        "--keras-epochs",
        type=_at_least(2),
        default=2,
        help="epochs of Keras that are run; the rest is scaled (2)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        default=ROOT / "docs" / "performance.md",
        help="where the page goes too (docs/performance.md)",
    )
    options = parser.parse_args()
    options.keras_epochs = min(options.keras_epochs, options.epochs)
    return options


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdigit() or int(text) < least:
            raise argparse.ArgumentTypeError(f"expected {least} or more, got {text}")
        return int(text)

    return number


def _warm_up() -> None:
    """Has Graft built, TensorFlow unpacked and both read from disk before anything is measured."""
    say("warming up")
    run([GRAFT, "verify", BACKBONE])
    run([sys.executable, "-c", "import keras, tensorflow"])


def _keras(way: Way, options: argparse.Namespace, others: Others) -> list[float]:
    """Runs Keras as a process of its own; returns the seconds of its epochs."""
    folder = str(options.folder.resolve())
    ran = others.during(lambda: python("keras_fit.py", folder, str(options.keras_epochs)))
    measured: list[float] = ran.answer["epochs"]
    missing = options.epochs - len(measured)
    # The first epoch traces the graph; the others are like each other.
    seconds = ran.seconds - ran.answer["waited"]
    way.seconds.append(seconds + (missing * statistics.mean(measured[1:]) if missing else 0))
    if not missing:
        way.accuracies.append(ran.answer["accuracy"])
    return measured


def _graft(way: Way, options: argparse.Namespace, others: Others, scratch: Path) -> dict[str, str]:
    """Runs ``graft train`` as a user does; returns the versions that it used."""
    out = scratch / f"run-{len(list(scratch.iterdir()))}"
    command = [
        GRAFT,
        *("train", str(options.folder.resolve()), "--backbone", BACKBONE, "--head", HEAD),
        *("--epochs", str(options.epochs), "--features", str(scratch / "features")),
        *("--out", str(out), "--json", "--quiet"),
    ]
    ran = others.during(lambda: run(command))
    way.seconds.append(ran.seconds)
    way.accuracies.append(ran.answer["accuracy"])
    versions: dict[str, str] = json.loads((out / "run.json").read_text("utf-8"))["versions"]
    return versions


def _section(
    options: argparse.Namespace,
    data: Data,
    ways: list[Way],
    epochs: list[float],
    others: Others,
    versions: dict[str, str],
) -> str:
    keras = ways[0]
    rows = [
        f"| {way.name} | {way.median():.1f} s | {way.spread()} | "
        f"{keras.median() / way.median():.1f} × | {_accuracy(way)} |"
        for way in ways
    ]
    images = data.training + data.validation
    classes = _in_words(data.classes)
    java, python = versions["java"].split("+")[0], platform.python_version()
    scaled = options.epochs > options.keras_epochs
    how = (
        f"{options.keras_epochs} of Keras's {options.epochs} epochs were run; each of the others "
        "counts as long as\nthe mean of those after the first."
        if scaled
        else f"All {options.epochs} epochs of Keras were run."
    )
    rounds = (
        "One round" if options.rounds == 1 else f"{options.rounds} rounds, alternating, medians"
    )
    more = "".join(
        f" --{name} {value}"
        for name, value, usual in (
            ("rounds", options.rounds, 1),
            ("epochs", options.epochs, 20),
            ("keras-epochs", options.keras_epochs, 2),
        )
        if value != usual
    )
    return f"""\
Transfer learning on {images:,} photographs, {classes} classes: {data.training:,} to train on,
{data.validation:,} to validate on after each epoch. EfficientNet-Lite0 with ImageNet weights,
frozen, 224×224; `{HEAD}` on it; {options.epochs} epochs of Adam 1e-3, 32 images a
step, float32.

| | whole process | spread | faster | validation accuracy |
|---|---|---|---|---|
{chr(10).join(rows)}

{rounds}; one process after the other, each timed from its start to its end. Graft's time holds the
start of Java, decoding, the trunk over every image (over none when the features are stored), all
epochs, the evaluation before and after, the export with its proof, and the report. Keras's holds
the start of Python, the model and `model.fit`, and no export.
{how} One took {_later(epochs, options):.1f} s.
{others.sentence()}
Keras does what its guides show: `image_dataset_from_directory`, prefetching, `base.trainable =
False`, `base(x, training=False)`. It runs the frozen base in every epoch; Graft runs it once an
image and keeps what comes out ([architecture.md](architecture.md)). By hand, one could do so in
Keras too.

| machine | |
|---|---|
| processor | {processor()}, {os.cpu_count()} cores |
| memory | {memory()} |
| system | {platform.system()} {platform.machine()} |
| Graft | {versions["graft"]}, TensorFlow Java {versions["tensorflow-java"]}, Java {java} |
| Keras | {importlib.metadata.version("keras")}, TensorFlow {_tensorflow()}, Python {python} |

Measured by `bench/flowers FOLDER{more}`; [bench/README.md](../bench/README.md) says what FOLDER is.
"""


def _later(epochs: list[float], options: argparse.Namespace) -> float:
    """Mean seconds of the epochs of all rounds but each round's first."""
    return statistics.mean(
        seconds for index, seconds in enumerate(epochs) if index % options.keras_epochs
    )


def _accuracy(way: Way) -> str:
    return f"{statistics.median(way.accuracies):.4f}" if way.accuracies else "–"


def _in_words(number: int) -> str:
    words = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return words[number - 2] if 2 <= number <= 10 else str(number)


def _tensorflow() -> str:
    for name in ("tensorflow-cpu", "tensorflow"):
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return "of an unknown version"


if __name__ == "__main__":
    main()
