"""``keras_pixels.py OUT``: what Keras makes of image folders and images.

``OUT/digits.npy`` holds the pixels of ``testdata/digits`` and ``OUT/digits.json`` their files and
labels, as ``keras.utils.image_dataset_from_directory`` gives them, and the files of the two parts
of a split. ``OUT/NAME-METHOD.npy`` are the images named in ``OUT/images.json``, prepared, and
``OUT/METHOD-ASPECT.npy`` and ``OUT/pil-nearest.npy`` those of the folder ``OUT/odd/all`` as
``image_dataset_from_directory`` and ``ImageDataGenerator`` read them. ``OUT/foreign`` holds images
in formats that TensorFlow does not decode, with Pillow's pixels beside them.
"""

import contextlib
import io
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.applications import imagenet_utils
from keras.src.legacy.preprocessing.image import ImageDataGenerator
from PIL import Image

DIGITS = Path("testdata", "digits")
IMAGES = Path("testdata", "images")
SIZE = (19, 22)
ASPECTS: dict[str, dict[str, bool]] = {
    "stretch": {},
    "crop": {"crop_to_aspect_ratio": True},
    "pad": {"pad_to_aspect_ratio": True},
}
SPLIT = {"validation_split": 0.3, "seed": 42}
SCALED = ("bilinear", "lanczos3")
STRETCHED = ("gaussian", "mitchellcubic")  # Keras refuses to crop or pad with them
METHODS = (*SCALED, "nearest", "bicubic", "area", "lanczos5", *STRETCHED)


def digits(out: Path) -> None:
    """Reads ``testdata/digits``."""
    data = keras.utils.image_dataset_from_directory(
        DIGITS, image_size=SIZE, shuffle=False, verbose=False
    )
    batches = [(pixels.numpy(), labels.numpy()) for pixels, labels in data]
    np.save(out / "digits.npy", np.concatenate([pixels for pixels, _ in batches]))
    document = {
        "files": files(data),
        "labels": np.concatenate([labels for _, labels in batches]).tolist(),
        "training": files(part("training")),
        "validation": files(part("validation")),
    }
    (out / "digits.json").write_text(json.dumps(document), encoding="utf-8")


def part(subset: str) -> Any:
    """One part of the split."""
    return keras.utils.image_dataset_from_directory(
        DIGITS, image_size=SIZE, subset=subset, verbose=False, **SPLIT
    )


def files(data: Any) -> list[str]:
    """The files of a data set, relative to its folder."""
    return [Path(path).relative_to(DIGITS).as_posix() for path in data.file_paths]


def prepared(path: Path, name: str, method: str) -> Any:
    """One image, ``[height, width, 3]``."""
    image = tf.io.decode_image(path.read_bytes(), channels=3, expand_animations=False)
    pixels = tf.image.resize(image, SIZE, method=method).numpy()
    if name == "rescale":
        return keras.layers.Rescaling(1 / 255)(pixels).numpy()
    return pixels if name == "none" else imagenet_utils.preprocess_input(pixels, mode=name)


def images(out: Path) -> None:
    """Prepares all of ``testdata/images`` that TensorFlow can decode, in each way."""
    names = sorted(path.stem for path in (IMAGES / "pixels").glob("*.npy"))
    (out / "images.json").write_text(json.dumps(names), encoding="utf-8")
    for name in ("caffe", "tf", "torch", "rescale", "none"):
        for method in SCALED:
            batch = [prepared(IMAGES / image, name, method) for image in names]
            np.save(out / f"{name}-{method}.npy", np.stack(batch))


def odd(out: Path) -> None:
    """The same images by Keras's two ways to read a folder."""
    folder = out / "odd" / "all"
    folder.mkdir(parents=True)
    for name in json.loads((out / "images.json").read_text(encoding="utf-8")):
        shutil.copy(IMAGES / name, folder)
    photo(folder)
    for method in METHODS:
        for aspect, options in ASPECTS.items():
            if options and method in STRETCHED:
                continue
            data = keras.utils.image_dataset_from_directory(
                folder.parent,
                labels=None,
                image_size=SIZE,
                shuffle=False,
                interpolation=method,
                verbose=False,
                **options,
            )
            pixels = np.concatenate(list(data)).astype(np.float32)
            np.save(out / f"{method}-{aspect}.npy", pixels)
            write_names(out / "odd.json", data.file_paths)
    generator = ImageDataGenerator(rescale=1 / 255)
    with contextlib.redirect_stdout(io.StringIO()):
        data = generator.flow_from_directory(
            folder.parent, target_size=SIZE, class_mode=None, shuffle=False, batch_size=100
        )
    np.save(out / "pil-nearest.npy", next(data))
    write_names(out / "generated.json", data.filenames)


def write_names(path: Path, files: list[str]) -> None:
    """The names of the files, in their order."""
    path.write_text(json.dumps([Path(file).name for file in files]), encoding="utf-8")


def photo(folder: Path) -> None:
    """Files of several sizes and kinds of chroma, large enough for rounding to show."""
    generator = np.random.default_rng(1)
    for index, (height, width) in enumerate([(97, 131), (131, 97), (64, 300)]):
        coarse = Image.fromarray(generator.integers(0, 256, (9, 13, 3), np.uint8))
        picture = coarse.resize((width, height), Image.Resampling.BICUBIC)
        for subsampling in (0, 1, 2):
            path = folder / f"photo-{index}-{subsampling}.jpg"
            picture.save(path, quality=70 + 10 * index, subsampling=subsampling)
        picture.convert("CMYK").save(folder / f"photo-{index}-cmyk.jpg")
        picture.convert("L").save(folder / f"photo-{index}-grey.jpg", progressive=True)


def foreign(out: Path) -> None:
    """TIFF and PNM files of many kinds."""
    folder = out / "foreign"
    folder.mkdir()
    generator = np.random.default_rng(2)
    coarse = Image.fromarray(generator.integers(0, 256, (5, 7, 3), np.uint8))
    picture = coarse.resize((37, 29), Image.Resampling.BICUBIC)
    alpha = picture.convert("RGBA")
    alpha.putalpha(picture.convert("L"))
    kinds = {
        "rgb": picture,
        "grey": picture.convert("L"),
        "palette": picture.quantize(64),
        "bilevel": picture.convert("1"),
        "alpha": alpha,
    }
    for name, image in kinds.items():
        for compression in (None, "tiff_lzw", "tiff_adobe_deflate", "packbits"):
            store(image, folder / f"{name}-{compression}.tif", compression=compression)
    pages = [picture.rotate(180), picture]
    store(picture, folder / "pages.tif", save_all=True, append_images=pages)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        store(picture, folder / f"turned-{orientation}.tif", exif=exif)
    for name, ending in (("rgb", "ppm"), ("grey", "pgm"), ("bilevel", "pbm")):
        store(kinds[name], folder / f"{name}.{ending}")
    (folder / "ascii.ppm").write_text(ascii_ppm(np.asarray(picture)), encoding="ascii")
    np.save(folder / "ascii.ppm.npy", np.asarray(picture, np.float32))


def ascii_ppm(pixels: Any) -> str:
    """The form with numbers as text, which Pillow reads but does not write."""
    height, width, _ = pixels.shape
    numbers = "\n".join(str(value) for value in pixels.ravel())
    return f"P3\n# a comment\n{width} {height}\n255\n{numbers}\n"


def store(image: Image.Image, path: Path, **options: Any) -> None:
    """Writes the file, and what Pillow reads from it."""
    image.save(path, **options)
    pixels = keras.utils.img_to_array(keras.utils.load_img(path), dtype="float32")
    np.save(f"{path}.npy", pixels)


if __name__ == "__main__":
    digits(Path(sys.argv[1]))
    images(Path(sys.argv[1]))
    odd(Path(sys.argv[1]))
    foreign(Path(sys.argv[1]))
