"""Small models of every shape: how layers hang together, and the layers that are special."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras import layers

from parity import optimizers
from parity.rows import Built, Row, enlivened

Array = npt.NDArray[Any]
Random = np.random.Generator

_SIZE = 16


def rows() -> list[Row]:
    """One row for each shape."""
    top: dict[str, Any] = {"block": ("top",)}
    return [
        _row("sequential", "`Sequential`", "export", _sequential),
        _row("functional", "a residual functional model, `BatchNormalization`", "saved", _residual),
        _row("nested", "a backbone as a layer of another model", "handoff", _nested),
        _row("nested-saved", "the same", "saved", _nested),
        _row(
            "preprocessing",
            "`Rescaling`, `Normalization`, `RandomFlip`, `RandomRotation`, `Dropout` inside",
            "handoff",
            _preprocessing,
        ),
        _row("shared", "layers that are used two and three times", "export", _shared),
        _row("several-inputs", "two inputs", "export", _several_inputs),
        _row(
            "several-outputs",
            "three outputs, a head at one of them",
            "saved",
            _several_outputs,
            output_layer="trunk_relu",
            block=("trunk_conv",),
        ),
        _row("dictionary", "a dictionary of inputs", "export", _dictionary),
        _row("dilated", "dilated convolutions, as Keras writes them", "handoff", _dilated),
        _row("dilated-raw", "dilated convolutions, SAME and VALID, in the op", "export", _raw),
        _row("grouped", "a grouped convolution", "handoff", _grouped),
        _row("grouped-export", "the same; Keras compiles it with XLA", "export", _grouped),
        _row("explicit-padding", "a convolution with explicit padding", "saved", _explicit),
        _row("separable", "`SeparableConv2D`, `DepthwiseConv2D`", "export", _separable),
        _row("transposed", "`Conv2DTranspose`, `UpSampling2D`", "handoff", _transposed),
        _row("layer-norm", "`LayerNormalization`", "saved", _normalized("layer")),
        _row("group-norm", "`GroupNormalization`", "handoff", _normalized("group")),
        _row("silu", "`silu`", "export", _activated("silu")),
        _row("gelu", "`gelu`", "saved", _activated("gelu")),
        _row("gelu-tanh", "`gelu(approximate=True)`, `hard_silu`, `mish`", "handoff", _activations),
        _row(
            "attention",
            "`MultiHeadAttention`; the key's bias has no gradient by nature",
            "export",
            _attention,
            dead=("key/bias",),
        ),
        _row(
            "embedding",
            "`Embedding` over integers",
            "export",
            _embedding,
            untrained="expected a float32 tensor",
        ),
        _row(
            "text",
            "strings through `TextVectorization`",
            "export",
            _text,
            unusable="looks words up in a table",
        ),
        _row(
            "lstm", "`LSTM`", "export", _recurrent("LSTM", False), refused=("conv", "lstm"), **top
        ),
        _row("gru", "`GRU`", "saved", _recurrent("GRU", False), refused=("conv", "gru"), **top),
        _row("lstm-unrolled", "`LSTM(unroll=True)`", "handoff", _recurrent("LSTM", True)),
        _row("gru-unrolled", "`GRU(unroll=True)`", "export", _recurrent("GRU", True)),
        _row(
            "float16",
            "float16 variables and arithmetic",
            "export",
            _half,
            training=tuple(optimizers.SHORT),
            half=True,
            untrained="float16",
        ),
        _row("mixed-float16", "float32 variables, float16 arithmetic", "saved", _mixed, half=True),
        _row("conv3d", "`Conv3D`", "export", _conv3d, refused=("conv",), **top),
        _row(
            "channels-first",
            "the channels first; Keras runs it on a CPU too",
            "export",
            _channels_first,
            refused=("conv",),
            **top,
        ),
    ]


def newer() -> list[Row]:
    """Tiny models for a newer TensorFlow to save."""
    return [
        Row("tf221-export", "saving", "TensorFlow 2.21: a residual network", "export", _residual),
        Row("tf221-saved", "saving", "TensorFlow 2.21: a residual network", "saved", _residual),
        Row(
            "tf221-handoff",
            "saving",
            "TensorFlow 2.21: separable and depthwise convolutions",
            "handoff",
            _separable,
        ),
        Row(
            "tf221-lstm",
            "saving",
            "TensorFlow 2.21: `LSTM`",
            "export",
            _recurrent("LSTM", False),
            refused=("conv", "lstm"),
            block=("top",),
        ),
    ]


def _row(name: str, what: str, form: str, build: Callable[[], Built], **options: Any) -> Row:
    return Row(f"shape-{name}", "shape", what, form, build, **options)


def _images(random: Random, count: int) -> list[Array]:
    return [random.normal(size=(count, _SIZE, _SIZE, 3)).astype(np.float32)]


def _image() -> Any:
    return keras.Input((_SIZE, _SIZE, 3), name="images")


def _of_image(build: Callable[[Any], Any]) -> Built:
    image = _image()
    return enlivened(keras.Model(image, build(image), name="model"), _images)


def _sequential() -> Built:
    model = keras.Sequential(
        [
            _image(),
            layers.Conv2D(8, 3, strides=2, name="conv1"),
            layers.BatchNormalization(name="bn1"),
            layers.ReLU(name="relu1"),
            layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2"),
            layers.MaxPooling2D(2, name="pool"),
            layers.Flatten(name="flatten"),
            layers.Dense(7, activation="tanh", name="dense"),
        ],
        name="sequential",
    )
    return enlivened(model, _images)


def _residual_block(x: Any, name: str) -> Any:
    y = layers.Conv2D(8, 3, padding="same", use_bias=False, name=f"{name}_conv1")(x)
    y = layers.BatchNormalization(name=f"{name}_bn1")(y)
    y = layers.ReLU(name=f"{name}_relu1")(y)
    y = layers.Conv2D(8, 3, padding="same", name=f"{name}_conv2")(y)
    y = layers.BatchNormalization(name=f"{name}_bn2")(y)
    return layers.ReLU(name=f"{name}_relu2")(layers.Add(name=f"{name}_add")([x, y]))


def _backbone() -> Any:
    image = keras.Input((_SIZE, _SIZE, 3), name="inner_images")
    x = layers.Conv2D(8, 3, strides=2, padding="same", name="stem")(image)
    x = _residual_block(x, "block1")
    return keras.Model(image, _residual_block(x, "block2"), name="backbone")


def _residual() -> Built:
    return enlivened(_backbone(), _images)


def _nested() -> Built:
    def build(image: Any) -> Any:
        x = _backbone()(image)
        x = layers.Conv2D(6, 1, activation="relu", name="outer_conv")(x)
        return layers.GlobalAveragePooling2D(name="pool")(x)

    return _of_image(build)


def _preprocessing() -> Built:
    def build(image: Any) -> Any:
        x = layers.RandomFlip("horizontal", name="flip")(image)
        x = layers.RandomRotation(0.1, name="rotation")(x)
        x = layers.Rescaling(1 / 127.5, offset=-1, name="rescaling")(x)
        mean, variance = [0.1, 0.2, 0.3], [0.5, 0.6, 0.7]
        x = layers.Normalization(mean=mean, variance=variance, name="normalization")(x)
        x = layers.Dropout(0.5, name="dropout")(x)
        return layers.Conv2D(8, 3, activation="relu", name="conv")(x)

    image = _image()

    def pixels(random: Random, count: int) -> list[Array]:
        return [random.integers(0, 256, (count, _SIZE, _SIZE, 3)).astype(np.float32)]

    return enlivened(keras.Model(image, build(image), name="model"), pixels)


def _shared() -> Built:
    conv = layers.Conv2D(8, 3, padding="same", name="shared_conv")
    norm = layers.BatchNormalization(name="shared_bn")
    dense = layers.Dense(8, activation="tanh", name="shared_dense")

    def build(image: Any) -> Any:
        x = layers.Conv2D(8, 1, name="stem")(image)
        for step in range(3):
            x = layers.ReLU(name=f"relu{step}")(norm(conv(x)))
        x = layers.GlobalAveragePooling2D(name="pool")(x)
        return dense(dense(x))

    return _of_image(build)


def _several_inputs() -> Built:
    image, vector = _image(), keras.Input((6,), name="measurements")
    x = layers.Conv2D(8, 3, activation="relu", name="conv")(image)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    y = layers.Dense(8, activation="relu", name="dense")(vector)
    z = layers.Concatenate(name="both")([x, y])
    model = keras.Model([image, vector], layers.Dense(6, name="top")(z), name="model")
    return enlivened(model, _image_and_vector)


def _image_and_vector(random: Random, count: int) -> list[Array]:
    return [*_images(random, count), random.normal(size=(count, 6)).astype(np.float32)]


def _dictionary() -> Built:
    image, vector = _image(), keras.Input((6,), name="measurements")
    x = layers.Conv2D(8, 3, activation="relu", name="conv")(image)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Multiply(name="product")([x, layers.Dense(8, name="dense")(vector)])
    inputs = {"images": image, "measurements": vector}
    model = keras.Model(inputs, layers.Dense(6, name="top")(x), name="model")
    return enlivened(model, _image_and_vector)


def _several_outputs() -> Built:
    image = _image()
    x = layers.Conv2D(8, 3, strides=2, name="trunk_conv")(image)
    x = layers.ReLU(name="trunk_relu")(x)
    pooled = layers.GlobalAveragePooling2D(name="pool")(x)
    first = layers.Dense(5, name="first")(pooled)
    second = layers.Dense(3, activation="sigmoid", name="second")(pooled)
    model = keras.Model(image, [x, first, second], name="model")
    return enlivened(model, _images)


class RawConvolution(layers.Layer):  # type: ignore[misc]
    """A convolution whose dilation and padding stay in the op; Keras itself takes it apart."""

    def __init__(self, padding: Any, dilation: int, **options: Any) -> None:
        super().__init__(**options)
        self._padding, self._dilation = padding, dilation

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the kernel."""
        self.kernel = self.add_weight(name="kernel", shape=(3, 3, input_shape[-1], 8))

    def call(self, inputs: Any) -> Any:
        """Convolves ``[batch, height, width, channels]``."""
        return tf.nn.conv2d(inputs, self.kernel, 1, self._padding, dilations=self._dilation)


def _raw() -> Built:
    def build(image: Any) -> Any:
        x = RawConvolution("SAME", 2, name="same")(image)
        x = layers.BatchNormalization(name="bn")(x)
        x = layers.ReLU(name="relu")(x)
        return RawConvolution("VALID", 3, name="valid")(x)

    return _of_image(build)


def _explicit() -> Built:
    def build(image: Any) -> Any:
        x = RawConvolution([[0, 0], [1, 0], [2, 1], [0, 0]], 1, name="explicit1")(image)
        x = layers.BatchNormalization(name="bn")(x)
        x = layers.ReLU(name="relu")(x)
        return RawConvolution([[0, 0], [1, 1], [0, 2], [0, 0]], 1, name="explicit2")(x)

    return _of_image(build)


def _dilated() -> Built:
    def build(image: Any) -> Any:
        x = layers.Conv2D(8, 3, dilation_rate=2, padding="same", name="same")(image)
        x = layers.ReLU(name="relu1")(x)
        x = layers.Conv2D(8, 3, dilation_rate=(2, 3), name="valid")(x)
        x = layers.ReLU(name="relu2")(x)
        return layers.DepthwiseConv2D(3, dilation_rate=2, padding="same", name="depthwise")(x)

    return _of_image(build)


def _grouped() -> Built:
    def build(image: Any) -> Any:
        x = layers.Conv2D(8, 3, activation="relu", name="stem")(image)
        x = layers.Conv2D(8, 3, groups=4, padding="same", name="grouped")(x)
        x = layers.ReLU(name="relu")(x)
        return layers.Conv2D(6, 1, name="top")(x)

    return _of_image(build)


def _separable() -> Built:
    def build(image: Any) -> Any:
        x = layers.SeparableConv2D(8, 3, padding="same", activation="relu", name="sep1")(image)
        x = layers.DepthwiseConv2D(3, depth_multiplier=2, strides=2, name="depthwise")(x)
        x = layers.ReLU(6.0, name="relu")(x)
        return layers.SeparableConv2D(6, 3, name="sep2")(x)

    return _of_image(build)


def _transposed() -> Built:
    def build(image: Any) -> Any:
        x = layers.Conv2D(8, 3, strides=2, activation="relu", name="down")(image)
        x = layers.Conv2DTranspose(6, 3, strides=2, activation="relu", name="up")(x)
        x = layers.UpSampling2D(2, interpolation="bilinear", name="larger")(x)
        return layers.AveragePooling2D(3, name="pool")(x)

    return _of_image(build)


def _normalized(kind: str) -> Callable[[], Built]:
    def norm(name: str) -> Any:
        if kind == "layer":
            return layers.LayerNormalization(name=name)
        return layers.GroupNormalization(4, name=name)

    def build(image: Any) -> Any:
        x = layers.Conv2D(8, 3, name="conv1")(image)
        x = layers.ReLU(name="relu1")(norm("norm1")(x))
        x = layers.Conv2D(8, 3, strides=2, name="conv2")(x)
        return norm("norm2")(x)

    return lambda: _of_image(build)


def _activated(activation: str) -> Callable[[], Built]:
    def build(image: Any) -> Any:
        x = layers.Conv2D(8, 3, name="conv1")(image)
        x = layers.BatchNormalization(name="bn1")(x)
        x = layers.Activation(activation, name="activation1")(x)
        x = layers.Conv2D(8, 3, strides=2, name="conv2")(x)
        return layers.Activation(activation, name="activation2")(x)

    return lambda: _of_image(build)


def _activations() -> Built:
    def build(image: Any) -> Any:
        x = layers.Conv2D(8, 3, activation="hard_silu", name="conv1")(image)
        x = layers.Conv2D(8, 3, activation="mish", name="conv2")(x)
        x = layers.Conv2D(8, 3, activation="elu", name="conv3")(x)
        x = layers.LeakyReLU(0.2, name="leaky")(x)
        x = layers.PReLU(name="prelu")(x)
        x = layers.Conv2D(8, 3, activation="softplus", name="conv4")(x)
        x = layers.GlobalAveragePooling2D(name="pool")(x)
        return layers.Dense(6, activation="log_softmax", name="log_softmax")(x)

    return _of_image(build)


def _attention() -> Built:
    def build(image: Any) -> Any:
        x = layers.Conv2D(8, 4, strides=4, name="patches")(image)
        x = layers.Reshape((16, 8), name="sequence")(x)
        y = layers.LayerNormalization(name="norm1")(x)
        y = layers.MultiHeadAttention(2, 4, name="attention")(y, y)
        x = layers.Add(name="add1")([x, y])
        y = layers.LayerNormalization(name="norm2")(x)
        y = layers.Dense(16, activation="gelu", name="dense1")(y)
        return layers.Add(name="add2")([x, layers.Dense(8, name="dense2")(y)])

    return _of_image(build)


def _tokens(random: Random, count: int) -> list[Array]:
    return [random.integers(0, 20, (count, 6)).astype(np.int32)]


def _embedding() -> Built:
    tokens = keras.Input((6,), dtype="int32", name="tokens")
    x = layers.Embedding(20, 8, name="embedding")(tokens)
    x = layers.Conv1D(8, 3, activation="relu", name="conv")(x)
    x = layers.GlobalAveragePooling1D(name="pool")(x)
    return enlivened(keras.Model(tokens, layers.Dense(6, name="top")(x), name="model"), _tokens)


_WORDS = ["graft", "stem", "root", "leaf", "branch", "twig", "bark", "bud", "unknown"]


def _text() -> Built:
    text = keras.Input((1,), dtype="string", name="text")
    vectors = layers.TextVectorization(
        vocabulary=_WORDS[:-1], output_sequence_length=6, name="vectorization"
    )
    x = layers.Embedding(10, 8, name="embedding")(vectors(text))
    x = layers.GlobalAveragePooling1D(name="pool")(x)
    model = keras.Model(text, layers.Dense(6, name="top")(x), name="model")
    random = np.random.default_rng(1)
    for weight in model.trainable_weights:
        weight.assign(random.normal(0, 0.5, weight.shape))
    return Built(model, _sentences)


def _sentences(random: Random, count: int) -> list[Array]:
    sentences = [" ".join(random.choice(_WORDS, 5)) for _ in range(count)]
    return [np.array(sentences, dtype=object).reshape(count, 1)]


def _recurrent(kind: str, unroll: bool) -> Callable[[], Built]:
    def build() -> Built:
        sequence = keras.Input((6, 4), name="sequence")
        x = layers.Conv1D(8, 2, name="conv")(sequence)
        x = getattr(layers, kind)(8, unroll=unroll, name=kind.lower())(x)
        top = layers.Dense(6, activation="tanh", name="top")(x)
        model = keras.Model(sequence, top, name="model")
        return enlivened(
            model, lambda random, count: [random.normal(size=(count, 6, 4)).astype(np.float32)]
        )

    return build


def _half() -> Built:
    return _in_half("float16")


def _mixed() -> Built:
    return _in_half("mixed_float16")


def _in_half(policy: str) -> Built:
    image = _image()
    x = layers.Conv2D(8, 3, activation="relu", dtype=policy, name="conv1")(image)
    x = layers.Conv2D(8, 3, strides=2, dtype=policy, name="conv2")(x)
    x = layers.GlobalAveragePooling2D(dtype=policy, name="pool")(x)
    x = layers.Dense(6, dtype=policy, name="dense")(x)
    x = layers.Activation("linear", dtype="float32", name="single")(x)
    return enlivened(keras.Model(image, x, name="model"), _images)


def _channels_first() -> Built:
    first = {"data_format": "channels_first"}
    image = keras.Input((3, _SIZE, _SIZE), name="images")
    x = layers.Conv2D(8, 3, activation="relu", name="conv1", **first)(image)
    x = layers.MaxPooling2D(2, name="max_pool", **first)(x)
    x = layers.Conv2D(8, 3, name="conv2", **first)(x)
    x = layers.BatchNormalization(axis=1, name="bn")(x)
    x = layers.GlobalAveragePooling2D(name="pool", **first)(x)
    model = keras.Model(image, layers.Dense(6, name="top")(x), name="model")
    return enlivened(
        model,
        lambda random, count: [random.normal(size=(count, 3, _SIZE, _SIZE)).astype(np.float32)],
    )


def _conv3d() -> Built:
    volume = keras.Input((8, 8, 8, 2), name="volumes")
    x = layers.Conv3D(4, 3, activation="relu", name="conv1")(volume)
    x = layers.Conv3D(4, 3, name="conv2")(x)
    x = layers.GlobalAveragePooling3D(name="pool")(x)
    model = keras.Model(volume, layers.Dense(6, name="top")(x), name="model")
    return enlivened(
        model, lambda random, count: [random.normal(size=(count, 8, 8, 8, 2)).astype(np.float32)]
    )
