"""``CORS(app, ...)``: what is peculiar to Starlette and FastAPI; the rest is in tests/conformance."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI
from fastapi import HTTPException as FastAPIHTTPException
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware as TheirCORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient
from typing_extensions import assert_type

import crosscors.fastapi
import crosscors.starlette
from crosscors import CORSRequest, Decision, PolicyError, PolicyWarning
from crosscors.starlette import CORS
from tests.clients import ask_asgi, attempt_asgi, preflight, start_asgi
from tests.starlette.apps import ALLOWED, EVIL, FROM_OUTER, INNER, OUTER, fail, hello, kinds, own, policies
from tests.tables import each, table

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.websockets import WebSocket

    from crosscors.asgi import ASGIApp, Receive, Scope, Send


def test_fastapi_hands_on_the_very_names() -> None:
    assert crosscors.fastapi.CORS is crosscors.starlette.CORS
    assert crosscors.fastapi.cross_origin is crosscors.starlette.cross_origin
    assert set(crosscors.fastapi.__all__) == set(crosscors.starlette.__all__)


# Responses.


async def abort(request: Request) -> Response:
    raise HTTPException(418, headers={"X-Own": "1"})


async def abort_fastapi(request: Request) -> Response:
    raise FastAPIHTTPException(401, detail="who are you?", headers={"WWW-Authenticate": "Bearer"})


async def events(request: Request) -> Response:
    async def parts() -> AsyncIterator[str]:
        yield "data: 1\n\n"
        await asyncio.sleep(0)
        yield "data: 2\n\n"

    return StreamingResponse(parts(), media_type="text/event-stream")


async def elsewhere(request: Request) -> Response:
    return RedirectResponse("/hello", 303)


def in_a_thread(request: Request) -> Response:
    return JSONResponse({"sync": True})


ROUTES: list[BaseRoute] = [
    Route("/hello", hello),
    Route("/sync", in_a_thread),
    Route("/slash/", hello),
    Route("/fail", fail),
    Route("/abort", abort),
    Route("/abort-fastapi", abort_fastapi),
    Route("/events", events),
    Route("/elsewhere", elsewhere),
    Route("/post", hello, methods=["POST"]),
]


@table(
    "path, status, body",
    ("an async endpoint", "/hello", 200, b"Hello"),
    ("an endpoint in a thread", "/sync", 200, b'{"sync":true}'),
    ("not found", "/missing", 404, b"Not Found"),
    ("method not allowed", "/post", 405, b"Method Not Allowed"),
    ("the redirect to the slash", "/slash", 307, b""),
    ("the redirect from the slash", "/hello/", 307, b""),
    ("a redirect of the application", "/elsewhere", 303, b""),
    ("an HTTPException", "/abort", 418, b"I'm a"),
    ("an HTTPException of FastAPI", "/abort-fastapi", 401, b"who are you?"),
    ("server-sent events", "/events", 200, b"data: 1\n\ndata: 2\n\n"),
    ("an unhandled exception", "/fail", 500, b"Internal Server Error"),
)
@kinds
def test_a_response_gets_its_headers_and_nothing_else_of_it_changes(
    kind: type[Starlette], path: str, status: int, body: bytes
) -> None:
    plain = attempt_asgi(kind(routes=ROUTES), path=path, headers=FROM_OUTER).answer
    covered = attempt_asgi(
        CORS(kind(routes=ROUTES), allow_origins=[OUTER]), path=path, headers=FROM_OUTER
    ).answer
    assert plain is not None
    assert covered is not None
    assert covered.headers == [*plain.headers, *ALLOWED.items()]
    assert (covered.status, covered.body) == (plain.status, plain.body)
    assert covered.status == status
    assert body in covered.body


def test_what_fastapi_answers_by_itself_can_be_read() -> None:
    app = CORS(FastAPI(), allow_origins=[OUTER])

    @app.get("/items/{number}")
    async def read(number: int) -> int:
        return number

    for path, status in (("/items/7", 200), ("/items/x", 422), ("/openapi.json", 200)):
        answer = ask_asgi(app, path=path, headers=FROM_OUTER)
        assert (answer.status, answer.cors()) == (status, ALLOWED)


@table(
    "fields, status",
    ("whole", [], 200),
    ("not modified", [("If-None-Match", "{etag}")], 304),
    ("in part", [("Range", "bytes=0-1")], 206),
)
def test_static_files_can_be_read(tmp_path: Path, fields: list[tuple[str, str]], status: int) -> None:
    (tmp_path / "a.txt").write_text("text", encoding="ascii")
    app = CORS(Starlette(), allow_origins=[OUTER])
    app.mount("/static", StaticFiles(directory=tmp_path))
    (etag,) = ask_asgi(app, path="/static/a.txt").values("etag")
    asked = [*FROM_OUTER, *((name, value.format(etag=etag)) for name, value in fields)]
    for path, expected in (("/static/a.txt", status), ("/static/b.txt", 404)):
        answer = ask_asgi(app, path=path, headers=asked)
        assert (answer.status, answer.cors()) == (expected, ALLOWED)


@kinds
def test_background_tasks_run_and_those_that_fail_change_no_response(kind: type[Starlette]) -> None:
    ran: list[str] = []

    async def endpoint(request: Request) -> Response:
        return PlainTextResponse("soon", background=BackgroundTask(ran.append, "task"))

    async def failing(request: Request) -> Response:
        return PlainTextResponse("sent", background=BackgroundTask(fail, None))

    app = CORS(kind(routes=[Route("/", endpoint), Route("/failing", failing)]), allow_origins=[OUTER])
    assert ask_asgi(app, headers=FROM_OUTER).cors() == ALLOWED
    assert ran == ["task"]
    attempt = attempt_asgi(app, path="/failing", headers=FROM_OUTER)
    assert isinstance(attempt.error, LookupError)
    assert attempt.answer is not None
    assert (attempt.answer.status, attempt.answer.cors()) == (200, ALLOWED)


# Exceptions that nothing in the application handles.


async def page(request: Request, error: Exception) -> Response:
    return HTMLResponse(f"Sorry: {error}", status_code=500)


async def dispatch_failing(request: Request, call_next: object) -> Response:
    raise LookupError("in the endpoint")


def failing_of(kind: type[Starlette], how: str) -> Starlette:
    """An application in which an exception is answered in this way."""
    options: dict[str, Any] = {
        "by the handler of status 500": {"exception_handlers": {500: page}},
        "by the handler of all exceptions": {"exception_handlers": {Exception: page}},
        "by the handler of this exception": {"exception_handlers": {LookupError: page}},
        "by the page of debug mode": {"debug": True},
    }
    app = CORS(kind(routes=ROUTES, **options.get(how, {})), allow_origins=[OUTER])
    if how == "by a handler that was added later":
        app.add_exception_handler(500, page)
    elif how == "raised by middleware":
        app.add_middleware(BaseHTTPMiddleware, dispatch=dispatch_failing)
    return app


PAGES = {
    "by the framework": b"Internal Server Error",
    "by the handler of status 500": b"Sorry: in the endpoint",
    "by the handler of all exceptions": b"Sorry: in the endpoint",
    "by the handler of this exception": b"Sorry: in the endpoint",
    "by a handler that was added later": b"Sorry: in the endpoint",
    "by the page of debug mode": b"Traceback",
    "raised by middleware": b"Internal Server Error",
}


@pytest.mark.parametrize("how", PAGES)
@kinds
def test_an_exception_is_answered_with_the_policy_and_reaches_the_server(
    kind: type[Starlette], how: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = failing_of(kind, how)
    for origin in (OUTER, EVIL, None):
        attempt = attempt_asgi(app, path="/fail", headers=[("Origin", origin)] if origin else [])
        assert attempt.answer is not None
        assert (attempt.answer.status, PAGES[how] in attempt.answer.body) == (500, True)
        assert attempt.answer.cors() == (ALLOWED if origin == OUTER else {"vary": "Origin"})
        assert (attempt.error is None) == (how == "by the handler of this exception")
        assert attempt.error is None or attempt.error.args == ("in the endpoint",)
    assert not [record for record in caplog.records if record.name == "crosscors"]


def test_an_exception_after_the_start_of_a_response_leaves_it_as_it_is() -> None:
    async def endpoint(request: Request) -> Response:
        async def parts() -> AsyncIterator[str]:
            yield "one"
            raise LookupError("in the stream")

        return StreamingResponse(parts())

    app = CORS(Starlette(routes=[Route("/", endpoint)]), allow_origins=[OUTER])
    attempt = attempt_asgi(app, headers=FROM_OUTER)
    assert attempt.error is not None
    assert attempt.answer is not None
    assert (attempt.answer.status, attempt.answer.body, attempt.answer.cors()) == (200, b"one", ALLOWED)


def test_a_handler_that_fails_itself_leaves_the_answer_to_the_server(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(request: Request, error: Exception) -> Response:
        raise RuntimeError("in the handler")

    app = CORS(Starlette(routes=ROUTES, exception_handlers={500: broken}), allow_origins=[OUTER])
    for _ in range(3):
        attempt = attempt_asgi(app, path="/fail", headers=FROM_OUTER)
        assert isinstance(attempt.error, RuntimeError)
        assert attempt.answer is None
    assert [(record.levelno, record.name) for record in caplog.records] == [(logging.WARNING, "crosscors")]


# The order of middleware.


async def unauthorized(request: Request, call_next: object) -> Response:
    return PlainTextResponse("who are you?", status_code=401)


@table(
    "middleware, options, status",
    ("authentication", BaseHTTPMiddleware, {"dispatch": unauthorized}, 401),
    ("a redirect to https", HTTPSRedirectMiddleware, {}, 307),
    ("trusted hosts", TrustedHostMiddleware, {"allowed_hosts": ["example.com"]}, 400),
    ("CORS of Starlette, which never makes a second value", TheirCORSMiddleware, {"allow_origins": "*"}, 200),
)
@each("is_before", True, False)
@kinds
def test_cors_is_outside_of_all_middleware(
    kind: type[Starlette], middleware: Any, options: dict[str, Any], status: int, is_before: bool
) -> None:
    app = kind(routes=[Route("/", hello)])
    if is_before:
        app.add_middleware(middleware, **options)
    CORS(app, allow_origins=[OUTER])
    if not is_before:
        app.add_middleware(middleware, **options)
    host = ("Host", "evil.example")
    answer = ask_asgi(app, headers=[*FROM_OUTER, host])
    assert (answer.status, answer.cors()) == (status, ALLOWED)
    assert ask_asgi(app, headers=[("Origin", EVIL), host]).cors() == {"vary": "Origin"}
    assert ask_asgi(app, "OPTIONS", headers=[*preflight(OUTER), host]).status == 200
    assert ask_asgi(app, "OPTIONS", headers=[*preflight(EVIL), host]).status == 400


@kinds
def test_routes_middleware_and_handlers_may_come_after(kind: type[Starlette]) -> None:
    app = CORS(kind(), allow_origins=[OUTER])
    app.router.routes.extend(ROUTES)
    app.add_middleware(GZipMiddleware, minimum_size=1)
    app.add_exception_handler(404, page)
    fields = [*FROM_OUTER, ("Accept-Encoding", "gzip")]
    answer = ask_asgi(app, path="/hello", headers=fields)
    assert answer.values("content-encoding") == ["gzip"]
    assert answer.cors() == {"access-control-allow-origin": OUTER, "vary": "Accept-Encoding, Origin"}
    assert ask_asgi(app, path="/missing", headers=fields).status == 500


# When CORS is called, and on what.


@kinds
def test_the_application_itself_is_returned_even_after_its_first_request(kind: type[Starlette]) -> None:
    app = kind(routes=ROUTES)
    assert policies.of(app, "/hello") == "none"
    assert CORS(app, allow_origins=[OUTER]) is app
    assert policies.of(app, "/hello") == "outer"
    assert assert_type(CORS(FastAPI()), FastAPI).title == "FastAPI"
    assert assert_type(CORS(Starlette()), Starlette).routes == []


@kinds
def test_middleware_is_built_once(kind: type[Starlette]) -> None:
    built: list[object] = []

    def remembering(app: ASGIApp) -> ASGIApp:
        built.append(app)
        return app

    app = CORS(kind(routes=ROUTES, middleware=[Middleware(remembering)]), allow_origins=[OUTER])
    for _ in range(3):
        ask_asgi(app, path="/hello")
    assert len(built) == 1


@kinds
def test_a_wrong_policy_leaves_the_application_as_it_was_and_a_second_one_is_refused(
    kind: type[Starlette],
) -> None:
    app = kind(routes=ROUTES)
    with pytest.raises(PolicyError):
        CORS(app, allow_origins="*", allow_credentials=True)
    assert policies.of(app, "/hello") == "none"
    CORS(app, allow_origins=[OUTER])
    with pytest.raises(PolicyError) as caught:
        CORS(app, allow_origins=[INNER])
    assert [problem.code for problem in caught.value.problems] == ["policy-twice"]
    assert policies.of(app, "/hello") == "outer"


@each("app", FastAPI, "main:app", object(), crosscors.fastapi)
def test_cors_takes_an_application(app: Any) -> None:
    with pytest.raises(PolicyError) as caught:
        CORS(app, allow_origins="*")
    assert [(problem.code, problem.option) for problem in caught.value.problems] == [("wrong-type", "app")]


def test_a_warning_points_at_the_line_of_the_application() -> None:
    with pytest.warns(PolicyWarning) as caught:
        CORS(Starlette(), max_age=1_000_000)
    assert caught[0].filename == __file__


@kinds
def test_an_application_of_another_asgi_framework_is_wrapped(kind: type[Starlette]) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await kind(routes=ROUTES)(scope, receive, send)

    wrapped = CORS(app, allow_origins=[OUTER])
    assert wrapped is not app
    assert policies.of(wrapped, "/hello") == "outer"


@kinds
def test_applications_with_the_same_endpoints_keep_their_own_policies(kind: type[Starlette]) -> None:
    routes = [Route("/", hello)]
    apps = [CORS(kind(routes=routes), allow_origins=origins) for origins in ([OUTER], [INNER], "*")]
    for _ in range(2):
        found = [policies.of(app) for app in (*apps, kind(routes=routes))]
        assert found == ["outer", "inner", "public", "none"]


# Lifespan, and WebSockets.


@kinds
def test_startup_state_and_shutdown_reach_the_application_and_its_late_routes_are_covered(
    kind: type[Starlette],
) -> None:
    seen: list[str] = []

    async def greet(request: Request) -> Response:
        return PlainTextResponse(request.state.greeting)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, str]]:
        seen.append("startup")
        app.router.routes += [Route("/greet", greet), Route("/own", own)]
        yield {"greeting": "from the state"}
        seen.append("shutdown")

    app = CORS(kind(lifespan=lifespan), allow_origins=[OUTER])
    with TestClient(app, headers={"Origin": OUTER}) as client:
        answer = client.get("/greet")
        assert (answer.text, answer.headers["access-control-allow-origin"]) == ("from the state", OUTER)
        assert policies.of(app, "/own") == "inner"
        assert seen == ["startup"]
    assert seen == ["startup", "shutdown"]


def test_a_startup_that_fails_fails() -> None:
    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if app.routes == []:
            raise LookupError("no database")
        yield

    app = CORS(Starlette(lifespan=lifespan), allow_origins=[OUTER])
    with pytest.raises(LookupError, match="no database"):
        start_asgi(app)


@kinds
@each("origin", OUTER, EVIL)
def test_websockets_are_left_alone(kind: type[Starlette], origin: str) -> None:
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept(headers=[(b"x-own", b"1")])
        await websocket.send_text(await websocket.receive_text())
        await websocket.close()

    app = CORS(kind(routes=[WebSocketRoute("/ws", echo)]), allow_origins=[OUTER])
    with TestClient(app).websocket_connect("/ws", headers={"Origin": origin}) as session:
        headers: object = session.extra_headers
        assert headers == [(b"x-own", b"1")]
        session.send_text("echo")
        assert session.receive_text() == "echo"


# Options.


def test_debug_lets_the_browser_name_what_is_refused() -> None:
    for debug, status in ((True, 200), (False, 400)):
        app = CORS(Starlette(routes=[Route("/own", own)]), allow_origins=[OUTER], debug=debug)
        assert ask_asgi(app, "OPTIONS", "/hello", preflight(OUTER, "DELETE")).status == status
        assert ask_asgi(app, "OPTIONS", "/own", preflight(INNER, "DELETE")).status == status


def refused_preflight(app: Starlette) -> tuple[int, bool]:
    """The status of a refused method, and whether a header says why."""
    answer = ask_asgi(app, "OPTIONS", "/", preflight(OUTER, "DELETE"))
    return answer.status, bool(answer.values("x-cors-refused"))


IN_DEBUG, OTHERWISE = (200, True), (400, False)


@kinds
@table(
    "of_app, of_cors, expected",
    ("the flag of the application counts", True, None, IN_DEBUG),
    ("without it, debug is off", False, None, OTHERWISE),
    ("debug=True counts without the flag", False, True, IN_DEBUG),
    ("debug=False counts against the flag", True, False, OTHERWISE),
)
def test_debug_is_that_of_the_application_unless_it_is_given(
    kind: type[Starlette], of_app: bool, of_cors: bool | None, expected: object
) -> None:
    app = kind(debug=of_app, routes=[Route("/", hello)])
    CORS(app, allow_origins=[OUTER], debug=of_cors)
    assert refused_preflight(app) == expected


@kinds
def test_the_flag_is_read_at_each_request(kind: type[Starlette]) -> None:
    app = kind(routes=[Route("/", hello)])
    CORS(app, allow_origins=[OUTER])
    seen = []
    for app.debug in (False, True, False):
        seen.append(refused_preflight(app))
    assert seen == [OTHERWISE, IN_DEBUG, OTHERWISE]


def test_the_hook_sees_requests_as_the_application_does() -> None:
    seen: list[tuple[CORSRequest, Decision]] = []
    app = CORS(
        Starlette(routes=[*ROUTES, Route("/own", own)]),
        allow_origins=[OUTER],
        on_decision=lambda request, decision: seen.append((request, decision)),
    )
    attempt_asgi(app, path="/app/fail", headers=[*FROM_OUTER, ("Host", "h")], root_path="/app")
    ask_asgi(app, "OPTIONS", "/hello", preflight(EVIL))
    ask_asgi(app, path="/missing")
    ask_asgi(app, path="/own", headers=FROM_OUTER)
    assert [(request, decision.allowed) for request, decision in seen] == [
        (CORSRequest("GET", origin=OUTER, path="/fail", host="h"), True),
        (CORSRequest("OPTIONS", origin=EVIL, path="/hello", request_method="GET"), False),
        (CORSRequest("GET", path="/missing"), True),
        (CORSRequest("GET", origin=OUTER, path="/own"), False),
    ]
