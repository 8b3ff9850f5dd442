"""What crosscors wants to cost. Reported, never asserted: a time is no fact of the code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.benchmarks.results import Costs
from tests.benchmarks.stacks import FLOOR, OURS, UNPROTECTED

_ACTUAL = "actual, allowed"
_PREFLIGHT = "preflight, allowed"
_REFUSED = ("actual, refused", "actual, refused, ever new")
_HOSTILE = (
    "preflight, refused origin",
    "preflight, refused, ever new",
    "preflight, refused method",
    "preflight, refused header",
    "preflight, 256 allowed names",
    "preflight, 8 KiB of commas",
    "preflight, 8 KiB of names",
    "preflight, 1 MiB of commas",
    "preflight, 1 MiB of names",
)


@dataclass(frozen=True)
class Goal:
    """In each of these cases crosscors costs at most so many times what the reference costs."""

    name: str
    stack: str
    at_most: float
    cases: tuple[str, ...]
    reference: str = OURS
    reference_case: str | None = None  # the same case, unless given

    def ratios(self, costs: Costs) -> Iterator[tuple[str, float]]:
        """Of each case that was measured, how many times it is."""
        for case in self.cases:
            ours = costs.of(self.stack, case, OURS)
            reference = costs.of(self.stack, self.reference_case or case, self.reference)
            if ours is not None and reference is not None and reference > 0:
                yield case, ours / reference


def report(costs: Costs) -> Iterator[str]:
    """A line for each case that a goal speaks of."""
    for goal in GOALS:
        for case, ratio in goal.ratios(costs):
            verdict = "met    " if ratio <= goal.at_most else "NOT MET"
            yield f"{verdict}  {ratio:6.2f} (at most {goal.at_most:.2f})  {goal.stack}, {case}: {goal.name}"


def _sizes(stack: str) -> tuple[Goal, ...]:
    """What the size of a policy is not to matter for."""
    return (
        Goal("what three origins cost", stack, 1.1, ("actual, 100,000 origins",), OURS, _ACTUAL),
        Goal("twice one pattern", stack, 2, ("actual, 1,000 patterns",), OURS, "actual, 1 pattern"),
        Goal("twice one path", stack, 2, ("actual, 500 paths",), OURS, "actual, 1 path"),
    )


def _refused(stack: str, cases: tuple[str, ...]) -> Goal:
    return Goal("1.5 allowed preflights", stack, 1.5, cases, OURS, _PREFLIGHT)


def _protected(stack: str) -> tuple[Goal, ...]:
    """What cross-origin protection costs on top."""
    name = "what it costs without protection"
    return (
        Goal(name, stack, 1.1, ("protected, GET",), UNPROTECTED),
        Goal(
            name, stack, 1.4, ("protected, PUT of its own page", "protected, PUT with cookies"), UNPROTECTED
        ),
        Goal(name, stack, 1.4, ("protected, PUT with a Bearer token",), UNPROTECTED),
    )


GOALS = (
    *_protected("ASGI"),
    *_protected("WSGI"),
    *_protected("Flask"),
    *_protected("Lambda"),
    Goal("1.75 floors", "ASGI", 1.75, (_ACTUAL,), FLOOR),
    Goal("3.7 times cheaper than Starlette's", "ASGI", 1 / 3.7, (_ACTUAL,), "Starlette"),
    Goal("a fourth of Starlette's", "ASGI", 1 / 4, (_PREFLIGHT,), "Starlette"),
    Goal("2.6 floors", "ASGI", 2.6, ("actual, 1 path", "actual, 500 paths"), FLOOR),
    *_sizes("ASGI"),
    _refused("ASGI", _REFUSED + _HOSTILE),
    Goal("2.2 floors", "WSGI", 2.2, (_ACTUAL,), FLOOR),
    *_sizes("WSGI"),
    _refused("WSGI", _REFUSED + _HOSTILE),
    Goal("a tenth of Flask-CORS's", "Flask", 1 / 10, (_ACTUAL,), "Flask-CORS"),
    Goal("a sixth of Flask-CORS's", "Flask", 1 / 6, (_PREFLIGHT,), "Flask-CORS"),
    # Flask is served by the WSGI adapter, and its own forty microseconds would drown the other ratios.
    _refused("Flask", _HOSTILE),
    Goal("2 floors", "Django", 2, (_ACTUAL,), FLOOR),
    Goal("a tenth of django-cors-headers'", "Django", 1 / 10, (_ACTUAL,), "django-cors-headers"),
    Goal("a sixth of django-cors-headers'", "Django", 1 / 6, (_PREFLIGHT,), "django-cors-headers"),
    *_sizes("Django"),
    _refused("Django", _REFUSED + _HOSTILE),
    # All headers of an event have to be read, and the floor reads one. A call of Lambda takes milliseconds.
    Goal("18 floors", "Lambda", 18, (_ACTUAL,), FLOOR),
    *_sizes("Lambda"),
    _refused("Lambda", _HOSTILE),
    # aiohttp's own middleware machinery is most of the floor. aiohttp-cors does without.
    Goal("1.7 floors", "aiohttp", 1.7, (_ACTUAL,), FLOOR),
    Goal("what aiohttp-cors costs", "aiohttp", 1, (_ACTUAL,), "aiohttp-cors"),
    *_sizes("aiohttp"),
    Goal("2.5 allowed preflights", "aiohttp", 2.5, _REFUSED + _HOSTILE, OURS, _PREFLIGHT),
)
