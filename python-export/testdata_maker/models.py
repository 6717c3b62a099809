"""``testdata/models``: tiny SavedModels in every form that Keras writes, with answers and gradients.

Each model is made by a process of its own (``python -m testdata_maker.models NAME FOLDER``): the
names in a SavedModel count up over the life of a process.
"""

import dataclasses
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras import layers

from graft_export import golden, handoff, lively, preparation, savedmodel
from graft_export.export import export
from graft_export.handoff import Resize, Weights
from graft_export.source import Source, calibration_images, ends_in_classifier, prepares_itself

_SEED = 1
_README = """\
# Tiny models

All have lively random weights (`graft_export.lively`).

| folder | what it is | form |
|---|---|---|
| `pool` | one convolution and a pooling; pixels / 255 | handoff |
| `residual` | `block1_*`, `block2_*`: BatchNorm, swish, a dropout, a layer used twice; caffe | handoff |
| `nested` | a backbone as a layer of a model with a softmax top; torch | handoff |
| `dilated` | dilated (same, valid), depthwise dilated, padded and explicitly padded convolutions, as Keras writes them and with the dilation in the op (`raw_*`); prepares its pixels itself | handoff |
| `obstacles` | layers that cannot train, and some that can: a dilated convolution with strides, an LSTM as a loop and one unrolled | handoff |
| `vector` | a classifier of 4 numbers | handoff |
| `keras3-export` | `model.export`, Keras 3 | plain |
| `keras3-saved` | `tf.saved_model.save` of a Keras 3 model: its variables are not where the stock loader looks (keras-team/keras#19274) | plain |
| `keras2` | `model.save`, Keras 2 (`tf-keras`) | plain |

A plain model has its inputs and answers in `golden/inputs.npy` and `golden/outputs.npy`; a handoff
where `handoff.json` says. Where there is a `golden/seed.npy`, `golden/gradients/NAME.npy` is the gradient
of sum(output × seed) with respect to the trainable variable NAME, with `__` for `/`.

All come out the same again, but `keras3-export`: Keras puts its variables in any order.

Made by `python -m testdata_maker models` in `python-export`; `keras2` by `python -m testdata_maker.keras2`
with `tensorflow~=2.18.0` and `tf-keras~=2.18.0` alone.
"""


def make(testdata: Path) -> None:
    """Makes every model but ``keras2`` below ``testdata/models``."""
    folder = testdata / "models"
    folder.mkdir(parents=True, exist_ok=True)
    for name in _MODELS:
        shutil.rmtree(folder / name, ignore_errors=True)
        subprocess.run(
            [sys.executable, "-m", "testdata_maker.models", name, str(folder)], check=True
        )
    (folder / "README.md").write_text(_README, encoding="utf-8")


class RawConvolution(layers.Layer):  # type: ignore[misc]
    """A convolution whose dilation and padding stay in the op; Keras itself takes it apart."""

    def __init__(self, padding: Any, dilation: int, stride: int = 1, **options: Any) -> None:
        super().__init__(**options)
        self._padding, self._dilation, self._stride = padding, dilation, stride

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the kernel."""
        self.kernel = self.add_weight(name="kernel", shape=(3, 3, input_shape[-1], 8))

    def call(self, inputs: Any) -> Any:
        """Convolves ``[batch, height, width, channels]``."""
        return tf.nn.conv2d(
            inputs, self.kernel, self._stride, self._padding, dilations=self._dilation
        )


class RawDepthwise(layers.Layer):  # type: ignore[misc]
    """A depthwise convolution whose dilation of 2 stays in the op.

    TensorFlow's gradient of that op is wrong; with ``differentiable`` the same is computed by ops
    whose gradients are right.
    """

    differentiable = False

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the kernel."""
        self.depthwise_kernel = self.add_weight(
            name="depthwise_kernel", shape=(3, 3, input_shape[-1], 1)
        )

    def call(self, inputs: Any) -> Any:
        """Convolves ``[batch, height, width, channels]``."""
        kernel = tf.convert_to_tensor(self.depthwise_kernel)
        if self.differentiable:
            return tf.nn.depthwise_conv2d(inputs, kernel, [1] * 4, "SAME", dilations=(2, 2))
        return tf.raw_ops.DepthwiseConv2dNative(
            input=inputs, filter=kernel, strides=[1] * 4, padding="SAME", dilations=[1, 2, 2, 1]
        )


def _pool() -> Any:
    images = keras.Input((16, 16, 3), name="images")
    x = layers.Conv2D(8, 3, padding="same", activation="relu", name="block1_conv")(images)
    return keras.Model(images, layers.MaxPooling2D(4, name="block1_pool")(x), name="pool")


def _residual() -> Any:
    images = keras.Input((24, 20, 3), name="images")
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False, name="stem_conv")(images)
    x = layers.BatchNormalization(name="stem_bn")(x)
    x = layers.Activation("swish", name="stem_activation")(x)
    shared = layers.Conv2D(8, 1, name="shared_conv")
    for block in ("block1", "block2"):
        stream = x
        x = layers.DepthwiseConv2D(3, padding="same", name=f"{block}_dwconv")(x)
        x = layers.BatchNormalization(name=f"{block}_bn")(x)
        x = layers.ReLU(6.0, name=f"{block}_relu")(x)
        x = shared(x)
        x = layers.Conv2D(8, 1, use_bias=False, name=f"{block}_project")(x)
        x = layers.BatchNormalization(name=f"{block}_project_bn")(x)
        x = layers.Dropout(0.5, name=f"{block}_dropout")(x)
        x = layers.Add(name=f"{block}_add")([stream, x])
    return keras.Model(images, layers.Activation("swish", name="top")(x), name="residual")


def _nested() -> Any:
    inner_images = keras.Input((20, 20, 3), name="inner_images")
    x = layers.Conv2D(8, 3, strides=2, activation="relu", name="conv1")(inner_images)
    x = layers.BatchNormalization(name="bn1")(x)
    backbone = keras.Model(inner_images, x, name="backbone")
    backbone.get_layer("conv1").trainable = False
    images = keras.Input((20, 20, 3), name="images")
    x = layers.GlobalAveragePooling2D(name="pool")(backbone(images))
    x = layers.Dense(5, activation="softmax", name="predictions")(x)
    return keras.Model(images, x, name="nested")


def _dilated() -> Any:
    images = keras.Input((24, 24, 3), name="images")
    x = layers.Rescaling(1 / 127.5, offset=-1, name="rescale")(images)
    x = layers.Conv2D(8, 3, dilation_rate=2, padding="same", name="same_conv")(x)
    x = layers.ReLU(name="same_relu")(x)
    x = layers.Conv2D(8, 3, dilation_rate=(2, 3), name="valid_conv")(x)
    x = layers.ReLU(name="valid_relu")(x)
    x = layers.DepthwiseConv2D(3, dilation_rate=2, padding="same", name="depthwise")(x)
    x = layers.ZeroPadding2D(((1, 2), (0, 1)), name="pad")(x)
    x = layers.Conv2D(8, 3, strides=2, activation="relu", name="padded_conv")(x)
    x = RawConvolution("SAME", 2, name="raw_same_conv")(x)
    x = layers.ReLU(name="raw_same_relu")(x)
    x = RawConvolution("VALID", 2, name="raw_valid_conv")(x)
    x = layers.ReLU(name="raw_valid_relu")(x)
    x = RawDepthwise(name="raw_depthwise")(x)
    explicit = [[0, 0], [1, 0], [2, 1], [0, 0]]
    x = RawConvolution(explicit, 1, name="explicit_conv")(x)
    return keras.Model(images, x, name="dilated")


def _obstacles() -> Any:
    images = keras.Input((12, 12, 3), name="images")
    x = layers.Conv2D(8, 3, activation="relu", name="first_conv")(images)
    x = RawConvolution("VALID", 2, stride=2, name="strided_dilated_conv")(x)
    x = layers.Conv2D(8, 1, activation="relu", name="middle_conv")(x)
    x = layers.Reshape((9, 8), name="steps")(x)
    x = layers.LSTM(4, return_sequences=True, name="loop")(x)
    x = layers.LSTM(4, unroll=True, name="unrolled")(x)
    return keras.Model(images, layers.Dense(5, name="last")(x), name="obstacles")


def _vector() -> Any:
    inputs = keras.Input((4,), name="measurements")
    x = layers.Dense(8, activation="tanh", name="hidden")(inputs)
    return keras.Model(inputs, layers.Dense(3, activation="softmax", name="species")(x))


def _plain() -> Any:
    inputs = keras.Input((12, 12, 3))
    x = layers.Conv2D(6, 3, padding="same", use_bias=False, name="block1_conv")(inputs)
    x = layers.BatchNormalization(name="block1_bn")(x)
    x = layers.Activation("relu", name="block1_relu")(x)
    x = layers.Conv2D(6, 3, strides=2, activation="relu", name="block2_conv")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, layers.Dense(4, name="logits")(x), name="plain")


def _handoff(
    build: Callable[[], Any], preparation_name: str | None, gradients: bool = False
) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        model = build()
        how, samples = None, golden.vectors(list(model.input_shape), "float32")
        if preparation_name is not None:
            resize = Resize("bilinear", *model.input_shape[1:3])
            how = dataclasses.replace(
                preparation.named(preparation_name, resize), in_graph=prepares_itself(model)
            )
            samples = calibration_images(how)
        lively.enliven(model, _SEED, [samples])
        manifest = export(_source(folder.name, model, how), folder)
        if gradients:
            inputs = np.load(folder / "golden" / "prepared.npy")
            _write_gradients(folder, model, inputs)
            files = handoff.files_in(folder)
            hashes = {name: handoff.sha256_of_file(folder / name) for name in files}
            handoff.write(dataclasses.replace(manifest, files=hashes), folder)

    return write


def _source(name: str, model: Any, how: handoff.Preparation | None) -> Source:
    return Source(
        name=name,
        kind=f"file:{name}.keras",
        model=model,
        include_top=ends_in_classifier(model),
        weights=Weights(f"random, seed {_SEED}", None, None),
        preparation=how,
    )


def _keras3(save: Callable[[Any, Path], None], gradients: bool) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        model = _plain()
        inputs = np.random.default_rng(_SEED).normal(size=(4, 12, 12, 3)).astype(np.float32)
        lively.enliven(model, _SEED, [inputs])
        save(model, folder)
        savedmodel.make_repeatable(folder)
        (folder / "golden").mkdir()
        np.save(folder / "golden" / "inputs.npy", inputs)
        np.save(folder / "golden" / "outputs.npy", model(inputs, training=False).numpy())
        if gradients:
            _write_gradients(folder, model, inputs)

    return write


def _write_gradients(folder: Path, model: Any, inputs: npt.NDArray[Any]) -> None:
    seed = (
        np.random.default_rng(_SEED)
        .normal(size=(len(inputs), *model.output_shape[1:]))
        .astype(np.float32)
    )
    np.save(folder / "golden" / "seed.npy", seed)
    RawDepthwise.differentiable = True
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(model(inputs, training=False) * seed)
    weights = model.trainable_weights
    gradients = tape.gradient(total, [weight.value for weight in weights])
    (folder / "golden" / "gradients").mkdir()
    for weight, gradient in zip(weights, gradients, strict=True):
        name = weight.path.replace("/", "__")
        np.save(folder / "golden" / "gradients" / f"{name}.npy", gradient.numpy())


_MODELS: dict[str, Callable[[Path], None]] = {
    "pool": _handoff(_pool, "rescale"),
    "residual": _handoff(_residual, "caffe", gradients=True),
    "nested": _handoff(_nested, "torch"),
    "dilated": _handoff(_dilated, "none", gradients=True),
    "obstacles": _handoff(_obstacles, "none"),
    "vector": _handoff(_vector, None, gradients=True),
    "keras3-export": _keras3(
        lambda model, folder: model.export(str(folder), verbose=False), gradients=False
    ),
    "keras3-saved": _keras3(
        lambda model, folder: tf.saved_model.save(model, str(folder)), gradients=True
    ),
}

if __name__ == "__main__":
    _MODELS[sys.argv[1]](Path(sys.argv[2], sys.argv[1]))
