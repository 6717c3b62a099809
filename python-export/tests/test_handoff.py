import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graft_export import handoff
from graft_export.errors import GraftError


@pytest.fixture
def folder(testdata: Path, tmp_path: Path) -> Path:
    shutil.copy(testdata / "models" / "pool" / "handoff.json", tmp_path)
    return tmp_path


def edit(folder: Path, change: Callable[[Any], object]) -> None:
    path = folder / "handoff.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def test_what_is_read_is_written_again_byte_for_byte(folder: Path) -> None:
    before = (folder / "handoff.json").read_bytes()
    handoff.write(handoff.read(folder), folder)
    assert (folder / "handoff.json").read_bytes() == before


def test_members_that_are_not_known_are_ignored(folder: Path) -> None:
    expected = handoff.read(folder)
    edit(folder, lambda document: document.update(colour="blue"))
    edit(folder, lambda document: document["model"].update(colour="blue"))
    assert handoff.read(folder) == expected


def test_a_newer_version_is_refused_with_both_numbers(folder: Path) -> None:
    edit(folder, lambda document: document.update(version=2))
    with pytest.raises(GraftError, match=r"version 2, .* up to version 1"):
        handoff.read(folder)


@pytest.mark.parametrize("version", [None, 0, "1", True, 1.5])
def test_what_is_no_version_is_refused(folder: Path, version: Any) -> None:
    edit(folder, lambda document: document.update(version=version))
    with pytest.raises(GraftError, match="version"):
        handoff.read(folder)


def test_another_format_is_refused(folder: Path) -> None:
    edit(folder, lambda document: document.update(format="onnx"))
    with pytest.raises(GraftError, match="'graft-handoff' but has 'onnx'"):
        handoff.read(folder)


def test_a_missing_member_is_named_with_its_place(folder: Path) -> None:
    edit(folder, lambda document: document["signature"]["inputs"][0].pop("key"))
    with pytest.raises(GraftError, match=r'signature: inputs\[0\] has no "key"'):
        handoff.read(folder)


@pytest.mark.parametrize(
    ("member", "value", "message"),
    [
        ("labels", "cat", "labels should be a list but is 'cat'"),
        ("labels", [1], r"labels\[0\] should be a str but is 1"),
        ("files", {"a": 1}, r"files\.a should be a str but is 1"),
        ("model", None, "model should be a dict but is None"),
    ],
)
def test_a_member_of_another_kind_is_named(
    folder: Path, member: str, value: Any, message: str
) -> None:
    edit(folder, lambda document: document.update({member: value}))
    with pytest.raises(GraftError, match=message):
        handoff.read(folder)


def test_a_number_is_no_truth_value(folder: Path) -> None:
    edit(folder, lambda document: document["model"].update(includeTop=0))
    with pytest.raises(GraftError, match="includeTop should be a bool but is 0"):
        handoff.read(folder)


def test_a_folder_without_manifest_is_no_handoff(tmp_path: Path) -> None:
    with pytest.raises(GraftError, match=r"has no handoff\.json"):
        handoff.read(tmp_path)


def test_a_cut_off_manifest_is_refused(folder: Path) -> None:
    path = folder / "handoff.json"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(GraftError, match="is not JSON"):
        handoff.read(folder)
