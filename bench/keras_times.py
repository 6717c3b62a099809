"""How long Keras works, without what it waits for at the end of a pass.

When a pass over a ``tf.data`` pipeline with AUTOTUNE is over, its tuner is waited for, which
sleeps for 10 ms, 20 ms, 40 ms and so on: a pass of 13 s may return after 20.47 s, or may not. So
a pass ends here with its last batch, which is in the peers' favour.
"""

import time
from typing import Any

import keras


class EpochTimes(keras.callbacks.Callback):  # type: ignore[misc]
    """The seconds of each epoch of ``fit``: of its steps and of its validation's."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self.waited = 0.0
        self._epoch = self._began = self._worked = self._last = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Before the first step."""
        self._epoch = self._began = self._last = time.perf_counter()
        self._worked = 0.0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """After a step."""
        self._last = time.perf_counter()

    def on_test_begin(self, logs: Any = None) -> None:
        """Between the last step and the validation."""
        self._worked += self._last - self._began
        self._began = self._last = time.perf_counter()

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        """After a batch of the validation."""
        self._last = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """After the validation."""
        self.seconds.append(self._worked + self._last - self._began)
        self.waited += time.perf_counter() - self._epoch - self.seconds[-1]


class PredictTimes(keras.callbacks.Callback):  # type: ignore[misc]
    """The seconds of the last ``predict``, and when its last batch was done."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = self.last = 0.0
        self._began = 0.0

    def on_predict_begin(self, logs: Any = None) -> None:
        """Before the first batch is asked for."""
        self._began = time.perf_counter()

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        """After a batch."""
        self.last = time.perf_counter()
        self.seconds = self.last - self._began
