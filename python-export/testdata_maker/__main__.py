"""``python -m testdata_maker [PART...] [--out testdata]``, run in ``python-export``."""

import argparse
import shutil
from pathlib import Path

import graft_export  # noqa: F401  sets up the environment before TensorFlow is imported
from testdata_maker import augmentation, digits, images, models, preparation, splits

_PARTS = {
    "digits": digits.make,
    "images": images.make,
    "models": models.make,
    "preparation": preparation.make,
    "augmentation": augmentation.make,  # of an image of the preparation
    "splits.json": splits.make,
}


def main() -> None:
    """Makes the named parts again, all of them by default."""
    parser = argparse.ArgumentParser(prog="testdata_maker", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(_PARTS))
    parser.add_argument("--out", type=Path, default=Path("..", "testdata"))
    options = parser.parse_args()
    for part in options.parts or _PARTS:
        if part not in _PARTS:
            parser.error(f"there is no part {part!r}, only {', '.join(_PARTS)}")
        if part != "models":  # holds keras2, which is made elsewhere
            shutil.rmtree(options.out / part, ignore_errors=True)
        _PARTS[part](options.out)


if __name__ == "__main__":
    main()
