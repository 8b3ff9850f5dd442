"""A wrong policy that was given to ``add_middleware`` is logged, because servers hide the exception."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

import crosscors.asgi
import crosscors.flask
import crosscors.wsgi
from crosscors import PolicyError
from crosscors.starlette import CORS
from tests.clients import ask_asgi, run_asgi
from tests.conftest import Approve
from tests.starlette.apps import hello, kinds
from tests.tables import table

SLASH: dict[str, Any] = {"allow_origins": ["https://app.example.com/"]}


def errors_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [each for each in caplog.records if each.name == "crosscors"]
    assert {each.levelno for each in found} <= {logging.ERROR}
    return [each.getMessage() for each in found]


@table(
    "middleware, options",
    ("the middleware", crosscors.asgi.CORSMiddleware, SLASH),
    ("CORS", CORS, SLASH),
    ("a hook that cannot be called", crosscors.asgi.CORSMiddleware, {"on_decision": 1}),
    ("the middleware of another stack", crosscors.wsgi.CORSMiddleware, {"allow_origins": "*"}),
    ("the extension of another stack", crosscors.flask.CORS, {"origins": "*"}),
)
@kinds
def test_it_is_logged_once_and_raised_on(
    kind: type[Starlette], middleware: Any, options: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    app = kind(routes=[Route("/", hello)])
    app.add_middleware(middleware, **options)
    for _ in range(2):
        with pytest.raises(PolicyError) as caught:
            ask_asgi(app)
        [error] = errors_in(caplog)
        assert error.startswith(str(caught.value))


def test_it_is_logged_when_the_server_starts(caplog: pytest.LogCaptureFixture, approved: Approve) -> None:
    app = Starlette()
    app.add_middleware(crosscors.asgi.CORSMiddleware, **SLASH)
    _, raised = run_asgi(app, {"type": "lifespan", "state": {}})
    assert isinstance(raised, PolicyError)
    [error] = errors_in(caplog)
    approved("log_lost_error", error)


@pytest.mark.parametrize("make", [crosscors.asgi.CORSMiddleware, CORS])
def test_anywhere_else_it_is_only_raised(make: Any, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(PolicyError):
        make(Starlette(), **SLASH)
    assert errors_in(caplog) == []
