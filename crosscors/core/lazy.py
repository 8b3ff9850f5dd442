"""Attributes that are computed when they are first read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

_Value = TypeVar("_Value")
_Self = TypeVar("_Self", bound="lazy[Any]")


class lazy(Generic[_Value]):  # noqa: N801  # a decorator, like property
    """A property that is computed once for each object, and then kept in its ``__dict__``.

    ``functools.cached_property`` has one lock for all objects in Python before 3.12. A process that is forked
    while a thread holds the lock waits for it for ever. Here two threads may both compute a value, which does
    no harm.

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

    def __init__(self, compute: Callable[[Any], _Value]) -> None:
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self: _Self, instance: None, owner: type) -> _Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> _Value: ...
    def __get__(self: _Self, instance: object, owner: type) -> _Self | _Value:
        if instance is None:
            return self
        value: _Value = self._compute(instance)
        vars(instance)[self._name] = value
        return value
