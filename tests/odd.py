"""Objects that nobody should give as an option, and lazy ones that people do give."""

from __future__ import annotations

import enum
import re
from collections import UserString
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from django.utils.functional import SimpleLazyObject, lazystr
from werkzeug.local import LocalProxy

APP = "https://app.example.com"


class Raising:
    """An object that raises whatever is done with it."""

    def __getattr__(self, name: str) -> Any:
        raise LookupError(name)

    def _raise(self, *_: object) -> Any:
        raise LookupError("raised")

    __iter__ = __len__ = __bool__ = __repr__ = __str__ = __eq__ = __contains__ = __int__ = _raise
    __hash__ = None  # type: ignore[assignment]


class RaisingFunction:
    """A function that raises whenever it is looked at."""

    def __getattr__(self, name: str) -> Any:
        raise LookupError(name)

    def __call__(self, *_: object) -> bool:
        return False


class ClaimingToRaise:
    @property  # type: ignore[misc]
    def __class__(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        raise LookupError("no class")


def _raises(*_: object) -> Any:
    raise LookupError("raised")


# A string that has its own idea of everything.
_METHODS = ("__eq__", "startswith", "strip", "lower", "__iter__")
Text: Any = type("Text", (str,), {**dict.fromkeys(_METHODS, _raises), "__hash__": str.__hash__})


class Names(str, enum.Enum):
    APP = APP


def _endless_list() -> list[Any]:
    entries: list[Any] = []
    entries.append(entries)
    return entries


def _failing() -> Iterator[str]:
    yield APP
    raise LookupError("the database is gone")


def lazy(value: object) -> Any:
    return SimpleLazyObject(lambda: value)


def lazy_failure() -> Any:
    return SimpleLazyObject(lambda: 1 / 0)


def proxy(value: object) -> Any:
    return LocalProxy(lambda: value)


# Each makes a new object, because some can be read only once.
ODD: tuple[Callable[[], Any], ...] = (
    Raising,
    RaisingFunction,
    ClaimingToRaise,
    lambda: Text(APP),
    lambda: Names.APP,
    lambda: Names,
    _endless_list,
    _failing,
    lambda: lazystr(APP),
    lambda: UserString(APP),
    lazy_failure,
    lambda: LocalProxy(lambda: 1 / 0),
    *(
        lambda make=make, value=value: make(value)
        for make in (lazy, proxy)
        for value in (APP, True, None, 5, 0.5, [APP], {APP: 1}, b"x", re.compile("x"), timedelta(1), print)
    ),
    lambda: bytearray(b"https://app.example.com"),
    lambda: memoryview(b"GET"),
    lambda: float("nan"),
    lambda: {APP: APP},
    lambda: range(3),
    lambda: [[APP], {APP}, (APP,)],
    lambda: object,
    lambda: NotImplemented,
    lambda: "\udcff",
)
_WRAPS: tuple[Callable[[Any], Any], ...] = (
    lambda value: value,
    lambda value: [value],
    lambda value: ("GET", value),
    lambda value: iter([value]),
)


def odd_values() -> Iterator[Any]:
    """Each of the objects, alone and in collections."""
    return (wrap(make()) for make in ODD for wrap in _WRAPS)
