"""Documents as bytes: reading them within bounds, and writing them."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import TypeVar

from crosscors.core.document import Document, Language, read_document
from crosscors.core.errors import PolicyError
from crosscors.core.policy import CORSPolicy, Policies
from crosscors.core.resources import Resources
from crosscors.core.values import Findings, refused
from crosscors.live.following import say, say_refused

MOST_BYTES = 2**20  # room for 25,000 origins
_SHORTER = "Write patterns such as https://*.example.com in place of many origins."
# Redis counts in 64 bits, but JSON in other languages does in 53 (RFC 8259, section 6).
_GREATEST_VERSION = 2**53 - 1

_T = TypeVar("_T")


class StorageError(ValueError):
    """A place in Redis, or a document for it, cannot be used.

    Attributes:
        message: what is wrong.
        hint: what to do.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message} {hint}")
        self.message, self.hint = message, hint


def read_bytes(raw: bytes, language: Language) -> tuple[Document | None, Findings]:
    """The document, and what was found. None if there is a problem.

    >>> read_bytes(b"[policy]", "toml")[0].policies
    CORSPolicy()
    >>> read_bytes(b"\\xff", "toml")[1].problems[0].code
    'not-utf-8'
    """
    if len(raw) > MOST_BYTES:
        message = f"is larger than {MOST_BYTES:,} bytes."
        return None, refused("document-too-large", "document", None, message, _SHORTER)
    try:
        text = raw.decode()
    except UnicodeError:
        return None, refused("not-utf-8", "document", None, "is not UTF-8.", "Save it as UTF-8.")
    return read_document(text, language)


def read_numbered(raw: bytes) -> tuple[tuple[Policies, int] | None, Findings]:
    """The policies and the version of a document that ``crosscors push`` has written.

    >>> read_numbered(b'{"version": 3, "policy": {}}')[0]
    (CORSPolicy(), 3)
    """
    document, found = read_bytes(raw, "json")
    if document is None:
        return None, found
    version = document.version
    if isinstance(version, int) and 0 < version <= _GREATEST_VERSION:
        return (document.policies, version), found
    message = f"has to be a whole number from 1 to {_GREATEST_VERSION}."
    hint = "Do not write the document by hand. Run: crosscors push FILE"
    return None, refused("no-version", "version", version, message, hint)


def numbered(policies: CORSPolicy | Resources, version: int) -> dict[str, object]:
    """A document with a version, as JSON has it.

    Raises:
        PolicyError: if a policy has an ``allow_origin_func``.
        StorageError: if the version is too great.
    """
    if version > _GREATEST_VERSION:
        message = f"The version {version} is too great: {_GREATEST_VERSION} is the greatest."
        raise StorageError(message, "Follow another key, and push to it.")
    key = "resources" if isinstance(policies, Resources) else "policy"
    return {"version": version, key: policies.to_dict()}


def as_bytes(document: dict[str, object]) -> bytes:
    """The document in JSON. The version comes first, so that the first bytes tell documents apart.

    Raises:
        StorageError: if it is too large.
    """
    raw = json.dumps(document).encode()
    if len(raw) > MOST_BYTES:
        message = f"The document has {len(raw):,} bytes, and {MOST_BYTES:,} are the most."
        raise StorageError(message, _SHORTER)
    return raw


def version_in(raw: bytes) -> int:
    """The version of a document, whatever else is in it. 0 if it has none.

    >>> version_in(b'{"version": 3, "policy": "?"}'), version_in(b"?")
    (3, 0)
    """
    try:
        version: object = json.loads(raw)["version"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return 0
    return version if isinstance(version, int) else 0


def taken(
    read: tuple[_T | None, Findings], name: str, failed: Callable[[Exception], None] | None = None
) -> _T | None:
    """What was read. None if there are problems. The log gets them, and the warnings; ``failed``, too."""
    value, found = read
    warn(found, name)
    if value is None:
        error = PolicyError(found.problems, "document")
        say_refused(name, error)
        if failed is not None:
            failed(error)
    return value


def warn(found: Findings, name: str) -> None:
    """Log the warnings. A thread reads documents, and nobody would see ``warnings.warn``."""
    for each in found.warnings:
        say(logging.WARNING, "Warning about the policy in %s: %s", name, each)
