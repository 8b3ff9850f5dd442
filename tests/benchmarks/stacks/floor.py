"""The floor: the least that any middleware in Python does. What it answers is ready-made.

It reads Origin, looks it up in one dictionary, and adds the four fields that it finds there. It allows the
one origin that asks, whatever the setup, and checks no list of methods or headers: it cannot refuse a
preflight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from crosscors.asgi import ASGIApp, Message, Receive, Scope, Send
from tests.aws_lambda.gateway import Event, Handler
from tests.benchmarks.cases import EXPOSED, HEADERS, MAX_AGE, METHODS, ORIGIN
from tests.clients import Fields

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

VARY: Fields = [("Vary", "Origin")]
_ALLOWED: Fields = [("Access-Control-Allow-Origin", ORIGIN), ("Access-Control-Allow-Credentials", "true")]
ALLOWED: dict[str, Fields] = {
    ORIGIN: [*_ALLOWED, ("Access-Control-Expose-Headers", ", ".join(EXPOSED)), *VARY]
}
PREFLIGHT: Fields = [
    *_ALLOWED,
    ("Access-Control-Allow-Methods", ", ".join(METHODS)),
    ("Access-Control-Allow-Headers", ", ".join(HEADERS)),
    ("Access-Control-Max-Age", str(MAX_AGE)),
    *VARY,
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Content-Length", "2"),
]


def wsgi_floor(app: WSGIApplication) -> WSGIApplication:
    """The least that a middleware can do, and just for these requests."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        origin = environ.get("HTTP_ORIGIN")
        if environ["REQUEST_METHOD"] == "OPTIONS" and origin in ALLOWED:
            start_response("200 OK", list(PREFLIGHT))
            return [b"OK"]
        fields = VARY if origin is None else ALLOWED.get(origin, VARY)

        def start_with_fields(
            status: str, headers: Fields, exc_info: Any = None
        ) -> Callable[[bytes], object]:
            return start_response(status, [*headers, *fields], exc_info)

        return app(environ, start_with_fields)

    return answer


_PREFLIGHT_ON_LAMBDA = {"statusCode": 200, "headers": dict(PREFLIGHT), "body": "OK"}


def lambda_floor(handler: Handler) -> Handler:
    """The least that a decorator of a handler can do, and just for these requests."""

    def answer(event: Event, context: object) -> dict[str, Any]:
        origin = event["headers"].get("origin")
        if event["requestContext"]["http"]["method"] == "OPTIONS" and origin in ALLOWED:
            return _PREFLIGHT_ON_LAMBDA
        fields = VARY if origin is None else ALLOWED.get(origin, VARY)
        response = handler(event, context)
        return {**response, "headers": {**response["headers"], **dict(fields)}}

    return answer


_RAW_ALLOWED = {
    origin.encode(): [(name.lower().encode(), value.encode()) for name, value in fields]
    for origin, fields in ALLOWED.items()
}
_RAW_VARY = [(name.lower().encode(), value.encode()) for name, value in VARY]
_RAW_PREFLIGHT: Message = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(name.lower().encode(), value.encode()) for name, value in PREFLIGHT],
}
_OK: Message = {"type": "http.response.body", "body": b"OK"}


def asgi_floor(app: ASGIApp) -> ASGIApp:
    """The least that a middleware can do, and just for these requests."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        origin = None
        for name, value in scope["headers"]:
            if name == b"origin":
                origin = value
                break
        if scope["method"] == "OPTIONS" and origin in _RAW_ALLOWED:
            await send(_RAW_PREFLIGHT)
            await send(_OK)
            return
        fields = _RAW_VARY if origin is None else _RAW_ALLOWED.get(origin, _RAW_VARY)

        async def send_with_fields(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *fields]}
            await send(message)

        await app(scope, receive, send_with_fields)

    return answer
