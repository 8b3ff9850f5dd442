"""Every row of the table of cross-origin protection, on every stack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pytest

from crosscors import CORSRequest, Decision

from .applications import FRAMEWORKS, REACHED, STACKS, Stack
from .protected import POLICIES, ROWS, VIEW_ROWS, Row
from .sending import Ask
from .table import arrives_whole

Told = list[tuple[str | None, str]]


class Served(NamedTuple):
    stack: str
    ask: Ask
    told: Told


def on_stacks(fixture: str, rows: Iterable[Row], stacks: Iterable[Stack]) -> pytest.MarkDecorator:
    """Each row on each stack, served with the policy of the row."""
    params = [
        pytest.param((stack, row.policy), row, id=f"{stack.name}: {row.policy}: {row.sentence}")
        for stack in stacks
        for row in rows
    ]
    return pytest.mark.parametrize((fixture, "row"), params, indirect=[fixture])


def serve(stack: Stack, policy: str, **options: Any) -> Iterator[Served]:
    told: Told = []

    def tell(_: CORSRequest, decision: Decision) -> None:
        if decision.protection is not None:
            told.append((decision.protection, decision.refusals[0].code))

    policies, protect = POLICIES[policy]
    with stack.serve(policies, protect=protect, on_decision=tell, **options) as ask:
        yield Served(stack.name, ask, told)


@pytest.fixture(scope="module")
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    yield from serve(*request.param)


@pytest.fixture(scope="module")
def served_with_views(request: pytest.FixtureRequest) -> Iterator[Served]:
    yield from serve(*request.param, with_views=True)


def check(served: Served, row: Row) -> None:
    REACHED.clear()
    served.told.clear()
    if not arrives_whole(served.stack, row.request):
        return
    answer = served.ask(row.request)
    assert answer is not None
    code = row.differs.get(served.stack, row.code)
    assert served.told == ([] if code is None else [("enforced", code)])
    if code is None:
        assert [row.request.path] == REACHED or answer.status == 404
        return
    assert answer.status == 403
    assert answer.body.startswith(b"Refused by the cross-origin protection: ")
    assert answer.values("content-type") == ["text/plain; charset=utf-8"]
    assert answer.values("content-length") == [str(len(answer.body))]
    assert REACHED == []


@on_stacks("served", ROWS, STACKS)
def test_a_row(served: Served, row: Row) -> None:
    check(served, row)


@on_stacks("served_with_views", VIEW_ROWS, FRAMEWORKS)
def test_a_view_with_a_policy_of_its_own(served_with_views: Served, row: Row) -> None:
    check(served_with_views, row)


@pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack.name)
@pytest.mark.parametrize("policy", POLICIES)
def test_a_report_changes_no_byte(stack: Stack, policy: str) -> None:
    policies, _ = POLICIES[policy]
    requests = [row.request for row in ROWS]
    answered = []
    for protect in (False, "report"):
        with stack.serve(policies, protect=protect) as ask:
            answered.append([ask(request) for request in requests])
    assert answered[0] == answered[1]


@pytest.mark.parametrize("rows", [ROWS, VIEW_ROWS], ids=["paths", "views"])
def test_no_sentence_stands_twice(rows: tuple[Row, ...]) -> None:
    assert len({(row.policy, row.sentence) for row in rows}) == len(rows)


def test_every_policy_of_the_table_is_used() -> None:
    assert {row.policy for row in ROWS} == set(POLICIES)
