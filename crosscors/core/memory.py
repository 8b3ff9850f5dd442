"""A dictionary that stays small, whatever is asked."""

from __future__ import annotations

from typing import TypeVar

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Memory(dict[_Key, _Value]):
    """What has been worked out of late: at most so many values, and all are forgotten when it is full.

    ``functools.lru_cache`` would forget just the oldest, but its look-ups are calls that write, and a policy
    that has one cannot be pickled.

    >>> memory = Memory(2)
    >>> [memory.keep(number, number**2) for number in range(3)], memory
    ([0, 1, 4], {2: 4})
    """

    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = room

    def keep(self, key: _Key, value: _Value) -> _Value:
        """The value, which is there to be looked up from now on."""
        if len(self) >= self._room:
            self.clear()
        self[key] = value
        return value
