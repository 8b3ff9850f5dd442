"""Attributes that are worked out when they are first read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

_Value = TypeVar("_Value")
_Self = TypeVar("_Self", bound="lazy[Any]")


class lazy(Generic[_Value]):  # noqa: N801  # a decorator, as property is one
    """A property that is worked out once for each object, and kept in its ``__dict__``.

    That of functools has a lock in Python before 3.12, one for all objects. A process that is forked while a
    thread holds it waits for it for ever. Here two threads may both work a value out, which does no harm.

    >>> class Page:
    ...     @lazy
    ...     def words(self):
    ...         print("counting")
    ...         return 300
    >>> page = Page()
    >>> page.words, page.words
    counting
    (300, 300)
    """

    def __init__(self, work_out: Callable[[Any], _Value]) -> None:
        self._work_out = work_out
        self._name = work_out.__name__
        self.__doc__ = work_out.__doc__

    @overload
    def __get__(self: _Self, instance: None, owner: type) -> _Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> _Value: ...
    def __get__(self: _Self, instance: object, owner: type) -> _Self | _Value:
        if instance is None:
            return self
        value: _Value = self._work_out(instance)
        vars(instance)[self._name] = value
        return value
