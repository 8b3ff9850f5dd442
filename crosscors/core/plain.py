"""What an object stands for, if it is given as an option.

Django's ``lazystr`` and ``SimpleLazyObject``, Werkzeug's ``LocalProxy`` and the like claim to be what they
stand for, but the functions of ``re`` do not take them. Others can be read only once, or raise. Every option
becomes plain here, once, so that no reader has to think of this.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, cast

_DEEPEST = 3  # a list in a list has a hint of its own


def plain(value: object) -> object:
    """The string, number, list or the like that an object stands for; often the object itself.

    Nothing is raised. An object that raises becomes an ``Unreadable``, which no option takes.

    >>> plain(number for number in (1, 2))
    [1, 2]
    """
    return _plain(value, 0)


def plain_unless_callable(value: object) -> object:
    """The same for an option that takes a function, which stays as it is."""
    try:
        return value if callable(value) and not isinstance(value, str) else plain(value)
    except Exception as error:  # noqa: BLE001
        return Unreadable(value, error)


class Unreadable:
    """An object that cannot be read, because it raises."""

    def __init__(self, value: object, error: BaseException) -> None:
        self._text = f"<{type(value).__name__}, which raises {type(error).__name__}>"

    def __repr__(self) -> str:
        return self._text


def _plain(value: object, depth: int) -> object:
    try:
        return _stands_for(value, depth)
    except Exception as error:  # noqa: BLE001  # an object can raise anything when it is looked at
        return Unreadable(value, error)


def _stands_for(value: object, depth: int) -> object:
    kind = type(value)
    if issubclass(kind, str):
        return str.__str__(cast("str", value))  # not that of an Enum, which gives its name
    if issubclass(kind, _AS_THEY_ARE):
        return value
    if _is_text(value):
        return str.__str__(str(value))
    claimed = value.__class__
    of_claimed = next((make for base, make in _MAKE.items() if issubclass(claimed, base)), None)
    if claimed is not kind and of_claimed is not None:
        return of_claimed(value)
    return _entries(value, depth) if issubclass(kind, Iterable) else value


_AS_THEY_ARE = (int, float, bytes, bytearray, memoryview, timedelta, re.Pattern, Mapping, type(None))


def _nothing(_: object) -> None:
    return None


def _timedelta(value: Any) -> timedelta:
    return timedelta(seconds=value.total_seconds())


def _pattern(value: Any) -> object:
    return re.compile(value.pattern, value.flags)


_MAKE: Mapping[type, Any] = {
    bool: bool,
    int: int,
    float: float,
    bytes: bytes,
    type(None): _nothing,
    timedelta: _timedelta,
    re.Pattern: _pattern,
    Mapping: dict,
}


def _is_text(value: object) -> bool:
    """Whether the object can do what only a string can."""
    return hasattr(value, "casefold") and hasattr(value, "encode") and not isinstance(value, type)


def _entries(value: object, depth: int) -> object:
    if depth == _DEEPEST:
        raise RecursionError
    entries = [_plain(each, depth + 1) for each in cast("Iterable[object]", value)]
    if isinstance(value, (set, frozenset)):
        return frozenset(entries)
    return tuple(entries) if isinstance(value, tuple) else entries
