"""The committed test data is what its makers make, and what Keras and numpy say."""

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from testdata_maker import augmentation, digits, preparation, splits


def test_the_digits_are_those_of_scikit_learn(testdata: Path, tmp_path: Path) -> None:
    digits.make(tmp_path)
    made = sorted((tmp_path / "digits").rglob("*.png"))
    assert len(made) == 1000
    for path in made:
        committed = testdata / path.relative_to(tmp_path)
        with Image.open(path) as one, Image.open(committed) as other:
            assert (one.mode, one.size) == ("L", (8, 8))
            np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


def test_the_splits_are_those_of_numpy_and_keras(testdata: Path, tmp_path: Path) -> None:
    (tmp_path / "digits").symlink_to(testdata / "digits")
    splits.make(tmp_path)
    assert json.loads((tmp_path / "splits.json").read_text()) == json.loads(
        (testdata / "splits.json").read_text()
    )


def test_the_preparations_are_those_of_keras(testdata: Path, tmp_path: Path) -> None:
    preparation.make(tmp_path)
    for path in sorted((tmp_path / "preparation").glob("*.npy")):
        np.testing.assert_array_equal(np.load(path), np.load(testdata / "preparation" / path.name))


def test_the_augmentations_are_those_of_keras(testdata: Path, tmp_path: Path) -> None:
    (tmp_path / "preparation").symlink_to(testdata / "preparation")
    augmentation.make(tmp_path)
    paths = sorted((tmp_path / "augmentation").glob("*.npy"))
    assert len(paths) == 10
    for path in paths:
        np.testing.assert_array_equal(np.load(path), np.load(testdata / "augmentation" / path.name))


@pytest.mark.parametrize("name", ["keras3-export", "keras3-saved", "keras2"])
def test_the_plain_models_give_their_stored_answers(testdata: Path, name: str) -> None:
    folder = testdata / "models" / name
    loaded = tf.saved_model.load(str(folder))
    signature = loaded.signatures["serving_default"]
    (key,) = signature.structured_input_signature[1]
    answers = signature(**{key: tf.constant(np.load(folder / "golden" / "inputs.npy"))})
    (answer,) = answers.values()
    expected = np.load(folder / "golden" / "outputs.npy")
    assert expected.std() > 0.1
    np.testing.assert_allclose(answer.numpy(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["residual", "dilated", "vector", "keras3-saved"])
def test_no_stored_gradient_is_degenerate(testdata: Path, name: str) -> None:
    paths = sorted((testdata / "models" / name / "golden" / "gradients").glob("*.npy"))
    assert paths
    for path in paths:
        assert np.linalg.norm(np.load(path)) > 0.1, path.name
