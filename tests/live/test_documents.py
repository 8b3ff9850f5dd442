"""Documents as bytes, which anybody may have written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crosscors import CORSPolicy, Resources
from crosscors.live.documents import MOST_BYTES, as_bytes, numbered, read_bytes, read_numbered, version_in
from tests.tables import each, table

POLICY = CORSPolicy(allow_origins=["https://app.example.com"], max_age=None)
RESOURCES = Resources({"/a/*": POLICY, "/b": None})


@each("policies", POLICY, RESOURCES)
def test_what_is_written_is_read(policies: Any) -> None:
    read, found = read_numbered(as_bytes(numbered(policies, 2**53 - 1)))
    assert read is not None
    assert (read[0].policies, read[1], found.problems) == (policies.policies, 2**53 - 1, ())
    assert type(read[0]) is type(policies)


def test_the_first_bytes_tell_documents_apart() -> None:
    first, second = (as_bytes(numbered(POLICY, version)) for version in (2**53 - 2, 2**53 - 1))
    assert first[:40] != second[:40]


@table(
    "raw, code",
    ("a policy that cannot work", b'{"version": 1, "policy": {"max_age": true}}', "wrong-type"),
    ("no version", b'{"policy": {}}', "no-version"),
    ("a version in words", b'{"version": "3", "policy": {}}', "no-version"),
    ("a version below 1", b'{"version": 0, "policy": {}}', "no-version"),
    ("a version that only Python can count", b'{"version": 9007199254740992, "policy": {}}', "no-version"),
    ("a version that is a truth value", b'{"version": true, "policy": {}}', "wrong-type"),
    ("a number that takes minutes to read", b'{"version": 1%s}' % (b"0" * 100_000), "invalid-document"),
    ("no object", b"[1]", "wrong-type"),
    ("brackets without an end", b"[" * 100_000, "invalid-document"),
    ("no text", b"\xff", "not-utf-8"),
    ("one byte more than allowed", b" " * (MOST_BYTES + 1), "document-too-large"),
    ("nothing", b"", "invalid-document"),
)
def test_what_is_refused(raw: bytes, code: str) -> None:
    read, found = read_numbered(raw)
    assert (read, [problem.code for problem in found.problems]) == (None, [code])


def test_the_largest_document_is_read() -> None:
    raw = b'{"version": 1, "policy": {}}'.rjust(MOST_BYTES)
    assert read_numbered(raw)[0] == (CORSPolicy(), 1)
    assert read_bytes(raw, "json")[0] is not None


def test_a_version_that_no_reader_accepts_is_not_written() -> None:
    with pytest.raises(ValueError, match="The version 9007199254740992 is too great"):
        numbered(POLICY, 2**53)


def test_a_document_that_no_reader_accepts_is_not_written() -> None:
    with pytest.raises(ValueError, match="The document has 1,048,590 bytes, and 1,048,576 are the most"):
        as_bytes({"policy": "x" * MOST_BYTES})


@table(
    "raw, version",
    ("of a document", json.dumps({"version": 3, "policy": {"unknown": 1}}).encode(), 3),
    ("of something else", b"[1]", 0),
    ("of no JSON", b"\xff", 0),
    ("of none", b"{}", 0),
    ("in words", b'{"version": "3"}', 0),
    ("of brackets without an end", b"[" * 100_000, 0),
)
def test_the_version_is_read_whatever_else_is_there(raw: bytes, version: int) -> None:
    assert version_in(raw) == version
