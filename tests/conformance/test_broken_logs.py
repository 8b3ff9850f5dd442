"""A log that is broken fails no request, on any stack."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest

from crosscors import CORSPolicy, CORSRequest

from . import table
from .applications import STACKS, Stack
from .table import APP, EVIL, SECOND, Request, get, preflight


class BrokenError(Exception):
    """What a broken part of the log raises."""


class Unspeakable(Exception):  # noqa: N818  # it has no other meaning
    """An exception of which nothing can be said."""

    def __repr__(self) -> str:
        raise BrokenError("repr")

    __str__ = __repr__


class Handler(logging.Handler):
    """A handler that formats, and does not hide what goes wrong."""

    def emit(self, record: logging.LogRecord) -> None:
        self.format(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # of logging
        raise BrokenError("handler")


class RaisingHandler(Handler):
    def emit(self, record: logging.LogRecord) -> None:
        raise OSError(28, "No space left on device")


class RaisingFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        raise BrokenError("filter")


class RaisingFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        raise BrokenError("formatter")


def fail(*_: object, **__: object) -> bool:
    raise BrokenError("logger")


def handler(*filters: logging.Filter, formatter: logging.Formatter | None = None) -> Handler:
    made = Handler()
    made.filters += filters
    made.setFormatter(formatter)
    return made


def break_methods(logger: logging.Logger, patch: pytest.MonkeyPatch) -> None:
    for name in ("log", "_log", "handle", "makeRecord", "debug", "info", "warning", "error", "exception"):
        patch.setattr(logger, name, fail)


BREAKS: dict[str, Callable[[logging.Logger, pytest.MonkeyPatch], None]] = {
    "a handler": lambda logger, _: logger.addHandler(RaisingHandler()),
    "a filter": lambda logger, _: logger.addFilter(RaisingFilter()),
    "a filter of a handler": lambda logger, _: logger.addHandler(handler(RaisingFilter())),
    "a formatter": lambda logger, _: logger.addHandler(handler(formatter=RaisingFormatter())),
    "the question of the level": lambda logger, patch: patch.setattr(logger, "isEnabledFor", fail),
    "every method": break_methods,
    "nothing but what is to be formatted": lambda logger, _: logger.addHandler(handler()),
}


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    logger = logging.getLogger("crosscors")
    before = (logger.level, list(logger.handlers), list(logger.filters), logger.propagate)
    logger.propagate = False
    yield logger
    level, logger.handlers[:], logger.filters[:], logger.propagate = before
    logger.setLevel(level)  # which forgets what is enabled, too


def is_second(request: CORSRequest) -> bool:
    if request.origin == SECOND:
        raise Unspeakable
    return False


POLICY = CORSPolicy(allow_origins=APP, allow_methods="PUT", allow_origin_func=is_second)
REQUESTS: list[Request] = [
    get(),
    get(APP),
    get(EVIL),
    get(SECOND),
    preflight(APP),
    preflight(EVIL),
    preflight(APP, "DELETE", "x-other"),
    preflight(SECOND),
]


@pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack.name)
def test_a_broken_log_changes_nothing(stack: Stack, logger: logging.Logger) -> None:
    with stack.serve(POLICY) as ask:
        logger.setLevel(logging.CRITICAL)
        silent = [ask(request) for request in REQUESTS]
    assert [answer.status if answer else None for answer in silent] == [200] * 5 + [400] * 3
    for broken, break_it in BREAKS.items():
        for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
            with stack.serve(POLICY) as ask, pytest.MonkeyPatch.context() as patch:
                logger.handlers[:], logger.filters[:] = [], []
                logger.setLevel(level)
                break_it(logger, patch)
                assert [ask(request) for request in REQUESTS] == silent, broken


@pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack.name)
def test_nor_does_it_where_an_exception_is_left_to_others(stack: Stack, logger: logging.Logger) -> None:
    with stack.serve(table.LISTED) as ask:
        logger.setLevel(logging.CRITICAL)
        silent = ask(get(APP, path="/errors/unhandled"))
    with stack.serve(table.LISTED) as ask:
        logger.setLevel(logging.DEBUG)
        logger.addHandler(RaisingHandler())
        assert ask(get(APP, path="/errors/unhandled")) == silent
