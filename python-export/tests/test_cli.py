import json
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from keras.src.backend import config
from keras.src.legacy.saving import legacy_h5_format
from keras.src.utils import file_utils

from graft_export import cli, handoff


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command and returns its exit code, stdout and stderr."""

    def run(command: str, *arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", [command, *map(str, arguments)])
        entry = cli.export_command if command == "graft-export" else cli.verify_command
        try:
            code = entry()
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def keras_file(tmp_path: Path, *inner: Any, shape: tuple[int | None, ...] = (16, 16, 3)) -> Path:
    model = keras.Sequential([keras.Input(shape), *inner])
    path = tmp_path / "mine.keras"
    model.save(path)
    return path


def conv() -> Any:
    return layers.Conv2D(4, 3, name="conv")


def test_a_random_backbone_is_exported_and_verified(run: Any, tmp_path: Path) -> None:
    out = tmp_path / "m"
    options = ("--weights", "none", "--seed", 5, "--input-size", "64x48", "--out", out)
    assert run("graft-export", "MobileNet-V2", *options)[0] == 0
    manifest = handoff.read(out)
    assert manifest.model.name == "mobilenetv2"
    assert manifest.model.source == "keras.applications"
    assert manifest.weights.source == "random, seed 5"
    assert manifest.signature.inputs[0].shape == [-1, 64, 48, 3]
    assert manifest.preparation is not None
    assert manifest.preparation.divisor == 127.5
    code, table, _ = run("graft-verify", out)
    assert code == 0
    assert "features" in table
    code, text, _ = run("graft-verify", out, "--json")
    assert code == 0
    assert json.loads(text)["agreements"][0]["output"] == "features"


def test_a_classifier_gives_probabilities_of_as_many_classes(run: Any, tmp_path: Path) -> None:
    options = ("--weights", "none", "--include-top", "--classes", 7, "--input-size", 64)
    code, text, _ = run("graft-export", "mobilenet", *options, "--out", tmp_path / "m", "--json")
    assert code == 0
    assert json.loads(text)["include_top"] is True
    output = handoff.read(tmp_path / "m").signature.outputs[0]
    assert (output.alias, output.shape) == ("probabilities", [-1, 7])


def test_the_imagenet_weights_are_read_from_where_keras_keeps_them(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = keras.applications.MobileNet(weights=None, include_top=False, input_shape=(224, 224, 3))
    kernel = model.get_layer("conv1").kernel
    kernel.assign(np.full(kernel.shape, 0.125))
    path = tmp_path / "keras" / "models" / "mobilenet_1_0_224_tf_no_top.h5"
    path.parent.mkdir(parents=True)
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)
    monkeypatch.setattr(config, "_KERAS_DIR", str(tmp_path / "keras"))
    monkeypatch.setattr(file_utils, "validate_file", lambda *_, **__: True)
    options = ("--input-size", 64, "--out", tmp_path / "m")
    code, _, error = run("graft-export", "mobilenet", *options)
    assert code == 0, error
    manifest = handoff.read(tmp_path / "m")
    assert (manifest.weights.source, manifest.weights.licence) == ("imagenet", "Apache-2.0")
    loaded = tf.saved_model.load(str(tmp_path / "m"))
    assert np.all(loaded.layers["conv1"]["kernel"].numpy() == 0.125)


def test_weights_that_cannot_be_fetched_say_where_to_put_them(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*_: Any, **__: Any) -> None:
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(config, "_KERAS_DIR", str(tmp_path / "keras"))
    monkeypatch.setattr(file_utils, "urlretrieve", offline)
    monkeypatch.setattr(urllib.request, "urlopen", offline)
    code, _, error = run("graft-export", "vgg16", "--out", tmp_path / "m")
    assert code == 1
    assert "no network" in error
    assert f"{tmp_path / 'keras' / 'models'}" in error
    assert "--weights FILE" in error


def test_weights_of_a_file_are_taken(run: Any, tmp_path: Path) -> None:
    model = keras.applications.MobileNet(weights=None, include_top=False, input_shape=(64, 64, 3))
    path = tmp_path / "mine.weights.h5"
    model.save_weights(path)
    options = ("--weights", path, "--input-size", 64, "--out", tmp_path / "m")
    assert run("graft-export", "mobilenet", *options)[0] == 0
    assert handoff.read(tmp_path / "m").weights.source == "file:mine.weights.h5"
    loaded = tf.saved_model.load(str(tmp_path / "m"))
    for layer in ("conv1", "conv_pw_13_bn"):
        for name, variable in loaded.layers[layer].items():
            expected = getattr(model.get_layer(layer), name).numpy()
            np.testing.assert_array_equal(variable.numpy(), expected)
    code, _, error = run("graft-export", "vgg16", *options, "--overwrite")
    assert code == 1
    assert error.count("\n") == 1
    assert "mine.weights.h5 do not fit vgg16 without its top" in error


def test_a_keras_file_is_exported(run: Any, tmp_path: Path) -> None:
    path = keras_file(tmp_path, layers.Rescaling(1 / 255), conv())
    code, _, error = run("graft-export", "--model", path, "--out", tmp_path / "m")
    assert (code, error) == (0, "")
    manifest = handoff.read(tmp_path / "m")
    assert manifest.model.source == "file:mine.keras"
    assert manifest.preparation is not None
    assert manifest.preparation.in_graph
    assert manifest.signature.outputs[0].alias == "features"
    assert run("graft-verify", tmp_path / "m")[0] == 0


def test_a_keras_file_that_does_not_scale_says_so(run: Any, tmp_path: Path) -> None:
    path = keras_file(tmp_path, conv())
    code, _, error = run("graft-export", "--model", path, "--out", tmp_path / "m")
    assert code == 0
    assert "--preparation" in error
    options = ("--preparation", "torch", "--overwrite", "--out", tmp_path / "m")
    code, _, error = run("graft-export", "--model", path, *options)
    assert (code, error) == (0, "")
    preparation = handoff.read(tmp_path / "m").preparation
    assert preparation is not None
    assert preparation.divisor == 255


def test_one_channel_is_grey(run: Any, tmp_path: Path) -> None:
    path = keras_file(tmp_path, conv(), shape=(12, 12, 1))
    assert run("graft-export", "--model", path, "--out", tmp_path / "m")[0] == 0
    preparation = handoff.read(tmp_path / "m").preparation
    assert preparation is not None
    assert (preparation.colour_order, preparation.mean) == ("grey", [0.0])
    assert run("graft-verify", tmp_path / "m")[0] == 0


def test_a_model_of_any_size_needs_one(run: Any, tmp_path: Path) -> None:
    path = keras_file(tmp_path, conv(), shape=(None, None, 3))
    code, _, error = run("graft-export", "--model", path, "--out", tmp_path / "m")
    assert code == 2
    assert "--input-size HxW" in error
    options = ("--input-size", "20x30", "--out", tmp_path / "m")
    assert run("graft-export", "--model", path, *options)[0] == 0
    assert handoff.read(tmp_path / "m").signature.outputs[0].shape == [-1, 18, 28, 4]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Say what to export"),
        (["vgg16", "--model", "a.keras"], "Say what to export"),
        (["vgg61"], "There is no backbone 'vgg61'; known are"),
        (["vgg16", "--weights", "none", "--input-size", "16"], "vgg16 cannot be built for 16x16"),
        (["vgg16", "--input-size", "0"], "'0' is not a size such as 224 or 150x200"),
        (["vgg16", "--input-size", "12x"], "'12x' is not a size"),
        (["vgg16", "--classes", "5"], "--classes needs --include-top"),
        (["vgg16", "--include-top", "--classes", "5"], "ImageNet weights have 1000 classes"),
        (["vgg16", "--seed", "3"], "--seed is for --weights none"),
        (["vgg16", "--preparation", "tf"], "--preparation is only for --model"),
        (["--model", "a.keras", "--include-top"], "--include-top has no meaning with --model"),
        (["--model", "a.keras", "--weights", "none"], "--weights has no meaning with --model"),
    ],
)
def test_wrong_usage_is_one_sentence_and_2(
    run: Any, tmp_path: Path, arguments: list[str], message: str
) -> None:
    code, out, error = run("graft-export", *arguments, "--out", tmp_path / "m")
    assert (code, out) == (2, "")
    assert message in error
    assert "Traceback" not in error
    assert not (tmp_path / "m").exists()


def test_what_cannot_be_read_is_one_sentence_and_1(run: Any, tmp_path: Path) -> None:
    text = tmp_path / "text.keras"
    text.write_text("no model")
    for arguments, message in (
        (["--model", tmp_path / "none.keras"], "There is no file"),
        (["--model", text], "Keras cannot read"),
        (["vgg16", "--weights", tmp_path / "none.h5", "--input-size", 32], "no weights file"),
    ):
        code, _, error = run("graft-export", *arguments, "--out", tmp_path / "m")
        assert code == 1
        assert message in error
        assert error.count("\n") == 1


def test_an_output_that_exists_is_refused_before_anything_is_built(
    run: Any, tmp_path: Path
) -> None:
    code, _, error = run("graft-export", "nasnetlarge", "--out", tmp_path)
    assert code == 1
    assert "--overwrite" in error


def test_verify_says_3_for_a_wrong_hash_and_1_for_no_handoff(
    run: Any, testdata: Path, tmp_path: Path
) -> None:
    pool = tmp_path / "pool"
    shutil.copytree(testdata / "models" / "pool", pool)
    (pool / "golden" / "features.npy").write_bytes(b"")
    code, out, error = run("graft-verify", pool)
    assert (code, out) == (3, "")
    assert "features.npy should have the SHA-256" in error
    code, _, error = run("graft-verify", tmp_path)
    assert code == 1
    assert "is not a handoff" in error


def test_help_does_not_wait_for_tensorflow() -> None:
    script = "import sys; from graft_export import cli; cli._export_parser().format_help(); "
    script += "sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
