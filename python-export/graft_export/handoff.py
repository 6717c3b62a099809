"""The manifest ``handoff.json``, version 1: its values, how they are read and written.

The format is specified in ``docs/handoff-format.md``; Java writes and reads it too.
"""

import dataclasses
import hashlib
import json
import re
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from graft_export.errors import GraftError

FORMAT = "graft-handoff"
VERSION = 1
FILE_NAME = "handoff.json"

T = TypeVar("T")


@dataclass(frozen=True)
class Model:
    """What the model is and where it comes from."""

    name: str
    source: str
    include_top: bool
    parameters: int


@dataclass(frozen=True)
class Weights:
    """Where the weights come from and under which licence (an SPDX identifier)."""

    source: str
    licence: str | None
    file: str | None


@dataclass(frozen=True)
class Endpoint:
    """An input or output of the signature; a size of -1 is unknown."""

    alias: str
    key: str
    dtype: str
    shape: list[int]


@dataclass(frozen=True)
class Signature:
    """The signature to call."""

    name: str
    inputs: list[Endpoint]
    outputs: list[Endpoint]


@dataclass(frozen=True)
class Resize:
    """The size that images are brought to.

    ``tf.image.resize(image, [height, width], method)``, where ``aspect`` is ``stretch``; ``crop``
    and ``pad`` are ``crop_to_aspect_ratio`` and ``pad_to_aspect_ratio`` of
    ``keras.utils.image_dataset_from_directory``.
    """

    method: str
    height: int
    width: int
    aspect: str = "stretch"


@dataclass(frozen=True)
class Preparation:
    """How a file becomes an input, in the order of the members."""

    decode: str
    orientation: str
    resize: Resize | None
    colour_order: str
    divisor: float
    scale: float
    mean: list[float]
    deviation: list[float]
    in_graph: bool


@dataclass(frozen=True)
class Variable:
    """A stored variable; ``sha256`` is of its little-endian, row-major values."""

    name: str
    key: str
    dtype: str
    shape: list[int]
    trainable: bool
    sha256: str


@dataclass(frozen=True)
class Layer:
    """A layer with the variables that it was the first to own."""

    name: str
    class_name: str = field(metadata={"key": "class"})
    output_shape: list[int] | None
    parameters: int
    trainable: bool
    variables: list[Variable]


@dataclass(frozen=True)
class Golden:
    """Samples and what the sender's model answered to them, as paths in the folder."""

    images: list[str]
    prepared: str
    outputs: dict[str, str]
    tolerance: float
    # The inputs beside the first, by alias.
    other_inputs: dict[str, str] | None = None
    # The outputs that only other signatures have, by alias.
    other_outputs: dict[str, str] | None = None


@dataclass(frozen=True)
class Precision:
    """What the backbone is computed in, and what this did to the golden samples.

    ``agreeing`` of ``samples`` have their largest answer where it is in float32; ``differences``
    are the largest of each output, relative to the largest magnitude in float32.
    """

    backbone: str
    samples: int
    agreeing: int
    differences: dict[str, float]


@dataclass(frozen=True)
class Handoff:
    """All that ``handoff.json`` says."""

    model: Model
    weights: Weights
    versions: dict[str, str]
    signature: Signature
    preparation: Preparation | None
    labels: list[str] | None
    layers: list[Layer]
    files: dict[str, str]
    golden: Golden | None
    training: dict[str, Any] | None
    # Those beside the one to call.
    signatures: list[Signature] | None = None
    # Where the backbone is not computed in float32.
    precision: Precision | None = None


def write(handoff: Handoff, folder: Path) -> None:
    """Writes ``handoff.json`` into ``folder``."""
    document = {"format": FORMAT, "version": VERSION, **_to_json(handoff)}
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    text = re.sub(r"\[[-+\w.,\s]*\]", _on_one_line, text)
    (folder / FILE_NAME).write_text(text + "\n", encoding="utf-8")


def read(folder: Path) -> Handoff:
    """Reads ``handoff.json`` from ``folder``; ``GraftError`` where it cannot be used."""
    if not folder.is_dir():
        raise GraftError(
            f"{folder} is a file: give the folder of a model, or of a run."
            if folder.exists()
            else f"There is no folder {folder}: give the folder of a model, or of a run."
        )
    path = folder / FILE_NAME
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise GraftError(
            f"{folder} has no {FILE_NAME}: it is not a handoff; write one with graft-export."
        ) from None
    except ValueError as error:
        raise GraftError(f"{path} is not JSON: {error}.") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        received = document.get("format") if isinstance(document, dict) else document
        raise GraftError(f"{path} should have the format {FORMAT!r} but has {received!r}.")
    version = document.get("version")
    if type(version) is not int or not 1 <= version <= VERSION:
        raise GraftError(
            f"{path} has version {version}, this graft-export reads up to version {VERSION}: "
            "use a newer graft-export."
        )
    return _from_json(Handoff, document, str(path))


def model_folder(folder: Path) -> Path:
    """The folder of the model: ``folder`` itself, or of a run the ``model`` in it."""
    return folder / "model" if (folder / "model" / FILE_NAME).is_file() else folder


def sha256_of_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in lower-case hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_in(folder: Path) -> list[str]:
    """All files under ``folder`` but ``handoff.json`` and hidden ones, with ``/``, sorted."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    visible = (path for path in paths if not any(part.startswith(".") for part in path.parts))
    return sorted(path.as_posix() for path in visible if path.as_posix() != FILE_NAME)


def _on_one_line(numbers: re.Match[str]) -> str:
    return "[" + " ".join(numbers[0][1:-1].split()) + "]"


def _key(member: "dataclasses.Field[Any]") -> str:
    camel = re.sub(r"_(\w)", lambda match: match.group(1).upper(), member.name)
    return str(member.metadata.get("key", camel))


def _to_json(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        values = {member: getattr(value, member.name) for member in dataclasses.fields(value)}
        return {_key(one): _to_json(of) for one, of in values.items() if of != one.default}
    if isinstance(value, list):
        return [_to_json(item) for item in value]
    return value


def _from_json(kind: type[T], value: Any, where: str) -> T:
    """``value`` as a ``kind``: a record, list, dictionary, optional or plain value."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    result: Any = value
    if kind is Any:
        return typing.cast(T, value)
    if origin is types.UnionType:
        if value is not None:
            result = _from_json(arguments[0], value, where)
    elif dataclasses.is_dataclass(kind):
        result = _record(kind, _checked(dict, value, where), where)
    elif origin is list:
        items = enumerate(_checked(list, value, where))
        result = [_from_json(arguments[0], item, f"{where}[{index}]") for index, item in items]
    elif origin is dict:
        entries = _checked(dict, value, where).items()
        result = {key: _from_json(arguments[1], item, f"{where}.{key}") for key, item in entries}
    elif kind is float:
        result = float(_checked((int, float), value, where))
    else:
        result = _checked(kind, value, where)
    return typing.cast(T, result)


def _record(kind: Any, document: dict[str, Any], where: str) -> Any:
    hints = typing.get_type_hints(kind)
    values = {}
    for member in dataclasses.fields(kind):
        key = _key(member)
        if key not in document:
            if member.default is not dataclasses.MISSING:
                continue
            raise GraftError(f'{where} has no "{key}".')
        values[member.name] = _from_json(hints[member.name], document[key], f"{where}: {key}")
    return kind(**values)


def _checked(kind: Any, value: Any, where: str) -> Any:
    # In Python a bool is an int; in JSON it is not.
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        names = [one.__name__ for one in (kind if isinstance(kind, tuple) else (kind,))]
        raise GraftError(f"{where} should be a {' or '.join(names)} but is {value!r}.")
    return value
