"""What a peer does, as its own guides have it, in a process of its own: ``peers.py WHAT …``.

Each prints one JSON object. What comes before the measured pass (imports, loading, one batch to
build what is built at the first use) is in no figure but that of a whole process.
"""

import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Answer = Callable[[Array], Any]

_BATCH = 32
_WARM = 5


def _prepared(name: str, images: Any) -> Any:
    """As the handoff of that backbone says."""
    if name == "efficientnet-lite0":
        return (images - 127.0) / 128.0
    if name == "mobilenetv2":
        return images / 127.5 - 1.0
    return images[..., ::-1] - (103.939, 116.779, 123.68)


def _folder(name: str, size: int, folder: str) -> Any:
    """Prepared batches of all images below a folder."""
    import keras
    import tensorflow as tf

    images = keras.utils.image_dataset_from_directory(
        folder,
        labels=None,
        image_size=(size, size),
        batch_size=_BATCH,
        shuffle=False,
        verbose=False,
    )
    return images.map(
        lambda batch: _prepared(name, batch), num_parallel_calls=tf.data.AUTOTUNE
    ).prefetch(tf.data.AUTOTUNE)


def folder_keras(name: str, size: str, models: str, folder: str) -> dict[str, Any]:
    """``image_dataset_from_directory`` and ``predict``."""
    import keras
    from keras_times import PredictTimes

    model = keras.saving.load_model(Path(models, "model.keras"), compile=False)
    images = _folder(name, int(size), folder)
    model.predict(np.zeros((2 * _BATCH, int(size), int(size), 3), np.float32), _BATCH, verbose=0)
    times = PredictTimes()
    answers = model.predict(images, callbacks=[times], verbose=0)
    return _speed(len(answers), times.seconds)


def folder_onnxruntime(name: str, size: str, models: str, folder: str) -> dict[str, Any]:
    """ONNX Runtime, fed by ``tf.data``."""
    run = _onnxruntime(models)
    images = _folder(name, int(size), folder)
    run(np.zeros((_BATCH, int(size), int(size), 3), np.float32))
    batches = images.as_numpy_iterator()
    began = time.perf_counter()
    answers = [run(next(batches)) for _ in range(len(images))]
    return _speed(sum(map(len, answers)), time.perf_counter() - began)


def folder_openvino(
    name: str, size: str, models: str, folder: str, precision: str
) -> dict[str, Any]:
    """OpenVINO with the throughput hint: single images, as many at once as it asks for."""
    import openvino

    compiled = _openvino(models, int(size), "THROUGHPUT", precision)
    images = _folder(name, int(size), folder)
    answers: list[Array] = []
    queue = openvino.AsyncInferQueue(compiled)
    queue.set_callback(lambda request, _: answers.append(request.get_output_tensor().data.copy()))
    queue.start_async({0: np.zeros((1, int(size), int(size), 3), np.float32)})
    queue.wait_all()
    answers.clear()
    batches = images.as_numpy_iterator()
    began = time.perf_counter()
    for _ in range(len(images)):
        for image in next(batches):
            queue.start_async({0: image[None]})
    queue.wait_all()
    return _speed(len(answers), time.perf_counter() - began)


def _speed(images: int, seconds: float) -> dict[str, Any]:
    return {"speed": images / seconds, "images": images}


def _onnxruntime(models: str) -> Answer:
    import onnxruntime

    session = onnxruntime.InferenceSession(
        str(Path(models, "model.onnx")), providers=["CPUExecutionProvider"]
    )
    key = session.get_inputs()[0].name
    return lambda batch: session.run(None, {key: batch})[0]


def _openvino(models: str, size: int, hint: str, precision: str) -> Any:
    import openvino

    core = openvino.Core()
    model = core.read_model(Path(models, "model.onnx"))
    model.reshape([1, size, size, 3])
    return core.compile_model(
        model, "CPU", {"PERFORMANCE_HINT": hint, "INFERENCE_PRECISION_HINT": precision}
    )


def latency_keras(size: str, models: str, seconds: str) -> dict[str, Any]:
    """A ``tf.function`` of the model."""
    import keras
    import tensorflow as tf

    model = keras.saving.load_model(Path(models, "model.keras"), compile=False)
    function = tf.function(lambda image: model(image, training=False), reduce_retracing=True)
    return _latency(lambda image: function(tf.constant(image)).numpy(), size, seconds)


def latency_onnxruntime(size: str, models: str, seconds: str) -> dict[str, Any]:
    """ONNX Runtime."""
    return _latency(_onnxruntime(models), size, seconds)


def latency_openvino(size: str, models: str, seconds: str, precision: str) -> dict[str, Any]:
    """OpenVINO with the latency hint."""
    compiled = _openvino(models, int(size), "LATENCY", precision)
    request = compiled.create_infer_request()
    return _latency(lambda image: request.infer({0: image})[0], size, seconds)


def _latency(answer: Answer, size: str, seconds: str) -> dict[str, Any]:
    """The median of single images, one after the other."""
    image = np.random.default_rng(1).standard_normal((1, int(size), int(size), 3), np.float32)
    for _ in range(_WARM):
        answer(image)
    taken: list[float] = []
    until = time.perf_counter() + float(seconds)
    while len(taken) < _WARM or time.perf_counter() < until:
        began = time.perf_counter()
        answer(image)
        taken.append(time.perf_counter() - began)
    return {"milliseconds": 1000 * statistics.median(taken), "images": len(taken)}


def fit(models: str, folder: str, epochs: str, share: str, unfreeze: str) -> dict[str, Any]:
    """Recipe 2 of docs/recipes: ``fit`` with the backbone in the model.

    ``share`` is the part of an epoch's 20-image steps that is run, ``unfreeze`` what the names of
    the layers that train begin with; nothing for none. The seconds of each epoch, those of the
    validation in them.
    """
    import keras
    from keras_times import EpochTimes

    times = EpochTimes()
    base = keras.saving.load_model(Path(models, "model.keras"), compile=False)
    base.trainable = bool(unfreeze)
    for layer in base.layers:
        layer.trainable = bool(unfreeze) and layer.name.startswith(unfreeze)
    size = base.input_shape[1]
    training, validation = (_labeled(Path(folder, part), size) for part in ("train", "validation"))
    model = keras.Sequential([keras.Input((size, size, 3)), keras.layers.Rescaling(1 / 255), base])
    for layer in _head():
        model.add(layer)
    _compile(model)
    steps = max(1, round(float(share) * len(training)))
    checks = max(1, round(float(share) * len(validation)))
    model.fit(
        training.repeat(),
        steps_per_epoch=steps,
        validation_data=validation.repeat(),
        validation_steps=checks,
        epochs=int(epochs),
        callbacks=[times],
        verbose=0,
    )
    scale = (len(training) + len(validation)) / (steps + checks)
    return {"epochs": times.seconds, "scale": scale, "waited": times.waited}


def fit_cached(models: str, folder: str, epochs: str) -> dict[str, Any]:
    """The same by hand: ``predict`` once, the head fitted on the arrays."""
    import keras
    from keras_times import PredictTimes

    base = keras.saving.load_model(Path(models, "model.keras"), compile=False)
    size = base.input_shape[1]
    rescaled = keras.Sequential(
        [keras.Input((size, size, 3)), keras.layers.Rescaling(1 / 255), base]
    )
    arrays = []
    waited = 0.0
    for part in ("train", "validation"):
        times = PredictTimes()
        images, labels = _unlabeled(Path(folder, part), size)
        arrays += [rescaled.predict(images, callbacks=[times], verbose=0), labels]
        waited += time.perf_counter() - times.last
    fitted = _fit_head(_head(), arrays, epochs)
    return {**fitted, "waited": waited + fitted["waited"]}


def _unlabeled(folder: Path, size: int) -> tuple[Any, Array]:
    """Images in the order of their files, and their labels, for which none is decoded again."""
    import keras
    import tensorflow as tf

    images = keras.utils.image_dataset_from_directory(
        folder, labels=None, image_size=(size, size), batch_size=20, shuffle=False, verbose=False
    )
    classes = sorted(path.name for path in folder.iterdir())
    labels = [[classes.index(Path(path).parent.name)] for path in images.file_paths]
    return images.prefetch(tf.data.AUTOTUNE), np.array(labels, np.float32)


def fit_arrays(file: str, epochs: str) -> dict[str, Any]:
    """The head on arrays that are there."""
    with np.load(file) as arrays:
        parts = [arrays[name] for name in ("x", "y", "x_val", "y_val")]
    return _fit_head(_head()[1:], parts, epochs)


def _fit_head(head: list[Any], arrays: list[Array], epochs: str) -> dict[str, Any]:
    import keras
    from keras_times import EpochTimes

    times = EpochTimes()
    x, y, x_val, y_val = arrays
    model = keras.Sequential([keras.Input(x.shape[1:]), *head])
    _compile(model)
    model.fit(
        x,
        y,
        batch_size=20,
        validation_data=(x_val, y_val),
        epochs=int(epochs),
        callbacks=[times],
        verbose=0,
    )
    return {"epochs": times.seconds, "waited": times.waited}


def _labeled(folder: Path, size: int) -> Any:
    import keras
    import tensorflow as tf

    return keras.utils.image_dataset_from_directory(
        folder,
        label_mode="binary",
        image_size=(size, size),
        batch_size=20,
        seed=1,
        verbose=False,
    ).prefetch(tf.data.AUTOTUNE)


def _head() -> list[Any]:
    import keras

    return [
        keras.layers.Flatten(),
        keras.layers.Dense(256, activation="relu"),
        keras.layers.Dense(1, activation="sigmoid"),
    ]


def _compile(model: Any) -> None:
    import keras

    model.compile(
        optimizer=keras.optimizers.RMSprop(2e-5),
        loss="binary_crossentropy",
        metrics=["accuracy"],
    )


def epochs(run: str) -> dict[str, Any]:
    """The seconds of a run's epochs after the first, from the times in its events."""
    import tensorflow as tf

    def written() -> Iterator[float]:
        for file in sorted(Path(run, "events", "train").iterdir()):
            for event in tf.compat.v1.train.summary_iterator(str(file)):
                if event.HasField("summary"):
                    yield event.wall_time

    times = list(written())
    return {"epochs": [after - before for before, after in itertools.pairwise(times)]}


_WHAT: dict[str, Callable[..., dict[str, Any]]] = {
    function.__name__.replace("_", "-"): function
    for function in (
        folder_keras,
        folder_onnxruntime,
        folder_openvino,
        latency_keras,
        latency_onnxruntime,
        latency_openvino,
        fit,
        fit_cached,
        fit_arrays,
        epochs,
    )
}


if __name__ == "__main__":
    print(json.dumps(_WHAT[sys.argv[1]](*sys.argv[2:])))
