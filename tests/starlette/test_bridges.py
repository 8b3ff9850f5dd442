"""WSGI applications with a policy of their own, below CORS(app)."""

from __future__ import annotations

import functools
import re
import warnings
from typing import TYPE_CHECKING, Any

import a2wsgi
import pytest
from asgiref.wsgi import WsgiToAsgi
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings
from fastapi import FastAPI
from flask import Flask
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

import crosscors.flask
import crosscors.wsgi
import tests.django.conftest  # noqa: F401  # it configures Django
from crosscors.starlette import CORS
from tests.clients import Policies, ask_asgi, attempt_asgi
from tests.tables import table

from .apps import INNER, OUTER

if TYPE_CHECKING:
    from collections.abc import Callable


with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it is deprecated, and used
    from starlette.middleware.wsgi import WSGIMiddleware


A2WSGI: Any = a2wsgi.WSGIMiddleware
STARLETTES: Any = WSGIMiddleware


def hello() -> str:
    return "Hello"


def plain() -> Flask:
    app = Flask("plain")
    app.get("/")(hello)
    return app


def with_extension() -> Flask:
    app = plain()
    crosscors.flask.CORS(app, origins=[INNER])
    return app


def with_view() -> Flask:
    app = Flask("views")
    app.get("/")(crosscors.flask.cross_origin(origins=[INNER])(hello))
    return app


def with_middleware() -> Any:
    app = plain()
    app.wsgi_app = crosscors.wsgi.CORSMiddleware(app.wsgi_app, allow_origins=[INNER])  # type: ignore[method-assign]
    return app


def django(*middleware: str) -> WSGIHandler:
    with override_settings(MIDDLEWARE=["django.middleware.common.CommonMiddleware", *middleware]):
        return WSGIHandler()


WITH_POLICY: dict[str, Callable[[], Any]] = {
    "the middleware": lambda: crosscors.wsgi.CORSMiddleware(plain(), allow_origins=[INNER]),
    "Flask's extension": with_extension,
    "Flask's bound method": lambda: with_view().wsgi_app,
    "a view": with_view,
    "middleware of Flask": with_middleware,
    "mounted in a dispatcher": lambda: DispatcherMiddleware(plain(), {"/in": with_extension()}),
    "Django": lambda: django("crosscors.django.CORSMiddleware"),
}


policies = Policies(functools.partial(attempt_asgi, http_version="1.1"), outer=OUTER, inner=INNER)


def warned(caplog: pytest.LogCaptureFixture) -> list[str]:
    # asyncio, in development mode, may have something to say about time.
    return [record.getMessage() for record in caplog.records if record.name == "crosscors"]


DROPPING = [
    pytest.param(bridge, build, id=f"{name}, in {bridge.__name__}")
    for bridge in (WSGIMiddleware, WsgiToAsgi)
    for name, build in WITH_POLICY.items()
    if (bridge, name) != (WSGIMiddleware, "the middleware")  # which CORS(app) finds, see below
]


@pytest.mark.parametrize(("bridge", "build"), DROPPING)
def test_a_bridge_that_drops_the_scope_is_said_once(
    bridge: Any,
    build: Callable[[], Any],
    caplog: pytest.LogCaptureFixture,
    approved: Callable[[str, str], None],
) -> None:
    app = CORS(Starlette(routes=[Mount("/in", app=bridge(build()))]), allow_origins=[OUTER])
    for _ in range(2):
        ask_asgi(app, path="/nowhere", headers=[("Origin", OUTER)])
    (message,) = warned(caplog)
    assert f"{bridge.__module__}.{bridge.__name__} passes nothing on" in message
    message = message.replace(f"{bridge.__module__}.{bridge.__name__}", "a.bridge")
    approved("log_bridge", re.sub("policy of .* is replaced", "policy of ... is replaced", message))


@table(
    "build",
    ("directly", lambda: STARLETTES(WITH_POLICY["the middleware"]())),
    ("in a WSGI middleware", lambda: STARLETTES(ProxyFix(WITH_POLICY["the middleware"]()))),
    ("below an ASGI middleware", lambda: GZipMiddleware(STARLETTES(WITH_POLICY["the middleware"]()))),
    ("directly, in a2wsgi's", lambda: A2WSGI(WITH_POLICY["the middleware"]())),
)
def test_middleware_directly_in_a_bridge_answers_for_itself_and_nothing_else_is_said(
    build: Callable[[], Any], caplog: pytest.LogCaptureFixture
) -> None:
    app = CORS(Starlette(routes=[Mount("/in", app=build())]), allow_origins=[OUTER])
    assert policies.of(app, "/in/") == "inner"
    assert "is replaced" not in caplog.text


def test_it_is_replaced_where_no_route_leads_to_it(caplog: pytest.LogCaptureFixture) -> None:
    app = CORS(STARLETTES(WITH_POLICY["the middleware"]()), allow_origins=[OUTER])
    assert policies.of_actual(app, "/") == "outer"
    assert "is replaced by that of CORS(app, ...)" in caplog.text


@pytest.mark.parametrize("build", [plain, django])
def test_without_a_policy_nothing_is_said(build: Callable[[], Any], caplog: pytest.LogCaptureFixture) -> None:
    ask_asgi(CORS(Starlette(routes=[Mount("/in", app=WSGIMiddleware(build()))]), allow_origins=[OUTER]))
    assert not warned(caplog)


@pytest.mark.parametrize("build", [with_extension, with_view])
def test_over_a2wsgi_flask_keeps_its_policy(
    build: Callable[[], Flask], caplog: pytest.LogCaptureFixture
) -> None:
    bridge: Any = a2wsgi.WSGIMiddleware
    app = CORS(FastAPI(), allow_origins=[OUTER])
    app.mount("/in", bridge(build()))
    assert [policies.of_actual(app, path) for path in ("/in/", "/nowhere")] == ["inner", "outer"]
    assert "passes nothing on" not in caplog.text


def test_the_outer_policy_wins_over_such_a_bridge() -> None:
    app = CORS(FastAPI(), allow_origins=[OUTER])
    app.mount("/in", WSGIMiddleware(with_extension()))
    assert policies.of_actual(app, "/in/") == "outer"


def test_an_application_in_a_circle_is_looked_at_once() -> None:
    app = plain()
    app.app = app  # type: ignore[attr-defined]
    ask_asgi(CORS(Starlette(routes=[Mount("/in", app=WSGIMiddleware(app))]), allow_origins=[OUTER]))
