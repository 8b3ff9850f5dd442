"""Writing: decisions as ASGI messages.

Standard: ASGI, "Response Start".
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from typing import Any

from crosscors._adapter.asgi_request import LISTS, UNUSUAL
from crosscors._adapter.asgi_types import ASGIApp, Message, Receive, Scope, Send
from crosscors._adapter.decider import Decider
from crosscors._adapter.nesting import Entry, carried_by
from crosscors._adapter.raw_headers import raw_headers
from crosscors.core.decision import Decision

ANSWERED_OUTSIDE = (
    "an exception left the application without a response. The error page that is sent now has no CORS "
    "headers, so browsers hide it from scripts. Starlette and FastAPI: instead of add_middleware, write "
    "CORS(app, ...) with CORS from crosscors.starlette or crosscors.fastapi"
)


def written(message: Message, entry: Entry, known: Decision | None = None) -> Message:
    """The message that starts the response, with the headers of the decision.

    Args:
        known: the decision, if only nested adapters can change it, and nobody wants a report.
    """
    start: Any = message
    try:
        headers = start["headers"]
        if known is None or entry.record is not None or type(headers[0][1]) is not bytes:
            return _written(message, entry)
        started: Message = start.copy()  # which most mappings have
        started["headers"] = known.response_headers.merged_raw(headers)
    except UNUSUAL:
        return _written(message, entry)
    entry.written = known
    return started


def _written(message: Message, entry: Entry) -> Message:
    headers: Any = message.get("headers")
    if entry.record is None:
        decision = entry.answer(None, ())
    else:
        headers = raw_headers(headers, _PLACE)
        decision = entry.answer(message.get("status"), carried({"headers": headers}))
    try:
        if type(headers) not in LISTS or type(headers[0][1]) is not bytes:
            headers = raw_headers(headers, _PLACE)
        merged = decision.response_headers.merged_raw(headers)
    except (TypeError, AttributeError, LookupError):  # an unusual header further down the list, or no list
        merged = decision.response_headers.merged_raw(raw_headers(headers, _PLACE))
    # A new message, because an application may send the same message, or list, in many responses.
    return {**message, "headers": merged}


_PLACE = "the message http.response.start"


def readable(message: Message) -> Message:
    """The message that starts a response; a copy of it if its headers can be read only once."""
    headers: Any = message.get("headers")
    if type(headers) in LISTS and all(type(pair) in LISTS for pair in headers):
        return message
    return {**message, "headers": raw_headers(message.get("headers"), _PLACE)}


def carried(message: Message) -> Iterator[tuple[str, str]]:
    """The Access-Control headers of the message that starts a response."""
    headers = raw_headers(message.get("headers"), _PLACE)
    return carried_by((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


async def run_uncovered(
    decider: Decider[Scope],
    app: ASGIApp,
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    is_guarded: bool,
) -> None:
    """Leave a request to the application. Unless that sends CORS headers, report that no policy does.

    If the request is guarded, the cross-origin protection is asked first.
    """
    refused = decider.guard(None, None, scope) if is_guarded else None
    if refused is not None:
        await answer_itself(decider.enter(scope, scope, None, refused), send)
        return
    if decider.read.headers(scope)[0] is None:
        await app(scope, receive, send)
        return
    arrived = dict(scope)
    entry = decider.enter_undecided(scope, arrived)

    def send_watched(message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start" and not entry.is_withdrawn:
            message = readable(message)
            decider.withdraw(entry, arrived, carried(message))
        return send(message)

    try:
        await app(scope, receive, send_watched)
    finally:
        if not entry.is_withdrawn:
            decider.withdraw(entry, arrived, ())


async def answer_itself(entry: Entry, send: Send) -> None:
    """Send the decision, which is the whole response."""
    decision = entry.decision
    entry.answer(decision.status, ())
    headers = list(decision.raw_whole_headers)  # a copy, because servers may change their list
    await send({"type": "http.response.start", "status": decision.status, "headers": headers})
    await send({"type": "http.response.body", "body": decision.body})


def leave(entry: Entry, error: BaseException) -> None:
    """Note that the application raised."""
    has_failed = isinstance(error, Exception)  # otherwise, the request was cancelled
    if entry.written is None and not entry.is_within and has_failed:
        entry.adapter.reporter.report_unanswered(ANSWERED_OUTSIDE)
    entry.leave(has_raised=has_failed)
