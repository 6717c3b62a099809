"""docs/handoff.schema.json and the code describe one format."""

import copy
import dataclasses
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import ROOT

from graft_export import export, handoff
from graft_export.errors import GraftError
from graft_export.source import Source

SCHEMA = json.loads((ROOT / "docs" / "handoff.schema.json").read_text(encoding="utf-8"))
COMMITTED = sorted(
    [*(ROOT / "testdata" / "models").glob("*/handoff.json"), *ROOT.glob("savedmodels/*/*.json")]
)


def is_valid(document: Any) -> bool:
    return bool(jsonschema.Draft202012Validator(SCHEMA).is_valid(document))


def read(folder: Path) -> Any:
    return json.loads((folder / "handoff.json").read_text(encoding="utf-8"))


def test_the_schema_itself_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_what_is_exported_conforms(small_source: Source, tmp_path: Path) -> None:
    export.export(small_source, tmp_path / "small", overwrite=False)
    jsonschema.validate(read(tmp_path / "small"), SCHEMA)


@pytest.mark.parametrize("file", COMMITTED, ids=lambda file: file.parent.name)
def test_what_is_committed_conforms_and_so_does_what_is_written_of_it(
    file: Path, tmp_path: Path
) -> None:
    jsonschema.validate(read(file.parent), SCHEMA)
    handoff.write(handoff.read(file.parent), tmp_path)
    jsonschema.validate(read(tmp_path), SCHEMA)


def test_every_member_that_there_may_be_is_written_as_the_schema_has_it(tmp_path: Path) -> None:
    """What Java alone writes, once read, comes out of Python as it went in."""
    pool = handoff.read(ROOT / "testdata" / "models" / "pool")
    assert pool.golden is not None
    other = dataclasses.replace(pool.signature, name="other")
    whole = dataclasses.replace(
        pool,
        labels=["cat", "dog"],
        golden=dataclasses.replace(pool.golden, other_inputs={}, other_outputs={"f": "golden/f"}),
        training={"epochs": 3},
        signatures=[other],
        precision=handoff.Precision("bfloat16", 3, 2, {"features": 0.01}),
    )
    handoff.write(whole, tmp_path)
    assert set(SCHEMA["properties"]) - set(read(tmp_path)) == {"task"}  # of which Python knows none
    jsonschema.validate(read(tmp_path), SCHEMA)
    assert handoff.read(tmp_path) == whole


@pytest.mark.parametrize("member", SCHEMA["required"])
def test_without_a_required_member_it_is_neither_valid_nor_read(
    member: str, tmp_path: Path
) -> None:
    document = read(ROOT / "testdata" / "models" / "pool")
    assert is_valid(document)
    del document[member]
    assert not is_valid(document)
    (tmp_path / "handoff.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(GraftError, match=member):
        handoff.read(tmp_path)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("version",), 2),
        (("model", "parameters"), -1),
        (("weights", "file"), "../x"),
        (("signature", "inputs"), []),
        (("preparation", "orientation"), "up"),
        (("precision",), {"backbone": "float16", "samples": 1, "agreeing": 1, "differences": {}}),
        (("golden", "tolerance"), 1),
    ],
)
def test_the_schema_refuses_what_means_nothing(place: tuple[str, ...], value: Any) -> None:
    document = copy.deepcopy(read(ROOT / "testdata" / "models" / "pool"))
    *outer, last = place
    inner = document
    for member in outer:
        inner = inner[member]
    inner[last] = value
    assert not is_valid(document)
