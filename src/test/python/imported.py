"""What Java trained on a small model of a team's own, imported into Python and asked there.

``imported.py make OUT`` writes the models and exports them; ``imported.py ask OUT`` imports what
Java trained on ``OUT/own``, lets each runtime answer the images of ``OUT/images.json``, and
exports the Keras model again; ``imported.py again OUT`` does so with the second training.
``imported.py go-on OUT NAME…`` goes on with runs on arrays for one step.
"""

import base64
import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import onnxruntime
import tensorflow as tf
from keras import layers

from graft_export import export, source
from graft_export.importing import KerasOptions, write_keras
from graft_export.onnx_model import write_onnx
from graft_export.trained import Trained

SIZE = 24


def own_model() -> Any:
    """A convolutional backbone with BatchNorm."""
    images = keras.Input((SIZE, SIZE, 3), name="photo")
    x = layers.Conv2D(8, 3, name="stem_conv")(images)
    x = layers.BatchNormalization(name="stem_bn")(x)
    x = layers.MaxPooling2D(name="stem_pool")(layers.ReLU(name="stem_relu")(x))
    x = layers.Conv2D(24, 3, name="last_conv")(x)
    x = layers.BatchNormalization(name="last_bn")(x)
    return keras.Model(images, layers.ReLU(name="last_relu")(x), name="own")


def perceptron() -> Any:
    """Two layers over vectors."""
    values = keras.Input((5,), name="values")
    x = layers.Dense(8, activation="relu", name="first")(values)
    return keras.Model(values, layers.Dense(6, activation="tanh", name="second")(x))


def make(out: Path) -> None:
    """Writes and exports the models, and the arrays of the second."""
    keras.utils.set_random_seed(3)
    for name, model in {"own": own_model(), "mlp": perceptron()}.items():
        model.save(out / f"{name}.keras")
    re_export(out, "own.keras", "own", "rescale")
    re_export(out, "mlp.keras", "mlp", None)
    random = np.random.default_rng(1)
    x = random.normal(size=(80, 5)).astype(np.float32)
    y = np.stack([2 * x[:, 0] + x[:, 1], x[:, 2] * x[:, 3]], 1)
    np.savez(out / "mlp.npz", x=x[:60], y=y[:60], x_val=x[60:], y_val=y[60:])


def re_export(out: Path, file: str, name: str, how: str | None) -> None:
    """Exports a file of ``out``."""
    export.export(source.read_keras_file(out / file, None, how), out / name, overwrite=False)


def ask(out: Path) -> None:
    """Imports the first run and writes what each runtime says of the images."""
    told = json.loads((out / "images.json").read_text(encoding="utf-8"))
    pixels = np.stack([decoded(one["path"]) for one in told])
    images = tf.image.resize(pixels, [SIZE, SIZE]).numpy() * np.float32(1 / 255)
    labels = np.array([one["label"] for one in told])
    validates = np.array([one["validates"] for one in told])
    trained = Trained.read(out / "run")
    write_keras(trained, out / "back.keras", KerasOptions(out / "own.keras"))
    write_keras(trained, out / "pixels.keras", KerasOptions(out / "own.keras", True))
    write_onnx(trained, out / "back.onnx")
    re_export(out, "back.keras", "back", "rescale")

    answers: dict[str, Any] = {}
    model = keras.saving.load_model(out / "back.keras")
    answers["evaluated"] = evaluated(model, images[validates], labels[validates])
    np.save(out / "keras.npy", model.predict(images, verbose=0))
    from_pixels = keras.saving.load_model(out / "pixels.keras")
    answers["evaluated from pixels"] = evaluated(from_pixels, pixels[validates], labels[validates])
    np.save(out / "pixels.npy", from_pixels.predict(pixels, verbose=0))

    loaded = tf.saved_model.load(str(out / "run" / "model"))
    signature = loaded.signatures["serving_default"]
    np.save(out / "loaded.npy", signature(images=tf.constant(images))["probabilities"].numpy())
    files = [Path(one["path"]).read_bytes() for one in told]
    of_bytes = loaded.signatures["image_bytes"]
    np.save(out / "bytes.npy", of_bytes(image_bytes=tf.constant(files))["probabilities"].numpy())
    np.save(out / "rest.npy", rest(of_bytes, files))
    layer = keras.layers.TFSMLayer(out / "run" / "model", call_endpoint="serving_default")
    np.save(out / "layer.npy", layer(images)["probabilities"].numpy())
    session = onnxruntime.InferenceSession(str(out / "back.onnx"))
    np.save(out / "onnx.npy", session.run(["probabilities"], {"images": images})[0])

    of_layer = gradient(lambda x: layer(x)["probabilities"], images[:8])
    of_model = gradient(lambda x: model(x, training=False), images[:8])
    answers["gradient"] = float(np.abs(of_model).max())
    answers["gradients apart"] = float(np.abs(of_layer - of_model).max())
    answers["fit"] = fitted(model, images[validates], labels[validates])
    (out / "answers.json").write_text(json.dumps(answers), encoding="utf-8")


def rest(signature: Any, files: list[bytes]) -> Any:
    """The probabilities in the answer to a request, both in TensorFlow Serving's REST format."""
    instances = [{"b64": base64.b64encode(file).decode()} for file in files]
    request = json.loads(json.dumps({"signature_name": "image_bytes", "instances": instances}))
    received = [base64.b64decode(one["b64"]) for one in request["instances"]]
    rows = signature(image_bytes=tf.constant(received))["probabilities"].numpy()
    response = json.dumps({"predictions": [{"probabilities": row.tolist()} for row in rows]})
    answered = [one["probabilities"] for one in json.loads(response)["predictions"]]
    return np.array(answered, np.float32)


def decoded(path: str) -> Any:
    """The pixels of an image, 0 to 255."""
    encoded = tf.io.read_file(path)
    return (
        tf.io.decode_image(encoded, channels=3, expand_animations=False).numpy().astype("float32")
    )


def evaluated(model: Any, images: Any, labels: Any) -> float:
    """The number of images that ``evaluate`` finds right."""
    model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return float(model.evaluate(images, labels, verbose=0)[1]) * len(labels)


def gradient(call: Any, images: Any) -> Any:
    """Of the first class's probability with respect to the images."""
    inputs = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        wanted = call(inputs)[:, 0]
    return tape.gradient(wanted, inputs).numpy()


def fitted(model: Any, images: Any, labels: Any) -> dict[str, Any]:
    """What a further ``fit`` changes, and its loss in each epoch.

    Of its own steps: BatchNorm's moving statistics follow what trains only after hundreds of
    steps, so what ``evaluate`` finds may rise meanwhile.
    """
    keras.utils.set_random_seed(4)
    before = [weight.numpy() for weight in model.weights]
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    losses = model.fit(images, labels, epochs=3, verbose=0).history["loss"]
    changed = {
        weight.path.partition("/")[0]
        for old, weight in zip(before, model.weights, strict=True)
        if (old != weight.numpy()).any()
    }
    return {"changed": sorted(changed), "losses": losses}


def again(out: Path) -> None:
    """Imports the second run, whose backbone was the imported model, and exports it again."""
    trained = Trained.read(out / "run2")
    write_keras(trained, out / "back2.keras", KerasOptions(out / "back.keras"))
    re_export(out, "back2.keras", "back2", "rescale")


def go_on(out: Path, names: list[str]) -> None:
    """One more step of each run, on all its examples at once."""
    arrays = np.load(out / "mlp.npz")
    for name in names:
        options = KerasOptions(out / "mlp.keras", optimizer=True)
        write_keras(Trained.read(out / name), out / f"{name}.keras", options)
        model = keras.saving.load_model(out / f"{name}.keras")
        model.fit(arrays["x"], arrays["y"].astype("float32"), batch_size=60, verbose=0)
        np.save(out / f"{name}.npy", model.predict(arrays["x_val"], verbose=0))


if __name__ == "__main__":
    folder = Path(sys.argv[2])
    match sys.argv[1]:
        case "make":
            make(folder)
        case "ask":
            ask(folder)
        case "again":
            again(folder)
        case _:
            go_on(folder, sys.argv[3:])
