"""The local copy of the last document."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from crosscors import CORSPolicy
from crosscors.live import snapshot
from tests.tables import table

RAW = b'{"version": 3, "policy": {}}'


def test_what_is_kept_is_loaded(tmp_path: Path) -> None:
    path = snapshot.check_name(tmp_path / "policy.json")
    assert snapshot.load(path) is None
    snapshot.keep(path, RAW)
    assert snapshot.load(path) == (CORSPolicy(), 3)


def test_the_same_document_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    snapshot.keep(path, RAW)
    before = path.stat().st_ino
    snapshot.keep(path, RAW)
    assert path.stat().st_ino == before
    snapshot.keep(path, RAW + b" ")
    assert (path.read_bytes(), os.listdir(tmp_path)) == (RAW + b" ", ["policy.json"])


def test_nothing_is_left_where_it_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        snapshot._write(path, RAW)  # pyright: ignore[reportPrivateUsage]
    assert os.listdir(tmp_path) == ["policy.json"]


@table(
    "raw, said",
    ("a document with a problem", b'{"version": 3, "policy": {"max_age": true}}', "policy.max_age"),
    ("a document without an end", b"[" * 2**21, "is larger than"),
)
def test_a_bad_snapshot_is_not_used(
    tmp_path: Path, raw: bytes, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "policy.json"
    path.write_bytes(raw)
    assert snapshot.load(path) is None
    assert f"The policy in the snapshot {path} is not used." in caplog.text
    assert said in caplog.text


def test_a_snapshot_that_cannot_be_read_is_not_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert snapshot.load(tmp_path) is None
    assert f"The snapshot {tmp_path} cannot be read: Is a directory." in caplog.text


@table(
    "name, meant",
    ("TOML, which would be written as JSON", "policy.toml", "policy.json"),
    ("no ending", "policy", "policy.json"),
    ("no name", "", "policy.json"),
)
def test_only_json_is_written(name: str, meant: str) -> None:
    with pytest.raises(ValueError, match=f'Write snapshot="{meant}"$'):
        snapshot.check_name(name)
