"""Transfer learning as Keras's own guides have it: the frozen base runs in every epoch.

Prints one JSON object: the seconds of each epoch, validation included, and the last accuracy.
"""

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python-export"))

import keras
import tensorflow as tf
from keras_times import EpochTimes

from graft_export import efficientnet_lite0 as lite0

SIZE = (lite0.SIZE, lite0.SIZE)
BATCH = 32


def _images(folder: Path, shuffle: bool) -> tuple[Any, list[str]]:
    images = keras.utils.image_dataset_from_directory(
        folder, image_size=SIZE, batch_size=BATCH, shuffle=shuffle, seed=1, verbose=False
    )
    return images, images.class_names


def _model(classes: int) -> Any:
    base = lite0.build(*SIZE, include_top=False)
    lite0.load_imagenet(base)
    base.trainable = False
    inputs = keras.Input((*SIZE, 3))
    x = keras.layers.Rescaling(1 / lite0.DEVIATION, offset=-lite0.MEAN / lite0.DEVIATION)(inputs)
    x = base(x, training=False)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, keras.layers.Dense(classes, activation="softmax")(x))
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def _fit(folder: Path, epochs: int) -> dict[str, Any]:
    keras.utils.set_random_seed(1)
    training, labels = _images(folder / "train", shuffle=True)
    validation, _ = _images(folder / "validation", shuffle=False)
    times = EpochTimes()
    history = _model(len(labels)).fit(
        training.prefetch(tf.data.AUTOTUNE),
        validation_data=validation.prefetch(tf.data.AUTOTUNE),
        epochs=epochs,
        callbacks=[times],
        verbose=0,
    )
    return {
        "epochs": times.seconds,
        "waited": times.waited,
        "accuracy": history.history["val_accuracy"][-1],
    }


if __name__ == "__main__":
    print(json.dumps(_fit(Path(sys.argv[1]), int(sys.argv[2]))))
