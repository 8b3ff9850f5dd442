"""The ASGI adapter: what is peculiar to the protocol; the rest is in tests/conformance."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from crosscors import CORSPolicy, CORSRequest, Decision, Resources
from crosscors.asgi import CORSMiddleware
from tests.clients import ask_asgi, http_scope, preflight, run_asgi, send_asgi
from tests.conftest import Approve
from tests.tables import each, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crosscors.asgi import ASGIApp, Message, Receive, Scope, Send

ORIGIN = "https://app.example.com"
OTHER = "https://other.example"
EVIL = "https://evil.example"
FROM_ALLOWED = [("Origin", ORIGIN)]
ALLOWED = [(b"access-control-allow-origin", ORIGIN.encode()), (b"vary", b"Origin")]


def sending(*messages: Message) -> ASGIApp:
    """An application that sends these messages, whatever it is asked."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    return app


def start(headers: Iterable[Any] = (), **others: Any) -> Message:
    return {"type": "http.response.start", "status": 200, "headers": headers, **others}


def body(content: bytes = b"", **others: Any) -> Message:
    return {"type": "http.response.body", "body": content, **others}


async def untouchable(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("the application was called")


def guarded(app: ASGIApp, **options: Any) -> CORSMiddleware:
    options.setdefault("allow_origins", [ORIGIN, OTHER])
    return CORSMiddleware(app, **options)


# Messages and scopes.


@table(
    "origins, allowed",
    ("none", [], None),
    ("a listed one", [ORIGIN], ORIGIN),
    ("the same twice", [ORIGIN, ORIGIN], None),
    ("another one after it", [ORIGIN, EVIL], None),
    ("another one before it", [EVIL, ORIGIN], None),
)
@each("method", "GET", "OPTIONS")
def test_origin_is_read_among_other_headers(method: str, origins: list[str], allowed: str | None) -> None:
    headers = [("Host", "h"), *(("Origin", origin) for origin in origins), ("Accept", "*/*")]
    answer = ask_asgi(guarded(sending(start(), body())), method, headers=headers)
    assert (answer.status, answer.allowed, answer.values("vary")) == (200, allowed, ["Origin"])


def test_an_application_may_reuse_its_message_and_its_list_for_all_responses() -> None:
    headers = [(b"x-one", b"1")]
    message = start(headers)
    app = guarded(sending(message, body()))
    for origin in (ORIGIN, OTHER, EVIL, ORIGIN):
        assert ask_asgi(app, headers=[("Origin", origin)]).allowed == (None if origin == EVIL else origin)
    assert message == start(headers)
    assert headers == [(b"x-one", b"1")]


TRAILERS: Message = {"type": "http.response.trailers", "headers": [(b"x-sum", b"9")]}
HINT: Message = {"type": "http.response.early_hint", "links": [b"<a>"]}


@table(
    "messages, sent",
    (
        "a stream, with its trailers",
        [start(trailers=True), body(b"one", more_body=True), body(b"two"), TRAILERS],
        [start(ALLOWED, trailers=True), body(b"one", more_body=True), body(b"two"), TRAILERS],
    ),
    ("messages of extensions", [HINT, start(), body()], [HINT, start(ALLOWED), body()]),
    (
        "a response without headers",
        [{"type": "http.response.start", "status": 204, "x": 1}, body()],
        [{"type": "http.response.start", "status": 204, "x": 1, "headers": ALLOWED}, body()],
    ),
    ("nothing", [], []),
)
def test_all_messages_go_through_and_the_start_gets_its_headers(
    messages: list[Message], sent: list[Message]
) -> None:
    assert send_asgi(guarded(sending(*messages)), http_scope("GET", "/", FROM_ALLOWED)) == sent


@each("kind", "lifespan", "websocket", "something.new")
def test_everything_but_http_passes_untouched(kind: str) -> None:
    seen: list[object] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)
        await send({"type": "http.response.start", "headers": []})

    scope = {"type": kind, "headers": [(b"origin", EVIL.encode())]}
    assert send_asgi(guarded(app), scope) == [{"type": "http.response.start", "headers": []}]
    assert seen[0] is scope


def test_the_application_gets_the_very_scope_and_receive_and_may_write_into_it() -> None:
    seen: list[object] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["path_params"] = {"number": 1}  # as routers do, for what stands around the application
        seen.extend((scope, receive))
        await sending(start(), body())(scope, receive, send)

    async def around(scope: Scope, receive: Receive, send: Send) -> None:
        await guarded(app)(scope, receive, send)
        assert (seen[0] is scope, seen[1] is receive) == (True, True)
        assert scope["path_params"] == {"number": 1}

    assert len(send_asgi(around, http_scope("GET", "/", FROM_ALLOWED))) == 2


# Preflights.


def test_a_server_that_changes_the_list_of_a_preflight_changes_no_other() -> None:
    app, scope = guarded(untouchable), http_scope("OPTIONS", "/", preflight(ORIGIN))
    first = send_asgi(app, scope)[0]["headers"]
    expected = list(first)
    first.clear()
    assert send_asgi(app, scope)[0]["headers"] == expected
    assert {type(part) for field in expected for part in field} == {bytes}


@each("method", "options", "Options")
def test_methods_are_case_sensitive(method: str) -> None:
    answer = ask_asgi(guarded(sending(start(), body(b"own"))), method, headers=preflight(ORIGIN))
    assert (answer.body, answer.values("vary")) == (b"own", ["Origin"])


@table(
    "lines, is_allowed",
    ("8192 bytes", ["x-one" + " " * 8187], True),
    ("8193 bytes", ["x-one" + " " * 8187 + ","], False),
    ("8192 bytes in two lines", ["x-one", " " * 8185], True),
    ("8193 bytes in two lines", ["x-one", " " * 8186], False),
    ("256 names in 256 lines", ["x-one"] * 256, True),
    ("257 names in 257 lines", ["x-one"] * 257, False),
    ("what is not allowed in the last line", ["x-one"] * 255 + ["x-two"], False),
    ("many lines of commas", ["," * 100] * 100, False),
    ("what is not allowed after a long line", ["x-one" + "," * 10_000, "x-two"], False),
)
def test_of_a_long_list_of_headers_nothing_is_overlooked(lines: list[str], is_allowed: bool) -> None:
    app = guarded(untouchable, allow_headers=["X-One"])
    answer = ask_asgi(app, "OPTIONS", headers=preflight(ORIGIN, "GET", *lines))
    assert answer.status == (200 if is_allowed else 400)


def test_what_comes_after_the_longest_origin_is_not_overlooked() -> None:
    app = guarded(sending(start(), body()), allow_origins=(), allow_origin_regex="[a-z:/.]+")
    answer = ask_asgi(app, headers=[("Origin", ORIGIN + "." * 8192 + "/")])
    assert answer.cors() == {"vary": "Origin"}


# Exceptions.


async def raising(scope: Scope, receive: Receive, send: Send) -> None:
    raise LookupError("before")


async def answering_and_raising(scope: Scope, receive: Receive, send: Send) -> None:
    await send(start())
    raise LookupError("within")


async def cancelled(scope: Scope, receive: Receive, send: Send) -> None:
    raise asyncio.CancelledError


@table(
    "app, error, sent, records",
    ("before the response", raising, LookupError, [], 1),
    ("within the response", answering_and_raising, LookupError, [start(ALLOWED)], 0),
    ("because the client is gone", cancelled, asyncio.CancelledError, [], 0),
)
def test_an_exception_comes_through_and_one_that_is_unanswered_is_said_once(
    app: ASGIApp,
    error: type[BaseException],
    sent: list[Message],
    records: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    middleware = guarded(app)
    for _ in range(3):
        found, raised = run_asgi(middleware, http_scope("GET", "/", FROM_ALLOWED))
        assert (found, type(raised)) == (sent, error)
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * records
    uncovered = CORSMiddleware(app, policy=Resources({"/api/*": CORSPolicy()}))
    found, raised = run_asgi(uncovered, http_scope("GET", "/", FROM_ALLOWED))
    assert (len(found), type(raised)) == (len(sent), error)
    assert len(caplog.records) == records


# Paths.

FIRST, SECOND = CORSPolicy(allow_origins=[ORIGIN]), CORSPolicy(allow_origins="*")


@table(
    "path, root_path, is_covered",
    ("below the covered path", "/api/items", "", True),
    ("beside the covered path", "/apix", "", False),
    ("mounted at a root path that the path repeats", "/app/api/items", "/app", True),
    ("mounted at a root path that the path lacks", "/api/items", "/app", True),
    ("the root path itself", "/api", "/api", False),
)
def test_resources_match_the_path_that_the_router_sees(path: str, root_path: str, is_covered: bool) -> None:
    app = CORSMiddleware(sending(start(), body()), policy=Resources({"/api/*": FIRST}))
    messages = send_asgi(app, http_scope("GET", path, FROM_ALLOWED, root_path=root_path))
    assert messages[0] == start(ALLOWED if is_covered else ())


def moving_on(**changes: str) -> ASGIApp:
    """An application that writes into the scope which it is given, as frameworks do."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope.update(changes)
        await sending(start(), body())(scope, receive, send)

    return app


ROOT, MOUNTED = {"root_path": "/root"}, {"root_path": "/root", "app_root_path": ""}


@table(
    "root_path, scope, changes, allowed",
    ("as it was", "", {}, {}, "*"),
    ("changed", "", {}, ROOT, ORIGIN),
    ("changed from another one", "/x", {}, ROOT, ORIGIN),
    ("moved on by a mount of Starlette", "", {}, MOUNTED, "*"),
    ("changed, and moved on", "", {}, {"root_path": "/root/sub", "app_root_path": "/root"}, ORIGIN),
    ("below a mount, moved on by another one", "", {"app_root_path": ""}, MOUNTED, "*"),
    ("below a mount, changed", "/mounted", {"app_root_path": ""}, MOUNTED, ORIGIN),
    ("the path is changed, which does not count", "", {}, {"path": "/sub/x"}, "*"),
)
def test_a_root_path_that_the_application_sets_counts(
    root_path: str, scope: dict[str, str], changes: dict[str, str], allowed: str
) -> None:
    async def is_below(request: CORSRequest) -> bool:
        return request.path == "/sub/x"

    for policy in (FIRST, CORSPolicy(allow_origin_func=is_below)):
        app = CORSMiddleware(moving_on(**changes), policy=Resources({"/sub/*": policy, "/*": SECOND}))
        sent = send_asgi(app, http_scope("GET", "/root/sub/x", FROM_ALLOWED, root_path=root_path, **scope))
        assert dict(sent[0]["headers"])[b"access-control-allow-origin"] == allowed.encode()


def test_an_application_that_takes_the_whole_path_for_its_root_path_is_at_its_own_root() -> None:
    app = CORSMiddleware(moving_on(root_path="/sub"), policy=Resources({"/sub/*": FIRST}))
    sent = send_asgi(app, http_scope("GET", "/sub", FROM_ALLOWED))
    assert b"access-control-allow-origin" not in dict(sent[0]["headers"])


def test_an_application_with_every_attribute_is_not_taken_for_fastapi() -> None:
    app = CORSMiddleware(mock.AsyncMock(), policy=Resources({"/*": SECOND}))
    assert send_asgi(app, http_scope("GET", "/", FROM_ALLOWED)) == []


def test_a_key_with_the_root_path_is_warned_of_once(
    caplog: pytest.LogCaptureFixture, approved: Approve
) -> None:
    app = CORSMiddleware(sending(start(), body()), policy=Resources({"/api/*": FIRST}))
    for path in ("/api/items", "/api/api/items"):
        send_asgi(app, http_scope("GET", path, FROM_ALLOWED, root_path="/api"))
    (message,) = (record.getMessage() for record in caplog.records if record.name == "crosscors")
    approved("log_key_with_root_path", message)


# Functions and hooks.


def test_an_async_func_is_awaited() -> None:
    async def is_tenant(request: CORSRequest) -> bool:
        await asyncio.sleep(0)
        return request.path == "/tenants" and request.headers["X-Tenant"] == "one"

    app = guarded(sending(start(), body()), allow_origins=(), allow_origin_func=is_tenant)
    for tenant, allowed in (("one", ORIGIN), ("two", None)):
        headers = [*FROM_ALLOWED, ("X-Tenant", tenant)]
        assert ask_asgi(app, path="/tenants", headers=headers).allowed == allowed


def test_the_hook_sees_every_request_with_its_decision() -> None:
    seen: list[tuple[CORSRequest, Decision]] = []
    app = guarded(sending(start(), body()), on_decision=lambda *given: seen.append(given))
    ask_asgi(app)
    fields = [*FROM_ALLOWED, ("Host", "api.example.com"), ("Accept", "a"), ("Accept", "b")]
    ask_asgi(app, path="/items", headers=fields)
    (without, no_origin), (request, allowed) = seen
    assert (without.origin, no_origin.matched) == (None, None)
    assert request == CORSRequest("GET", origin=ORIGIN, path="/items", host="api.example.com")
    assert allowed.matched == ORIGIN
    assert dict(request.headers) == {"origin": ORIGIN, "host": "api.example.com", "accept": "a, b"}
    assert len(request.headers) == 3
    assert request.headers.get("X-Missing \N{SNOWMAN}") is None
