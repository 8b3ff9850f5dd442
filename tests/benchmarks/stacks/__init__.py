"""The stacks, and on each of them who takes part: with what application, and how a request is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from tests.benchmarks.cases import Case
from tests.benchmarks.measuring import Call
from tests.clients import Fields

BARE = "bare"
FLOOR = "floor"
OURS = "crosscors"
UNPROTECTED = "without protection"  # crosscors, in the cases with cross-origin protection


class Answered(NamedTuple):
    status: int
    fields: Fields


class Contender(NamedTuple):
    """Who takes part, with one request to make over and over."""

    name: str
    call: Call
    answer: Callable[[], Answered]


def has_floor(case: Case) -> bool:
    """Whether there is a floor to compare with: it knows one origin, and cannot refuse a preflight."""
    return not case.is_ever_new and (case.allowed is True or not case.is_preflight)


# All that take part in a case, first of them BARE: what the same request costs without any middleware. Where
# a preflight is answered in place of the application, that is making the request, and nothing else.
Stack = Callable[[Case], Iterator[Contender]]
