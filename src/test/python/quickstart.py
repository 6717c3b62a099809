"""``quickstart.py INSTALLED FOLDER COMMAND…``: commands of docs/quickstart.md, run in FOLDER.

``INSTALLED`` is where pip has put graft-export. Keras looks for VGG16's weights in a home below
FOLDER, where random ones of that name are put, since nothing can be downloaded; and there is a
model ``mine.keras``.
"""

import os
import shlex
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["HOME"] = sys.argv[2] + "/home"
os.environ["USERPROFILE"] = os.environ["HOME"]

import h5py
import keras
from keras.src.legacy.saving import legacy_h5_format
from keras.src.utils import file_utils

import graft_export
from graft_export import applications, cli

FOLDER = Path(sys.argv[2])
ENTRIES = {
    "graft-export": cli.export_command,
    "graft-import": cli.import_command,
    "graft-verify": cli.verify_command,
}


def prepare() -> None:
    """Writes the weights and the model, once."""
    weights = FOLDER / "home/.keras/models/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
    if weights.exists():
        return
    weights.parent.mkdir(parents=True)
    request = applications.Request("vgg16", weights="none", input_size=(64, 64))
    with h5py.File(weights, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, applications.build(request).model)
    images = keras.Input((32, 32, 3))
    convolved = keras.layers.Conv2D(8, 3, activation="relu")(images)
    keras.Model(images, convolved).save(FOLDER / "mine.keras")


def main() -> None:
    """Runs the commands."""
    installed = Path(graft_export.__file__)
    assert installed.is_relative_to(Path(sys.argv[1]).resolve()), installed
    # The hash that Keras knows is that of the weights that it would have fetched.
    file_utils.validate_file = lambda *_, **__: True
    prepare()
    os.chdir(FOLDER)
    for command in list(sys.argv[3:]):
        sys.argv = shlex.split(command)
        code = ENTRIES[sys.argv[0]]()
        if code:
            sys.exit(f"{command} ended with {code}.")


if __name__ == "__main__":
    main()
