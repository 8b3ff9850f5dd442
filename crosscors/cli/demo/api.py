"""What the application answers, on every stack. Nothing in this module knows about CORS."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY")

ITEMS = "/items"
CRASH = "/crash"
NOTHING = "/nothing"
PATHS = (ITEMS, CRASH, NOTHING)


@dataclass(frozen=True)
class Answer:
    """A response: its status, its headers and its body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class CrashError(Exception):
    """What the application raises for the path ``/crash``, and does not catch."""


def answer(method: str, path: str) -> Answer:
    """The response of the application.

    Raises:
        CrashError: for ``/crash``.

    Example:
        >>> answer("GET", "/items").status, answer("GET", "/nothing").status
        (200, 404)
    """
    if path == CRASH:
        raise CrashError("The application has a bug.")
    if path == ITEMS:
        items = ["tea", "milk", "biscuits"]
        more = (("X-Item-Count", str(len(items))), ("X-Internal", "rack 7"))
        return _json(200, {"method": method, "items": items}, more)
    return _json(404, {"error": "There is nothing here."})


def _json(status: int, content: object, more: tuple[tuple[str, str], ...] = ()) -> Answer:
    body = json.dumps(content).encode()
    length = ("Content-Length", str(len(body)))
    return Answer(status, (("Content-Type", "application/json"), length, *more), body)


def is_no_crash(record: logging.LogRecord) -> bool:
    """A filter for logs: without the tracebacks of ``/crash``, which would fill the terminal."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, CrashError)
