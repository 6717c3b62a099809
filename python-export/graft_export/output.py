"""Files that appear whole or not at all."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def beside(out: Path) -> Iterator[Path]:
    """A file of the same name in a folder beside ``out``; it becomes ``out`` if nothing fails."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as folder:
        file = Path(folder) / out.name
        yield file
        file.replace(out)
