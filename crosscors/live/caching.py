"""``cached``: an ``allow_origin_func`` that asks a database, without a query for each request.

answers.py has the rules: what is kept, for how long, and who may ask.
"""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import hashlib
import time
from collections.abc import Callable, Hashable, Iterator
from typing import Any, NamedTuple, TypeVar, cast

from crosscors.core.errors import PolicyError, Problem, shown
from crosscors.core.origins.function import OriginFunc, ask, ask_async, is_async_callable
from crosscors.core.origins.serialized import MAX_HOST_LENGTH
from crosscors.core.request import CORSRequest
from crosscors.live.answers import Answers, Keys, Limits, Outcome

__all__ = ["cached"]

_Func = TypeVar("_Func", bound=OriginFunc)
_Key = Callable[[CORSRequest], Hashable]


def cached(  # noqa: PLR0913  # one for each limit
    func: _Func,
    *,
    ttl: float = 60,
    negative_ttl: float = 10,
    size: int = 10_000,
    stale_if_error: float = 600,
    misses_per_second: int = 200,
    key: _Key | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> _Func:
    """An ``allow_origin_func`` that keeps the answers of another one, such as a query.

    Many requests of one origin at once make one call. The others wait for its answer. If the call fails, the
    last good answer counts for a while. Without one, the exception is passed on, and the origin is refused.
    The answers are those of this process.

    While the function works, an origin that it no longer allows is refused after ``ttl`` at the latest.
    Browsers may use a preflight that they keep for ``max_age`` longer, but pages cannot read the responses.

    A flood of ever-new origins costs at most ``misses_per_second`` calls a second. Beyond that, an origin
    that was not allowed before is refused without a call, and not kept. If it comes again, it goes before new
    ones. So a customer may have to load a page twice. Origins that were allowed before are always served, as
    far as ``size`` is large enough. They are asked for once in each ``ttl``.

    Args:
        func: ``func(request: CORSRequest) -> bool``, sync or async. Without ``key``, the request has only
            ``host`` and ``origin``. Reading anything else raises RuntimeError.
        ttl: how long True is kept, in seconds. Default: 60.
        negative_ttl: how long False is kept, in seconds. Default: 10.
        size: how many allowed and how many refused origins are kept, at most. Default: 10,000 of each.
        stale_if_error: how long an answer counts after its time if the function fails, in seconds. Default:
            600.
        misses_per_second: how many calls there are in a second, at most, for origins that are not known as
            allowed. Default: 200.
        key: ``key(request: CORSRequest)``: all that the answer depends on, hashable and short, such as
            ``lambda request: request.origin``. Default: ``host`` and ``origin``; ``origin`` alone if the
            function did not read ``host``.
        clock: seconds that only ever increase, for tests. Default: ``time.monotonic``.

    Returns:
        A function that is async if ``func`` is. It keeps the marks of ``varies_on``.

    Raises:
        PolicyError: listing every problem of the arguments.

    Example:
        >>> def is_customer(request):
        ...     print("a query for", request.origin)
        ...     return request.origin == "https://shop.example"
        >>> from crosscors import CORSPolicy, CORSRequest
        >>> policy = CORSPolicy(allow_origin_func=cached(is_customer))
        >>> request = CORSRequest("GET", origin="https://shop.example", host="api.example.com")
        >>> policy.decide(request).allowed, policy.decide(request).allowed
        a query for https://shop.example
        (True, True)
    """
    problems = tuple(
        _problems(
            func,
            key,
            {"ttl": ttl, "negative_ttl": negative_ttl, "stale_if_error": stale_if_error},
            {"size": size, "misses_per_second": misses_per_second},
        )
    )
    if problems:
        raise PolicyError(problems, "cached function")
    answers = Answers(Limits(ttl, negative_ttl, size, stale_if_error, misses_per_second), clock)
    question = _host_and_origin if key is None else functools.partial(_by_key, key)
    make = _async if is_async_callable(func) else _sync
    return cast("_Func", functools.update_wrapper(make(func, question, answers), func))


class _Question(NamedTuple):
    """What is asked.

    Attributes:
        keys: by which the answer may be kept, the most general first.
        request: what the function sees.
    """

    keys: Keys
    request: CORSRequest

    @property
    def key(self) -> Hashable:
        """By which the answer is kept. The first one will do if the function has not read the host."""
        return self.keys[-1 if vars(self.request).get(_HAS_READ_HOST, True) else 0]


_Asking = Callable[[CORSRequest], _Question]


def _sync(func: OriginFunc, question_of: _Asking, answers: Answers) -> Callable[[CORSRequest], bool]:
    def cached(request: CORSRequest) -> bool:
        question = question_of(request)
        outcome: Outcome = None
        while outcome is None:
            turn = answers.turn(question.keys)
            if isinstance(turn, bool):
                return turn
            if not turn.is_own:
                outcome = turn.flight.result()
                continue
            try:
                outcome = ask(func, question.request)
            except BaseException:
                answers.pass_on(turn)
                raise
            outcome = answers.settle(turn, outcome, question.key)
        return _returned(outcome)

    return cached


def _async(func: OriginFunc, question_of: _Asking, answers: Answers) -> Callable[[CORSRequest], Any]:
    async def cached(request: CORSRequest) -> bool:
        question = question_of(request)
        outcome: Outcome = None
        while outcome is None:
            turn = answers.turn(question.keys)
            if isinstance(turn, bool):
                return turn
            if not turn.is_own:
                outcome = await asyncio.wrap_future(turn.flight)
                continue
            try:
                outcome = await ask_async(func, question.request)
            except BaseException:
                answers.pass_on(turn)
                raise
            outcome = answers.settle(turn, outcome, question.key)
        return _returned(outcome)

    return cached


def _returned(outcome: bool | Exception) -> bool:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _by_key(key: _Key, request: CORSRequest) -> _Question:
    return _Question((key(request),), request)


# The default key. Anyone can send the origin of a customer with any Host. If the function does not read the
# host, its answer counts for all of them, so that nobody fills the room for answers with made-up hosts.


def _host_and_origin(request: CORSRequest) -> _Question:
    host: str | bytes = request.host
    if len(host) > _LONGEST_HOST:
        # No host name is that long. Its digest stands for it, so that nobody fills the memory either.
        host = hashlib.sha256(request.host.encode("utf-8", "surrogatepass")).digest()
    return _Question((request.origin, (host, request.origin)), _HostAndOrigin(request))


_LONGEST_HOST = MAX_HOST_LENGTH + len(":65535")
_HAS_READ_HOST = "_has_read_host"


class _HostAndOrigin(CORSRequest):
    """A request of which only ``host`` and ``origin`` can be read. It notes whether ``host`` was."""

    def __init__(self, request: CORSRequest) -> None:
        vars(self).update({"host": request.host, "origin": request.origin, _HAS_READ_HOST: False})

    def __repr__(self) -> str:
        return f"CORSRequest(origin={self.origin!r}, host={self.host!r})"

    def __getattribute__(self, name: str) -> Any:
        if name == "host":
            vars(self)[_HAS_READ_HOST] = True
        if name in ("host", "origin") or name.startswith("__"):
            return super().__getattribute__(name)
        raise RuntimeError(
            f"the function reads request.{name}, but its answers are kept by host and origin, so they would "
            f"count for other requests, too. Name all that it reads: cached(func, key=lambda request: "
            f"(request.host, request.origin, {_IN_KEY.get(name, '...')}))"
        )


# Headers as a whole have no place in a key, and only some frameworks have other attributes.
_IN_KEY = {
    **{each.name: f"request.{each.name}" for each in dataclasses.fields(CORSRequest)},
    "is_preflight": "request.is_preflight",
    "headers": 'request.headers.get("x-tenant")',
}


# What the arguments have to be.


def _problems(
    func: object, key: object, seconds: dict[str, float], numbers: dict[str, int]
) -> Iterator[Problem]:
    if not callable(func):
        message = f"takes a function, not {shown(func)}."
        yield Problem("wrong-type", "func", func, message, "Write cached(func, ttl=60).")
    if key is not None and not callable(key):
        message = f"takes a function, not {shown(key)}."
        yield Problem("wrong-type", "key", key, message, "Write key=lambda request: request.origin.")
    for name, value in seconds.items():
        if not _is_number(value, (int, float)) or not 0 <= value < float("inf"):
            message = f"takes a number of seconds that is not negative, not {shown(value)}."
            yield Problem("wrong-type", name, value, message, f"Write {name}=60.")
    for name, value in numbers.items():
        if not _is_number(value, (int,)) or value < 1:
            message = f"takes a whole number above 0, not {shown(value)}."
            yield Problem("wrong-type", name, value, message, f"Write {name}=1000.")


def _is_number(value: object, kinds: tuple[type, ...]) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)
