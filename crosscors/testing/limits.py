"""How much of a response a browser reads, and how long it waits for one."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from crosscors.testing.blocked import NetworkError
from crosscors.testing.exchange import has_body

if TYPE_CHECKING:
    from crosscors.testing.exchange import ReceivedResponse, SentRequest

MAX_BODY_BYTES: Final = 32 * 1024 * 1024
TIMEOUT: Final = 60.0


@dataclass(frozen=True)
class Limits:
    """What one fetch is given: so many bytes of each body, and so many seconds for all of it."""

    max_body_bytes: int = MAX_BODY_BYTES
    timeout: float | None = TIMEOUT
    # Not the browser's clock, which tests move.
    _started: float = field(default_factory=time.monotonic)

    def seconds_left(self) -> float | None:
        """None when there is no limit; never zero, which sockets take for not waiting at all."""
        if self.timeout is None:
            return None
        return max(self._started + self.timeout - time.monotonic(), 0.001)

    def is_over(self) -> bool:
        return self.timeout is not None and time.monotonic() >= self._started + self.timeout

    def too_late(self, url: str) -> NetworkError:
        return NetworkError(
            f"The fetch took longer than {self.timeout:g} seconds, and {url} had not sent its whole response."
            " To wait longer, write Browser(..., timeout=seconds), or timeout=None to wait for ever."
        )

    def too_large(self, url: str) -> NetworkError:
        return NetworkError(
            f"The body from {url} is longer than {self.max_body_bytes} bytes, which is where this browser"
            " stops reading. To read more, write Browser(..., max_body_bytes=number)."
        )


def check_limits(max_body_bytes: int, timeout: float | None) -> None:
    """Raises TypeError and ValueError for what cannot be a limit."""
    if not isinstance(max_body_bytes, int) or isinstance(max_body_bytes, bool):  # pyright: ignore[reportUnnecessaryIsInstance] (tests are often untyped)
        raise TypeError(
            f"max_body_bytes={max_body_bytes!r}: write a whole number of bytes, such as 1_000_000."
        )
    if max_body_bytes < 0:
        raise ValueError(f"max_body_bytes={max_body_bytes!r}: write 0 or more.")
    if timeout is None:
        return
    if not isinstance(timeout, int | float) or isinstance(timeout, bool):  # pyright: ignore[reportUnnecessaryIsInstance] (tests are often untyped)
        raise TypeError(f"timeout={timeout!r}: write a number of seconds, or None to wait for ever.")
    if not 0 < timeout <= threading.TIMEOUT_MAX:
        raise ValueError(f"timeout={timeout!r}: write more than 0 seconds, or None to wait for ever.")


class ClientGoneError(OSError):
    """The browser reads no more. Applications get it from where they send, as from servers (ASGI 2.4)."""


class AbandonedError(BaseException):
    """The same, for an application that goes on sending: ``except Exception`` does not catch it."""


class Body:
    """What has come of a body, within the limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._parts: list[bytes] = []
        self._size = 0
        self.is_cut = False
        """Whether it was too large or too late, so that only its beginning is here."""

    @property
    def has_begun(self) -> bool:
        return bool(self._parts)

    def add(self, part: bytes) -> None:
        """Raises ClientGoneError once it is too large or too late, AbandonedError after that."""
        if self.is_cut:
            raise AbandonedError
        self._size += len(part)
        self.is_cut = self._size > self._limits.max_body_bytes or self._limits.is_over()
        if self.is_cut:
            raise ClientGoneError("The browser reads no more of this response.")
        if part:
            self._parts.append(part)

    def content(self) -> bytes:
        return b"".join(self._parts)

    def cut_off(self, request: SentRequest, received: ReceivedResponse) -> ReceivedResponse:
        """What a body that was cut makes of its response. Raises NetworkError, unless nobody reads it."""
        if not has_body(request.method, received.status):
            return received
        is_large = self._size > self._limits.max_body_bytes
        raise self._limits.too_large(request.url) if is_large else self._limits.too_late(request.url)
