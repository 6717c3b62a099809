"""Measures ``graft batch`` and ``graft features`` beside Keras's ``predict`` on the same images."""

import argparse
import os
import resource
import statistics
import tempfile
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from flowers import BACKBONE, _at_least, _warm_up
from measure import GRAFT, ROOT, Others, has_bfloat16, python, run, say


@dataclass
class Way:
    """One way to go through the images, and how fast its rounds were."""

    name: str
    images: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def add(self, images: int, seconds: float, processor: float) -> None:
        """A round: the pass over the images, without what comes before it."""
        self.images.append(images / seconds)
        say(f"{self.name}: {images} images, {images / seconds:.1f} a second")
        self.processor.append(1000 * processor / images)

    def row(self, first: "Way") -> str:
        """Medians, and how much faster than the first way."""
        speed = statistics.median(self.images)
        processor = statistics.median(self.processor)
        times = speed / statistics.median(first.images)
        less = statistics.median(first.processor) / processor
        return f"| {self.name} | {speed:.1f} | {times:.2f} × | {processor:.1f} ms | {less:.2f} × |"


def main() -> None:
    """Runs the rounds, alternating, and prints the table."""
    parser = argparse.ArgumentParser(prog="bench/batch", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="images in any sub-folders")
    parser.add_argument("--rounds", type=_at_least(1), default=3, help="alternating (3)")
    options = parser.parse_args()
    folder = str(options.folder.resolve())
    _warm_up()
    others = Others()
    keras, batch, features = Way("Keras `predict`"), Way("`graft batch`"), Way("`graft features`")
    ways = [keras, batch, features]
    commands = [(batch, ("batch",)), (features, ("features",))]
    if has_bfloat16():
        ways.append(Way("`graft batch --precision bfloat16`"))
        commands.append((ways[-1], ("batch", "--precision", "bfloat16")))
    with tempfile.TemporaryDirectory() as scratch:
        model = Path(scratch) / "run"
        say("training a head on testdata/digits")
        run(
            [
                GRAFT,
                *("train", "testdata/digits", "--backbone", BACKBONE, "--out", str(model)),
                *("--epochs", "1", "--features", str(Path(scratch) / "store"), "--quiet"),
            ]
        )
        for number in range(1, options.rounds + 1):
            say(f"round {number} of {options.rounds}")
            others.during(partial(_keras, keras, folder))
            for way, command in commands:
                out = "features" if way is features else "labels.parquet"
                place = str(Path(scratch) / out)
                others.during(partial(_graft, way, command, model, folder, place))
    print("| | images/s | | processor time an image | |\n|---|---|---|---|---|")
    for way in ways:
        print(way.row(keras))
    print(f"\n{options.rounds} rounds, alternating, medians. {others.sentence()}")


def _processor() -> float:
    """Processor seconds of all processes that this one has started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _keras(way: Way, folder: str) -> None:
    answer = python("keras_predict.py", folder, "10").answer
    way.add(answer["images"], answer["seconds"], answer["processor"])


def _graft(way: Way, command: tuple[str, ...], model: Path, folder: str, out: str) -> None:
    """The processor time is the whole process's, its start included."""
    before = _processor()
    place = ("--out", out, "--overwrite", "--json", "--quiet")
    answer = run([GRAFT, *command, str(model), folder, *place]).answer
    way.add(answer["records"], answer["seconds"], _processor() - before)


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
