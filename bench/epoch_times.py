"""The seconds of each epoch of Keras's ``fit``."""

import time
from typing import Any

import keras


class EpochTimes(keras.callbacks.Callback):  # type: ignore[misc]
    """Keras ends an epoch after its validation."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._began = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Before the first step."""
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """After the validation."""
        self.seconds.append(time.perf_counter() - self._began)
