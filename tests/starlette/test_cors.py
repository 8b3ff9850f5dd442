"""``CORS(app, ...)``: one policy on every response of a Starlette or FastAPI application."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import subprocess
import sys
import textwrap
import warnings
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import Depends, FastAPI
from fastapi import HTTPException as FastAPIHTTPException
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import BaseRoute, Host, Mount, Route, Router, WebSocketRoute
from starlette.staticfiles import StaticFiles
from typing_extensions import assert_type

import crosscors.fastapi
import crosscors.starlette
from crosscors import CORSPolicy, CORSRequest, Decision, Kind, PolicyError, PolicyWarning, Resources
from crosscors.asgi import ASGIApp, CORSMiddleware
from crosscors.starlette import CORS
from tests.clients import http_scope
from tests.starlette.apps import (
    ACTUAL_FIELDS,
    EVIL,
    INNER,
    OUTER,
    ask,
    ask_failing,
    converse,
    fail,
    hello,
    policies_of,
    policy_of,
    policy_of_preflight,
    preflight,
    start_and_stop,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from starlette.websockets import WebSocket

    from crosscors.asgi import Receive, Scope, Send

KINDS = pytest.mark.parametrize("kind", [Starlette, FastAPI])


def test_fastapi_hands_on_the_very_names() -> None:
    assert crosscors.fastapi.CORS is crosscors.starlette.CORS
    assert crosscors.fastapi.cross_origin is crosscors.starlette.cross_origin
    assert set(crosscors.fastapi.__all__) == set(crosscors.starlette.__all__)


# Every response.


async def abort(request: Request) -> Response:
    raise HTTPException(418, headers={"X-Own": "1"})


async def abort_fastapi(request: Request) -> Response:
    raise FastAPIHTTPException(401, detail="who are you?", headers={"WWW-Authenticate": "Bearer"})


async def stream(request: Request) -> Response:
    async def parts() -> AsyncIterator[str]:
        yield "one,"
        await asyncio.sleep(0)
        yield "two"

    return StreamingResponse(parts())


async def events(request: Request) -> Response:
    async def parts() -> AsyncIterator[str]:
        yield "data: 1\n\n"
        yield "data: 2\n\n"

    return StreamingResponse(parts(), media_type="text/event-stream")


async def not_modified(request: Request) -> Response:
    return Response(status_code=304, headers={"ETag": '"1"'})


async def elsewhere(request: Request) -> Response:
    return RedirectResponse("/hello", 303)


def sync(request: Request) -> Response:
    return JSONResponse({"sync": True})


ROUTES: list[BaseRoute] = [
    Route("/hello", hello),
    Route("/sync", sync),
    Route("/slash/", hello),
    Route("/fail", fail),
    Route("/abort", abort),
    Route("/abort-fastapi", abort_fastapi),
    Route("/stream", stream),
    Route("/events", events),
    Route("/not-modified", not_modified),
    Route("/elsewhere", elsewhere),
    Route("/post", hello, methods=["POST"]),
]

RESPONSES = [
    pytest.param("GET", "/hello", 200, b"Hello", id="an async endpoint"),
    pytest.param("GET", "/sync", 200, b'{"sync":true}', id="an endpoint in a thread"),
    pytest.param("HEAD", "/hello", 200, b"", id="HEAD"),
    pytest.param("POST", "/post", 200, b"Hello", id="POST"),
    pytest.param("GET", "/missing", 404, b"Not Found", id="not found"),
    pytest.param("GET", "/post", 405, b"Method Not Allowed", id="method not allowed"),
    pytest.param("OPTIONS", "/hello", 405, b"Method Not Allowed", id="OPTIONS that is no preflight"),
    pytest.param("GET", "/slash", 307, b"", id="the redirect to the slash"),
    pytest.param("GET", "/hello/", 307, b"", id="the redirect from the slash"),
    pytest.param("GET", "/elsewhere", 303, b"", id="a redirect of the application"),
    pytest.param("GET", "/abort", 418, b"I'm a", id="an HTTPException"),
    pytest.param("GET", "/abort-fastapi", 401, b"who are you?", id="an HTTPException of FastAPI"),
    pytest.param("GET", "/stream", 200, b"one,two", id="a stream"),
    pytest.param("GET", "/events", 200, b"data: 1\n\ndata: 2\n\n", id="server-sent events"),
    pytest.param("GET", "/not-modified", 304, b"", id="not modified"),
    pytest.param("GET", "/fail", 500, b"Internal Server Error", id="an unhandled exception"),
]


@pytest.mark.parametrize(("method", "path", "status", "body"), RESPONSES)
@KINDS
def test_every_response_carries_the_policy(
    kind: type[Starlette], method: str, path: str, status: int, body: bytes
) -> None:
    app = CORS(kind(routes=ROUTES), allow_origins=[OUTER])
    answer, _ = ask_failing(app, method, path, [("Origin", OUTER)])
    assert answer is not None
    assert (answer.status, answer.cors()) == (status, ACTUAL_FIELDS)
    # The body tells that it is the response which is meant; HEAD's goes over ASGI, and servers drop it.
    assert body in answer.body


@pytest.mark.parametrize(("method", "path", "status", "body"), RESPONSES)
def test_every_response_to_others_varies_and_says_no_more(
    method: str, path: str, status: int, body: bytes
) -> None:
    app = CORS(Starlette(routes=ROUTES), allow_origins=[OUTER], allow_credentials=True, expose_headers="X-A")
    for fields in ([], [("Origin", EVIL)]):
        answer, _ = ask_failing(app, method, path, fields)
        assert answer is not None
        assert (answer.status, answer.cors()) == (status, {"vary": "Origin"})


@pytest.mark.parametrize(("method", "path"), [(row.values[0], row.values[1]) for row in RESPONSES])
@KINDS
def test_nothing_else_of_a_response_changes(kind: type[Starlette], method: str, path: str) -> None:
    plain, _ = ask_failing(kind(routes=ROUTES), method, path, [("Origin", OUTER)])
    covered, _ = ask_failing(
        CORS(kind(routes=ROUTES), allow_origins=[OUTER]), method, path, [("Origin", OUTER)]
    )
    assert plain is not None
    assert covered is not None
    assert covered.headers == [*plain.headers, *ACTUAL_FIELDS.items()]
    assert (covered.status, covered.body) == (plain.status, plain.body)


@pytest.mark.parametrize("path", ["/hello", "/missing", "/fail", "/slash"])
@KINDS
def test_preflights_are_answered_before_any_route(kind: type[Starlette], path: str) -> None:
    app = CORS(kind(routes=ROUTES), allow_origins=[OUTER], allow_methods=["PUT"])
    answer = ask(app, "OPTIONS", path, preflight(OUTER, "PUT"))
    assert (answer.status, answer.body) == (200, b"OK")
    assert answer.cors()["access-control-allow-methods"] == "PUT"
    assert ask(app, "OPTIONS", path, preflight(EVIL, "PUT")).status == 400


def test_a_failed_validation_can_be_read() -> None:
    app = CORS(FastAPI(), allow_origins=[OUTER])

    @app.get("/items/{number}")
    async def read(number: int) -> int:
        return number

    assert ask(app, path="/items/7", headers=[("Origin", OUTER)]).body == b"7"
    answer = ask(app, path="/items/x", headers=[("Origin", OUTER)])
    assert (answer.status, answer.cors()) == (422, ACTUAL_FIELDS)


def test_the_documentation_of_fastapi_can_be_read() -> None:
    answer = ask(CORS(FastAPI(), allow_origins="*"), path="/openapi.json")
    assert (answer.status, answer.cors()) == (200, {"access-control-allow-origin": "*"})


@KINDS
@pytest.mark.parametrize(
    ("fields", "status"),
    [([], 200), ([("If-None-Match", "{etag}")], 304), ([("Range", "bytes=0-1")], 206)],
    ids=["whole", "not modified", "in part"],
)
def test_static_files_can_be_read(
    kind: type[Starlette], tmp_path: Path, fields: list[tuple[str, str]], status: int
) -> None:
    (tmp_path / "a.txt").write_text("text", encoding="ascii")
    app = CORS(kind(), allow_origins=[OUTER])
    app.mount("/static", StaticFiles(directory=tmp_path))
    (etag,) = ask(app, path="/static/a.txt").values("etag")
    asked = [("Origin", OUTER), *((name, value.format(etag=etag)) for name, value in fields)]
    answer = ask(app, path="/static/a.txt", headers=asked)
    assert (answer.status, answer.cors()) == (status, ACTUAL_FIELDS)
    answer = ask(app, path="/static/b.txt", headers=asked)
    assert (answer.status, answer.cors()) == (404, ACTUAL_FIELDS)


@KINDS
def test_background_tasks_run_after_the_response(kind: type[Starlette]) -> None:
    ran: list[str] = []

    async def endpoint(request: Request) -> Response:
        return PlainTextResponse("soon", background=BackgroundTask(ran.append, "task"))

    app = CORS(kind(routes=[Route("/", endpoint)]), allow_origins=[OUTER])
    answer = ask(app, headers=[("Origin", OUTER)])
    assert (answer.body, answer.cors(), ran) == (b"soon", ACTUAL_FIELDS, ["task"])


def test_a_background_task_that_fails_changes_no_response() -> None:
    async def endpoint(request: Request) -> Response:
        return PlainTextResponse("sent", background=BackgroundTask(fail, None))

    app = CORS(Starlette(routes=[Route("/", endpoint)]), allow_origins=[OUTER])
    answer, raised = ask_failing(app, headers=[("Origin", OUTER)])
    assert isinstance(raised, LookupError)
    assert answer is not None
    assert (answer.status, answer.body, answer.cors()) == (200, b"sent", ACTUAL_FIELDS)


# Exceptions that nothing in the application handles.


async def page(request: Request, error: Exception) -> Response:
    return HTMLResponse(f"Sorry: {error}", status_code=500)


@KINDS
def test_an_unhandled_exception_still_reaches_the_server(
    kind: type[Starlette], caplog: pytest.LogCaptureFixture
) -> None:
    app = CORS(kind(routes=ROUTES), allow_origins=[OUTER])
    _, raised = ask_failing(app, path="/fail", headers=[("Origin", OUTER)])
    assert isinstance(raised, LookupError)
    assert raised.args == ("in the endpoint",)
    assert not caplog.records  # the response was answered, with its fields


@pytest.mark.parametrize("key", [500, Exception])
@pytest.mark.parametrize("is_added", [True, False], ids=["added", "given"])
@KINDS
def test_the_handler_of_all_exceptions_answers_with_the_policy(
    kind: type[Starlette], key: int | type[Exception], is_added: bool
) -> None:
    app = kind(routes=ROUTES, exception_handlers=None if is_added else {key: page})
    CORS(app, allow_origins=[OUTER])
    if is_added:
        app.add_exception_handler(key, page)
    answer, raised = ask_failing(app, path="/fail", headers=[("Origin", OUTER)])
    assert isinstance(raised, LookupError)
    assert answer is not None
    assert (answer.status, answer.body, answer.cors()) == (500, b"Sorry: in the endpoint", ACTUAL_FIELDS)


@KINDS
def test_the_handler_of_one_exception_answers_with_the_policy(kind: type[Starlette]) -> None:
    app = CORS(kind(routes=ROUTES, exception_handlers={LookupError: page}), allow_origins=[OUTER])
    answer, raised = ask_failing(app, path="/fail", headers=[("Origin", OUTER)])
    assert raised is None
    assert answer is not None
    assert (answer.status, answer.cors()) == (500, ACTUAL_FIELDS)


@pytest.mark.parametrize("accept", ["text/html", "text/plain"])
@KINDS
def test_the_page_of_debug_mode_can_be_read(kind: type[Starlette], accept: str) -> None:
    app = CORS(kind(routes=ROUTES, debug=True), allow_origins=[OUTER])
    answer, raised = ask_failing(app, path="/fail", headers=[("Origin", OUTER), ("Accept", accept)])
    assert isinstance(raised, LookupError)
    assert answer is not None
    assert (answer.status, answer.cors()) == (500, ACTUAL_FIELDS)
    assert b"Traceback" in answer.body
    assert answer.values("content-type")[0].startswith(accept)


@KINDS
def test_what_middleware_raises_is_answered_with_the_policy(kind: type[Starlette]) -> None:
    async def dispatch(request: Request, call_next: object) -> Response:
        raise LookupError("in the middleware")

    app = CORS(kind(routes=ROUTES), allow_origins=[OUTER])
    app.add_middleware(BaseHTTPMiddleware, dispatch=dispatch)
    answer, raised = ask_failing(app, path="/hello", headers=[("Origin", OUTER)])
    assert isinstance(raised, LookupError)
    assert answer is not None
    assert (answer.status, answer.cors()) == (500, ACTUAL_FIELDS)


def test_an_exception_after_the_start_of_a_response_leaves_it_as_it_is() -> None:
    async def endpoint(request: Request) -> Response:
        async def parts() -> AsyncIterator[str]:
            yield "one"
            raise LookupError("in the stream")

        return StreamingResponse(parts())

    app = CORS(Starlette(routes=[Route("/", endpoint)]), allow_origins=[OUTER])
    answer, raised = ask_failing(app, headers=[("Origin", OUTER)])
    assert raised is not None
    assert answer is not None
    assert (answer.status, answer.body, answer.cors()) == (200, b"one", ACTUAL_FIELDS)


def test_a_handler_that_fails_itself_leaves_the_answer_to_the_server(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(request: Request, error: Exception) -> Response:
        raise RuntimeError("in the handler")

    app = CORS(Starlette(routes=ROUTES, exception_handlers={500: broken}), allow_origins=[OUTER])
    for _ in range(3):
        answer, raised = ask_failing(app, path="/fail", headers=[("Origin", OUTER)])
        assert isinstance(raised, RuntimeError)
        assert answer is None
    assert [(record.levelno, record.name) for record in caplog.records] == [(logging.WARNING, "crosscors")]


# When CORS is called.


@KINDS
def test_routes_middleware_and_handlers_may_come_after(kind: type[Starlette]) -> None:
    app = CORS(kind(), allow_origins=[OUTER])
    app.router.routes.extend(ROUTES)
    app.add_middleware(GZipMiddleware, minimum_size=1)
    app.add_exception_handler(404, page)
    fields = [("Origin", OUTER), ("Accept-Encoding", "gzip")]
    answer = ask(app, path="/hello", headers=fields)
    assert answer.values("content-encoding") == ["gzip"]
    assert answer.cors() == {"access-control-allow-origin": OUTER, "vary": "Accept-Encoding, Origin"}
    assert ask(app, path="/missing", headers=fields).status == 500


@KINDS
def test_it_may_be_called_after_the_first_request(kind: type[Starlette]) -> None:
    app = kind(routes=ROUTES)
    assert policies_of(app, "/hello") == ("none", "none")
    CORS(app, allow_origins=[OUTER])
    assert policies_of(app, "/hello") == ("outer", "outer")


@KINDS
def test_the_application_itself_is_returned_under_its_own_type(kind: type[Starlette]) -> None:
    app = kind(routes=ROUTES)
    assert CORS(app, allow_origins=[OUTER]) is app
    assert assert_type(CORS(FastAPI()), FastAPI).title == "FastAPI"
    assert assert_type(CORS(Starlette()), Starlette).routes == []


@KINDS
def test_plain_and_assigned_calls_are_the_same(kind: type[Starlette]) -> None:
    plain = kind(routes=ROUTES)
    CORS(plain, allow_origins=[OUTER])
    assigned = kind(routes=ROUTES)
    assigned = CORS(assigned, allow_origins=[OUTER])
    for path in ("/hello", "/missing", "/fail"):
        assert policies_of(plain, path) == policies_of(assigned, path) == ("outer", "outer")


@KINDS
def test_middleware_is_built_once(kind: type[Starlette]) -> None:
    built: list[object] = []

    def remembering(app: ASGIApp) -> ASGIApp:
        built.append(app)
        return app

    app = kind(routes=ROUTES, middleware=[Middleware(remembering)])
    CORS(app, allow_origins=[OUTER])
    for _ in range(3):
        ask(app, path="/hello")
    assert len(built) == 1


@KINDS
def test_a_second_policy_for_the_whole_application_is_refused(kind: type[Starlette]) -> None:
    app = CORS(kind(routes=ROUTES), allow_origins=[OUTER])
    with pytest.raises(
        PolicyError, match=r"the application has a policy already\.[^$]*policy=Resources"
    ) as caught:
        CORS(app, allow_origins=[INNER])
    assert [problem.code for problem in caught.value.problems] == ["policy-twice"]
    assert policies_of(app, "/hello") == ("outer", "outer")


# Lifespan.


@KINDS
def test_startup_state_and_shutdown_reach_the_application(kind: type[Starlette]) -> None:
    seen: list[str] = []

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, str]]:
        seen.append("startup")
        yield {"greeting": "from the state"}
        seen.append("shutdown")

    async def greet(request: Request) -> Response:
        return PlainTextResponse(request.state.greeting)

    app = CORS(kind(routes=[Route("/", greet)], lifespan=lifespan), allow_origins=[OUTER])

    def between(state: dict[str, Any]) -> None:
        seen.append("between")
        answer, _ = ask_failing(app, headers=[("Origin", OUTER)], state=dict(state))
        assert answer is not None
        assert (answer.body, answer.cors()) == (b"from the state", ACTUAL_FIELDS)

    sent = start_and_stop(app, between)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert seen == ["startup", "between", "shutdown"]


@KINDS
def test_routes_that_the_lifespan_adds_are_covered_by_their_own_policies(kind: type[Starlette]) -> None:
    @crosscors.starlette.cross_origin(allow_origins=[INNER])
    async def own(request: Request) -> Response:
        return PlainTextResponse("own")

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.router.routes.append(Route("/own", own))
        app.router.routes.append(Route("/other", hello))
        yield

    app = CORS(kind(lifespan=lifespan), allow_origins=[OUTER])

    def between(_: dict[str, Any]) -> None:
        assert policies_of(app, "/own") == ("inner", "inner")
        assert policies_of(app, "/other") == ("outer", "outer")

    assert start_and_stop(app, between)[-1] == "lifespan.shutdown.complete"


def test_a_startup_that_fails_fails() -> None:
    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if app.routes == []:
            raise LookupError("no database")
        yield

    with pytest.raises(LookupError, match="no database"):
        start_and_stop(CORS(Starlette(lifespan=lifespan), allow_origins=[OUTER]))


# Mounts, hosts and root paths.


def mounting(app: ASGIApp, **options: Any) -> Starlette:
    options.setdefault("allow_origins", [OUTER])
    outer = Starlette(routes=[Mount("/inner", app=app), Route("/outer", hello)])
    CORS(outer, **options)
    return outer


@KINDS
@pytest.mark.parametrize("path", ["/inner/hello", "/inner/missing", "/inner/fail", "/inner/slash", "/inner"])
def test_a_mounted_application_without_a_policy_has_that_of_the_outer_one(
    kind: type[Starlette], path: str
) -> None:
    assert policies_of(mounting(kind(routes=ROUTES)), path) == ("outer", "outer")


@KINDS
@pytest.mark.parametrize(
    "path", ["/inner/hello", "/inner/missing", "/inner/fail", "/inner/post", "/inner/slash", "/inner/abort"]
)
def test_the_policy_of_a_mounted_application_replaces_the_outer_one(kind: type[Starlette], path: str) -> None:
    app = mounting(CORS(kind(routes=ROUTES), allow_origins=[INNER]))
    assert policies_of(app, path) == ("inner", "inner")
    assert policies_of(app, "/outer") == ("outer", "outer")
    assert policies_of(app, "/missing") == ("outer", "outer")


@KINDS
@pytest.mark.parametrize("path", ["/inner/hello", "/inner/missing", "/inner/fail"])
def test_a_wider_outer_policy_does_not_open_a_mounted_application(kind: type[Starlette], path: str) -> None:
    app = mounting(CORS(kind(routes=ROUTES)), allow_origins="*")
    assert policies_of(app, path) == ("closed", "closed")
    assert policies_of(app, "/outer") == ("public", "public")


def test_a_policy_two_mounts_below_replaces_both_others() -> None:
    lowest = CORS(Starlette(routes=ROUTES), allow_origins=[INNER])
    middle = Starlette(routes=[Mount("/lowest", app=lowest), Route("/hello", hello)])
    app = mounting(middle)
    assert policies_of(app, "/inner/lowest/fail") == ("inner", "inner")
    assert policies_of(app, "/inner/hello") == ("outer", "outer")
    CORS(middle, allow_origins="*")
    assert policies_of(mounting(middle), "/inner/lowest/fail") == ("inner", "inner")
    assert policies_of(mounting(middle), "/inner/hello") == ("public", "public")


def test_resources_of_a_mounted_application_see_its_own_paths() -> None:
    policies = {"/hello": CORSPolicy(allow_origins=[INNER]), "/*": CORSPolicy(allow_origins="*")}
    app = mounting(CORS(Starlette(routes=ROUTES), policy=Resources(policies)))
    assert policies_of(app, "/inner/hello") == ("inner", "inner")


def test_resources_around_mounts_see_whole_paths() -> None:
    """Starlette's mounts write their path into the root_path of the scope that we have given on."""
    policies = {
        "/outer/*": CORSPolicy(allow_origins=[OUTER]),
        "/hello": CORSPolicy(allow_origins="*"),
        "/outer/deep/inner/*": CORSPolicy(allow_origins=[INNER]),
    }
    deep = Mount("/deep", routes=[Mount("/inner", routes=ROUTES), *ROUTES])
    inside = Starlette(routes=[Mount("/outer", routes=[deep, *ROUTES])])
    wrapped = CORSMiddleware(inside, policy=Resources(policies))
    for app in (wrapped, CORS(inside, policy=Resources(policies))):
        assert policies_of(app, "/outer/hello") == ("outer", "outer")
        assert policies_of(app, "/outer/deep/hello") == ("outer", "outer")
        assert policies_of(app, "/outer/deep/inner/hello") == ("inner", "inner")


def test_resources_in_a_mount_see_the_path_below_it_whatever_is_mounted_further_in() -> None:
    policies = {"/deep/*": CORSPolicy(allow_origins=[INNER]), "/hello": CORSPolicy(allow_origins="*")}
    wrapped = CORSMiddleware(Starlette(routes=[Mount("/deep", routes=ROUTES)]), policy=Resources(policies))
    app = Starlette(routes=[Mount("/outer", app=wrapped)])
    assert policies_of(app, "/outer/deep/hello") == ("inner", "inner")


def _marked_chain(app: ASGIApp) -> ASGIApp:
    return GZipMiddleware(CORSMiddleware(app, allow_origins=[INNER]))


WITH_POLICY: list[Any] = [
    pytest.param(
        lambda: Mount("/inner", app=CORSMiddleware(Starlette(routes=ROUTES), allow_origins=[INNER])),
        id="the application wrapped",
    ),
    pytest.param(
        lambda: Mount("/inner", app=_marked_chain(Starlette(routes=ROUTES))),
        id="the application wrapped, in other middleware",
    ),
    pytest.param(
        lambda: Mount("/inner", app=GZipMiddleware(CORS(Starlette(routes=ROUTES), allow_origins=[INNER]))),
        id="the policy in other middleware",
    ),
    pytest.param(
        lambda: Mount(
            "/inner",
            app=Starlette(routes=ROUTES),
            middleware=[Middleware(GZipMiddleware), Middleware(CORSMiddleware, allow_origins=[INNER])],
        ),
        id="middleware of the mount of an application",
    ),
    pytest.param(
        lambda: Mount(
            "/inner", routes=ROUTES, middleware=[Middleware(CORSMiddleware, allow_origins=[INNER])]
        ),
        id="middleware of the mount of routes",
    ),
    pytest.param(
        lambda: Mount(
            "/inner",
            app=Starlette(routes=ROUTES, middleware=[Middleware(CORSMiddleware, allow_origins=[INNER])]),
        ),
        id="middleware of the mounted application",
    ),
    pytest.param(
        lambda: Mount(
            "/inner", app=Starlette(routes=ROUTES, middleware=[Middleware(CORS, allow_origins=[INNER])])
        ),
        id="CORS as middleware of the mounted application",
    ),
    pytest.param(
        lambda: Mount(
            "/inner", app=Router(ROUTES, middleware=[Middleware(CORSMiddleware, allow_origins=[INNER])])
        ),
        id="middleware of the mounted router",
    ),
]


@pytest.mark.parametrize("mount", WITH_POLICY)
@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/inner/hello", id="found"),
        pytest.param("/inner/missing", id="not found"),
        pytest.param("/inner/post", id="method not allowed"),
    ],
)
def test_a_policy_in_middleware_below_a_mount_replaces_the_outer_one(
    mount: Callable[[], Mount], path: str
) -> None:
    app = CORS(Starlette(routes=[mount()]), allow_origins=[OUTER])
    assert policies_of(app, path) == ("inner", "inner")


@pytest.mark.parametrize("mount", WITH_POLICY)
def test_what_is_answered_outside_of_that_middleware_is_answered_nevertheless_and_not_warned_of(
    mount: Callable[[], Mount], caplog: pytest.LogCaptureFixture
) -> None:
    app = CORS(Starlette(routes=[mount()]), allow_origins=[OUTER])
    assert ask(app, path="/inner/missing", headers=[("Origin", INNER)]).status == 404
    assert not caplog.records


class OneMoreLayer:
    """Middleware that leads to itself, as proxies do, and says so before a test would hang."""

    def __init__(self) -> None:
        self.asked = 0

    @property
    def app(self) -> OneMoreLayer:
        self.asked += 1
        assert self.asked < 1000, "the search for a policy does not end"
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("Hello")(scope, receive, send)


def test_an_application_that_leads_to_itself_holds_nothing_up() -> None:
    assert policies_of(mounting(OneMoreLayer()), "/inner/any") == ("outer", "outer")


def test_an_application_of_another_kind_may_be_mounted() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    assert policies_of(mounting(app), "/inner/any") == ("outer", "outer")


@KINDS
def test_hosts_have_their_own_policies(kind: type[Starlette]) -> None:
    routes = [
        Host("api.example", app=CORS(kind(routes=ROUTES), allow_origins=[INNER])),
        Host("www.example", app=kind(routes=ROUTES)),
        Route("/hello", hello),
    ]
    app = CORS(Starlette(routes=routes), allow_origins=[OUTER])
    assert policies_of(app, "/hello", headers=[("Host", "api.example")]) == ("inner", "inner")
    assert policies_of(app, "/fail", headers=[("Host", "api.example:8000")]) == ("inner", "inner")
    assert policies_of(app, "/hello", headers=[("Host", "www.example")]) == ("outer", "outer")
    assert policies_of(app, "/hello", headers=[("Host", "localhost")]) == ("outer", "outer")
    assert policies_of(app, "/hello") == ("outer", "outer")


@pytest.mark.parametrize(
    ("path", "root_path"),
    [
        pytest.param("/hello", "", id="none"),
        pytest.param("/app/hello", "/app", id="which the path repeats"),
        pytest.param("/hello", "/app", id="which the path lacks"),
    ],
)
def test_resources_match_below_the_root_path_of_the_server(path: str, root_path: str) -> None:
    policies = {"/hello": CORSPolicy(allow_origins=[OUTER]), "/*": CORSPolicy(allow_origins="*")}
    app = CORS(Starlette(routes=ROUTES), policy=Resources(policies))
    answer, _ = ask_failing(app, path=path, headers=[("Origin", OUTER)], root_path=root_path)
    assert answer is not None
    assert (answer.body, answer.cors()) == (b"Hello", ACTUAL_FIELDS)


@pytest.mark.parametrize("path", ["/api/hello", "/hello"])
def test_resources_match_below_the_root_path_of_fastapi(path: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer releases call it deprecated
        app = FastAPI(root_path="/api", routes=ROUTES)
    CORS(app, policy=Resources({"/hello": CORSPolicy(allow_origins=[OUTER])}))
    answer = ask(app, path=path, headers=[("Origin", OUTER)])
    assert (answer.body, answer.cors()) == (b"Hello", ACTUAL_FIELDS)


def fastapi_at_root() -> FastAPI:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer releases call it deprecated
        return FastAPI(root_path="/root", routes=[*ROUTES, Mount("/sub", routes=ROUTES)])


BY_PATH = Resources(
    {
        "/*": CORSPolicy(allow_origins="*", allow_methods=["PUT"]),
        "/hello": CORSPolicy(allow_origins=[INNER], allow_credentials=True, allow_methods=["PUT"]),
        "/sub/*": CORSPolicy(allow_origins=[OUTER], allow_methods=["PUT"]),
        "/sub/none": None,
    }
)


def by_function(app: ASGIApp) -> ASGIApp:
    async def wrapper(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)

    return wrapper


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda app: CORSMiddleware(app, policy=BY_PATH), id="wrapped"),
        pytest.param(lambda app: CORSMiddleware(GZipMiddleware(app), policy=BY_PATH), id="wrapped twice"),
        pytest.param(lambda app: CORS(GZipMiddleware(app), policy=BY_PATH), id="by Starlette's adapter"),
        pytest.param(lambda app: CORS(app, policy=BY_PATH), id="within"),
    ],
)
@pytest.mark.parametrize("root", ["", "/root"])
def test_preflights_have_the_policy_of_the_path_below_the_root_path_of_fastapi(
    wrap: Callable[[ASGIApp], ASGIApp], root: str
) -> None:
    app = wrap(fastapi_at_root())
    assert policies_of(app, f"{root}/hello") == ("inner", "inner")
    assert policies_of(app, f"{root}/sub/hello") == ("outer", "outer")
    assert ask(app, path=f"{root}/sub/none", headers=[("Origin", OUTER)]).cors() == {}
    assert ask(app, path=f"{root}/missing", headers=[("Origin", OUTER)]).values(
        "access-control-allow-origin"
    ) == ["*"]


def test_what_answers_before_fastapi_knows_its_root_path_too(caplog: pytest.LogCaptureFixture) -> None:
    async def early(request: Request, call_next: object) -> Response:
        return Response("early")

    app = CORSMiddleware(BaseHTTPMiddleware(fastapi_at_root(), dispatch=early), policy=BY_PATH)
    assert policies_of(app, "/root/hello") == ("inner", "inner")
    assert caplog.messages == []


def test_a_root_path_that_comes_to_light_when_the_application_answers_counts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = CORSMiddleware(by_function(fastapi_at_root()), policy=BY_PATH)
    for _ in range(2):
        answer = ask(app, path="/root/hello", headers=[("Origin", INNER)])
        assert answer.cors() == {
            "access-control-allow-origin": INNER,
            "access-control-allow-credentials": "true",
            "vary": "Origin",
        }
    assert ask(app, path="/root/hello", headers=[("Origin", EVIL)]).cors() == {"vary": "Origin"}
    assert ask(app, path="/root/sub/hello", headers=[("Origin", OUTER)]).values(
        "access-control-allow-origin"
    ) == [OUTER]
    assert ask(app, path="/root/sub/none", headers=[("Origin", OUTER)]).cors() == {}
    assert ask(app, path="/root//hello", headers=[("Origin", INNER)]).cors() == {}
    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert warning.getMessage().startswith("give the root path '/root' to the server")
    assert "write CORS(app, ...) with CORS from crosscors.fastapi" in warning.getMessage()


def test_one_application_is_mounted_twice_with_its_policy() -> None:
    inner = CORS(Starlette(routes=ROUTES), allow_origins=[INNER])
    app = CORS(Starlette(routes=[Mount("/a", app=inner), Mount("/b", app=inner)]), allow_origins=[OUTER])
    assert policies_of(app, "/a/fail") == policies_of(app, "/b/fail") == ("inner", "inner")
    assert policies_of(inner, "/hello") == ("inner", "inner")


# WebSockets.


@KINDS
@pytest.mark.parametrize("origin", [OUTER, EVIL])
def test_websockets_are_left_alone(kind: type[Starlette], origin: str) -> None:
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text())
        await websocket.close()

    def talk(app: ASGIApp) -> list[Any]:
        scope = {**http_scope("GET", "/ws", [("Origin", origin)]), "type": "websocket"}
        del scope["method"]
        received = {"type": "websocket.receive", "text": "echo"}
        return converse(app, scope, {"type": "websocket.connect"}, received)

    plain = talk(kind(routes=[WebSocketRoute("/ws", echo)]))
    assert [message["type"] for message in plain] == ["websocket.accept", "websocket.send", "websocket.close"]
    assert talk(CORS(kind(routes=[WebSocketRoute("/ws", echo)]), allow_origins=[OUTER])) == plain


# Several applications.


@KINDS
def test_applications_with_the_same_endpoints_keep_their_own_policies(kind: type[Starlette]) -> None:
    apps = [
        CORS(kind(routes=[Route("/", hello)]), allow_origins=origins) for origins in ([OUTER], [INNER], "*")
    ]
    apps.append(kind(routes=[Route("/", hello)]))
    for _ in range(2):
        assert [policy_of(app) for app in apps] == ["outer", "inner", "public", "none"]
        assert [policy_of_preflight(app) for app in apps] == ["outer", "inner", "public", "none"]


@KINDS
def test_an_application_of_another_asgi_framework_is_wrapped(kind: type[Starlette]) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await kind(routes=ROUTES)(scope, receive, send)

    wrapped = CORS(app, allow_origins=[OUTER])
    assert wrapped is not app
    assert policies_of(wrapped, "/hello") == ("outer", "outer")


# Options.


def test_resources_have_a_policy_for_each_path() -> None:
    policies = {
        "/hello": CORSPolicy(allow_origins=[OUTER]),
        "/abort": CORSPolicy(allow_origins=[INNER]),
        "/stream": None,
        "/*": CORSPolicy(allow_origins="*"),
    }
    app = CORS(FastAPI(routes=ROUTES), policy=Resources(policies))
    paths = ["/hello", "/abort", "/stream", "/missing", "/fail"]
    assert [policy_of(app, path) for path in paths] == ["outer", "inner", "none", "public", "public"]
    assert [policy_of_preflight(app, path) for path in paths] == [
        "outer",
        "inner",
        "none",
        "public",
        "public",
    ]


def test_a_path_without_policy_keeps_what_the_application_says() -> None:
    async def own(request: Request) -> Response:
        return PlainTextResponse("own", headers={"Access-Control-Allow-Origin": "https://own.example"})

    app = CORS(Starlette(routes=[Route("/", own)]), policy=Resources({"/api/*": CORSPolicy()}))
    answer = ask(app, headers=[("Origin", OUTER)])
    assert answer.values("access-control-allow-origin") == ["https://own.example"]
    assert answer.values("vary") == []


def test_debug_lets_the_browser_name_what_is_refused() -> None:
    app, quiet = Starlette(routes=ROUTES), Starlette(routes=ROUTES)
    CORS(app, allow_origins=[OUTER], debug=True)
    CORS(quiet, allow_origins=[OUTER])
    assert ask(app, "OPTIONS", "/hello", preflight(OUTER, "DELETE")).status == 200
    assert ask(quiet, "OPTIONS", "/hello", preflight(OUTER, "DELETE")).status == 400


def test_the_hook_sees_requests_as_the_application_does() -> None:
    seen: list[tuple[CORSRequest, Decision]] = []
    app = CORS(
        Starlette(routes=ROUTES),
        allow_origins=[OUTER],
        on_decision=lambda request, decision: seen.append((request, decision)),
    )
    ask_failing(app, path="/app/fail", headers=[("Origin", OUTER), ("Host", "h")], root_path="/app")
    ask_failing(app, "OPTIONS", "/hello", preflight(EVIL))
    ask_failing(app, path="/missing")
    assert [request for request, _ in seen] == [
        CORSRequest("GET", origin=OUTER, path="/fail", host="h"),
        CORSRequest("OPTIONS", origin=EVIL, path="/hello", request_method="GET"),
        CORSRequest("GET", path="/missing"),
    ]
    assert [(decision.kind, decision.allowed) for _, decision in seen] == [
        (Kind.ACTUAL, True),
        (Kind.PREFLIGHT, False),
        (Kind.NOT_CORS, True),
    ]


def test_an_async_function_decides() -> None:
    async def is_tenant(request: CORSRequest) -> bool:
        await asyncio.sleep(0)
        return request.headers.get("x-tenant") == "one"

    app = CORS(FastAPI(routes=ROUTES), allow_origin_func=is_tenant)
    fields = [("Origin", OUTER), ("X-Tenant", "one")]
    assert ask(app, path="/hello", headers=fields).cors() == ACTUAL_FIELDS
    assert ask(app, path="/hello", headers=fields[:1]).cors() == {"vary": "Origin"}


@KINDS
def test_what_the_application_says_of_cors_is_replaced_and_its_vary_is_kept(kind: type[Starlette]) -> None:
    async def own(request: Request) -> Response:
        response = PlainTextResponse("own", headers={"Vary": "Accept", "Access-Control-Allow-Origin": EVIL})
        response.headers.append("Vary", "Cookie")
        response.headers["Access-Control-Allow-Credentials"] = "true"
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")
        return response

    app = CORS(kind(routes=[Route("/", own)]), allow_origins=[OUTER])
    answer = ask(app, headers=[("Origin", OUTER)])
    assert answer.values("vary") == ["Accept, Cookie, Origin"]
    assert answer.values("access-control-allow-origin") == [OUTER]
    assert answer.values("access-control-allow-credentials") == []
    assert len(answer.values("set-cookie")) == 2
    assert ask(app, headers=[("Origin", EVIL)]).cors() == {"vary": "Accept, Cookie, Origin"}


@pytest.mark.parametrize(
    ("options", "code"),
    [
        pytest.param(
            {"allow_origins": "*", "allow_credentials": True}, "wildcard-with-credentials", id="* with"
        ),
        pytest.param({"allow_origins": ["https://e.com/"]}, "origin-trailing-slash", id="an origin"),
        pytest.param({"origins": ["https://e.com"]}, "unknown-option", id="an option of another library"),
        pytest.param({"policy": CORSPolicy(), "max_age": 5}, "policy-and-options", id="both"),
        pytest.param({"policy": "*"}, "wrong-type", id="no policy"),
        pytest.param({"debug": 1}, "wrong-type", id="debug"),
        pytest.param({"on_decision": 1}, "wrong-type", id="on_decision"),
    ],
)
@KINDS
def test_wrong_options_raise_at_once_and_leave_the_application_as_it_was(
    kind: type[Starlette], options: dict[str, Any], code: str
) -> None:
    app = kind(routes=ROUTES)
    with pytest.raises(PolicyError) as caught:
        CORS(app, **options)
    assert [problem.code for problem in caught.value.problems] == [code]
    assert policies_of(app, "/hello") == ("none", "none")
    CORS(app, allow_origins=[OUTER])
    assert policies_of(app, "/hello") == ("outer", "outer")


def test_a_warning_points_at_the_line_of_the_application() -> None:
    with pytest.warns(PolicyWarning, match="longer than any browser") as caught:
        CORS(Starlette(), max_age=1_000_000)
    assert caught[0].filename == __file__


def serve(tmp_path: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Start the program under uvicorn, which ends by itself, or by a request of the program's own."""
    (tmp_path / "main.py").write_text(textwrap.dedent(program), encoding="utf-8")
    command = [sys.executable, "-m", "uvicorn", "main:app", "--port", "0", "--log-level", "warning"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)])}
    return subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_server_with_a_wrong_policy_does_not_start(tmp_path: Path) -> None:
    program = """\
        from fastapi import FastAPI
        from crosscors.fastapi import CORS

        app = CORS(FastAPI(), allow_origins=["https://app.example.com/", "*"], allow_credentials=True)
    """
    ended = serve(tmp_path, program)
    assert ended.returncode == 1
    assert "PolicyError: This CORS policy has 2 problems:" in ended.stderr
    assert 'Write "https://app.example.com".' in ended.stderr
    assert 'allow_credentials=["https://app.example.com"]' in ended.stderr


def test_a_server_with_a_right_policy_starts(tmp_path: Path) -> None:
    program = """\
        import contextlib, os, signal
        from fastapi import FastAPI
        from crosscors.fastapi import CORS

        @contextlib.asynccontextmanager
        async def lifespan(app):
            print("it starts", flush=True)
            yield
            print("it stops", flush=True)
            os._exit(7)

        async def stop(scope, receive, send):
            await inner(scope, receive, send)

        inner = CORS(FastAPI(lifespan=lifespan), allow_origins=["https://app.example.com"])

        async def app(scope, receive, send):
            if scope["type"] == "lifespan":
                os.kill(os.getpid(), signal.SIGINT)
            await inner(scope, receive, send)
    """
    ended = serve(tmp_path, program)
    assert "PolicyError" not in ended.stderr
    assert ended.stdout.split("\n")[:2] == ["it starts", "it stops"]
    assert ended.returncode == 7


# What it costs.


class Counted(Route):
    """A route that counts how often the router, or anyone, asks whether it matches."""

    asked = 0

    def matches(self, scope: Any) -> Any:
        Counted.asked += 1
        return super().matches(scope)


def _asked(app: ASGIApp, path: str, headers: list[tuple[str, str]], method: str = "GET") -> int:
    ask(app, method, path)  # once, for what is done at the first request only
    Counted.asked = 0
    ask(app, method, path, headers)
    return Counted.asked


@pytest.mark.parametrize(
    "policy", [CORSPolicy(), Resources({"/*": CORSPolicy()})], ids=["policy", "resources"]
)
def test_no_request_is_routed_twice_where_no_endpoint_has_a_policy(policy: CORSPolicy | Resources) -> None:
    def routes() -> list[BaseRoute]:
        return [Counted("/a", hello), Mount("/m", routes=[Counted("/b", hello)])]

    app = CORS(Starlette(routes=routes()), policy=policy)
    assert _asked(app, "/a", [("Origin", OUTER)]) == _asked(Starlette(routes=routes()), "/a", []) == 1
    assert _asked(app, "/m/b", [("Origin", OUTER)]) == 2
    assert _asked(app, "/a", preflight(OUTER), "OPTIONS") == 0


def test_the_count_of_routings_notices_a_second_one() -> None:
    own = crosscors.starlette.cross_origin(allow_origins=[INNER])(lambda request: PlainTextResponse("own"))
    app = CORS(Starlette(routes=[Counted("/a", own)]), allow_origins=[OUTER])
    assert _asked(app, "/a", [("Origin", OUTER)]) == 2


def test_a_dependency_that_refuses_can_be_read() -> None:
    async def user() -> None:
        raise FastAPIHTTPException(401)

    app = CORS(FastAPI(dependencies=[Depends(user)]), allow_origins=[OUTER])
    app.get("/")(lambda: 1)
    answer = ask(app, headers=[("Origin", OUTER)])
    assert (answer.status, answer.cors()) == (401, ACTUAL_FIELDS)
    assert ask(app, "OPTIONS", headers=preflight(OUTER)).status == 200
