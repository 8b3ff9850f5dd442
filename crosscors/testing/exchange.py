"""What goes over the wire: a request, its response, and both as text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crosscors.testing.blocked import Step

Fields = tuple[tuple[str, str], ...]

_SHOWN_BODY = 200  # bytes
_SHOWN_VALUE = 1000  # characters
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")


# "null body status"
_NULL_BODY_STATUS = frozenset({101, 103, 204, 205, 304})


def has_body(method: str, status: int) -> bool:
    """Whether a script can read a body from such a response ("main fetch", step 21)."""
    return method != "HEAD" and status not in _NULL_BODY_STATUS


def get(fields: Fields | list[tuple[str, str]], name: str) -> str | None:
    """The values of all headers with that name, joined (Fetch, "header list", get)."""
    lowered = name.lower()
    values = [value for key, value in fields if key.lower() == lowered]
    return ", ".join(values) if values else None


def by_name(fields: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The values of each header, by its name in lower case."""
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name.lower(), []).append(value)
    return values


@dataclass(frozen=True)
class SentRequest:
    """A request as it was sent. Header values are Latin-1 text, as everywhere in this package."""

    method: str
    url: str
    headers: Fields
    body: bytes = b""

    @property
    def content_length(self) -> int | None:
        """The value of Content-Length, or None (Fetch, "HTTP-network-or-cache fetch")."""
        return len(self.body) if self.body or self.method in {"POST", "PUT"} else None

    @property
    def is_websocket(self) -> bool:
        """Whether this is the handshake of a WebSocket. No script can set this header."""
        return self.header("Upgrade") == "websocket"

    def header(self, name: str) -> str | None:
        """The value of the header, or None. Several values are joined by commas."""
        return get(self.headers, name)


@dataclass(frozen=True)
class ReceivedResponse:
    """A response as it was received, before the browser hides anything from the script."""

    status: int
    headers: Fields
    body: bytes = b""
    # What the application raised, if it runs in this process. The response is what a server would send then.
    raised: BaseException | None = None
    is_complete: bool = True  # False if the exception cut the body short
    is_cached: bool = False  # it came from a shared cache
    logged: str | None = None  # why the CORS policy refused the request, if the server runs in this process

    def header(self, name: str) -> str | None:
        """The value of the header, or None. Several values are joined by commas."""
        return get(self.headers, name)


@dataclass(frozen=True)
class Check:
    """A check of the standard: the step that let the response pass, or the one that failed."""

    step: Step
    passed: bool


@dataclass(frozen=True)
class Exchange:
    """One request and its response. ``print()`` shows both; ``notes`` say what the browser held back.

    ``checks`` are the checks of CORS that the browser has made, in order. If one failed, it is the last.
    """

    request: SentRequest
    response: ReceivedResponse
    is_preflight: bool = False
    notes: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()

    def __str__(self) -> str:
        request, response = self.request, self.response
        lines = [f"{request.method} {request.url}" + (" (preflight)" if self.is_preflight else "")]
        lines += [
            f"  > {name}: {_shortened(value)}" for name, value in request.headers if not _is_noise(name)
        ]
        lines += [f"  < {response.status}" + (" (from the shared cache)" if response.is_cached else "")]
        lines += [f"  < {_shortened(name)}: {_shortened(value)}" for name, value in response.headers]
        lines += [f"  ({note})" for note in self.notes]
        if response.raised is not None:
            lines.append(f"  ! the application raised {response.raised!r}")
        if response.body:
            lines.append(f"  < {_shown_body(response.body)}")
        return "\n".join(lines)


def _is_noise(name: str) -> bool:
    """Whether the header is on every request and says nothing about CORS."""
    lowered = name.lower()
    return lowered in _ON_EVERY_REQUEST or lowered.startswith(("sec-fetch-", "sec-websocket-"))


_ON_EVERY_REQUEST = frozenset({"accept", "user-agent", "referer", "pragma", "cache-control", "connection"})


def escaped(text: str) -> str:
    """The text without control characters, which could change what a terminal shows."""
    return _CONTROLS.sub(lambda control: ascii(control[0])[1:-1], text)


def _shortened(value: str) -> str:
    shown = escaped(value[:_SHOWN_VALUE])
    return shown if len(value) <= _SHOWN_VALUE else f"{shown}... ({len(value)} bytes)"


def _shown_body(body: bytes) -> str:
    text = ascii(body[:_SHOWN_BODY].decode("utf-8", "replace"))[1:-1]
    return f"{text}... ({len(body)} bytes)" if len(body) > _SHOWN_BODY else text
