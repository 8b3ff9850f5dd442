"""Every row of the table, on every stack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from tests.clients import Answer as Sent

from . import table
from .applications import FRAMEWORKS, STACKS, Stack
from .sending import Ask
from .table import (
    ANSWERS,
    APP,
    POLICIES,
    ROWS,
    VIEW_ROWS,
    Another,
    Answer,
    Escapes,
    Expected,
    Impossible,
    Row,
    Status,
)

# How the names begin that a policy decides on, besides Vary.
OF_POLICIES = ("access-control-", "timing-allow-origin")


class Served(NamedTuple):
    stack: str
    ask: Ask


def on_stacks(fixture: str, rows: Iterable[Any], stacks: tuple[Stack, ...] = STACKS) -> pytest.MarkDecorator:
    """Each row on each stack, served with the policy of the row."""
    params = [
        pytest.param((stack, row.policy), row, id=f"{stack.name}: {row.policy}: {row.sentence}")
        for stack in stacks
        for row in rows
    ]
    return pytest.mark.parametrize((fixture, "row"), params, indirect=[fixture])


# A fixture of the module's, so that pytest sorts the rows by it, and builds each application once.
@pytest.fixture(scope="module")
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    stack, policy = request.param
    with stack.serve(POLICIES[policy]) as ask:
        yield Served(stack.name, ask)


@pytest.fixture(scope="module")
def served_with_views(request: pytest.FixtureRequest) -> Iterator[Served]:
    stack, policy = request.param
    with stack.serve(POLICIES[policy], with_views=True) as ask:
        yield Served(stack.name, ask)


@pytest.fixture(scope="module")
def served_within(request: pytest.FixtureRequest) -> Iterator[Served]:
    stack, policy = request.param
    with stack.serve(POLICIES[policy], table.OUTER_POLICY) as ask:
        yield Served(stack.name, ask)


def cors_of(sent: Sent) -> list[tuple[str, str]]:
    """The fields that the policy decides on, in order of their names, with repeats."""
    return sorted(
        (name, value) for name, value in sent.headers if name == "vary" or name.startswith(OF_POLICIES)
    )


def expected_fields(expected: Expected, answer: Answer) -> list[tuple[str, str]]:
    """The same of the table: what the policy writes, and what becomes of the application's own."""
    if not expected.is_covered:
        own = [(name.lower(), value) for name, value in answer.own]
        return sorted(each for each in own if each[0] == "vary" or each[0].startswith(OF_POLICIES))
    if expected.status is not None:
        vary = [expected.vary] if expected.vary else []
    elif expected.vary:
        assert expected.vary == "Origin"
        vary = [answer.vary_with_origin]
    else:
        vary = list(answer.vary)
    return sorted([*expected.fields.items(), *(("vary", value) for value in vary)])


def check(served: Served, request: table.Request, expected: Expected, answer: Answer) -> None:
    """Send the request; the application answers so, unless the policy does."""
    differs = answer.differs.get(served.stack)
    if isinstance(differs, Impossible) and expected.status is None:
        return
    if not table.arrives_whole(served.stack, request):
        return
    sent = served.ask(request)
    if isinstance(differs, Escapes) and expected.status is None:
        assert sent is None
        return
    assert sent is not None
    assert cors_of(sent) == expected_fields(expected, answer)
    if expected.status is None:
        assert sent.status == (differs.code if isinstance(differs, Status) else answer.status)
        return
    assert sent.status == expected.status
    assert sent.values("content-type") == ["text/plain; charset=utf-8"]
    assert sent.values("content-length") == [str(len(sent.body))]
    if sent.status == 200:
        assert sent.body == b"OK"
    else:
        assert sent.body.startswith(b"Refused by the CORS policy: ")


def answer_at(request: table.Request) -> Answer:
    """What the application answers there; what it would answer to a preflight does not matter."""
    here = [each for each in ANSWERS if (each.path, each.method) == (request.path, request.method)]
    return here[0] if here else ANSWERS[0]


@on_stacks("served", ROWS)
def test_a_row(served: Served, row: Row) -> None:
    check(served, row.request, row.expected, answer_at(row.request))


def check_path(served: Served, row: table.PathRow) -> None:
    if served.stack in row.unreachable:
        return
    for request in (table.get(APP, path=row.path), table.preflight(APP, "GET", path=row.path)):
        sent = served.ask(replace(request, root=row.root))
        assert sent is not None
        assert dict(sent.headers).get("access-control-allow-origin") == row.allowed


@on_stacks("served", table.PATH_ROWS)
def test_which_paths_a_policy_covers(served: Served, row: table.PathRow) -> None:
    check_path(served, row)


@on_stacks("served_within", table.NESTED_ROWS)
def test_a_row_within_another_policy(served_within: Served, row: Row) -> None:
    expected = row.differs.get(served_within.stack, row.expected)
    check(served_within, row.request, expected, answer_at(row.request))


def placed(row: Row, answer: Answer) -> table.Request:
    """The row's request, sent to where the application answers so; a preflight remains one."""
    if row.expected.status is not None:
        return table.Request(row.request.method, answer.path, row.request.fields)
    return table.at(row.request, answer)


def outcomes(policy: str) -> list[Row]:
    """The first row of each outcome that requests to any path can have."""
    rows = [row for row in ROWS if row.policy == policy and not row.is_only_here]
    return [
        row
        for number, row in enumerate(rows)
        if row.expected not in [earlier.expected for earlier in rows[:number]]
    ]


@pytest.mark.parametrize(
    ("served", "rows"),
    [
        pytest.param((stack, policy), outcomes(policy), id=f"{stack.name}: {policy}")
        for stack in STACKS
        for policy in POLICIES
        if outcomes(policy)
    ],
    indirect=["served"],
)
def test_every_outcome_on_every_answer(served: Served, rows: list[Row]) -> None:
    for row in rows:
        for answer in ANSWERS:
            check(served, placed(row, answer), row.expected, answer)


def check_view(served: Served, row: table.ViewRow) -> None:
    differs = row.differs.get(served.stack)
    expected = differs.expected if isinstance(differs, Another) else row.expected
    answer = Answer(row.sentence, row.status if differs is None else differs.code, row.request.path)
    check(served, row.request, expected, answer)


@on_stacks("served_with_views", VIEW_ROWS, FRAMEWORKS)
def test_a_view_with_a_policy_of_its_own(served_with_views: Served, row: table.ViewRow) -> None:
    check_view(served_with_views, row)


@pytest.mark.parametrize(
    "rows", [[row.sentence for row in VIEW_ROWS], [answer.sentence for answer in ANSWERS]]
)
def test_no_sentence_stands_twice(rows: list[str]) -> None:
    assert len(rows) == len(set(rows))


def test_every_policy_of_the_table_is_used() -> None:
    assert {row.policy for row in ROWS} == set(POLICIES)
    assert len({(row.policy, row.sentence) for row in ROWS}) == len(ROWS)
