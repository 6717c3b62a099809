"""The rows of the table: the work, the ways to do it, and what Graft is to reach."""

import json
import shutil
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from images import Images
from measure import GRAFT, ROOT, Ran, has_bfloat16, later, python, run

Measure = Callable[[], float]
Medians = Mapping[str, float]

LITE0 = "efficientnet-lite0"
HEAD = "flatten, dense(256, relu), dense(1, sigmoid)"
KERAS = "Keras"
ORT = "ONNX Runtime"
OPENVINO = "OpenVINO"
GRAFT32 = "Graft"
GRAFT16 = "Graft, bfloat16"
OPENVINO16 = "OpenVINO, bfloat16"


@dataclass(frozen=True)
class Backbone:
    """A model, the size of its images, and how many of them make a pass of 10 s or more."""

    name: str
    size: int
    images: int


BACKBONES = (
    Backbone("vgg16", 150, 512),
    Backbone("resnet50", 224, 640),
    Backbone("mobilenetv2", 224, 3000),
    Backbone(LITE0, 224, 3000),
)


@dataclass(frozen=True)
class Goal:
    """``way`` is to be at least ``least`` times as good as ``against``; None shows it only."""

    way: str
    against: str
    least: float | None


@dataclass(frozen=True)
class Row:
    """One row.

    ``ways`` gives what measures each way once, by its name, in the order in which they take turns.
    ``remark`` says something about the medians.
    """

    name: str
    title: str
    unit: str
    more_is_better: bool
    rounds: int
    minutes: float
    ways: Callable[["Place"], dict[str, Measure]]
    goals: tuple[Goal, ...] = ()
    remark: Callable[[Medians], str] | None = None

    def ratio(self, way: float, against: float) -> float:
        """How many times as good one figure is as another."""
        return way / against if self.more_is_better else against / way


class Place:
    """Where models, images and results lie, and the sizes that were asked for."""

    def __init__(self, work: Path, images: Images, scale: float, keras_share: float) -> None:
        self.work = work
        self.images = images
        self.scale = scale
        self.keras_share = keras_share
        self.scratch = work / "scratch"
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)
        self._calibrated: set[tuple[Path, str]] = set()

    def count(self, usual: int) -> int:
        """A number of images at the scale that was asked for."""
        return max(32, round(usual * self.scale))

    def models(self, name: str, size: int) -> Path:
        """The forms of a model, made when they are not there."""
        folder = self.work / "models" / f"{name}-{size}"
        if not folder.exists():
            beside = folder.with_name(folder.name + ".partial")
            shutil.rmtree(beside, ignore_errors=True)
            python("models.py", name, str(size), str(beside))
            beside.rename(folder)
        return folder

    def calibrate(self, models: Path, precision: str) -> None:
        """Lets Graft measure this machine, as it does itself, once, before its first long job."""
        if (models, precision) not in self._calibrated:
            graft("calibrate", str(models / "handoff"), "--precision", precision)
            self._calibrated.add((models, precision))

    def folder(self, count: int) -> Path:
        """A folder of so many images."""
        return self.images.write(self.work / "images" / str(count), count)

    def classes(self, training: int, validation: int) -> Path:
        """A folder of two classes."""
        folder = self.work / "images" / f"{training}-{validation}"
        return self.images.write_classes(folder, training, validation)

    def fresh(self, name: str) -> Path:
        """A place for a result where nothing is."""
        target = self.scratch / name
        if target.is_dir():
            shutil.rmtree(target)
        return target

    def classifier(self) -> Path:
        """A run of ``graft train`` on EfficientNet-Lite0 and the digits of testdata."""
        folder = self.work / "classifier"
        if not folder.exists():
            graft(
                *("train", "testdata/digits", "--backbone", f"savedmodels/{LITE0}"),
                *("--epochs", "1", "--out", str(folder), "--features", str(self.fresh("digits"))),
            )
        return folder

    def vectors(self, training: int, validation: int, size: int) -> Path:
        """Arrays as a convolutional network leaves them: half zeros, the rest positive."""
        import numpy as np

        file = self.work / f"vectors-{training}-{validation}.npz"
        if not file.exists():
            random = np.random.default_rng(1)
            arrays: dict[str, Any] = {}
            for suffix, count in (("", training), ("_val", validation)):
                drawn = random.standard_normal((count, size), np.float32)
                arrays["x" + suffix] = np.maximum(drawn, 0)
                arrays["y" + suffix] = random.integers(0, 2, count)
            np.savez(file, **arrays)
        return file


def graft(*arguments: str) -> Ran:
    """Runs the command line as a user does."""
    return run([GRAFT, *arguments, "--json", "--quiet"])


def _bfloat16(ways: dict[str, Measure]) -> dict[str, Measure]:
    """Without the ways in bfloat16 where the processor has none."""
    if has_bfloat16():
        return ways
    return {name: way for name, way in ways.items() if "bfloat16" not in name}


def _folder_row(backbone: Backbone, least: Mapping[str, float]) -> Row:
    goals = [
        Goal(GRAFT32, KERAS, least.get("keras")),
        Goal(GRAFT32, ORT, 1.0),
        Goal(GRAFT32, OPENVINO, 0.8),
        Goal(GRAFT16, KERAS, least.get("keras16")),
        Goal(GRAFT16, ORT, least.get("ort16")),
        Goal(GRAFT16, OPENVINO16, 0.8),
    ]
    return Row(
        f"folder-{backbone.name}",
        f"{backbone.name} at {backbone.size}×{backbone.size} over a folder of JPEG files",
        "images/s",
        more_is_better=True,
        rounds=2,
        minutes=2.5,
        ways=partial(_folder_ways, backbone),
        goals=tuple(goals),
    )


def _folder_ways(backbone: Backbone, place: Place) -> dict[str, Measure]:
    models = place.models(backbone.name, backbone.size)
    folder = place.folder(place.count(backbone.images))

    def peer(what: str, *more: str) -> float:
        arguments = (what, backbone.name, str(backbone.size), str(models), str(folder), *more)
        return float(python("peers.py", *arguments).answer["speed"])

    def features(precision: str) -> float:
        out = place.fresh("features")
        command = ("features", str(models / "handoff"), str(folder), "--out", str(out))
        place.calibrate(models, precision)
        answer = graft(*command, "--precision", precision).answer
        return float(answer["records"]) / float(answer["seconds"])

    return _bfloat16(
        {
            KERAS: lambda: peer("folder-keras"),
            ORT: lambda: peer("folder-onnxruntime"),
            OPENVINO: lambda: peer("folder-openvino", "f32"),
            GRAFT32: lambda: features("winograd"),
            OPENVINO16: lambda: peer("folder-openvino", "bf16"),
            GRAFT16: lambda: features("bfloat16"),
        }
    )


STOCK = "`SavedModelBundle`"
ORT_JAVA = "ONNX Runtime, Java"


def _latency_row(backbone: Backbone, keras: float | None) -> Row:
    return Row(
        f"latency-{backbone.name}",
        f"{backbone.name} at {backbone.size}×{backbone.size}, one prepared image at a time",
        "ms",
        more_is_better=False,
        rounds=3,
        minutes=1.5,
        ways=partial(_latency_ways, backbone),
        goals=(
            Goal(GRAFT32, KERAS, keras),
            Goal(GRAFT32, STOCK, 1.3),
            Goal(GRAFT32, ORT, None),
            Goal(GRAFT32, ORT_JAVA, None),
            Goal(GRAFT32, OPENVINO, None),
        ),
    )


def _latency_ways(backbone: Backbone, place: Place) -> dict[str, Measure]:
    models = place.models(backbone.name, backbone.size)
    seconds = str(max(1.0, 5 * place.scale))

    def peer(what: str, *more: str) -> float:
        arguments = (what, str(backbone.size), str(models), seconds, *more)
        return float(python("peers.py", *arguments).answer["milliseconds"])

    def java(what: str) -> float:
        return jmh(place, f"OneImage.{what}$", models=str(models), size=str(backbone.size))

    return {
        KERAS: lambda: peer("latency-keras"),
        STOCK: lambda: java("stock"),
        ORT: lambda: peer("latency-onnxruntime"),
        ORT_JAVA: lambda: java("onnxRuntime"),
        OPENVINO: lambda: peer("latency-openvino", "f32"),
        GRAFT32: lambda: java("graft"),
    }


def jmh(place: Place, benchmark: str, **parameters: str) -> float:
    """Runs one JMH benchmark in a fork; the median in milliseconds."""
    home = ROOT / "target" / "bench"
    result = place.scratch / "jmh.json"
    given = [word for name, value in parameters.items() for word in ("-p", f"{name}={value}")]
    seconds = f"{max(1, round(2 * place.scale))}s"
    run(
        [
            *("java", "-cp", f"{home}/classes:{home}/lib/*", "org.openjdk.jmh.Main", benchmark),
            *("-f", "1", "-wi", "2", "-w", seconds, "-i", "3", "-r", seconds),
            *("-bm", "sample", "-tu", "ms", "-rf", "json", "-rff", str(result), "-foe", "true"),
            *("-jvmArgs", "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0"),
            *given,
        ]
    )
    (measured,) = json.loads(result.read_text("utf-8"))
    return float(measured["primaryMetric"]["scorePercentiles"]["50.0"])


CACHED = "Keras, features by hand"
GRAFT_WINOGRAD = "Graft, `--precision winograd`"


def _recipe_row() -> Row:
    return Row(
        "recipe2",
        "Recipe 2: VGG16 at 150×150 frozen, flatten, dense(256), dense(1); 2,000 training and "
        "1,000 validation images, 30 epochs; whole processes",
        "s",
        more_is_better=False,
        rounds=1,
        minutes=8,
        ways=_recipe_ways,
        goals=(
            Goal(GRAFT32, KERAS, 25),
            Goal(GRAFT32, CACHED, 1.15),
            Goal(GRAFT_WINOGRAD, KERAS, 25),
            Goal(GRAFT_WINOGRAD, CACHED, 1.15),
            Goal(GRAFT16, KERAS, 80),
            Goal(GRAFT16, CACHED, 2.5),
        ),
    )


def _recipe_ways(place: Place) -> dict[str, Measure]:
    models = place.models("vgg16", 150)
    images = place.classes(place.count(2000), place.count(1000))

    def keras() -> float:
        ran = python("peers.py", "fit", str(models), str(images), "2", str(place.keras_share), "")
        first, second = ran.answer["epochs"]
        # The first epoch builds the function, too.
        once = ran.seconds - ran.answer["waited"] - first - second + max(0.0, first - second)
        return float(once + 30 * second * ran.answer["scale"])

    def cached() -> float:
        ran = python("peers.py", "fit-cached", str(models), str(images), "30")
        return float(ran.seconds - ran.answer["waited"])

    def trained(precision: str) -> float:
        place.calibrate(models, precision)
        return _train(place, models, images, 30, "--precision", precision).seconds

    return _bfloat16(
        {
            KERAS: keras,
            CACHED: cached,
            GRAFT32: lambda: trained("float32"),
            GRAFT_WINOGRAD: lambda: trained("winograd"),
            GRAFT16: lambda: trained("bfloat16"),
        }
    )


def _train(place: Place, models: Path, data: Path, epochs: int, *more: str) -> Ran:
    return graft(
        *("train", str(data), "--backbone", str(models / "handoff"), "--head", HEAD),
        *("--preparation", "rescale", "--optimizer", "rmsprop(2e-5)", "--batch-size", "20"),
        *("--epochs", str(epochs), "--features", str(place.fresh("store"))),
        *("--out", str(place.fresh("run")), *more),
    )


def _epoch(place: Place) -> float:
    seconds = python("peers.py", "epochs", str(place.scratch / "run")).answer["epochs"]
    return float(statistics.median(seconds))


def _block_row() -> Row:
    return Row(
        "block5",
        "Fine-tuning VGG16's block5 at 150×150 on 400 images, 200 to validate on: an epoch after "
        "the first",
        "s",
        more_is_better=False,
        rounds=2,
        minutes=2.5,
        ways=_block_ways,
        goals=(Goal(GRAFT32, KERAS, 3),),
    )


def _block_ways(place: Place) -> dict[str, Measure]:
    models = place.models("vgg16", 150)
    images = place.classes(place.count(400), place.count(200))

    def keras() -> float:
        ran = python("peers.py", "fit", str(models), str(images), "2", "1", "block5_")
        return later(ran.answer["epochs"])

    def grafted() -> float:
        _train(place, models, images, 4, "--unfreeze", "block5_*")
        return _epoch(place)

    return {KERAS: keras, GRAFT32: grafted}


def _head_row() -> Row:
    return Row(
        "head",
        "dense(256), dense(1) on 2,000 stored rows of 8,192 features, 1,000 to validate on: an "
        "epoch after the first",
        "s",
        more_is_better=False,
        rounds=3,
        minutes=0.7,
        ways=_head_ways,
        goals=(Goal(GRAFT32, KERAS, 2),),
    )


def _head_ways(place: Place) -> dict[str, Measure]:
    size = 8192
    arrays = place.vectors(place.count(2000), place.count(1000), size)
    backbone = place.models("vector", size) / "handoff"

    def keras() -> float:
        return later(python("peers.py", "fit-arrays", str(arrays), "6").answer["epochs"])

    def grafted() -> float:
        graft(
            *("train", str(arrays), "--backbone", str(backbone)),
            *("--head", "dense(256, relu), dense(1, sigmoid)", "--optimizer", "rmsprop(2e-5)"),
            *("--batch-size", "20", "--epochs", "6", "--features", str(place.fresh("store"))),
            *("--out", str(place.fresh("run"))),
        )
        return _epoch(place)

    return {KERAS: keras, GRAFT32: grafted}


def _start_row() -> Row:
    return Row(
        "start",
        "From the start of the process to the first prediction, EfficientNet-Lite0",
        "s",
        more_is_better=False,
        rounds=5,
        minutes=0.4,
        ways=_start_ways,
        goals=(Goal(GRAFT32, "Shortest Python program", 2),),
    )


def _start_ways(place: Place) -> dict[str, Measure]:
    classifier = place.classifier()
    image = str(next(iter(sorted(place.folder(32).iterdir()))))
    return {
        "Shortest Python program": lambda: (
            python("shortest.py", str(classifier / "model"), image).seconds
        ),
        GRAFT32: lambda: run([GRAFT, "predict", str(classifier), image]).seconds,
    }


def _memory_row() -> Row:
    return Row(
        "memory",
        "Anonymous resident memory at its most, EfficientNet-Lite0 over a folder, -Xmx1g",
        "MiB",
        more_is_better=False,
        rounds=1,
        minutes=5,
        ways=_memory_ways,
        goals=(
            Goal("Graft, 20,000 images", "Graft, 2,000 images", 0.9),
            Goal("Graft, 2,000 images", "Keras, 2,000 images", 1),
        ),
    )


def _memory_ways(place: Place) -> dict[str, Measure]:
    models = place.models(LITE0, 224)

    def grafted(count: int) -> float:
        command = [GRAFT, "features", str(models / "handoff"), str(place.folder(count))]
        out = ["--out", str(place.fresh("features")), "--quiet"]
        return run([*command, *out], GRAFT_JAVA_OPTS="-Xmx1g").anonymous

    def keras(count: int) -> float:
        folder = str(place.folder(count))
        return python("peers.py", "folder-keras", LITE0, "224", str(models), folder).anonymous

    ways: dict[str, Measure] = {}
    for usual in (2000, 20_000):
        ways[f"Graft, {usual:,} images"] = partial(grafted, place.count(usual))
    ways["Keras, 2,000 images"] = partial(keras, place.count(2000))
    return ways


_COUNTS = (500, 2000, 6000, 20_000)
_EPOCHS = (10, 100, 300)


def _images_row() -> Row:
    return Row(
        "images",
        "graft train, EfficientNet-Lite0, 10 epochs, nothing stored, by the number of images",
        "s",
        more_is_better=False,
        rounds=1,
        minutes=6,
        ways=_images_ways,
        remark=partial(_line, "image"),
    )


def _images_ways(place: Place) -> dict[str, Measure]:
    models = place.models(LITE0, 224)

    def train(count: int) -> float:
        folder = place.classes(round(count * 0.8), count - round(count * 0.8))
        return _lite0(place, models, folder, 10, place.fresh("store"))

    counts = [place.count(usual) for usual in _COUNTS]
    return {f"{count:,} images": partial(train, count) for count in counts}


def _epochs_row() -> Row:
    return Row(
        "epochs",
        "graft train, EfficientNet-Lite0, 2,000 images, features stored, by the number of epochs",
        "s",
        more_is_better=False,
        rounds=2,
        minutes=1.5,
        ways=_epochs_ways,
        remark=partial(_line, "epoch"),
    )


def _epochs_ways(place: Place) -> dict[str, Measure]:
    models = place.models(LITE0, 224)
    folder = place.classes(place.count(1600), place.count(400))
    store = place.fresh("kept")
    _lite0(place, models, folder, 1, store)
    return {
        f"{count} epochs": partial(_lite0, place, models, folder, count, store) for count in _EPOCHS
    }


def _lite0(place: Place, models: Path, folder: Path, epochs: int, store: Path) -> float:
    return graft(
        *("train", str(folder), "--backbone", str(models / "handoff"), "--epochs", str(epochs)),
        *("--features", str(store), "--out", str(place.fresh("run"))),
    ).seconds


def _line(what: str, medians: Medians) -> str:
    """The straight line through the medians, by least squares."""
    steps = [float(name.split()[0].replace(",", "")) for name in medians]
    values = list(medians.values())
    line = statistics.linear_regression(steps, values)
    off = max(
        abs(line.intercept + line.slope * step - value) / value
        for step, value in zip(steps, values, strict=True)
    )
    return (
        f"{line.intercept:.1f} s + {1000 * line.slope:.2f} ms an {what}; "
        f"no measurement is further than {off:.0%} from that line."
    )


def rows() -> list[Row]:
    """All rows, in the order of the page."""
    least: dict[str, dict[str, float]] = {
        "vgg16": {"keras": 1.1, "keras16": 4, "ort16": 2},
        "resnet50": {"keras": 1.3, "keras16": 3, "ort16": 2},
        "mobilenetv2": {"keras": 2},
        LITE0: {"keras": 2},
    }
    latency = {"vgg16": 1.5, "resnet50": 1.7, "mobilenetv2": 1.3}
    return [
        _recipe_row(),
        _block_row(),
        _head_row(),
        *(_folder_row(backbone, least[backbone.name]) for backbone in BACKBONES),
        *(_latency_row(backbone, latency.get(backbone.name)) for backbone in BACKBONES),
        _start_row(),
        _memory_row(),
        _images_row(),
        _epochs_row(),
    ]


def build_java() -> None:
    """Compiles src/bench/java and fetches what it needs, unless that is there already."""
    home = ROOT / "target" / "bench"
    stamp = home / "stamp"
    sources = [ROOT / "pom.xml", *(ROOT / "src").glob("*/java/**/*.java")]
    if stamp.exists() and all(f.stat().st_mtime < stamp.stat().st_mtime for f in sources):
        return
    plugins = "org.apache.maven.plugins"
    run(
        [
            *("mvn", "-q", "-f", str(ROOT / "pom.xml"), "-Pbench", f"-Dlauncher={home}"),
            *("compile", f"{plugins}:maven-dependency-plugin:copy-dependencies"),
        ]
    )
    stamp.touch()
