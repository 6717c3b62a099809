from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import random_weights, vectors
from keras import layers

from graft_export import golden, handoff, lively
from graft_export.errors import GraftError
from graft_export.export import export
from graft_export.source import Source
from graft_export.verify import verify


def call(folder: Path, *inputs: Any) -> dict[str, Any]:
    """What the signature of the reloaded export answers, by output key."""
    loaded = tf.saved_model.load(str(folder))
    keys = [one.key for one in handoff.read(folder).signature.inputs]
    values = {key: tf.constant(value) for key, value in zip(keys, inputs, strict=True)}
    return {
        key: value.numpy() for key, value in loaded.signatures["serving_default"](**values).items()
    }


def of_vectors(model: Any) -> Source:
    lively.enliven(model, 1, vectors(model))
    return Source(model.name, "file:model.keras", model, False, random_weights(), None)


def test_the_export_answers_as_the_model_does(small_source: Source, tmp_path: Path) -> None:
    export(small_source, tmp_path / "small")
    images = vectors(small_source.model, count=5)[0] * 50
    expected = small_source.model(images, training=False).numpy()
    found = golden.difference(expected, call(tmp_path / "small", images)["features"])
    assert found.relative < 1e-5
    verify(tmp_path / "small")


def test_every_variable_is_stored_once_under_its_keras_name(
    small_source: Source, tmp_path: Path
) -> None:
    export(small_source, tmp_path / "small")
    stored = dict(tf.train.list_variables(str(tmp_path / "small" / "variables" / "variables")))
    stored.pop("_CHECKPOINTABLE_OBJECT_GRAPH")
    suffix = "/.ATTRIBUTES/VARIABLE_VALUE"
    assert stored == {
        f"layers/{weight.path}{suffix}": list(weight.shape) for weight in small_source.model.weights
    }


def test_the_stock_loader_finds_every_variable(small_source: Source, tmp_path: Path) -> None:
    export(small_source, tmp_path / "small")
    images = vectors(small_source.model)[0]
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        meta = tf.compat.v1.saved_model.load(session, ["serve"], str(tmp_path / "small"))
        signature = meta.signature_def["serving_default"]
        features = session.run(
            signature.outputs["features"].name, {signature.inputs["images"].name: images}
        )
    expected = small_source.model(images, training=False).numpy()
    assert golden.difference(expected, features).relative < 1e-5


def test_a_keras_layer_can_be_made_of_it(small_source: Source, tmp_path: Path) -> None:
    export(small_source, tmp_path / "small")
    layer = layers.TFSMLayer(str(tmp_path / "small"), call_endpoint="serving_default")
    images = vectors(small_source.model)[0]
    expected = small_source.model(images, training=False).numpy()
    assert golden.difference(expected, layer(images)["features"].numpy()).relative < 1e-5
    assert len(layer.trainable_weights) == 4


def test_a_reloaded_export_still_has_its_gradients(small_source: Source, tmp_path: Path) -> None:
    export(small_source, tmp_path / "small")
    images = tf.constant(vectors(small_source.model)[0])
    loaded = tf.saved_model.load(str(tmp_path / "small"))
    kernel = loaded.layers["stem_conv"]["kernel"]
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(loaded.signatures["serving_default"](images=images)["features"] ** 2)
    received = tape.gradient(total, kernel)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(small_source.model(images, training=False) ** 2)
    expected = tape.gradient(total, small_source.model.get_layer("stem_conv").kernel.value)
    assert golden.difference(expected.numpy(), received.numpy()).relative < 1e-5


def test_the_manifest_tells_what_is_trainable(small_source: Source, tmp_path: Path) -> None:
    manifest = export(small_source, tmp_path / "small")
    trainable = {
        variable.name
        for layer in manifest.layers
        for variable in layer.variables
        if variable.trainable
    }
    assert trainable == {weight.path for weight in small_source.model.trainable_weights}
    assert "block1_conv/kernel" not in trainable
    assert [layer.name for layer in manifest.layers if not layer.trainable] == ["block1_conv"]


def test_the_manifest_describes_the_model(small_source: Source, tmp_path: Path) -> None:
    manifest = export(small_source, tmp_path / "small")
    assert manifest == handoff.read(tmp_path / "small")
    assert manifest.model.parameters == small_source.model.count_params()
    assert [layer.class_name for layer in manifest.layers] == [
        "InputLayer", "Conv2D", "BatchNormalization", "Activation", "Dropout", "Conv2D",
    ]  # fmt: skip
    assert manifest.layers[1].output_shape == [-1, 10, 12, 8]
    assert manifest.signature.inputs[0].shape == [-1, 20, 24, 3]
    assert manifest.signature.outputs[0].shape == [-1, 8, 10, 4]
    assert manifest.golden is not None
    assert len({(tmp_path / "small" / name).read_bytes() for name in manifest.golden.images}) == 3


def test_the_same_model_gives_the_same_variables(small_source: Source, tmp_path: Path) -> None:
    export(small_source, tmp_path / "one")
    export(small_source, tmp_path / "two")
    for name in ("variables.index", "variables.data-00000-of-00001"):
        one, two = (tmp_path / folder / "variables" / name for folder in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


def test_a_nested_model_appears_as_its_own_layers(testdata: Path) -> None:
    manifest = handoff.read(testdata / "models" / "nested")
    assert [layer.name for layer in manifest.layers] == [
        "images", "backbone/inner_images", "backbone/conv1", "backbone/bn1", "pool", "predictions",
    ]  # fmt: skip
    conv = manifest.layers[2]
    assert [variable.name for variable in conv.variables] == [
        "backbone/conv1/kernel",
        "backbone/conv1/bias",
    ]
    assert not any(variable.trainable for variable in conv.variables)
    assert manifest.signature.outputs[0].alias == "probabilities"


def test_two_models_with_the_same_layer_names_do_not_collide(tmp_path: Path) -> None:
    def tower(name: str) -> Any:
        return keras.Sequential([keras.Input((4,)), layers.Dense(3, name="dense")], name=name)

    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    joined = layers.Concatenate(name="joined")([tower("a")(left), tower("b")(right)])
    model = keras.Model([left, right], [joined, layers.Dense(2, name="sum")(joined)], name="two")
    manifest = export(of_vectors(model), tmp_path / "two")
    names = [variable.name for layer in manifest.layers for variable in layer.variables]
    assert names == [
        "a/dense/kernel", "a/dense/bias", "b/dense/kernel", "b/dense/bias",
        "sum/kernel", "sum/bias",
    ]  # fmt: skip
    assert [one.alias for one in manifest.signature.inputs] == ["left", "right"]
    assert [one.alias for one in manifest.signature.outputs] == ["joined", "sum"]
    assert manifest.golden is not None
    assert manifest.golden.other_inputs == {"right": "golden/input_1.npy"}
    inputs = vectors(model)
    answers = call(tmp_path / "two", *inputs)
    for key, expected in zip(("joined", "sum"), model(inputs), strict=True):
        np.testing.assert_allclose(answers[key], expected.numpy(), rtol=1e-5, atol=1e-6)
    verified = verify(tmp_path / "two")
    assert {one.output for one in verified.agreements} == {"joined", "sum"}


def test_a_layer_used_twice_is_stored_once(testdata: Path) -> None:
    manifest = handoff.read(testdata / "models" / "residual")
    assert [layer.name for layer in manifest.layers].count("shared_conv") == 1


def test_grouped_convolutions_run_without_xla(tmp_path: Path) -> None:
    inputs = keras.Input((8, 8, 4), name="maps")
    model = keras.Model(inputs, layers.Conv2D(8, 3, groups=2, name="grouped")(inputs))
    export(of_vectors(model), tmp_path / "grouped")
    assert b"_XlaMustCompile" not in (tmp_path / "grouped" / "saved_model.pb").read_bytes()
    maps = vectors(model)[0]
    answer = next(iter(call(tmp_path / "grouped", maps).values()))
    np.testing.assert_allclose(answer, model(maps).numpy(), rtol=1e-5, atol=1e-5)


def test_names_that_a_signature_cannot_hold_are_made_fit(tmp_path: Path) -> None:
    first, second = keras.Input((2,), name="a.b"), keras.Input((2,), name="a-b")
    model = keras.Model([first, second], layers.Add(name="0.sum")([first, second]))
    manifest = export(of_vectors(model), tmp_path / "odd")
    assert [one.alias for one in manifest.signature.inputs] == ["a_b", "a_b_1"]
    assert [one.alias for one in manifest.signature.outputs] == ["tensor_0_sum"]


def test_whole_numbers_are_inputs_too(tmp_path: Path) -> None:
    words = keras.Input((6,), dtype="int32", name="words")
    x = layers.Embedding(10, 4, name="embedding")(words)
    model = keras.Model(words, layers.Dense(3, activation="softmax", name="top")(layers.GRU(5)(x)))
    source = Source("words", "file:words.keras", model, True, random_weights(), None)
    manifest = export(source, tmp_path / "words")
    assert manifest.signature.inputs[0].dtype == "int32"
    assert manifest.golden is not None
    assert manifest.golden.images == []
    verify(tmp_path / "words")


def test_an_existing_output_is_refused_and_untouched(small_source: Source, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "diary.txt").write_text("mine")
    with pytest.raises(GraftError, match=r"out exists: .* --overwrite"):
        export(small_source, out)
    with pytest.raises(GraftError, match="is not a SavedModel folder"):
        export(small_source, out, overwrite=True)
    assert [path.name for path in out.iterdir()] == ["diary.txt"]


def test_overwrite_replaces_a_model_as_a_whole(small_source: Source, tmp_path: Path) -> None:
    export(small_source, tmp_path / "out")
    (tmp_path / "out" / "old.txt").write_text("old")
    export(small_source, tmp_path / "out", overwrite=True)
    assert not (tmp_path / "out" / "old.txt").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_failure_leaves_nothing_behind(small_source: Source, tmp_path: Path) -> None:
    kernel = small_source.model.get_layer("stem_conv").kernel
    kernel.assign(np.full(kernel.shape, np.nan))
    with pytest.raises(GraftError, match="features of the model is not finite"):
        export(small_source, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def _with_dropout() -> Any:
    inside = keras.Input((4,))
    x = layers.BatchNormalization(name="norm")(layers.Dense(6, name="dense")(inside))
    nested = keras.Model(inside, layers.Dropout(0.5, name="dropout")(x), name="nested")
    vector = keras.Input((4,), name="vector")
    return keras.Model(vector, layers.BatchNormalization(name="top")(nested(vector)), name="model")


def _train(folder: Path, vector: Any, step: int, *on: str) -> dict[str, Any]:
    """What the training signature answers with these layers in training mode."""
    names = [layer.name for layer in handoff.read(folder).layers]
    function = tf.saved_model.load(str(folder)).signatures["training"]
    known = function.structured_input_signature[1]
    switches = {key: key.removeprefix("training_") for key in known if key.startswith("training_")}
    flags = {key: tf.constant(names[int(index)] in on) for key, index in switches.items()}
    random = tf.constant([1, step], tf.int64)
    answers = function(vector=tf.constant(vector), random=random, **flags)
    return {key: value.numpy() for key, value in answers.items()}


def test_each_layer_of_the_training_signature_has_its_switch(tmp_path: Path) -> None:
    model = _with_dropout()
    export(of_vectors(model), tmp_path / "model", with_training=True)
    vector = vectors(model, count=16)[0]
    key = next(iter(call(tmp_path / "model", vector)))
    resting = model(vector, training=False).numpy()
    assert (_train(tmp_path / "model", vector, 1)[key] == resting).all()

    statistics = {weight.path: weight.numpy() for weight in model.non_trainable_weights}
    frozen = _train(tmp_path / "model", vector, 1, "top")
    assert (frozen["update/nested/norm/moving_mean"] == statistics["norm/moving_mean"]).all()
    assert (frozen["update/top/moving_mean"] != statistics["top/moving_mean"]).all()


def test_the_training_signature_is_keras_in_training(tmp_path: Path) -> None:
    model = _with_dropout()
    export(of_vectors(model), tmp_path / "model", with_training=True)
    vector = vectors(model, count=16)[0]
    layers_on = ("nested/norm", "top")
    answers = _train(tmp_path / "model", vector, 1, *layers_on)
    model.get_layer("nested").get_layer("dropout").rate = 0
    expected = model(vector, training=True).numpy()
    key = next(key for key in answers if not key.startswith("update/"))
    assert golden.difference(expected, answers[key]).relative < 1e-6
    for weight in model.non_trainable_weights:
        found = [answers[key] for key in answers if key.endswith(weight.path)]
        if found:
            assert golden.difference(weight.numpy(), found[0]).relative < 1e-6
    assert len([key for key in answers if key.startswith("update/")]) == 4


def test_dropout_draws_from_seed_and_step(tmp_path: Path) -> None:
    model = _with_dropout()
    export(of_vectors(model), tmp_path / "model", with_training=True)
    vector = vectors(model, count=16)[0]
    first, again, next_step = (
        _train(tmp_path / "model", vector, step, "nested/dropout") for step in (1, 1, 2)
    )
    key = next(key for key in first if not key.startswith("update/"))
    assert (first[key] == again[key]).all()
    assert (first[key] != next_step[key]).any()
