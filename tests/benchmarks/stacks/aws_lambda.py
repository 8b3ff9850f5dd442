"""AWS Lambda: the adapter around a handler that answers an HTTP API with two headers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from crosscors.aws_lambda import cors
from tests.aws_lambda.gateway import Event, Handler, Request, event_of, response_of
from tests.benchmarks.cases import PATH, Case, policy_of
from tests.benchmarks.stacks import BARE, FLOOR, OURS, UNPROTECTED, Answered, Contender, has_floor
from tests.benchmarks.stacks.floor import lambda_floor


def _handler(_event: Event, _context: object) -> dict[str, Any]:
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json", "Content-Length": "2"},
        "body": "{}",
    }


def nothing(_event: Event, _context: object) -> None:
    """What no preflight reaches."""


def stack(case: Case) -> Iterator[Contender]:
    yield _contender(BARE, nothing if case.is_preflight else _handler, case)
    policy = policy_of(case.setup)
    if case.guarded:
        yield _contender(UNPROTECTED, cors(_handler, policy=policy), case)
        yield _contender(OURS, cors(_handler, policy=policy, protect=True), case)
        return
    if has_floor(case):
        yield _contender(FLOOR, lambda_floor(_handler), case)
    yield _contender(OURS, cors(_handler, policy=policy), case)


def _contender(name: str, handler: Handler, case: Case) -> Contender:
    """Who takes part with this handler."""
    sent = [Request(case.method, PATH, headers=tuple(case.fields(origin))) for origin in case.origins]
    events = itertools.cycle([event_of("http", request) for request in sent])

    def call() -> None:
        handler(next(events), None)

    def answer() -> Answered:
        response = response_of("http", handler(event_of("http", sent[0]), None))
        return Answered(response.status, response.headers)

    return Contender(name, call, answer)
