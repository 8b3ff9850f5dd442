"""A dictionary that stays small, whatever is asked."""

from __future__ import annotations

from typing import TypeVar

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Memory(dict[_Key, _Value]):
    """What has been worked out of late: at most so many values, and all are forgotten when it is full.

    ``functools.lru_cache`` would forget only what has not been asked for the longest, but its look-ups are
    calls that write, and what has one cannot be pickled. Copies begin with nothing: what visitors have asked
    is nothing to hand on.

    >>> memory = Memory(2)
    >>> [memory.keep(number, number**2) for number in range(3)], memory
    ([0, 1, 4], {2: 4})
    """

    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = room

    def __reduce__(self) -> tuple[type[Memory[_Key, _Value]], tuple[int]]:
        return type(self), (self._room,)

    def keep(self, key: _Key, value: _Value) -> _Value:
        """The value, which is there to be looked up from now on."""
        if len(self) >= self._room and key not in self:
            self.clear()
        self[key] = value
        return value
