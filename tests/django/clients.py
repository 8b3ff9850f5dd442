"""Requests to the Django project of these tests, through the handlers that servers call."""

from __future__ import annotations

from typing import Any, Protocol

from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings

from tests.clients import Answer, ask_asgi, ask_wsgi
from tests.clients import preflight as preflight_fields

ORIGIN = "https://app.example.com"
OTHER = "https://other.example.com"
EVIL = "https://evil.example"
LISTED: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": [ORIGIN]}


class Ask(Protocol):
    """Send a request with these headers; the keywords are settings."""

    def __call__(
        self, method: str = "GET", path: str = "/", *fields: tuple[str, str], **settings: Any
    ) -> Answer: ...


def over_wsgi(method: str = "GET", path: str = "/", *fields: tuple[str, str], **settings: Any) -> Answer:
    with override_settings(**settings):
        return ask_wsgi(WSGIHandler(), method, path, fields)


def over_asgi(method: str = "GET", path: str = "/", *fields: tuple[str, str], **settings: Any) -> Answer:
    with override_settings(**settings):
        return ask_handler(ASGIHandler(), method, path, *fields)


def ask_handler(handler: Any, method: str, path: str, *fields: tuple[str, str]) -> Answer:
    """Over ASGI, whose types are wider than Django's."""
    return ask_asgi(handler, method, path, [("Host", "testserver"), *fields], server=("testserver", 80))


def get(
    ask: Ask, path: str = "/", *, origin: str | None = ORIGIN, method: str = "GET", **settings: Any
) -> Answer:
    """An actual request, or one without Origin."""
    return ask(method, path, *([] if origin is None else [("Origin", origin)]), **settings)


def preflight(
    ask: Ask,
    path: str = "/",
    *,
    origin: str = ORIGIN,
    method: str = "GET",
    headers: str | None = None,
    **settings: Any,
) -> Answer:
    names = [] if headers is None else [headers]
    return ask("OPTIONS", path, *preflight_fields(origin, method, *names), **settings)


def allowed_origin(answer: Answer) -> str | None:
    """Access-Control-Allow-Origin; None if there is none."""
    return answer.allowed
