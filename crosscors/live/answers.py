"""The answers that ``cached`` keeps, and who may ask for a new one.

1.  A fresh answer is given at once. "Allowed" is fresh for ``ttl``, "refused" for ``negative_ttl``.
2.  Otherwise one caller gets the turn to ask. Others who want the same answer wait for that one.
3.  A caller who is cancelled or killed passes the turn on: those who wait try again, and one of them asks.
4.  If the question fails, the last good answer counts, until it is ``stale_if_error`` older than it may be.
    The same is not asked again for a second. During the next attempt, nobody else waits.
5.  Answers of the two kinds have separate room. So a flood of refused origins pushes out no allowed one. The
    answer that is the oldest goes first. One that is used is asked for again and again, so it is never that.
6.  Questions about origins that are not known as allowed are limited. Half of the limit is for those that
    were turned away before. Whoever invents a new origin for each request never comes again. A customer does.
7.  A question has one or more keys, the most general first. Who asks says by which of them its answer is
    kept.
8.  One lock guards all of this. Nothing is asked while it is held. A forked process gets a new one, and
    forgets the turns of threads that it does not have.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple, TypeVar
from weakref import WeakSet

_Value = TypeVar("_Value")

Keys = tuple[Hashable, ...]
# What was answered. None if nobody answered, and somebody else has to ask.
Outcome = bool | Exception | None

_SECONDS_BETWEEN_ATTEMPTS = 1.0
_SECONDS_BETWEEN_MESSAGES = 10.0


@dataclass(frozen=True)
class Limits:
    """The options of ``cached``, which documents them."""

    ttl: float
    negative_ttl: float
    size: int
    stale_if_error: float
    misses_per_second: int


class Turn(NamedTuple):
    """Who asks.

    Attributes:
        keys: those of the question.
        flight: gets the outcome.
        is_own: whether the caller has to ask. If not, somebody else does, and the caller waits.
        began: when the question began, by the clock.
    """

    keys: Keys
    flight: Future[Outcome]
    is_own: bool
    began: float


class _Answer(NamedTuple):
    """An answer, and how long it counts.

    Attributes:
        is_allowed: the answer.
        fresh_until: until then, nobody asks again.
        usable_until: until then, it counts if the question fails.
        has_failed: whether the last question failed.
    """

    is_allowed: bool
    fresh_until: float
    usable_until: float
    has_failed: bool = False


class Answers:
    """The answers by their keys.

    Args:
        limits: how many, and for how long.
        clock: seconds that only ever increase.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._allowed: OrderedDict[Hashable, _Answer] = OrderedDict()
        self._refused: OrderedDict[Hashable, _Answer] = OrderedDict()
        self._turned_away: OrderedDict[Hashable, None] = OrderedDict()
        self._budget = _Budget(limits.misses_per_second, limits.misses_per_second, clock())
        self._silent_until = clock()
        self._renew()
        _all.add(self)

    def _renew(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[Keys, Future[Outcome]] = {}

    def turn(self, keys: Keys) -> bool | Turn:
        """The answer; or, if it is not there, the turn to ask or to wait."""
        now = self._clock()
        known = self._known(keys)
        if known is not None and now < known.fresh_until:
            return known.is_allowed
        with self._lock:
            known = self._known(keys)
            if known is not None and now < known.fresh_until:  # another thread was quicker
                return known.is_allowed
            flight = self._flights.get(keys)
            if flight is not None:
                if known is not None and known.has_failed and now < known.usable_until:
                    return known.is_allowed
                return Turn(keys, flight, False, now)
            if not self._may_ask(keys, known, now):
                return False
            flight = self._flights[keys] = Future()
            flight.set_running_or_notify_cancel()  # so that one who stops waiting does not cancel it
            return Turn(keys, flight, True, now)

    def settle(self, turn: Turn, outcome: bool | Exception, key: Hashable) -> bool | Exception:
        """Keep the outcome by this key, and give it to those who wait.

        If the outcome is an error, the last good answer may replace it.
        """
        with self._lock:
            if isinstance(outcome, bool):
                self._keep(turn.keys, key, self._answer(outcome, turn.began))
            else:
                outcome = self._last_good(turn.keys, outcome)
        self._end(turn, outcome)
        return outcome

    def pass_on(self, turn: Turn) -> None:
        """Give the turn back, without an outcome."""
        self._end(turn, None)

    def _end(self, turn: Turn, outcome: Outcome) -> None:
        with self._lock:
            if self._flights.get(turn.keys) is turn.flight:  # it is not, in a process forked meanwhile
                del self._flights[turn.keys]
        turn.flight.set_result(outcome)

    def _known(self, keys: Keys) -> _Answer | None:
        """The answer by any of the keys: the one that counts the longest."""
        known: _Answer | None = None
        for key in keys:
            answer = self._allowed.get(key) or self._refused.get(key)
            if answer is not None and (known is None or answer.fresh_until > known.fresh_until):
                known = answer
        return known

    def _answer(self, is_allowed: bool, began: float) -> _Answer:
        fresh_until = began + (self._limits.ttl if is_allowed else self._limits.negative_ttl)
        return _Answer(is_allowed, fresh_until, fresh_until + self._limits.stale_if_error)

    def _keep(self, keys: Keys, key: Hashable, answer: _Answer) -> None:
        """Keep the answer by this key, and no other one by any of the keys."""
        room = self._allowed if answer.is_allowed else self._refused
        _put(room, key, answer, self._limits.size)
        for each in keys:  # afterwards, because others read without the lock
            for other in (self._allowed, self._refused):
                if each != key or other is not room:
                    other.pop(each, None)

    def _last_good(self, keys: Keys, error: Exception) -> bool | Exception:
        """The last good answer instead of an error, if there is one that may still be used."""
        now, known = self._clock(), self._known(keys)
        if known is None or now >= known.usable_until:
            return error
        pause = min(_SECONDS_BETWEEN_ATTEMPTS, self._limits.ttl, self._limits.negative_ttl)
        fresh_until = min(now + pause, known.usable_until)
        key = next(key for key in keys if known in (self._allowed.get(key), self._refused.get(key)))
        self._keep(keys, key, known._replace(fresh_until=fresh_until, has_failed=True))
        self._tell(_FAILED, now, error)
        return known.is_allowed

    def _may_ask(self, keys: Keys, known: _Answer | None, now: float) -> bool:
        if known is not None and known.is_allowed:
            return True
        is_back = known is not None or keys in self._turned_away
        if self._budget.take(now, reserve=0 if is_back else self._limits.misses_per_second // 2):
            self._turned_away.pop(keys, None)
            return True
        _put(self._turned_away, keys, None, self._limits.size)
        self._tell(_TOO_MANY, now, None)
        return False

    def _tell(self, message: str, now: float, error: Exception | None) -> None:
        """Log the message, unless another one was logged a moment ago."""
        if now >= self._silent_until:
            self._silent_until = now + _SECONDS_BETWEEN_MESSAGES
            with suppress(Exception):  # a handler or filter can raise
                logging.getLogger("crosscors").warning(message, exc_info=error)


_FAILED = (
    "allow_origin_func failed, so its last good answers count for now. New origins are refused until it works"
)
_TOO_MANY = (
    "too many new origins: some are refused without a call of allow_origin_func. Either this is an attack, "
    "or misses_per_second of cached(...) is too small"
)


@dataclass
class _Budget:
    """Questions that may be asked. As many come back in each second as there were at first.

    >>> budget = _Budget(2, left=2, now=0.0)
    >>> [budget.take(now, reserve=1) for now in (0.0, 0.0, 0.25, 0.5)]
    [True, False, False, True]
    >>> budget.take(0.5, reserve=0)
    True
    """

    per_second: int
    left: float
    now: float

    def take(self, now: float, *, reserve: int) -> bool:
        """Take one, if there is one and the reserve stays."""
        self.left = min(self.per_second, self.left + (now - self.now) * self.per_second)
        self.now = now
        if self.left < 1 + reserve:
            return False
        self.left -= 1
        return True


def _put(room: OrderedDict[Hashable, _Value], key: Hashable, value: _Value, size: int) -> None:
    """Put the value at the end. What is at the beginning makes room for it."""
    room[key] = value
    room.move_to_end(key)
    if len(room) > size:
        room.popitem(last=False)


_all: WeakSet[Answers] = WeakSet()


def _renew_all() -> None:
    for each in _all:
        each._renew()  # pyright: ignore[reportPrivateUsage]


with suppress(AttributeError):  # Windows cannot fork
    os.register_at_fork(after_in_child=_renew_all)
