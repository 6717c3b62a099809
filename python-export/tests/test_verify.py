import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from graft_export import handoff
from graft_export.errors import GateError, GraftError
from graft_export.verify import verify


@pytest.fixture
def pool(testdata: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(testdata / "models" / "pool", tmp_path / "pool"))


def rehash(folder: Path) -> None:
    """Makes the listed hashes those of the files as they are now."""
    path = folder / "handoff.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["files"] = {
        name: handoff.sha256_of_file(folder / name) for name in handoff.files_in(folder)
    }
    path.write_text(json.dumps(document), encoding="utf-8")


def change_array(path: Path, index: tuple[int, ...], by: float) -> None:
    values = np.load(path)
    values[index] += by
    np.save(path, values)


@pytest.mark.parametrize("name", ["pool", "residual", "nested", "dilated", "vector"])
def test_the_committed_handoffs_are_right(testdata: Path, name: str) -> None:
    verification = verify(testdata / "models" / name)
    assert verification.variables > 0
    assert {one.start for one in verification.agreements} >= {"prepared"}
    for one in verification.agreements:
        assert one.relative_difference <= 1e-5
        assert one.top1_agreement == 1


def test_the_committed_backbone_is_right(testdata: Path) -> None:
    folder = testdata.parent / "savedmodels" / "efficientnet-lite0"
    assert [one.start for one in verify(folder).agreements] == ["images", "prepared"]
    assert (folder / "LICENSE").is_file()


@pytest.mark.parametrize(
    "name", ["saved_model.pb", "variables/variables.data-00000-of-00001", "golden/images/1.jpg"]
)
def test_one_changed_byte_is_found_and_the_file_named(pool: Path, name: str) -> None:
    encoded = bytearray((pool / name).read_bytes())
    encoded[len(encoded) // 2] ^= 1
    (pool / name).write_bytes(encoded)
    with pytest.raises(
        GateError, match=rf"{name} should have the SHA-256 \w{{64}} but has \w{{64}}"
    ):
        verify(pool)


def test_missing_and_unlisted_files_are_named_together(pool: Path) -> None:
    (pool / "golden" / "features.npy").rename(pool / "golden" / "other.npy")
    with pytest.raises(GateError) as error:
        verify(pool)
    assert "missing ['golden/features.npy']" in str(error.value)
    assert "not listed ['golden/other.npy']" in str(error.value)


def test_another_answer_is_found_with_sample_and_values(pool: Path) -> None:
    features = np.load(pool / "golden" / "features.npy")
    change_array(pool / "golden" / "features.npy", (1, 2, 3, 4), 0.25)
    rehash(pool)
    with pytest.raises(GateError) as error:
        verify(pool)
    message = str(error.value)
    assert message.startswith("golden/images/1.jpg of ")
    assert f"features[2, 3, 4] should be {features[1, 2, 3, 4] + 0.25:g}" in message
    assert f"but is {features[1, 2, 3, 4]:g}" in message


def test_another_preparation_is_found(pool: Path) -> None:
    path = pool / "handoff.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["preparation"]["colourOrder"] = "bgr"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(
        GateError, match=r"golden/prepared\.npy\[.*\] should be .* \(from the images"
    ):
        verify(pool)


def test_an_answer_that_is_not_a_number_is_a_disagreement(pool: Path) -> None:
    change_array(pool / "golden" / "prepared.npy", (0, 0, 0, 0), float("nan"))
    rehash(pool)
    with pytest.raises(GateError, match=r"golden/images/0\.jpg"):
        verify(pool)


def test_variables_are_compared_with_their_own_hashes(pool: Path) -> None:
    path = pool / "handoff.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    variable = next(layer for layer in document["layers"] if layer["variables"])["variables"][0]
    variable["sha256"] = "0" * 64
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(GateError, match=r"values of block1_conv/kernel .* should have the SHA-256"):
        verify(pool)


def test_a_model_that_does_not_load_is_an_error(pool: Path) -> None:
    saved = pool / "saved_model.pb"
    saved.write_bytes(saved.read_bytes()[:1000])
    rehash(pool)
    with pytest.raises(GraftError, match="TensorFlow cannot load"):
        verify(pool)


def test_a_missing_signature_is_an_error_that_lists_those_there_are(pool: Path) -> None:
    path = pool / "handoff.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["signature"]["name"] = "predict"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(GraftError, match=r"no signature predict, only \['serving_default'\]"):
        verify(pool)


def test_what_is_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GraftError, match=r"There is no folder .*nowhere: give the folder of a"):
        verify(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(GraftError, match="file is a file: give the folder of a model"):
        verify(tmp_path / "file")


def test_of_a_run_the_model_in_it_is_verified(testdata: Path, tmp_path: Path) -> None:
    shutil.copytree(testdata / "models" / "pool", tmp_path / "run" / "model")
    assert verify(tmp_path / "run") == verify(testdata / "models" / "pool")


def test_a_model_in_the_form_that_java_writes_is_verified(tmp_path: Path) -> None:
    folder = tmp_path / "java"
    kernel = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    write_tf1_form(folder, kernel)
    inputs = np.random.default_rng(1).normal(size=(2, 4)).astype(np.float32)
    (folder / "golden").mkdir()
    np.save(folder / "golden" / "prepared.npy", inputs)
    np.save(folder / "golden" / "logits.npy", inputs @ kernel)
    handoff.write(manifest_of(kernel), folder)
    rehash(folder)
    verification = verify(folder)
    assert verification.variables == 1
    assert [one.output for one in verification.agreements] == ["logits"]


def write_tf1_form(folder: Path, kernel: Any) -> None:
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 4], name="x")
        variable = v1.get_variable("head/kernel", initializer=kernel, use_resource=True)
        session.run(v1.global_variables_initializer())
        signature = v1.saved_model.predict_signature_def({"x": x}, {"y": tf.matmul(x, variable)})
        builder = v1.saved_model.Builder(str(folder))
        other = v1.saved_model.predict_signature_def({"x": x}, {"z": 2 * x})
        signatures = {"serving_default": signature, "features": other}
        builder.add_meta_graph_and_variables(session, ["serve"], signatures)
        builder.save()


def manifest_of(kernel: Any) -> handoff.Handoff:
    from graft_export.savedmodel import sha256_of_values

    variable = handoff.Variable(
        "head/kernel", "head/kernel", "float32", [4, 3], True, sha256_of_values(kernel)
    )
    return handoff.Handoff(
        model=handoff.Model("head", "graft", True, 12),
        weights=handoff.Weights("graft", None, None),
        versions={},
        signature=handoff.Signature(
            "serving_default",
            [handoff.Endpoint("vectors", "x", "float32", [-1, 4])],
            [handoff.Endpoint("logits", "y", "float32", [-1, 3])],
        ),
        preparation=None,
        labels=None,
        layers=[handoff.Layer("head", "Dense", [-1, 3], 12, True, [variable])],
        files={},
        golden=handoff.Golden([], "golden/prepared.npy", {"logits": "golden/logits.npy"}, 1e-5),
        training={"epochs": 1},
    )


def test_a_label_that_differs_from_the_asset_is_named(pool: Path) -> None:
    (pool / "assets").mkdir()
    (pool / "assets" / "labels.txt").write_text("rose\ntulip\n", encoding="utf-8")
    rehash(pool)
    tell(pool, lambda told: told.update(labels=["rose", "tulip"]))
    verify(pool)
    tell(pool, lambda told: told.update(labels=["rose", "daisy"]))
    with pytest.raises(GateError, match=r"Label 1 of .* is 'daisy' in its handoff but 'tulip' in"):
        verify(pool)
    tell(pool, lambda told: told.update(labels=["rose"]))
    with pytest.raises(GateError, match=r"has 1 labels in its handoff but 2 in assets/labels\.txt"):
        verify(pool)


def test_swapped_weights_are_called_so(testdata: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(testdata / "models" / "residual", tmp_path / "residual"))

    def swap(told: Any) -> None:
        by_shape: dict[str, Any] = {}
        for layer in told["layers"]:
            for variable in layer["variables"]:
                other = by_shape.setdefault(str(variable["shape"]), variable)
                if other["sha256"] != variable["sha256"]:
                    other["sha256"], variable["sha256"] = variable["sha256"], other["sha256"]
                    return

    tell(folder, swap)
    with pytest.raises(GateError, match=r"were swapped: \S+ has the values that .* lists for \S+ "):
        verify(folder)


def test_other_signatures_are_asked_too(tmp_path: Path) -> None:
    folder = tmp_path / "java"
    kernel = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    write_tf1_form(folder, kernel)
    inputs = np.random.default_rng(1).normal(size=(2, 4)).astype(np.float32)
    (folder / "golden").mkdir()
    arrays = {"prepared": inputs, "logits": inputs @ kernel, "doubled": 2 * inputs}
    for name, values in arrays.items():
        np.save(folder / "golden" / f"{name}.npy", values)
    manifest = manifest_of(kernel)
    assert manifest.golden is not None
    outputs = [handoff.Endpoint("doubled", "z", "float32", [-1, 4])]
    other = handoff.Signature("features", manifest.signature.inputs, outputs)
    golden = dataclasses.replace(manifest.golden, other_outputs={"doubled": "golden/doubled.npy"})
    handoff.write(dataclasses.replace(manifest, signatures=[other], golden=golden), folder)
    rehash(folder)
    assert [(one.start, one.output) for one in verify(folder).agreements] == [
        ("prepared", "logits"),
        ("features", "doubled"),
    ]
    change_array(folder / "golden" / "doubled.npy", (1, 2), 1)
    rehash(folder)
    with pytest.raises(GateError, match=r"sample 1 of .*: doubled\[2\] .* \(from the features"):
        verify(folder)


def tell(folder: Path, how: Any) -> None:
    path = folder / "handoff.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    how(document)
    path.write_text(json.dumps(document), encoding="utf-8")


@dataclasses.dataclass(frozen=True)
class Answered:
    """The texts of a classifier's graph."""

    labels: tuple[str, ...] = ("rose", "tulip", "daisy")
    label: tuple[str, ...] = ("rose", "tulip", "daisy")


def write_classifier(folder: Path, answered: Answered) -> None:
    """A classifier of the form that Java writes, whose graph answers texts of its own."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 3], name="x")
        probabilities = tf.nn.softmax(x)
        rows = tf.shape(x)[0]
        outputs = {
            "probabilities": probabilities,
            "label": tf.gather(tf.constant(answered.label), tf.argmax(probabilities, axis=1)),
            "labels": tf.tile(tf.constant([answered.labels]), [rows, 1]),
        }
        signature = v1.saved_model.predict_signature_def({"x": x}, outputs)
        builder = v1.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()
    inputs = np.eye(3, dtype=np.float32)
    (folder / "golden").mkdir()
    np.save(folder / "golden" / "prepared.npy", inputs)
    np.save(folder / "golden" / "probabilities.npy", tf.nn.softmax(inputs).numpy())
    endpoints = [
        handoff.Endpoint("probabilities", "probabilities", "float32", [-1, 3]),
        handoff.Endpoint("label", "label", "string", [-1]),
        handoff.Endpoint("labels", "labels", "string", [-1, 3]),
    ]
    inputs_ = [handoff.Endpoint("vectors", "x", "float32", [-1, 3])]
    manifest = dataclasses.replace(
        manifest_of(np.zeros([4, 3], np.float32)),
        signature=handoff.Signature("serving_default", inputs_, endpoints),
        labels=["rose", "tulip", "daisy"],
        layers=[],
        golden=handoff.Golden(
            [], "golden/prepared.npy", {"probabilities": "golden/probabilities.npy"}, 1e-5
        ),
    )
    handoff.write(manifest, folder)
    rehash(folder)


def test_the_texts_of_a_graph_are_held_to_the_labels(tmp_path: Path) -> None:
    write_classifier(tmp_path / "right", Answered())
    assert [one.output for one in verify(tmp_path / "right").agreements] == ["probabilities"]


def test_a_changed_label_in_the_graph_is_named(tmp_path: Path) -> None:
    write_classifier(tmp_path / "changed", Answered(labels=("rose", "lily", "daisy")))
    with pytest.raises(
        GateError,
        match=r"Label 1 of .* is 'tulip' in its handoff but 'lily' in the graph \(signature "
        r"serving_default\)",
    ):
        verify(tmp_path / "changed")
    write_classifier(tmp_path / "fewer", Answered(labels=("rose", "tulip")))
    with pytest.raises(GateError, match=r"has 3 labels in its handoff but 2 in the graph"):
        verify(tmp_path / "fewer")


def test_a_graph_that_names_another_class_than_the_likeliest_is_found(tmp_path: Path) -> None:
    write_classifier(tmp_path / "swapped", Answered(label=("rose", "daisy", "tulip")))
    with pytest.raises(
        GateError, match=r"Golden sample 1 of .* is called 'daisy' by the graph .* that of 'tulip'"
    ):
        verify(tmp_path / "swapped")
