"""How much of a response the browser reads, and how long it waits."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from crosscors.testing.blocked import NetworkError, TooLateError
from crosscors.testing.exchange import has_body

if TYPE_CHECKING:
    from crosscors.testing.exchange import ReceivedResponse, SentRequest

MAX_BODY_BYTES: Final = 32 * 1024 * 1024
TIMEOUT: Final = 60.0


@dataclass(frozen=True)
class Limits:
    """The limits of one fetch: bytes for each body, and seconds for the whole fetch.

    Where a body may be cut, its excess does not fail the fetch.
    """

    max_body_bytes: int = MAX_BODY_BYTES
    timeout: float | None = TIMEOUT
    may_cut_bodies: bool = False
    # Not the browser's clock, which tests move.
    _started: float = field(default_factory=time.monotonic)

    def seconds_left(self) -> float | None:
        """None if there is no limit. Never zero, because sockets then do not wait at all."""
        if self.timeout is None:
            return None
        return max(self._started + self.timeout - time.monotonic(), 0.001)

    def is_over(self) -> bool:
        return self.timeout is not None and time.monotonic() >= self._started + self.timeout

    def too_late(self, url: str) -> TooLateError:
        return TooLateError(
            f"The fetch took longer than {self.timeout:g} seconds, and {url} had not sent its whole response."
            " To wait longer, write Browser(..., timeout=seconds), or timeout=None to wait forever."
        )

    def too_large(self, url: str) -> NetworkError:
        return NetworkError(
            f"The body from {url} is longer than {self.max_body_bytes} bytes, the limit of this browser."
            " To read more, write Browser(..., max_body_bytes=number)."
        )


def check_limits(max_body_bytes: int, timeout: float | None) -> None:
    """Raises TypeError or ValueError for an invalid limit."""
    if not isinstance(max_body_bytes, int) or isinstance(max_body_bytes, bool):  # pyright: ignore[reportUnnecessaryIsInstance] (tests are often untyped)
        raise TypeError(
            f"max_body_bytes={max_body_bytes!r}: write a whole number of bytes, such as 1_000_000."
        )
    if max_body_bytes < 0:
        raise ValueError(f"max_body_bytes={max_body_bytes!r}: write 0 or more.")
    if timeout is None:
        return
    if not isinstance(timeout, int | float) or isinstance(timeout, bool):  # pyright: ignore[reportUnnecessaryIsInstance] (tests are often untyped)
        raise TypeError(f"timeout={timeout!r}: write a number of seconds, or None to wait forever.")
    if not 0 < timeout <= threading.TIMEOUT_MAX:
        raise ValueError(f"timeout={timeout!r}: write more than 0 seconds, or None to wait forever.")


class ClientGoneError(OSError):
    """The browser has stopped reading. Applications get this when they send, as from servers (ASGI 2.4)."""


class AbandonedError(BaseException):
    """ClientGoneError for an application that keeps sending: ``except Exception`` does not catch it."""


class Body:
    """The part of a body received so far, within the limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._parts: list[bytes] = []
        self._size = 0
        self.is_cut = False
        """Whether the body was too large or too late, so that only its beginning was kept."""

    @property
    def has_begun(self) -> bool:
        return bool(self._parts)

    def add(self, part: bytes) -> None:
        """Raises ClientGoneError when the body gets too large or too late, and AbandonedError after that."""
        if self.is_cut:
            raise AbandonedError
        self._size += len(part)
        self.is_cut = self._size > self._limits.max_body_bytes or self._limits.is_over()
        if self.is_cut:
            raise ClientGoneError("The browser has stopped reading this response.")
        if part:
            self._parts.append(part)

    def content(self) -> bytes:
        return b"".join(self._parts)

    def cut_off(self, request: SentRequest, received: ReceivedResponse) -> ReceivedResponse:
        """The response of a body that was cut off. Raises NetworkError, unless nobody reads the body."""
        if not has_body(request.method, received.status):
            return received
        if self._limits.may_cut_bodies:
            return replace(received, is_complete=False)
        is_large = self._size > self._limits.max_body_bytes
        raise self._limits.too_large(request.url) if is_large else self._limits.too_late(request.url)
