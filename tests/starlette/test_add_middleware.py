"""``add_middleware`` with CORSMiddleware, and with CORS, works as with Starlette's own middleware."""

from __future__ import annotations

import inspect
import logging
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware as TheirCORSMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from crosscors import CORSPolicy, Resources
from crosscors.asgi import CORSMiddleware
from crosscors.starlette import CORS
from tests.clients import ask_asgi
from tests.starlette.apps import ask_failing, fail

ORIGIN = "https://app.example.com"
PREFLIGHT = [("Origin", ORIGIN), ("Access-Control-Request-Method", "GET")]


async def hello(request: object) -> Response:
    return PlainTextResponse("Hello")


def test_every_option_of_theirs_is_here_with_the_same_default() -> None:
    theirs = dict(inspect.signature(TheirCORSMiddleware).parameters)
    del theirs["app"]
    ours = inspect.signature(CORSPolicy).parameters
    assert theirs
    assert {name: ours[name].default for name in theirs} == {name: theirs[name].default for name in theirs}


@pytest.mark.parametrize("middleware", [CORSMiddleware, CORS], ids=["CORSMiddleware", "CORS"])
@pytest.mark.parametrize("kind", [Starlette, FastAPI])
def test_add_middleware(kind: type[Starlette], middleware: Any) -> None:
    app = kind(routes=[Route("/", hello)])
    app.add_middleware(middleware, allow_origins=[ORIGIN], max_age=60)
    assert ask_asgi(app, "OPTIONS", headers=PREFLIGHT).values("access-control-max-age") == ["60"]
    answer = ask_asgi(app, headers=[("Origin", ORIGIN)])
    assert answer.body == b"Hello"
    assert answer.cors() == {"access-control-allow-origin": ORIGIN, "vary": "Origin"}


def test_add_middleware_with_resources() -> None:
    app = FastAPI(routes=[Route("/api/items", hello), Route("/other", hello)])
    app.add_middleware(CORSMiddleware, policy=Resources({"/api/*": CORSPolicy(allow_origins="*")}))
    assert ask_asgi(app, path="/api/items").cors() == {"access-control-allow-origin": "*"}
    assert ask_asgi(app, path="/other").cors() == {}


def test_a_list_of_middleware_and_a_mounted_application() -> None:
    inner = Starlette(routes=[Route("/items", hello)])
    inner.add_middleware(CORSMiddleware, policy=Resources({"/items": CORSPolicy(allow_origins=[ORIGIN])}))
    app = Starlette(middleware=[Middleware(CORSMiddleware, policy=Resources({"/health": CORSPolicy()}))])
    app.mount("/api", inner)
    assert ask_asgi(app, path="/api/items", headers=[("Origin", ORIGIN)]).cors() == {
        "access-control-allow-origin": ORIGIN,
        "vary": "Origin",
    }


@pytest.mark.parametrize("middleware", [CORSMiddleware, CORS], ids=["CORSMiddleware", "CORS"])
@pytest.mark.parametrize("kind", [Starlette, FastAPI])
def test_an_exception_that_leaves_the_middleware_is_said_once(
    kind: type[Starlette], middleware: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = kind(routes=[Route("/fail", fail), Route("/", hello)])
    app.add_middleware(middleware, allow_origins=[ORIGIN])
    for _ in range(3):
        answer, raised = ask_failing(app, path="/fail", headers=[("Origin", ORIGIN)])
        assert isinstance(raised, LookupError)
        assert answer is not None
        assert (answer.status, answer.cors()) == (500, {})
    # asyncio, in development mode, may have something to say about time.
    (record,) = (record for record in caplog.records if record.name == "crosscors")
    assert record.levelno == logging.WARNING
    assert "instead of add_middleware, write CORS(app, ...)" in record.getMessage()
    assert ask_asgi(app, headers=[("Origin", ORIGIN)]).values("access-control-allow-origin") == [ORIGIN]


def test_every_application_says_it_for_itself(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        app = Starlette(routes=[Route("/fail", fail)])
        app.add_middleware(CORSMiddleware, allow_origins=[ORIGIN])
        ask_failing(app, path="/fail")
    assert [record.name for record in caplog.records].count("crosscors") == 2


OPTIONS: list[dict[str, Any]] = [
    {"allow_origins": [ORIGIN]},
    {"allow_origins": (ORIGIN,), "allow_methods": ("GET", "PUT"), "allow_headers": ("X-Token",)},
    {"allow_origins": [ORIGIN], "allow_credentials": True, "expose_headers": ["X-Request-Id"], "max_age": 5},
    {
        "allow_origin_regex": r"https://[a-z]+\.example\.com",
        "allow_credentials": True,
        "allow_methods": ["*"],
    },
    {"allow_origins": ["*"], "allow_methods": ["*"], "allow_private_network": True},
]
REQUESTS = [
    ("GET", [("Origin", ORIGIN)]),
    ("OPTIONS", PREFLIGHT),
    ("OPTIONS", [*PREFLIGHT, ("Access-Control-Request-Headers", "content-type")]),
    ("OPTIONS", [*PREFLIGHT, ("Access-Control-Request-Headers", "x-other")]),
    ("OPTIONS", [("Origin", ORIGIN), ("Access-Control-Request-Method", "DELETE")]),
]


def as_meant(fields: dict[str, str]) -> dict[str, str | set[str]]:
    """Fields as a browser reads them: lists without order; less Vary, in which theirs says too much."""
    lists = ("access-control-allow-headers", "access-control-allow-methods", "access-control-expose-headers")
    return {
        name: set(value.split(", ")) - {"QUERY"} if name in lists else value  # which older releases lack
        for name, value in fields.items()
        if name != "vary"
    }


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize(("method", "headers"), REQUESTS, ids=str)
def test_the_same_options_mean_the_same(
    options: dict[str, Any], method: str, headers: list[tuple[str, str]]
) -> None:
    routes = [Route("/", hello)]
    older_lack = options.keys() - inspect.signature(TheirCORSMiddleware).parameters.keys()
    assert older_lack <= {"allow_private_network"}
    theirs_of = {name: value for name, value in options.items() if name not in older_lack}
    ours = ask_asgi(CORSMiddleware(Starlette(routes=routes), **options), method, headers=headers)
    theirs = ask_asgi(TheirCORSMiddleware(Starlette(routes=routes), **theirs_of), method, headers=headers)
    assert ours.status == theirs.status
    expected = as_meant(theirs.cors())
    if ours.status == 400:
        # A browser stores nothing of a refused preflight.
        expected.pop("access-control-max-age")
    assert as_meant(ours.cors()) == expected
