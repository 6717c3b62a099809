"""The update rules that are compared, under the names that Graft reads them by."""

from collections.abc import Callable
from typing import Any

ALL: dict[str, Callable[[Any], Any]] = {
    "sgd(0.01)": lambda keras: keras.SGD(0.01),
    "sgd(0.01, momentum=0.9)": lambda keras: keras.SGD(0.01, momentum=0.9),
    "sgd(0.01, momentum=0.9, nesterov)": lambda keras: keras.SGD(0.01, momentum=0.9, nesterov=True),
    "sgd(0.01, momentum=0.9, weight_decay=0.1)": lambda keras: keras.SGD(
        0.01, momentum=0.9, weight_decay=0.1
    ),
    "sgd(0.1, clipnorm=0.1)": lambda keras: keras.SGD(0.1, clipnorm=0.1),
    "rmsprop(1.0E-4)": lambda keras: keras.RMSprop(1e-4),
    "adam(1.0E-4)": lambda keras: keras.Adam(1e-4),
    "adam(1.0E-4, weight_decay=0.1, clipnorm=0.01)": lambda keras: keras.Adam(
        1e-4, weight_decay=0.1, clipnorm=0.01
    ),
    "adamw(1.0E-4)": lambda keras: keras.AdamW(1e-4),
    "adam(1.0E-4, global_clipnorm=0.01)": lambda keras: keras.Adam(1e-4, global_clipnorm=0.01),
    "adagrad(0.001)": lambda keras: keras.Adagrad(0.001),
    "nadam(1.0E-4)": lambda keras: keras.Nadam(1e-4),
}
"""Makes the optimizer from Keras's module of optimizers, by Graft's name of it."""

SHORT = ["sgd(0.01, momentum=0.9, nesterov)", "adam(1.0E-4)"]
