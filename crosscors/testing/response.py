"""What a script gets: the part of the response that it may read."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from crosscors.testing.blocked import NetworkError

if TYPE_CHECKING:
    from crosscors.testing.exchange import Exchange
    from crosscors.testing.response_headers import Headers

ResponseType = Literal["basic", "cors", "opaque", "opaqueredirect"]


@dataclass(frozen=True)
class Response:
    """A filtered response (Fetch, section "Responses"): only what a script may read.

    ``type`` says how much that is: with "basic" everything except cookies, with "cors" what the server
    exposes, with "opaque" and "opaqueredirect" nothing. ``exchanges`` is everything that went over the wire,
    including preflights. ``notes`` say what the browser held back. ``repr()`` shows them, if there are any.
    """

    type: ResponseType
    status: int
    headers: Headers
    _received_body: bytes | None = field(repr=False)  # None: it was cut off
    url: str
    redirected: bool
    exchanges: tuple[Exchange, ...] = field(repr=False)

    def __repr__(self) -> str:
        names = ("type", "status", "headers", "url", "redirected", *(("notes",) if self.notes else ()))
        return f"Response({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    @property
    def notes(self) -> tuple[str, ...]:
        """Which cookies were not sent or not kept, and why."""
        return tuple(note for exchange in self.exchanges for note in exchange.notes)

    @property
    def ok(self) -> bool:
        """Whether the status is from 200 to 299."""
        return 200 <= self.status <= 299  # noqa: PLR2004 (an "ok status")

    @property
    def body(self) -> bytes:
        """The body. Raises NetworkError if it was cut off, where reading it fails in JavaScript."""
        if self._received_body is None:
            raise NetworkError("The response was cut off before its end.", self.exchanges)
        return self._received_body

    def text(self) -> str:
        """The body, read as UTF-8."""
        return self.body.decode("utf-8-sig", "replace")

    def json(self) -> Any:
        """The body, read as JSON. Raises json.JSONDecodeError."""
        return json.loads(self.text())
