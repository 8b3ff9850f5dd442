"""Defects of other CORS libraries: no stack has any of them."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

import pytest

from crosscors import CORSPolicy
from tests.clients import Answer, Fields

from .applications import STACKS, Stack
from .known import FORGERIES, ORIGIN, PATHS, REQUESTS, STRANGERS, STRANGERS_OF, STRICT, Known, Path
from .sending import Ask
from .table import EVIL, NO_ENTRY, NOTHING, Expected, Request, arrives_whole, get, preflight

if TYPE_CHECKING:
    from types import FrameType

stacks = pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack.name)


def check(ask: Ask, request: Request, expected: Expected, known: str) -> Answer:
    answer = ask(request)
    assert answer is not None, known
    vary = {"vary": expected.vary} if expected.vary else {}
    assert answer.cors() == {**expected.fields, **vary}, known
    assert answer.status == (expected.status or answer.status), known
    return answer


@stacks
@pytest.mark.parametrize("policy", STRANGERS_OF)
def test_a_stranger_gets_the_response_and_nothing_else(stack: Stack, policy: str) -> None:
    rows = [row for row in STRANGERS if row.policy == policy]
    assert rows
    with stack.serve(STRANGERS_OF[policy]) as ask:
        for row in rows:
            said = f"{row.known}: {row.sentence}"
            assert check(ask, get(row.origin), NOTHING, said).status == 200
            check(ask, get(row.origin, path="/errors/handled"), NOTHING, said)
            check(ask, preflight(row.origin, "PUT", "x-token"), NO_ENTRY, said)


@stacks
@pytest.mark.parametrize("row", PATHS, ids=lambda row: row.sentence)
def test_no_path_gets_the_policy_of_another(stack: Stack, row: Path) -> None:
    path = unquote_to_bytes(row.path).decode("utf-8", "surrogateescape")
    with stack.serve(row.policy) as ask:
        check(ask, get(EVIL, path=path), row.expected, row.known)


@stacks
@pytest.mark.parametrize("row", REQUESTS, ids=lambda row: row.sentence)
def test_a_request_gets_what_is_right(stack: Stack, row: Known) -> None:
    if not arrives_whole(stack.name, row.request):
        return
    with stack.serve(row.policy) as ask:
        check(ask, row.request, row.expected, row.known)


@stacks
def test_starlette_one_clients_origin_is_not_left_for_the_next(stack: Stack) -> None:
    second = "https://second.example"
    with stack.serve(CORSPolicy(allow_origins=(ORIGIN, second), allow_credentials=True)) as ask:
        for origin in (ORIGIN, second, EVIL, ORIGIN, None, second):
            answer = ask(get(*[origin] if origin else []))
            assert answer is not None
            assert answer.allowed == (None if origin == EVIL else origin)


@stacks
@pytest.mark.parametrize("fields", FORGERIES.values(), ids=FORGERIES)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_flask_cors_cve_2024_1681_no_request_forges_a_line_of_the_log(
    stack: Stack, method: str, fields: Fields, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "crosscors")
    with stack.serve(STRICT) as ask:
        ask(Request(method, "/answers/\r\nINFO forged", fields))
    messages = [record.getMessage() for record in caplog.records if record.name == "crosscors"]
    assert len(messages) == 1
    assert messages[0].isprintable()


# What one request costs: the number of functions that are called, in Python and in C.


class Counted(str):
    """A text whose comparisons are calls that a profiler sees."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, other)


def calls(ask: Callable[[Request], object], request: Request) -> int:
    """Of the second request that is like this one, for the first has more to do."""
    count = 0

    def counting(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    ask(request)
    before = sys.getprofile()
    sys.setprofile(counting)
    try:
        ask(request)
    finally:
        sys.setprofile(before)
    return count


@stacks
@pytest.mark.parametrize("entry", ["https://n{}.example", "https://*.n{}.example"])
def test_a_thousand_origins_cost_what_three_cost(stack: Stack, entry: str) -> None:
    counts: list[list[int]] = []
    for number in (3, 1000):
        origins = [Counted(entry.format(each)) for each in range(number)]
        with stack.serve(CORSPolicy(allow_origins=origins)) as ask:
            asked = (EVIL, "https://n2.example", "https://a.n2.example")
            counts.append([calls(ask, get(origin)) for origin in asked])
    # Threads and loops call now more, now less; to look at each origin would be a thousand calls more.
    assert all(abs(few - many) < 500 for few, many in zip(*counts, strict=True)), counts


@stacks
@pytest.mark.parametrize("names", [",", "x-token,", "x,", " ", "a"])
def test_a_megabyte_of_names_is_refused_unread(stack: Stack, names: str) -> None:
    policy = CORSPolicy(allow_origins=ORIGIN, allow_headers="*", allow_credentials=True)
    with stack.serve(policy) as ask:
        normal = calls(ask, preflight(ORIGIN, "GET", "x-1,x-2"))
        long = preflight(ORIGIN, "GET", names * (1_000_000 // len(names)))
        assert calls(ask, long) < 2 * normal
        answer = ask(long)
    assert answer is not None
    assert answer.status == 400
    assert len(answer.body) < 1000
