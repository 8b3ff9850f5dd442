"""What crosscors wants to cost. Reported, never asserted: a time is no fact of the code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.benchmarks.results import Costs
from tests.benchmarks.stacks import FLOOR, OURS

_ACTUAL = "actual, allowed"
_PREFLIGHT = "preflight, allowed"
_REFUSED = ("actual, refused", "actual, refused, ever new")
_HOSTILE = (
    "preflight, refused origin",
    "preflight, refused, ever new",
    "preflight, refused method",
    "preflight, refused header",
    "preflight, 8 KiB of commas",
    "preflight, 8 KiB of names",
    "preflight, 1 MiB of commas",
    "preflight, 1 MiB of names",
)


@dataclass(frozen=True)
class Goal:
    """In these cases, the dearest of them, crosscors costs at most so many times what the reference costs."""

    name: str
    stack: str
    at_most: float
    cases: tuple[str, ...]
    reference: str = OURS
    reference_case: str | None = None  # the same case, unless given

    def ratio(self, costs: Costs) -> float | None:
        """How many times it is; None if something was not measured."""
        ours = [costs.of(self.stack, case, OURS) for case in self.cases]
        measured = [cost for cost in ours if cost is not None]
        reference = costs.of(self.stack, self.reference_case or self.cases[0], self.reference)
        if len(measured) < len(ours) or reference is None or reference <= 0:
            return None
        return max(measured) / reference


def report(costs: Costs) -> Iterator[str]:
    """A line for each goal that was measured."""
    for goal in GOALS:
        ratio = goal.ratio(costs)
        if ratio is not None:
            verdict = "met    " if ratio <= goal.at_most else "NOT MET"
            yield f"{verdict}  {ratio:6.2f} (at most {goal.at_most:.2f})  {goal.stack}: {goal.name}"


def _sizes(stack: str) -> tuple[Goal, ...]:
    """Neither the size of a policy nor being refused makes a request dear."""
    return (
        Goal("100,000 origins cost what three cost", stack, 1.1, ("actual, 100,000 origins",), OURS, _ACTUAL),
        Goal(
            "1,000 patterns cost twice one", stack, 2, ("actual, 1,000 patterns",), OURS, "actual, 1 pattern"
        ),
        Goal("500 paths cost twice one", stack, 2, ("actual, 500 paths",), OURS, "actual, 1 path"),
        Goal("a refused request costs 1.5 allowed ones", stack, 1.5, _REFUSED, OURS, _ACTUAL),
    )


def _hostile(stack: str) -> Goal:
    name = "a hostile preflight costs 1.5 allowed ones"
    return Goal(name, stack, 1.5, _HOSTILE, OURS, _PREFLIGHT)


GOALS = (
    Goal("an actual request costs 1.5 floors", "ASGI", 1.5, (_ACTUAL,), FLOOR),
    Goal("an actual request costs a fifth of Starlette's", "ASGI", 1 / 5, (_ACTUAL,), "Starlette"),
    Goal("a preflight costs a fourth of Starlette's", "ASGI", 1 / 4, (_PREFLIGHT,), "Starlette"),
    *_sizes("ASGI"),
    _hostile("ASGI"),
    Goal("an actual request costs 2 floors", "WSGI", 2, (_ACTUAL,), FLOOR),
    *_sizes("WSGI"),
    _hostile("WSGI"),
    Goal("an actual request costs a tenth of Flask-CORS's", "Flask", 1 / 10, (_ACTUAL,), "Flask-CORS"),
    Goal("a preflight costs a sixth of Flask-CORS's", "Flask", 1 / 6, (_PREFLIGHT,), "Flask-CORS"),
    # Flask is served by the WSGI adapter, and its own forty microseconds would drown the other ratios.
    _hostile("Flask"),
    Goal("an actual request costs 2 floors", "Django", 2, (_ACTUAL,), FLOOR),
    Goal(
        "an actual request costs a tenth of its peer's", "Django", 1 / 10, (_ACTUAL,), "django-cors-headers"
    ),
    Goal("a preflight costs a sixth of its peer's", "Django", 1 / 6, (_PREFLIGHT,), "django-cors-headers"),
    *_sizes("Django"),
    _hostile("Django"),
)
