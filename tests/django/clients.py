"""Requests to the Django project of these tests, through the handlers that servers call."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings

from tests.clients import Answer, Fields, ask_wsgi, http_scope

if TYPE_CHECKING:
    from crosscors.asgi import Message

ORIGIN = "https://app.example.com"
OTHER = "https://other.example.com"
EVIL = "https://evil.example"
LISTED: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": [ORIGIN]}


class Ask(Protocol):
    """Send a request with these fields; the keywords are settings."""

    def __call__(
        self, method: str = "GET", path: str = "/", *fields: tuple[str, str], **settings: Any
    ) -> Answer: ...


def over_wsgi(method: str = "GET", path: str = "/", *fields: tuple[str, str], **settings: Any) -> Answer:
    with override_settings(**settings):
        return ask_wsgi(WSGIHandler(), method, path, fields)


def over_asgi(method: str = "GET", path: str = "/", *fields: tuple[str, str], **settings: Any) -> Answer:
    with override_settings(**settings):
        return ask_handler(ASGIHandler(), method, path, *fields)


def ask_handler(handler: ASGIHandler, method: str, path: str, *fields: tuple[str, str]) -> Answer:
    sent: list[Message] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def run() -> None:
        is_read = False

        async def receive() -> Any:
            nonlocal is_read
            if is_read:  # the next message would be that the client is gone
                await asyncio.Event().wait()
            is_read = True
            return {"type": "http.request", "body": b"", "more_body": False}

        scope: Any = http_scope(method, path, [("Host", "testserver"), *fields], server=("testserver", 80))
        await handler(scope, receive, send)

    asyncio.run(run())
    start, *bodies = sent
    headers: Fields = [
        (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in start["headers"]
    ]
    return Answer(start["status"], headers, b"".join(message.get("body", b"") for message in bodies))


def get(
    ask: Ask, path: str = "/", *, origin: str | None = ORIGIN, method: str = "GET", **settings: Any
) -> Answer:
    """An actual request, or one without Origin."""
    fields = [] if origin is None else [("Origin", origin)]
    return ask(method, path, *fields, **settings)


def preflight(
    ask: Ask,
    path: str = "/",
    *,
    origin: str = ORIGIN,
    method: str = "GET",
    headers: str | None = None,
    **settings: Any,
) -> Answer:
    fields = [("Origin", origin), ("Access-Control-Request-Method", method)]
    if headers is not None:
        fields.append(("Access-Control-Request-Headers", headers))
    return ask("OPTIONS", path, *fields, **settings)


def allowed_origin(answer: Answer) -> str | None:
    """Access-Control-Allow-Origin; None if there is none."""
    values = answer.values("access-control-allow-origin")
    assert len(values) <= 1, values
    return values[0] if values else None
