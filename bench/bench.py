"""Measures Graft and its peers on the same work in the same run, taking turns."""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import page
from images import Images
from measure import ROOT, Others, memory, processor, run, say
from rows import LITE0, Place, Row, build_java, rows

HEADING = "Beside its peers"


def main() -> None:
    """Measures the rows that are asked for and writes the page and its figures."""
    options = _options()
    chosen = _chosen(options.rows)
    if options.list:
        for row in chosen:
            rounds = options.rounds or row.rounds
            say(f"{row.name:28} about {row.minutes * rounds:4.0f} min  {row.title}")
        return
    before = _read(options.compare) if options.compare else None
    figures = options.out.with_suffix(".json")
    known = _read(figures) if figures.exists() else {"rows": {}}
    place = Place(options.work, Images(options.folder), options.scale, options.keras_share)
    _warm_up(chosen)
    for number, row in enumerate(chosen, 1):
        say(f"{row.name} ({number} of {len(chosen)}): {row.title}")
        known["rows"][row.name] = _measure(row, options, place)
        _write(figures, known)
        page.write(options.out, HEADING, known["rows"], rows())
    print(page.table(known["rows"], chosen))
    if before is not None:
        print(page.comparison(before["rows"], known["rows"], chosen))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    names = ", ".join(row.name for row in rows())
    parser.add_argument(
        "rows",
        nargs="*",
        metavar="ROW",
        help=f"a row, or how the names of several begin; all by default: {names}",
    )
    parser.add_argument("--list", action="store_true", help="say what would be measured")
    parser.add_argument("--rounds", type=_positive, help="of each row, instead of its own number")
    parser.add_argument("--images", dest="folder", type=Path, metavar="FOLDER", help="JPEG files")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="of the numbers of images and of seconds (1)"
    )
    parser.add_argument(
        "--keras-share",
        type=float,
        default=0.25,
        help="part of the steps of Keras's epochs in recipe2 that is run (0.25)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        default=ROOT / "docs" / "performance.md",
        help="the page; its figures go beside it, as .json (docs/performance.md)",
    )
    parser.add_argument(
        "--compare", type=Path, metavar="FILE", help="figures of an earlier run, to compare with"
    )
    parser.add_argument(
        "--work",
        type=Path,
        metavar="DIR",
        default=ROOT / "target" / "bench" / "work",
        help="for models and images, which are made once (target/bench/work)",
    )
    return parser.parse_args()


def _positive(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"expected 1 or more, got {text}")
    return int(text)


def _chosen(names: list[str]) -> list[Row]:
    chosen = []
    for name in names or [""]:
        exact = [row for row in rows() if row.name == name]
        found = exact or [row for row in rows() if row.name.startswith(name)]
        if not found:
            sys.exit(f"There is no row {name}; there are {', '.join(row.name for row in rows())}.")
        chosen += [row for row in found if row not in chosen]
    return chosen


def _warm_up(chosen: list[Row]) -> None:
    """Has everything built, unpacked and read from disk before anything is measured."""
    say("warming up")
    run([str(ROOT / "graft"), "verify", f"savedmodels/{LITE0}"])
    run([sys.executable, "-c", "import keras, tensorflow"])
    if any(row.name.startswith("latency") for row in chosen):
        build_java()


def _measure(row: Row, options: argparse.Namespace, place: Place) -> dict[str, Any]:
    began = time.time()
    others = Others()
    ways = row.ways(place)
    measured: dict[str, list[float]] = {name: [] for name in ways}
    rounds = options.rounds or row.rounds
    for number in range(1, rounds + 1):
        for name, way in ways.items():
            figure = others.during(way)
            measured[name].append(figure)
            say(f"  round {number} of {rounds}, {name}: {page.figure(figure)} {row.unit}")
    return {
        "unit": row.unit,
        "measured": measured,
        "medians": {name: statistics.median(values) for name, values in measured.items()},
        "rounds": rounds,
        "scale": options.scale,
        "others": others.largest,
        "minutes": round((time.time() - began) / 60, 2),
        "images": place.images.words,
        "machine": _machine(),
        "versions": _versions(),
    }


def _machine() -> dict[str, str]:
    return {
        "processor": f"{processor()}, {os.cpu_count()} cores",
        "instructions": ", ".join(_instructions()) or "–",
        "memory": memory(),
    }


def _instructions() -> list[str]:
    """Those that decide how fast convolutions are."""
    info = Path("/proc/cpuinfo")
    flags = set(info.read_text("utf-8").split()) if info.exists() else set()
    known = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_tile")
    return [name for name in known if name in flags]


def _versions() -> dict[str, str]:
    if not _KNOWN_VERSIONS:
        import importlib.metadata
        import platform

        for name in ("tensorflow-cpu", "tensorflow", "keras", "onnxruntime", "openvino"):
            try:
                _KNOWN_VERSIONS[name] = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                continue
        _KNOWN_VERSIONS["python"] = platform.python_version()
        told = run([str(ROOT / "graft"), "--version"]).printed.split("\n")
        _KNOWN_VERSIONS["graft"] = ", ".join(line for line in told if line).removeprefix("graft ")
    return dict(_KNOWN_VERSIONS)


_KNOWN_VERSIONS: dict[str, str] = {}


def _read(file: Path) -> Any:
    return json.loads(file.read_text("utf-8"))


def _write(file: Path, figures: dict[str, Any]) -> None:
    with tempfile.NamedTemporaryFile(
        "w", dir=file.parent, suffix=".new", encoding="utf-8", delete=False
    ) as beside:
        json.dump(figures, beside, indent=1)
        beside.write("\n")
    Path(beside.name).replace(file)


if __name__ == "__main__":
    main()
