"""Predicts a folder as Keras's own guides have it: ``image_dataset_from_directory``, ``predict``.

Prints one JSON object: the images, and the seconds and processor seconds of ``predict``, which
decodes as it goes.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from keras_fit import BATCH, SIZE, _model
from keras_times import PredictTimes


def _predict(folder: Path, classes: int) -> dict[str, Any]:
    model = _model(classes)
    images = keras.utils.image_dataset_from_directory(
        folder, labels=None, image_size=SIZE, batch_size=BATCH, shuffle=False, verbose=False
    )
    times, worked = PredictTimes(), time.process_time()
    answers = model.predict(images.prefetch(tf.data.AUTOTUNE), callbacks=[times], verbose=0)
    return {
        "images": len(answers),
        "seconds": times.seconds,
        "processor": time.process_time() - worked,
    }


if __name__ == "__main__":
    print(json.dumps(_predict(Path(sys.argv[1]), int(sys.argv[2]))))
