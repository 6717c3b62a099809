"""Says on stderr what is going on, once it takes longer than one would wait without a word."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_SECONDS = 2.0


@contextmanager
def stage(what: str) -> Iterator[None]:
    """Prints ``what`` to stderr if the block takes longer than two seconds."""
    timer = threading.Timer(PATIENCE_SECONDS, say, [f"{what} …"])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def say(line: str) -> None:
    """Prints one line to stderr."""
    print(line, file=sys.stderr, flush=True)
