"""A warning where ``add_middleware`` put the adapter inside middleware that can answer before it."""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable
from types import FunctionType
from typing import Any

import pytest
import starlette
from fastapi import FastAPI
from packaging.version import Version
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware as StarlettesOwn
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route, Router
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from crosscors._adapter.passing_on import only_passes_on
from crosscors.asgi import CORSMiddleware
from crosscors.starlette import CORS
from tests.clients import ask_asgi, attempt_asgi, start_asgi
from tests.conftest import Approve
from tests.starlette.apps import FROM_OUTER, INNER, OUTER, hello, kinds
from tests.tables import each, table

POLICY: dict[str, Any] = {"allow_origins": [OUTER]}
OURS = Middleware(CORSMiddleware, **POLICY)


async def gate(request: Any, call_next: Any) -> Response:
    if "x-token" not in request.headers:
        return PlainTextResponse("no", 401)
    response: Response = await call_next(request)
    return response


async def add_header(request: Any, call_next: Any) -> Response:
    response: Response = await call_next(request)
    response.headers["X-Served-By"] = "a"
    return response


class Gate:
    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


class GateWithDispatch(BaseHTTPMiddleware):
    async def dispatch(self, request: Any, call_next: Any) -> Response:
        return await gate(request, call_next)


class HeaderWithDispatch(BaseHTTPMiddleware):
    async def dispatch(self, request: Any, call_next: Any) -> Response:
        response: Response = await call_next(request)
        return response


class GateBeforeDispatch(HeaderWithDispatch):
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await super().__call__(scope, receive, send)


class GatedGZip(GZipMiddleware):
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await super().__call__(scope, receive, send)


class NamedGZip(GZipMiddleware):
    pass


class Meter(Gate):
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


Meter.__call__.__module__ = "prometheus_fastapi_instrumentator.middleware"


class Slotted:
    """Like Sentry's middleware, whose objects have their own ``__call__``."""

    __slots__ = ("__call__",)

    def __init__(self, app: Any) -> None:
        self.__call__ = app

    __module__ = "sentry_sdk.integrations.asgi"


def make_gate(app: Any) -> Gate:
    return Gate(app)


class Ours(CORSMiddleware):
    pass


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [each for each in caplog.records if "can answer first" in each.getMessage()]
    assert {(each.name, each.levelno) for each in found} <= {("crosscors", logging.WARNING)}
    return [each.getMessage() for each in found]


def ask_twice(app: Any, path: str = "/") -> None:
    for _ in range(2):
        attempt_asgi(app, path=path, headers=[*FROM_OUTER, ("X-Token", "1")])


GIVEN_BY_PLACE = [("such a function, given by its place", Middleware(BaseHTTPMiddleware, gate))]
if Version(starlette.__version__) < Version("0.41.3"):  # it cannot start with such middleware
    GIVEN_BY_PLACE = []


@table(
    "outside",
    ("a function that refuses requests without a token", Middleware(BaseHTTPMiddleware, dispatch=gate)),
    *GIVEN_BY_PLACE,
    ("a class with such a method", Middleware(GateWithDispatch)),
    ("a class that does something before such a method", Middleware(GateBeforeDispatch)),
    ("any ASGI middleware", Middleware(Gate)),
    ("a function that makes one", Middleware(make_gate)),
    ("a partial of it", Middleware(functools.partial(make_gate))),
    ("the base class without a function", Middleware(BaseHTTPMiddleware)),
    ("a redirect of preflights", Middleware(HTTPSRedirectMiddleware)),
    ("a check of Host", Middleware(TrustedHostMiddleware)),
    ("Starlette's own middleware, which was left in", Middleware(StarlettesOwn, allow_origins=["*"])),
    ("a subclass of what only adds, which decides itself", Middleware(GatedGZip)),
)
@each("ours", OURS, Middleware(CORS, **POLICY), Middleware(Ours, **POLICY))
def test_middleware_that_can_answer_is_named(
    outside: Middleware, ours: Middleware, caplog: pytest.LogCaptureFixture
) -> None:
    app = Starlette(routes=[Route("/", hello)], middleware=[Middleware(GZipMiddleware), outside, ours])
    start_asgi(app)  # whatever the middleware makes of requests
    ask_twice(app)
    [warning] = warnings_in(caplog)
    assert "gzip" not in warning


@table(
    "outside",
    ("compression", Middleware(GZipMiddleware)),
    ("a subclass that changes nothing", Middleware(NamedGZip)),
    ("sessions", Middleware(SessionMiddleware, secret_key=OUTER)),
    ("the headers of a proxy", Middleware(ProxyHeadersMiddleware)),
    ("measuring", Middleware(Meter)),
    ("reporting of errors, by a slot for each object", Middleware(Slotted)),
    ("a function that adds a header, as in FastAPI's tutorial", Middleware(BaseHTTPMiddleware, add_header)),
    ("a class with such a method", Middleware(HeaderWithDispatch)),
    ("another adapter, which is warned about as such", Middleware(CORSMiddleware, allow_origins=[INNER])),
    ("CORS as another adapter", Middleware(CORS, allow_origins=[INNER])),
)
def test_middleware_that_only_adds_is_not(outside: Middleware, caplog: pytest.LogCaptureFixture) -> None:
    app = Starlette(routes=[Route("/", hello)], middleware=[outside, OURS, Middleware(Gate)])
    ask_twice(app)
    assert warnings_in(caplog) == []


@kinds
def test_the_warning_says_what_to_write(
    kind: type[Starlette], caplog: pytest.LogCaptureFixture, approved: Approve
) -> None:
    for number in (1, 2):
        app = kind(routes=[Route("/", hello)])
        app.add_middleware(CORSMiddleware, **POLICY)
        app.add_middleware(CORSMiddleware, allow_origins=[INNER])
        app.add_middleware(BaseHTTPMiddleware, dispatch=gate)
        app.add_middleware(Gate)
        ask_twice(app)
        assert len(warnings_in(caplog)) == number  # once for each application
    approved(f"log_middleware_outside_{kind.__name__}", warnings_in(caplog)[0])


@kinds
def test_both_remedies_end_it(kind: type[Starlette], caplog: pytest.LogCaptureFixture) -> None:
    last = kind(routes=[Route("/", hello)])
    last.add_middleware(Gate)
    last.add_middleware(CORSMiddleware, **POLICY)
    covered = kind(routes=[Route("/", hello)])
    CORS(covered, **POLICY)
    covered.add_middleware(Gate)
    left_in = kind(routes=[Route("/", hello)])
    left_in.add_middleware(CORSMiddleware, **POLICY)
    left_in.add_middleware(Gate)
    CORS(left_in, **POLICY)
    for app in (last, covered, left_in):
        ask_twice(app)
        assert ask_asgi(app, headers=FROM_OUTER).allowed == OUTER
    assert warnings_in(caplog) == []


def plain() -> Any:
    return Router([Route("/", hello)])


@table(
    "part",
    ("around what is mounted", lambda: Mount("/part", CORSMiddleware(plain(), **POLICY))),
    ("CORS around what is mounted", lambda: Mount("/part", CORS(plain(), **POLICY))),
    ("in the middleware of a mount", lambda: Mount("/part", plain(), middleware=[OURS])),
    ("in the middleware of a router", lambda: Mount("/part", Router([Route("/", hello)], middleware=[OURS]))),
)
def test_an_adapter_of_a_part_stands_inside_of_all_middleware(
    part: Callable[[], Mount], caplog: pytest.LogCaptureFixture, approved: Approve
) -> None:
    app = Starlette(routes=[part()], middleware=[Middleware(Gate)])
    ask_twice(app, "/part/")
    [warning] = warnings_in(caplog)
    approved("log_middleware_outside_a_part", warning)


def test_a_mounted_application_looks_at_its_own_middleware(caplog: pytest.LogCaptureFixture) -> None:
    part = FastAPI(routes=[Route("/", hello)])
    part.add_middleware(CORSMiddleware, **POLICY)
    part.add_middleware(Gate)
    app = Starlette(routes=[Mount("/part", part)], middleware=[OURS])
    ask_twice(app, "/part/")
    assert len(warnings_in(caplog)) == 1


def test_where_there_is_no_list_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    app = Gate(CORSMiddleware(Gate(plain()), **POLICY))
    ask_twice(app)
    assert warnings_in(caplog) == []


# Functions that only pass requests on.


async def returns_at_once(request: Any, call_next: Any) -> Any:
    return await call_next(request)


async def calls_it_twice(request: Any, call_next: Any) -> Any:
    response = await call_next(request)
    if response.status_code == 503:
        response = await call_next(request)
    return response


async def answers_instead(request: Any, call_next: Any) -> Any:
    response = await call_next(request)
    if response.status_code == 404:
        response = PlainTextResponse("gone", 410)
    return response


async def answers_failures(request: Any, call_next: Any) -> Any:
    try:
        return await call_next(request)
    except LookupError:
        return PlainTextResponse("failed", 500)


async def unpacks(request: Any, call_next: Any) -> Any:
    response = await call_next(request)
    (response, _) = (PlainTextResponse("no", 401), 1)
    return response


async def replaces_call_next(request: Any, call_next: Any) -> Any:
    call_next = functools.partial(answers_failures, call_next=call_next)
    return await call_next(request)


async def returns_what_it_got(request: Any, call_next: Any) -> Any:
    return request


async def returns_nothing(request: Any, call_next: Any) -> Any:
    await call_next(request)


async def returns_without_a_value(request: Any, call_next: Any) -> Any:
    return


async def awaits_another(request: Any, call_next: Any) -> Any:
    return await returns_at_once(request, call_next)


async def takes_all(*given: Any) -> Any:
    return await given[1](given[0])


def is_not_async(request: Any, call_next: Any) -> Awaitable[Any]:
    return returns_at_once(request, call_next)


def gated(dispatch: Any) -> Any:
    @functools.wraps(dispatch)
    async def wrapper(request: Any, call_next: Any) -> Any:
        return await gate(request, dispatch)

    return wrapper


typed = FunctionType(compile("async def typed(r, n): return await n(r)", "nowhere", "exec").co_consts[0], {})


@table(
    "dispatch, is_proved",
    ("it returns what it awaits", returns_at_once, True),
    ("it gives it a name first", add_header, True),
    ("it tries again", calls_it_twice, True),
    ("it answers before", gate, False),
    ("it replaces the response", answers_instead, False),
    ("it answers where the application failed", answers_failures, False),
    ("it replaces the response with others", unpacks, False),
    ("it replaces call_next", replaces_call_next, False),
    ("it returns something else", returns_what_it_got, False),
    ("it returns nothing", returns_nothing, False),
    ("it returns no value", returns_without_a_value, False),
    ("it leaves the response to another function", awaits_another, False),
    ("it names no arguments", takes_all, False),
    ("it is not async", is_not_async, False),
    ("a decorator stands around it", gated(returns_at_once), False),
    ("it is a part of a line", lambda request, call_next: None, False),
    ("it has no source", typed, False),
    ("it is not a function", functools.partial(returns_at_once), False),
)
def test_a_function_only_passes_on(dispatch: object, is_proved: bool) -> None:
    assert only_passes_on(dispatch) is is_proved
