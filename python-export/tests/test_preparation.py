import dataclasses
import importlib
from io import BytesIO
from pathlib import Path
from typing import Literal

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

from graft_export import applications, drawing
from graft_export.handoff import Resize
from graft_export.preparation import named, prepare

SIZE = Resize("bilinear", 20, 24)
APPLICATIONS = [name for name in vars(keras.applications) if name[:1].isupper()]


def photo(testdata: Path) -> bytes:
    return (testdata / "preparation" / "photo.jpg").read_bytes()


@pytest.mark.parametrize("method", ["bilinear", "nearest", "bicubic", "area", "lanczos3"])
def test_resizing_equals_image_dataset_from_directory(testdata: Path, method: str) -> None:
    how = named("none", dataclasses.replace(SIZE, method=method))
    expected = np.load(testdata / "preparation" / f"{method}.npy")
    np.testing.assert_array_equal(prepare(how, photo(testdata)), expected)


@pytest.mark.parametrize("name", ["caffe", "tf", "torch", "rescale"])
def test_scaling_equals_keras_bit_for_bit(testdata: Path, name: str) -> None:
    expected = np.load(testdata / "preparation" / f"{name}.npy")
    np.testing.assert_array_equal(prepare(named(name, SIZE), photo(testdata)), expected)


def test_one_channel_equals_keras_grayscale(testdata: Path) -> None:
    expected = np.load(testdata / "preparation" / "grey.npy")
    prepared = prepare(named("none", SIZE, channels=1), photo(testdata))
    np.testing.assert_array_equal(prepared, expected)


@pytest.mark.parametrize("aspect", ["crop", "pad"])
@pytest.mark.parametrize("size", [(20, 24), (24, 20), (31, 7)])
def test_other_proportions_are_treated_as_by_image_dataset_from_directory(
    testdata: Path, tmp_path: Path, aspect: str, size: tuple[int, int]
) -> None:
    (tmp_path / "photo.jpg").write_bytes(photo(testdata))
    data = keras.utils.image_dataset_from_directory(
        tmp_path,
        labels=None,
        image_size=size,
        verbose=False,
        crop_to_aspect_ratio=aspect == "crop",
        pad_to_aspect_ratio=aspect == "pad",
    )
    how = named("none", Resize("bilinear", *size, aspect=aspect))
    np.testing.assert_array_equal(prepare(how, photo(testdata)), next(iter(data))[0])


@pytest.mark.parametrize("mode", ["rgb", "grayscale"])
@pytest.mark.parametrize("size", [(20, 24), (97, 131), (200, 7)])
def test_pil_nearest_equals_load_img(
    testdata: Path, mode: Literal["rgb", "grayscale"], size: tuple[int, int]
) -> None:
    channels = 3 if mode == "rgb" else 1
    image = keras.utils.load_img(BytesIO(photo(testdata)), color_mode=mode, target_size=size)
    expected = keras.utils.img_to_array(image) * np.float32(1 / 255)
    prepared = prepare(named("pil-nearest", Resize("bilinear", *size), channels), photo(testdata))
    np.testing.assert_array_equal(prepared, expected)


@pytest.mark.parametrize("name", APPLICATIONS)
def test_each_application_is_prepared_as_its_own_module_does(name: str) -> None:
    module = getattr(keras.applications, name).__module__.rpartition(".")[2]
    keras_module = importlib.import_module(f"keras.applications.{module}")
    pixels = drawing.picture(3).astype(np.float32)
    encoded = tf.io.encode_png(drawing.picture(3)).numpy()
    how = applications.preparation_of(name)
    prepared = prepare(dataclasses.replace(how, resize=None), encoded)
    np.testing.assert_array_equal(prepared, keras_module.preprocess_input(pixels.copy()))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_obeyed_only_when_asked(testdata: Path, orientation: int) -> None:
    name = f"exif-{orientation}.jpg"
    encoded = (testdata / "images" / name).read_bytes()
    how = named("none", None)
    ignored = np.load(testdata / "images" / "pixels" / f"{name}.npy")
    np.testing.assert_array_equal(prepare(how, encoded), ignored)
    with Image.open(BytesIO(encoded)) as image:
        exif = image.getexif()
    turned = Image.fromarray(ignored)
    turned.getexif().update(exif)
    upright = prepare(dataclasses.replace(how, orientation="exif"), encoded)
    np.testing.assert_array_equal(upright, np.asarray(ImageOps.exif_transpose(turned)))
    np.testing.assert_array_equal(upright, np.load(testdata / "images" / "upright" / f"{name}.npy"))


def test_the_odd_but_good_images_decode_to_the_stored_pixels(testdata: Path) -> None:
    stored = sorted((testdata / "images" / "pixels").glob("*.npy"))
    assert len(stored) == 20
    for path in stored:
        encoded = (testdata / "images" / path.stem).read_bytes()
        np.testing.assert_array_equal(prepare(named("none", None), encoded), np.load(path))


@pytest.mark.parametrize(
    "name", ["text.jpg", "empty.jpg", "truncated.jpg", "truncated.png", "huge.png"]
)
def test_the_hostile_images_do_not_decode(testdata: Path, name: str) -> None:
    encoded = (testdata / "images" / name).read_bytes()
    with pytest.raises(tf.errors.InvalidArgumentError):
        prepare(named("none", None), encoded)


def test_the_drawn_pictures_differ_and_have_odd_sizes() -> None:
    pictures = [drawing.picture(index) for index in range(3)]
    assert len({picture.shape for picture in pictures}) == 3
    for picture in pictures:
        assert picture.shape[0] % 2 == 1
        assert picture.shape[1] % 2 == 1
        assert picture.std() > 20
    assert drawing.jpeg(0) == drawing.jpeg(0)
