"""All stacks and cases, measured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from tests.benchmarks.cases import Case
from tests.benchmarks.measuring import quickest
from tests.benchmarks.stacks import BARE, Contender, Stack, aiohttp, asgi, aws_lambda, django, flask, wsgi

STACKS: dict[str, Stack] = {
    "ASGI": asgi.stack,
    "WSGI": wsgi.stack,
    "Flask": flask.stack,
    "Django": django.stack,
    "Lambda": aws_lambda.stack,
    "aiohttp": aiohttp.stack,
}


@dataclass(frozen=True)
class Result:
    """What one contender's middleware costs in one case."""

    stack: str
    case: str
    contender: str
    microseconds: float  # without what the bare application takes; of the bare one, that
    is_right: bool = field(default=True)  # whether a browser makes of the answer what it is to make of it

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def measure(stack: str, case: Case, rounds: int) -> list[Result]:
    """The results of all who take part in the case."""
    contenders = list(STACKS[stack](case))
    wrong = {contender.name for contender in contenders[1:] if not _is_right(contender, case)}
    seconds = quickest({contender.name: contender.call for contender in contenders}, rounds)
    bare = seconds.pop(BARE)
    costs = {BARE: bare} | {name: total - bare for name, total in seconds.items()}
    return [Result(stack, case.name, name, cost * 1e6, name not in wrong) for name, cost in costs.items()]


def _is_right(contender: Contender, case: Case) -> bool:
    return case.is_right(*contender.answer())


class Costs:
    """Costs by place."""

    def __init__(self, results: Iterable[Result]) -> None:
        self._microseconds = {(each.stack, each.case, each.contender): each.microseconds for each in results}

    def of(self, stack: str, case: str, contender: str) -> float | None:
        """The microseconds; None if that was not measured."""
        return self._microseconds.get((stack, case, contender))
