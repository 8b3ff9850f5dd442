"""What stands in front of a handler: it reads events, asks the decider, and writes decisions.

1.  An event that is not a request goes to the handler untouched, and so does what the handler returns.
2.  Preflights, and what the cross-origin protection refuses, are answered here. The handler does not run.
3.  Every other response gets the headers of the policy. So does the one that is made of an exception. API
    Gateway would answer an exception with status 502 and without headers, and no page could read that.
4.  The handshake of a WebSocket API (``$connect``) goes to the handler, unless the protection refuses it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, MutableMapping
from threading import get_ident
from typing import Any

from crosscors._adapter.decider import Decider
from crosscors._adapter.nesting import Entry, carried_by
from crosscors._adapter.reporting import log
from crosscors.aws_lambda.events import EventRequest, read_event
from crosscors.aws_lambda.responses import (
    SERVER_ERROR,
    Response,
    as_response,
    headers_in,
    status_of,
    whole,
    written,
)
from crosscors.core.errors import shown

# Runs the handler with the event and the context.
Run = Callable[[], object]


def handle(decider: Decider[EventRequest], event: object, run: Run, *, reraise: bool) -> object:
    """What Lambda gets for an event.

    Args:
        decider: the adapter's.
        event: the event.
        run: runs the handler.
        reraise: whether exceptions of the handler go on.
    """
    request = read_event(event)
    if request is None or (request.is_connect and decider.protection is None):
        return run()
    key = (get_ident(), id(event))
    holder = _records.get(key)
    if holder is not None:
        return _respond(decider, request, holder, run, reraise=reraise)
    holder = _records[key] = {}
    try:
        return _respond(decider, request, holder, run, reraise=reraise)
    finally:
        del _records[key]


# What holds the record of nested adapters (see nesting.py) while a thread handles an event, by both ids. It
# cannot be in the event itself, because handlers write events into their logs, as JSON.
_records: dict[tuple[int, int], dict[str, Any]] = {}


def _respond(
    decider: Decider[EventRequest],
    request: EventRequest,
    holder: MutableMapping[str, Any],
    run: Run,
    *,
    reraise: bool,
) -> object:
    policy = decider.policy_for(request)
    decision = None if policy is None else decider.decide(policy, request)
    refused = decider.guard(policy, decision, request) if _is_guarded(decider, request) else None
    if refused is not None:
        return _answer_itself(decider.enter(holder, request, policy, refused), request)
    if request.is_connect:
        return run()
    if policy is None or decision is None:
        return _run_uncovered(decider, request, holder, run)
    entry = decider.enter(holder, request, policy, decision)
    if decision.status is not None:
        return _answer_itself(entry, request)
    try:
        result = run()
    except BaseException as error:
        if reraise or not isinstance(error, Exception):
            entry.leave(has_raised=True)
            raise
        log(logging.ERROR, "the handler raised an exception; the response has status 500", error=error)
        return _written(SERVER_ERROR, entry, request)
    response = as_response(result, request.form)
    if response is not None:
        return _written(response, entry, request)
    if reraise:
        entry.leave(has_raised=False)
        return result
    log(logging.ERROR, _NOT_A_RESPONSE, shown(result))
    return _written(SERVER_ERROR, entry, request)


_NOT_A_RESPONSE = (
    "the handler returned %s, which cannot be a response, so the response has status 500. Return "
    '{"statusCode": 200, "body": json.dumps(...)}'
)


def _is_guarded(decider: Decider[EventRequest], request: EventRequest) -> bool:
    """Whether the cross-origin protection has to be asked."""
    if decider.protection is None:
        return False
    opens_websocket = request.is_connect or "upgrade" in request.headers
    return opens_websocket or request.method not in decider.unguarded


def _answer_itself(entry: Entry, request: EventRequest) -> Response:
    decision = entry.decision
    entry.answer(decision.status, ())
    return whole(decision, request.form, request.method)


def _written(response: Mapping[str, Any], entry: Entry, request: EventRequest) -> Response:
    decision = entry.answer(status_of(response), carried_by(headers_in(response)))
    return written(response, decision, request.form)


def _run_uncovered(
    decider: Decider[EventRequest],
    request: EventRequest,
    holder: MutableMapping[str, Any],
    run: Run,
) -> object:
    """Leave a request to the handler. Unless that sends CORS headers, report that no policy does."""
    if "origin" not in request.headers:
        return run()
    entry = decider.enter_undecided(holder, request)
    try:
        result = run()
    except BaseException:
        decider.withdraw(entry, request, ())
        raise
    decider.withdraw(entry, request, carried_by(headers_in(result)))
    return result
