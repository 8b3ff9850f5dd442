"""``add_middleware`` with CORSMiddleware, and with CORS, works as with Starlette's own middleware."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from crosscors import CORSPolicy, Resources
from crosscors.asgi import CORSMiddleware
from crosscors.starlette import CORS
from tests.clients import ask_asgi, attempt_asgi, preflight
from tests.starlette.apps import ALLOWED, FROM_OUTER, INNER, OUTER, fail, hello, kinds, own, policies
from tests.tables import each

ROUTES = [Route("/", hello), Route("/fail", fail), Route("/own", own)]


@each("middleware", CORSMiddleware, CORS)
@kinds
def test_its_responses_get_their_headers(kind: type[Starlette], middleware: Any) -> None:
    app = kind(routes=ROUTES)
    app.add_middleware(middleware, allow_origins=[OUTER], max_age=60)
    assert ask_asgi(app, "OPTIONS", headers=preflight(OUTER)).values("access-control-max-age") == ["60"]
    assert ask_asgi(app, headers=FROM_OUTER).cors() == ALLOWED
    assert policies.of(app, "/own") == ("inner" if middleware is CORS else "outer")


def test_resources_go_into_lists_of_middleware_of_mounted_applications() -> None:
    inner = Starlette(routes=[Route("/items", hello), Route("/other", hello)])
    inner.add_middleware(CORSMiddleware, policy=Resources({"/items": CORSPolicy(allow_origins=[INNER])}))
    health = CORSPolicy(allow_origins="*")
    app = Starlette(middleware=[Middleware(CORSMiddleware, policy=Resources({"/health": health}))])
    app.mount("/api", inner)
    paths = ("/api/items", "/api/other", "/health")
    assert [policies.of(app, path) for path in paths] == ["inner", "none", "public"]


@each("middleware", CORSMiddleware, CORS)
@kinds
def test_every_application_says_once_that_an_exception_left_it_unanswered(
    kind: type[Starlette],
    middleware: Any,
    caplog: pytest.LogCaptureFixture,
    approved: Callable[[str, str], None],
) -> None:
    for number in (1, 2):
        app = kind(routes=ROUTES)
        app.add_middleware(middleware, allow_origins=[OUTER])
        for _ in range(3):
            attempt = attempt_asgi(app, path="/fail", headers=FROM_OUTER)
            assert isinstance(attempt.error, LookupError)
            assert attempt.answer is not None
            assert (attempt.answer.status, attempt.answer.cors()) == (500, {})
        # asyncio, in development mode, may have something to say about time.
        records = [record for record in caplog.records if record.name == "crosscors"]
        assert [record.levelno for record in records] == [logging.WARNING] * number
        approved("log_unanswered_exception", records[-1].getMessage())
        assert ask_asgi(app, headers=FROM_OUTER).cors() == ALLOWED
