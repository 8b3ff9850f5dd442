"""What the server logs about a refusal while it answers a request, if it runs in this process.

crosscors logs each refusal to the logger ``crosscors``, at INFO. The record has the codes of the reasons in
its attribute ``refusals``.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar


@contextmanager
def refusals_logged() -> Generator[list[str]]:
    """A list of the lines about refusals that are logged in this context."""
    lines: list[str] = []
    token = _lines.set(lines)
    _listener.begin(lines)
    try:
        yield lines
    finally:
        _listener.end(lines)
        _lines.reset(token)


class _Listener(logging.Filter):
    """Hears everything from INFO on, and passes on what the log would show without it."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()  # browsers of several threads
        self._readers: list[list[str]] = []
        self._level = logging.NOTSET  # before the first reader
        self._shown = logging.NOTSET

    def begin(self, lines: list[str]) -> None:
        with self._lock:
            if not self._readers:
                logger = _logger()
                self._level, self._shown = logger.level, logger.getEffectiveLevel()
                logger.addFilter(self)
                if self._shown > logging.INFO:
                    logger.setLevel(logging.INFO)
            self._readers.append(lines)

    def end(self, lines: list[str]) -> None:
        with self._lock:
            self._readers = [each for each in self._readers if each is not lines]
            if self._readers:
                return
            logger = _logger()
            logger.removeFilter(self)
            # Otherwise the application has configured the log meanwhile.
            if self._shown > logging.INFO and logger.level == logging.INFO:
                logger.setLevel(self._level)

    def filter(self, record: logging.LogRecord) -> bool:
        lines = _lines.get()
        if lines is None and len(self._readers) == 1:
            [lines] = self._readers  # a live server in another thread
        if lines is not None and hasattr(record, "refusals"):
            lines.append(record.getMessage())
        return record.levelno >= self._shown


def _logger() -> logging.Logger:
    # Not at import: ``logging.config.dictConfig`` disables loggers that are there already.
    return logging.getLogger("crosscors")


_lines: ContextVar[list[str] | None] = ContextVar("crosscors.testing.server_log", default=None)
_listener = _Listener()
