import dataclasses
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnxruntime
import pytest
import safetensors.numpy
from conftest import random_weights, vectors
from keras import layers
from keras.src.applications import efficientnet

from graft_export import applications, cli, export, handoff, head, lively, preparation
from graft_export.errors import GateError, GraftError, UsageError
from graft_export.handoff import Resize
from graft_export.importing import KerasOptions, write_keras
from graft_export.onnx_model import write_onnx
from graft_export.source import Source, calibration_images
from graft_export.trained import Trained
from graft_export.weights import write_weights

HEAD = "gap, dense(5, relu, l2=0.001), batchnorm, dropout(0.2), dense(softmax)"


def test_what_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(GraftError, match=r"There is no folder .*nowhere: give the folder of a"):
        Trained.read(tmp_path / "nowhere")


def head_model(width: int) -> Any:
    """What HEAD says, as one model, so that its layers are called as Java calls them."""
    return keras.Sequential(
        [
            keras.Input((None, None, width)),
            layers.GlobalAveragePooling2D(name="global_average_pooling2d"),
            layers.Dense(5, "relu", name="dense"),
            layers.BatchNormalization(name="batch_normalization"),
            layers.Dropout(0.2, name="dropout"),
            layers.Dense(3, "softmax", name="dense_1"),
        ],
        name="head",
    )


@dataclasses.dataclass(frozen=True)
class Run:
    """A handoff as Java writes it, and the backbone's file."""

    trained: Trained
    file: Path
    backbone: Any

    def write(self, **options: Any) -> Any:
        out = self.file.parent / "back.keras"
        write_keras(self.trained, out, KerasOptions(self.file, **options))
        return keras.saving.load_model(out)


def run_of(
    backbone: Any,
    tmp_path: Path,
    joined: Any = None,
    output: str | None = None,
    how: handoff.Preparation | None = None,
    unfrozen: tuple[str, ...] = (),
) -> Run:
    """``joined`` is what of the backbone the head reads."""
    file = tmp_path / "mine.keras"
    joined = joined or backbone
    top = head_model(joined.output.shape[-1])
    model = keras.Model(joined.inputs, top(joined.output))
    shape = joined.inputs[0].shape
    how = how or preparation.named("caffe", Resize("bilinear", shape[1], shape[2]))
    lively.enliven(model, 2, [calibration_images(how)])
    backbone.save(file)
    source = Source("mine", "file:mine.keras", model, True, random_weights(), how)
    folder = tmp_path / "model"
    export.export(source, folder, overwrite=False)
    origin = {"name": "mine", "source": "file:mine.keras", "includeTop": False}
    training = {
        "head": HEAD,
        "backbone": origin | ({"output": output} if output else {}),
        "unfrozen": {"head": [], "fine-tune": list(unfrozen)},
    }
    change(folder, lambda told: told["model"].update(source="graft"), training=training)
    return Run(Trained.read(folder), file, backbone)


def change(folder: Path, how: Any = None, **members: Any) -> None:
    path = folder / handoff.FILE_NAME
    told = json.loads(path.read_text(encoding="utf-8"))
    told.update(members)
    if how:
        how(told)
    path.write_text(json.dumps(told), encoding="utf-8")


@pytest.fixture
def thawed(small_model: Any) -> Any:
    small_model.get_layer("block1_conv").trainable = True
    return small_model


@pytest.fixture
def run(thawed: Any, tmp_path: Path) -> Run:
    return run_of(thawed, tmp_path, unfrozen=("block1_conv",))


def test_the_model_is_one_that_keras_could_have_trained(run: Run) -> None:
    model = run.write()
    assert type(model).__name__ == "Functional"
    assert [layer.name for layer in model.layers] == [
        "pixels",
        "stem_conv",
        "stem_bn",
        "stem_swish",
        "drop",
        "block1_conv",
        "global_average_pooling2d",
        "dense",
        "batch_normalization",
        "dropout",
        "dense_1",
    ]
    assert float(model.get_layer("dense").kernel_regularizer.l2) == pytest.approx(0.001)
    assert model.get_layer("dense").activation is keras.activations.relu
    assert model.get_layer("dropout").rate == 0.2
    assert model.output_shape == (None, 3)
    lines: list[str] = []
    model.summary(print_fn=lambda line, **_: lines.append(line))
    assert "batch_normalization" in "\n".join(lines)


def test_the_layers_train_that_trained_last(run: Run) -> None:
    model = run.write()
    flags = {layer.name: layer.trainable for layer in model.layers if layer.weights}
    assert flags == {
        "stem_conv": False,
        "stem_bn": False,
        "block1_conv": True,
        "dense": True,
        "batch_normalization": True,
        "dense_1": True,
    }
    frozen = [weight.numpy() for weight in model.get_layer("stem_bn").weights]
    before = model.get_layer("block1_conv").kernel.numpy()
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(vectors(model, 8)[0], np.arange(8) % 3, epochs=1, verbose=0)
    for old, weight in zip(frozen, model.get_layer("stem_bn").weights, strict=True):
        np.testing.assert_array_equal(old, weight.numpy())
    assert (model.get_layer("block1_conv").kernel.numpy() != before).any()


@pytest.mark.parametrize(
    "how",
    [
        preparation.named("caffe", Resize("bilinear", 20, 24)),
        preparation.named("torch", Resize("bicubic", 20, 24, "crop")),
        preparation.named("tf", Resize("nearest", 20, 24)),
        preparation.named("rescale", Resize("lanczos3", 20, 24)),
    ],
)
def test_with_its_preparation_it_takes_decoded_images_of_any_size(
    thawed: Any, tmp_path: Path, how: handoff.Preparation
) -> None:
    run = run_of(thawed, tmp_path, how=how)
    model = run.write(with_preparation=True)
    assert model.input_shape == (None, None, None, 3)
    encoded = (run.trained.folder / "golden" / "images" / "0.jpg").read_bytes()
    pixels = preparation.decoded(how, encoded)
    expected = np.load(run.trained.folder / "golden" / "probabilities.npy")[0]
    np.testing.assert_allclose(model.predict(pixels[None], verbose=0)[0], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "resize"),
    [
        ("pil-nearest", Resize("nearest", 20, 24)),
        ("caffe", Resize("area", 20, 24)),
        ("caffe", Resize("bilinear", 20, 24, "pad")),
    ],
)
def test_a_preparation_that_keras_has_no_layer_for_is_refused(
    thawed: Any, tmp_path: Path, name: str, resize: Resize
) -> None:
    how = preparation.named(name, resize)
    with pytest.raises(GraftError, match="Keras has no layer: leave --with-preparation out"):
        run_of(thawed, tmp_path, how=how).write(with_preparation=True)


def nested(inner: Any) -> Any:
    """A model of 16x16 images that calls another one, whose flags a model hands down."""
    images = keras.Input((16, 16, 3), name="images")
    x = layers.Normalization(name="scale")(images)
    x = inner(layers.Conv2D(3, 3, padding="same", name="first")(x))
    return keras.Model(images, layers.Conv2D(6, 1, name="last")(x), name="outer")


def inner_model() -> Any:
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(4, 3, name="conv"),
            layers.BatchNormalization(name="bn"),
            layers.Conv2D(5, 3, activation="relu", name="dense"),
        ],
        name="inner",
    )


def test_a_model_in_a_model_and_the_statistics_of_a_normalization_come_back(tmp_path: Path) -> None:
    run = run_of(nested(inner_model()), tmp_path, unfrozen=("inner/dense", "last"))
    model = run.write()
    inner = model.get_layer("inner")
    assert [layer.trainable for layer in inner.layers] == [False, False, True]
    assert model.get_layer("last").trainable
    assert not model.get_layer("first").trainable
    assert {one.name for one in run.trained.variables} > {"scale/mean", "inner/bn/moving_mean"}


def test_it_is_cut_where_the_head_read_it_also_in_a_model_in_a_model(tmp_path: Path) -> None:
    backbone = nested(inner_model())
    inner = backbone.get_layer("inner")
    begun = keras.Model(backbone.inputs, backbone.get_layer("first").output)
    cut = keras.Model(inner.inputs, inner.get_layer("conv").output, name="inner")
    joined = keras.Model(backbone.inputs, cut(begun.output))
    model = run_of(backbone, tmp_path, joined, output="inner/conv").write()
    assert [layer.name for layer in model.get_layer("inner").layers][1:] == ["conv"]
    assert "last" not in [layer.name for layer in model.layers]


def test_another_backbone_is_told_by_its_frozen_weights(run: Run) -> None:
    kernel = run.backbone.get_layer("stem_conv").kernel
    kernel.assign(kernel.numpy() * 2)
    run.backbone.save(run.file)
    with pytest.raises(GateError, match=r"stem_conv/kernel, frozen in the run, in .*mine\.keras"):
        run.write()


def test_another_architecture_is_told_by_its_weights(run: Run) -> None:
    keras.Sequential([keras.Input((20, 24, 3)), layers.Conv2D(4, 3, name="other")]).save(run.file)
    with pytest.raises(GraftError, match="only the backbone other/bias, other/kernel"):
        run.write()


def test_without_its_file_the_file_is_named(run: Run, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"was mine\.keras: name that file with --backbone"):
        write_keras(run.trained, tmp_path / "back.keras", KerasOptions())


def test_another_answer_fails_with_sample_and_values_and_leaves_nothing(
    run: Run, tmp_path: Path
) -> None:
    path = run.trained.folder / "golden" / "probabilities.npy"
    expected = np.load(path)
    wrong = expected.copy()
    wrong[1, 2] += 0.125
    np.save(path, wrong)
    with pytest.raises(GateError) as error:
        run.write()
    assert str(error.value).startswith("golden/images/1.jpg of ")
    assert f"should be {wrong[1, 2]:g} but is {expected[1, 2]:g}" in str(error.value)
    assert not (tmp_path / "back.keras").exists()
    assert not list(tmp_path.glob(".*"))


def test_a_head_of_java_is_refused_and_the_way_out_named() -> None:
    with pytest.raises(GraftError, match=r"--out FILE\.npz or FILE\.safetensors"):
        head.parse("written in Java (com.example.Linear)", 3)


def test_a_head_is_read_as_it_is_written() -> None:
    text = "flatten, dense(7), dropout(0.5), dense(8, tanh, l1=1e-3, l2=0.1), batchnorm, dense"
    parsed = head.parse(text + "(sigmoid, l1=0.5)", 2)
    assert [one.name for one in parsed] == [
        "head/flatten",
        "head/dense",
        "head/dropout",
        "head/dense_1",
        "head/batch_normalization",
        "head/dense_2",
    ]
    built = [one.build("layer") for one in parsed]
    assert built[1].units == 7
    assert built[1].activation is keras.activations.linear
    assert isinstance(built[3].kernel_regularizer, keras.regularizers.L1L2)
    assert built[5].units == 2
    assert built[5].activation is keras.activations.sigmoid


def test_weights_go_into_files_under_their_keras_names(tmp_path: Path) -> None:
    run = run_of(nested(inner_model()), tmp_path)
    model = run.write()
    npz, tensors = tmp_path / "w.npz", tmp_path / "w.safetensors"
    assert write_weights(run.trained, npz) == write_weights(run.trained, tensors)
    with np.load(npz) as arrays:
        assert set(arrays) >= {"first/kernel", "inner/bn/gamma", "dense/kernel", "dense_1/bias"}
        kernel = model.get_layer("dense_1").kernel.numpy()
        np.testing.assert_array_equal(arrays["dense_1/kernel"], kernel)
        read = safetensors.numpy.load_file(tensors)
        assert set(read) == set(arrays)
        np.testing.assert_array_equal(read["dense_1/kernel"], kernel)


def test_a_layer_of_the_head_makes_way_for_one_of_the_backbone(tmp_path: Path) -> None:
    images = keras.Input((16, 16, 3), name="images")
    backbone = keras.Model(images, layers.Dense(4, name="dense")(images))
    run = run_of(backbone, tmp_path)
    assert run.trained.keras_names()["head/dense/kernel"] == "dense_1/kernel"
    assert run.trained.keras_names()["head/dense_1/kernel"] == "dense_2/kernel"
    assert [layer.name for layer in run.write().layers][-1] == "dense_2"


def test_onnx_runtime_gives_the_same_answers(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "m.onnx"
    agreements = write_onnx(run.trained, out)
    assert [one.output for one in agreements] == ["probabilities"]
    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    assert [one.name for one in session.get_inputs()] == ["images"]
    inputs = vectors(run.backbone, 5)[0]
    expected = run.write()(inputs, training=False)
    (received,) = session.run(["probabilities"], {"images": inputs})
    np.testing.assert_allclose(received, expected, atol=1e-4)


def test_values_that_are_not_those_of_the_handoff_are_not_imported(
    run: Run, tmp_path: Path
) -> None:
    folder = run.trained.folder

    def swap(told: Any) -> None:
        first, second = (told["layers"][index]["variables"][1] for index in (1, 5))
        first["sha256"], second["sha256"] = second["sha256"], first["sha256"]

    change(folder, swap)
    with pytest.raises(GateError, match=r"stem_conv/bias in .* should have the SHA-256"):
        write_weights(Trained.read(folder), tmp_path / "w.npz")


def test_efficientnets_of_imagenet_have_their_second_scaling(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(efficientnet.file_utils, "get_file", lambda *_, **__: "weights")
    monkeypatch.setattr(keras.Model, "load_weights", lambda *_: None)
    keras.utils.clear_session()
    shape = (32, 32, 3)
    real = keras.applications.EfficientNetB0(False, "imagenet", input_shape=shape)
    names = {layer.name for layer in real.layers}
    built = applications.skeleton("efficientnetb0", (32, 32), False, 1000, names)
    assert [layer.name for layer in built.layers] == [layer.name for layer in real.layers]
    scaling, expected = (model.get_layer("rescaling_1") for model in (built, real))
    assert scaling.get_config() == expected.get_config()
    plain = applications.skeleton("efficientnetb0", (32, 32), False, 1000, names - {"rescaling_1"})
    assert len(plain.layers) == len(built.layers) - 1


def command(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr("sys.argv", ["graft-import", *map(str, arguments)])
    return cli.import_command()


def test_the_ending_says_what_is_written(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = run.trained.folder
    out = tmp_path / "back.keras"
    assert command(monkeypatch, folder, "--out", out, "--backbone", run.file, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["agreements"][0]["output"] == "probabilities"
    assert command(monkeypatch, folder, "--out", out, "--backbone", run.file) == 1
    assert "exists: choose another --out" in capsys.readouterr().err
    assert command(monkeypatch, folder, "--out", tmp_path / "w.npz") == 0
    assert command(monkeypatch, folder, "--out", tmp_path / "w.npz", "--overwrite") == 0
    assert command(monkeypatch, folder, "--out", tmp_path / "model.txt") == 2
    assert command(monkeypatch, folder, "--out", tmp_path / "v.npz", "--with-preparation") == 2
    assert "--with-preparation is for a .keras file" in capsys.readouterr().err
    assert command(monkeypatch, folder, "--out", tmp_path) == 2
