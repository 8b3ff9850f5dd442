"""Two and three adapters around one request: whose decision its response carries, over ASGI and WSGI."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import logging
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import a2wsgi
import pytest
from flask import Flask, Response, request
from werkzeug.middleware.dispatcher import DispatcherMiddleware

import crosscors.asgi
import crosscors.flask
import crosscors.wsgi
from crosscors import CORSPolicy, CORSRequest, Decision, Resources
from tests.clients import (
    Answer,
    Attempt,
    ask_asgi,
    ask_wsgi,
    attempt_asgi,
    attempt_wsgi,
    http_scope,
    preflight,
    send_asgi,
    wsgi_environ,
)
from tests.tables import each, table

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from crosscors.asgi import ASGIApp, Message, Receive, Scope, Send

BOTH = "https://both.example"  # which every policy allows
OUTER = "https://outer.example"  # which the outer policy allows alone
INNER = "https://inner.example"
EVIL = "https://evil.example"

OUTER_POLICY = CORSPolicy(allow_origins=(BOTH, OUTER), allow_credentials=True, expose_headers="X-Outer")
INNER_POLICY = CORSPolicy(allow_origins=(BOTH, INNER), expose_headers="X-Inner")
PUBLIC = CORSPolicy(allow_origins="*")

OF_OUTER = {"access-control-allow-origin": BOTH, "access-control-expose-headers": "X-Outer", "vary": "Origin"}
OF_INNER = {"access-control-allow-origin": BOTH, "access-control-expose-headers": "X-Inner", "vary": "Origin"}
OF_OUTER_WITH_CREDENTIALS = {**OF_OUTER, "access-control-allow-credentials": "true"}
OF_INNER_ALONE = {**OF_INNER, "access-control-allow-origin": INNER}
OF_EVERYONE = {"access-control-allow-origin": "*", "vary": "Origin"}
NOTHING = {"vary": "Origin"}
OF_BOTH = {"access-control-allow-origin": BOTH}
ELSEWHERE = Resources({"/other": INNER_POLICY})


class FaultError(Exception):
    """What an application raises."""


# The same applications twice. Each builder makes of the inner, guarded application the one to guard again.


def asgi_response(status: int = 200, headers: Iterable[tuple[bytes, bytes]] = ()) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if status == 0:
            raise FaultError
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": b"part", "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    return app


def wsgi_response(status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> WSGIApplication:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if status == 0:
            raise FaultError
        start_response(f"{status} Status", list(headers))
        return [b"part"]

    return app


def unheard(*_: Any) -> Any:
    """The start_response of a server that listens to nothing."""
    return lambda _: None


def passing(inner: Any) -> Any:
    return inner


def asgi_holding_back(inner: ASGIApp) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        held: list[Message] = []

        async def hold(message: Message) -> None:
            held.append(message)

        await inner(scope, receive, hold)
        for message in held:
            await send(message)

    return app


def asgi_rewriting(inner: ASGIApp) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def rewrite(message: Message) -> None:
            if message["type"] == "http.response.start":
                pairs = reversed([(name.upper(), bytes(value)) for name, value in message["headers"]])
                message = {**message, "headers": [*pairs, (b"Access-Control-Allow-Origin", b"*")]}
            await send(message)

        await inner({**scope}, receive, rewrite)

    return app


def asgi_falling_back(inner: ASGIApp, fallback: ASGIApp | None = None) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found: list[int] = []

        async def look(message: Message) -> None:
            if message["type"] == "http.response.start":
                found.append(message["status"])

        try:
            await inner(dict(scope), receive, look)
        except FaultError:
            found.append(500)
        assert found
        await (fallback or asgi_response())(scope, receive, send)

    return app


def asgi_asking_in_parallel(inner: ASGIApp) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        is_entered, is_over = asyncio.Event(), asyncio.Event()

        async def wait(message: Message) -> None:
            is_entered.set()
            await is_over.wait()

        tasks: list[Any] = [
            asyncio.ensure_future(inner(copy.deepcopy(scope), receive, wait)) for _ in range(3)
        ]
        await is_entered.wait()
        await asgi_response()(scope, receive, send)
        is_over.set()
        await asyncio.gather(*tasks)

    return app


def asgi_with_error_page(inner: ASGIApp) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await inner(scope, receive, send)
        except FaultError:
            await asgi_response(500)(scope, receive, send)

    return app


def wsgi_holding_back(inner: WSGIApplication) -> WSGIApplication:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = attempt_wsgi(inner, **environ).get()
        start_response(f"{answer.status} Status", answer.headers)
        return [answer.body]

    return app


def wsgi_rewriting(inner: WSGIApplication) -> WSGIApplication:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def rewrite(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            pairs = reversed([(name.upper(), value) for name, value in headers])
            return start_response(status, [*pairs, ("access-control-allow-origin", "*")])

        return inner({**environ}, rewrite)

    return app


def wsgi_falling_back(inner: WSGIApplication, fallback: WSGIApplication | None = None) -> WSGIApplication:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        attempt_wsgi(inner, **environ)
        return (fallback or wsgi_response())(environ, start_response)

    return app


def wsgi_asking_in_parallel(inner: WSGIApplication) -> WSGIApplication:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        threads = [threading.Thread(target=attempt_wsgi, args=(inner,), kwargs=environ) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return wsgi_response()(environ, start_response)

    return app


def wsgi_with_error_page(inner: WSGIApplication) -> WSGIApplication:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        try:
            yield from inner(environ, start_response)
        except FaultError:
            start_response("500 Status", [], sys.exc_info())
            yield b"page"

    return app


class Stack(NamedTuple):
    name: str
    guard: Callable[..., Any]
    ask: Callable[..., Answer]
    response: Callable[..., Any]
    between: dict[str, Callable[..., Any]]


ASGI = Stack(
    "asgi",
    crosscors.asgi.CORSMiddleware,
    ask_asgi,
    asgi_response,
    {
        "passing": passing,
        "holding back": asgi_holding_back,
        "rewriting": asgi_rewriting,
        "falling back": asgi_falling_back,
        "in parallel": asgi_asking_in_parallel,
        "error page": asgi_with_error_page,
    },
)
WSGI = Stack(
    "wsgi",
    crosscors.wsgi.CORSMiddleware,
    ask_wsgi,
    wsgi_response,
    {
        "passing": passing,
        "holding back": wsgi_holding_back,
        "rewriting": wsgi_rewriting,
        "falling back": wsgi_falling_back,
        "in parallel": wsgi_asking_in_parallel,
        "error page": wsgi_with_error_page,
    },
)
STACKS = pytest.mark.parametrize("stack", [ASGI, WSGI], ids=lambda stack: stack.name)


def of(stack: Stack, app: Any, origin: str | None, **request: Any) -> dict[str, str]:
    """What a response carries."""
    answer: Answer = stack.ask(app, headers=[] if origin is None else [("Origin", origin)], **request)
    return answer.cors()


@STACKS
@pytest.mark.parametrize("between", ["passing", "holding back", "rewriting"])
@pytest.mark.parametrize("status", [200, 404, 500])
@table(
    "inner, origin, expected",
    ("allowed by both", INNER_POLICY, BOTH, OF_INNER),
    ("allowed by the inner", INNER_POLICY, INNER, OF_INNER_ALONE),
    ("allowed by the outer", INNER_POLICY, OUTER, NOTHING),
    ("allowed by neither", INNER_POLICY, EVIL, NOTHING),
    ("no Origin", INNER_POLICY, None, NOTHING),
    ("inner *", PUBLIC, EVIL, OF_EVERYONE),
    ("inner *, no Origin", PUBLIC, None, OF_EVERYONE),
    ("a function", CORSPolicy(allow_origin_func=lambda r: r.origin == BOTH), BOTH, {**OF_BOTH, **NOTHING}),
    ("the inner does not cover the path", ELSEWHERE, BOTH, OF_OUTER_WITH_CREDENTIALS),
)
def test_a_response_from_within_has_the_inner_decision(
    stack: Stack, between: str, status: int, inner: Any, origin: str | None, expected: dict[str, str]
) -> None:
    app = stack.between[between](stack.guard(stack.response(status), policy=inner))
    assert of(stack, stack.guard(app, policy=OUTER_POLICY), origin) == expected


@STACKS
@pytest.mark.parametrize(
    ("between", "status"),
    [("falling back", 200), ("falling back", 404), ("falling back", 0), ("in parallel", 200)],
)
@table(
    "inner, outer, origin, expected",
    ("allowed by both, credentials from the outer alone", INNER_POLICY, OUTER_POLICY, BOTH, OF_OUTER),
    ("allowed by the inner", INNER_POLICY, OUTER_POLICY, INNER, NOTHING),
    ("allowed by the outer", INNER_POLICY, OUTER_POLICY, OUTER, NOTHING),
    ("no Origin", INNER_POLICY, OUTER_POLICY, None, NOTHING),
    ("credentials from the inner alone", OUTER_POLICY, INNER_POLICY, BOTH, OF_INNER),
    (
        "credentials from both",
        INNER_POLICY.replace(allow_credentials=True),
        OUTER_POLICY,
        BOTH,
        OF_OUTER_WITH_CREDENTIALS,
    ),
    ("outer *, inner refused", INNER_POLICY, PUBLIC, EVIL, NOTHING),
    ("outer *, no Origin", INNER_POLICY, PUBLIC, None, NOTHING),
    ("outer *", INNER_POLICY, PUBLIC, INNER, OF_EVERYONE),
    ("inner *", PUBLIC, OUTER_POLICY, BOTH, OF_OUTER),
    ("inner *, outer refused", PUBLIC, OUTER_POLICY, EVIL, NOTHING),
    ("a function refuses", CORSPolicy(allow_origin_func=lambda _: False), PUBLIC, EVIL, NOTHING),
    ("the inner does not cover the path", ELSEWHERE, OUTER_POLICY, BOTH, OF_OUTER_WITH_CREDENTIALS),
)
def test_a_response_made_further_out_has_what_all_policies_allow(  # noqa: PLR0913, PLR0917  # a row of a table
    stack: Stack,
    between: str,
    status: int,
    inner: Any,
    outer: CORSPolicy,
    origin: str | None,
    expected: dict[str, str],
) -> None:
    app = stack.between[between](stack.guard(stack.response(status), policy=inner))
    assert of(stack, stack.guard(app, policy=outer), origin) == expected


@STACKS
@pytest.mark.parametrize("status", [200, 403, 404, 502, 503])
@pytest.mark.parametrize("inner_status", [0, 404])
def test_a_fallback_is_not_a_response_from_within_whatever_its_status_and_headers(
    stack: Stack, status: int, inner_status: int
) -> None:
    own = ("Access-Control-Allow-Origin", "*")
    raw: Any = tuple(part.encode() for part in own) if stack is ASGI else own
    inner = stack.guard(stack.response(inner_status), policy=INNER_POLICY)
    app = stack.between["falling back"](inner, stack.response(status, [raw]))
    for origin, expected in ((BOTH, OF_OUTER), (INNER, NOTHING), (OUTER, NOTHING)):
        assert of(stack, stack.guard(app, policy=OUTER_POLICY), origin) == expected


@STACKS
@table(
    "origin, expected",
    ("allowed by both", BOTH, OF_INNER),
    ("allowed by the inner", INNER, OF_INNER_ALONE),
    ("allowed by the outer", OUTER, NOTHING),
)
def test_the_error_page_of_an_exception_from_within_has_the_inner_decision(
    stack: Stack, origin: str, expected: dict[str, str]
) -> None:
    app = stack.between["error page"](stack.guard(stack.response(0), policy=INNER_POLICY))
    assert stack.ask(stack.guard(app, policy=OUTER_POLICY)).status == 500
    assert of(stack, stack.guard(app, policy=OUTER_POLICY), origin) == expected


def _setting_root_path(app: ASGIApp) -> ASGIApp:
    """An application that knows its root path better than the server."""

    async def rooted(scope: Scope, receive: Receive, send: Send) -> None:
        scope["root_path"] = "/v1"
        await app(scope, receive, send)

    return rooted


@each("origin", OUTER, INNER)
def test_an_adapter_that_turns_out_not_to_cover_the_request_does_not_count(origin: str) -> None:
    told: Told = []
    resources = Resources({"/v1/items": INNER_POLICY})
    rooted = _setting_root_path(asgi_response())
    inner = crosscors.asgi.CORSMiddleware(rooted, policy=resources, on_decision=hook(told, "inner"))
    outer = crosscors.asgi.CORSMiddleware(inner, policy=OUTER_POLICY, on_decision=hook(told, "outer"))
    answer = ask_asgi(outer, path="/v1/items", headers=[("Origin", origin)])
    assert answer.allowed == (OUTER if origin == OUTER else None)
    assert told == [("outer", "/v1/items", origin == OUTER)]


def test_within_an_adapter_that_turns_out_not_to_cover_the_request_the_inner_one_reports() -> None:
    told: Told = []
    inner = crosscors.asgi.CORSMiddleware(
        asgi_response(), policy=INNER_POLICY, on_decision=hook(told, "inner")
    )
    resources = Resources({"/v1/items": OUTER_POLICY})
    rooted = _setting_root_path(inner)
    outer = crosscors.asgi.CORSMiddleware(rooted, policy=resources, on_decision=hook(told, "outer"))
    answer = ask_asgi(outer, path="/v1/items", headers=[("Origin", INNER)])
    assert answer.allowed == INNER
    assert [(name, allowed) for name, _, allowed in told] == [("inner", True)]


# Three.

MIDDLE_POLICY = CORSPolicy(allow_origins=(BOTH, "https://middle.example"))


@STACKS
@table(
    "inside, outside, origin, allowed",
    ("through all, allowed by the innermost", "passing", "passing", INNER, True),
    ("and through middleware", "rewriting", "holding back", INNER, True),
    ("through all, allowed by the outermost", "passing", "passing", OUTER, False),
    ("made within the middle one, allowed by all", "falling back", "passing", BOTH, True),
    ("made within the middle one", "falling back", "passing", INNER, False),
    ("allowed by the middle", "falling back", "passing", "https://middle.example", False),
    ("made outside, allowed by all", "passing", "falling back", BOTH, True),
    ("made outside, allowed by the outermost", "passing", "falling back", OUTER, False),
    ("made outside, allowed by the innermost", "passing", "falling back", INNER, False),
    ("an exception through all, allowed by the innermost", "passing", "error page", INNER, True),
    ("an exception through all, allowed by the outermost", "passing", "error page", OUTER, False),
)
def test_three_adapters(stack: Stack, inside: str, outside: str, origin: str, allowed: bool) -> None:
    innermost = stack.guard(stack.response(0 if outside == "error page" else 200), policy=INNER_POLICY)
    middle = stack.guard(stack.between[inside](innermost), policy=MIDDLE_POLICY)
    app = stack.guard(stack.between[outside](middle), policy=OUTER_POLICY)
    assert of(stack, app, origin).get("access-control-allow-origin") == (origin if allowed else None)
    assert of(stack, app, origin)["vary"] == "Origin"


# Preflights, and what is said.


@STACKS
def test_the_outermost_adapter_answers_preflights(stack: Stack) -> None:
    seen: list[Decision] = []
    inner = stack.guard(stack.response(), policy=INNER_POLICY, on_decision=lambda _, said: seen.append(said))
    app = stack.guard(inner, policy=OUTER_POLICY, on_decision=lambda _, said: seen.append(said))
    assert stack.ask(app, "OPTIONS", headers=preflight(OUTER)).status == 200
    assert stack.ask(app, "OPTIONS", headers=preflight(INNER)).status == 400
    assert [decision.allowed for decision in seen] == [True, False]


@STACKS
def test_two_policies_that_meet_are_said_once_for_each_pair(
    stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    inner = stack.guard(stack.response(), policy=INNER_POLICY)
    middle = stack.guard(inner, policy=MIDDLE_POLICY)
    apps = [stack.guard(middle, policy=OUTER_POLICY), stack.guard(inner, policy=OUTER_POLICY)]
    for app in (*apps, *apps):
        of(stack, app, BOTH)
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 3
    assert "two CORS policies cover one request. Use one: policy=Resources(" in caplog.text
    assert caplog.messages[0].count("CORSMiddleware") == 2


@STACKS
def test_a_log_that_fails_when_two_policies_meet_fails_no_request(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise FaultError

    monkeypatch.setattr(logging.getLogger("crosscors"), "handle", fail)
    inner = stack.guard(stack.response(), policy=INNER_POLICY)
    assert of(stack, stack.guard(inner, policy=OUTER_POLICY), BOTH) == OF_INNER


@STACKS
def test_one_policy_in_two_places_and_a_request_to_the_whole_application_are_not_said(
    stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    inner = stack.guard(stack.response(), policy=OUTER_POLICY)
    of(stack, stack.guard(inner, policy=OUTER_POLICY), BOTH)
    app = stack.guard(stack.between["falling back"](inner), policy=OUTER_POLICY)
    of(stack, stack.between["falling back"](app, app), BOTH)
    assert not caplog.records


# The path of the request and whether it was allowed; of each hook.
Told = list[tuple[str, str, bool]]


def hook(told: Told, name: str) -> Callable[[CORSRequest, Decision], None]:
    return lambda request, decision: told.append((name, request.path, decision.allowed))


@STACKS
@table(
    "between, status, origin, expected",
    ("from within, allowed", "passing", 200, INNER, ("inner", True)),
    ("from within, refused", "passing", 200, OUTER, ("inner", False)),
    ("held back", "holding back", 200, INNER, ("inner", True)),
    ("a fallback, allowed by both", "falling back", 404, BOTH, ("outer", True)),
    ("a fallback, refused by the outer", "falling back", 404, INNER, ("outer", False)),
    ("a fallback, refused by the inner", "falling back", 404, OUTER, ("inner", False)),
    ("sub-requests", "in parallel", 200, OUTER, ("inner", False)),
    ("an error page", "error page", 0, INNER, ("inner", True)),
    ("an exception", "passing", 0, INNER, ("inner", True)),
    ("an exception, refused", "passing", 0, OUTER, ("inner", False)),
)
@pytest.mark.parametrize("hooks", [("inner", "outer"), ("outer",)])
def test_what_was_written_is_reported_once(  # noqa: PLR0913, PLR0917  # a row of a table
    stack: Stack,
    between: str,
    status: int,
    origin: str,
    expected: tuple[str, bool],
    hooks: tuple[str, ...],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "crosscors")
    told: Told = []
    tell = {name: hook(told, name) if name in hooks else None for name in ("inner", "outer")}
    inner = stack.guard(stack.response(status), policy=INNER_POLICY, on_decision=tell["inner"])
    app = stack.guard(stack.between[between](inner), policy=OUTER_POLICY, on_decision=tell["outer"])
    with contextlib.suppress(FaultError):
        of(stack, app, origin, path="/path")
    whose, allowed = expected
    assert told == [(whose if whose in hooks else "outer", "/path", allowed)]
    refusals = [message for message in caplog.messages if " refused 'GET /path': " in message]
    assert len(refusals) == (0 if allowed else 1)


@STACKS
@each("status", 200, 404, 0)
def test_a_single_adapter_reports_once_with_the_path_that_came(stack: Stack, status: int) -> None:
    told: Told = []

    async def rerouted_asgi(scope: Scope, receive: Receive, send: Send) -> None:
        scope.update(path="/elsewhere", root_path="/path", method="POST")
        await asgi_response(status)(scope, receive, send)

    def rerouted_wsgi(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ.update(PATH_INFO="/elsewhere", SCRIPT_NAME="/path", REQUEST_METHOD="POST")
        return wsgi_response(status)(environ, start_response)

    app = rerouted_asgi if stack is ASGI else rerouted_wsgi
    guarded = stack.guard(app, policy=OUTER_POLICY, on_decision=hook(told, "only"))
    with contextlib.suppress(FaultError):
        of(stack, guarded, OUTER, path="/path")
    assert told == [("only", "/path", True)]


@STACKS
@pytest.mark.parametrize("has_hook", [True, False])
def test_a_cascade_without_an_adapter_around_it_reports_what_each_serves(
    stack: Stack, has_hook: bool, caplog: pytest.LogCaptureFixture
) -> None:
    told: Told = []
    first = stack.guard(stack.response(404), policy=INNER_POLICY, on_decision=hook(told, "first"))
    tell = hook(told, "second") if has_hook else None
    second = stack.guard(stack.response(), policy=OUTER_POLICY, on_decision=tell)
    app = stack.between["falling back"](first, second)
    assert of(stack, app, OUTER)["access-control-allow-origin"] == OUTER
    assert told == [("first", "/", False), ("second", "/", True)][: 2 if has_hook else 1]
    assert not caplog.records


@STACKS
def test_a_preflight_that_is_none_to_the_outer_adapter_is_reported_once(stack: Stack) -> None:
    told: Told = []
    inner = stack.guard(stack.response(), policy=INNER_POLICY, on_decision=hook(told, "inner"))

    async def as_options_asgi(scope: Scope, receive: Receive, send: Send) -> None:
        await inner({**scope, "method": "OPTIONS"}, receive, send)

    def as_options_wsgi(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        app: WSGIApplication = inner
        return app({**environ, "REQUEST_METHOD": "OPTIONS"}, start_response)

    overriding = as_options_asgi if stack is ASGI else as_options_wsgi
    app = stack.guard(overriding, policy=OUTER_POLICY, on_decision=hook(told, "outer"))
    assert stack.ask(app, headers=preflight(INNER)).allowed == INNER
    assert told == [("inner", "/", True)]


@STACKS
def test_one_scope_or_environ_may_be_sent_in_again_and_again(stack: Stack) -> None:
    told: Told = []
    inner = stack.guard(stack.response(), policy=INNER_POLICY)
    app = stack.guard(inner, policy=OUTER_POLICY, on_decision=hook(told, "outer"))
    scope, environ = http_scope("GET", "/", [("Origin", BOTH)]), wsgi_environ("GET", "/", [("Origin", BOTH)])
    for _ in range(5):
        send_asgi(app, scope) if stack is ASGI else app(environ, unheard)
    assert len(told) == 5


# What is different over ASGI.


async def silent(scope: Scope, receive: Receive, send: Send) -> None: ...


async def cancelled(scope: Scope, receive: Receive, send: Send) -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize("app", [silent, cancelled])
def test_an_application_that_sends_nothing_is_reported(app: ASGIApp) -> None:
    told: Told = []
    guarded = crosscors.asgi.CORSMiddleware(app, policy=OUTER_POLICY, on_decision=hook(told, "only"))
    assert attempt_asgi(guarded, headers=[("Origin", OUTER)]).answer is None
    assert told == [("only", "/", True)]


def test_one_scope_may_be_sent_to_one_guarded_application_after_the_other() -> None:
    told: Told = []
    first = crosscors.asgi.CORSMiddleware(asgi_response(), policy=PUBLIC, on_decision=hook(told, "first"))
    second = crosscors.asgi.CORSMiddleware(
        asgi_response(), policy=OUTER_POLICY, on_decision=hook(told, "second")
    )

    async def one_after_the_other(scope: Scope, receive: Receive, send: Send) -> None:
        async def drop(_: Message) -> None: ...

        await first(scope, receive, drop)
        await second(scope, receive, send)

    assert of(ASGI, one_after_the_other, EVIL) == NOTHING
    assert told == [("first", "/", True), ("second", "/", False)]


def test_an_error_page_with_parts_of_another_response_needs_that_policy_as_well() -> None:
    strict = crosscors.asgi.CORSMiddleware(asgi_response(), policy=OUTER_POLICY)
    failing = crosscors.asgi.CORSMiddleware(asgi_response(0), policy=PUBLIC)

    async def both(scope: Scope, receive: Receive, send: Send) -> None:
        parts: list[Message] = []

        async def keep(message: Message) -> None:
            parts.append(message)

        await strict(dict(scope), receive, keep)
        with contextlib.suppress(FaultError):
            await failing(dict(scope), receive, keep)
        await asgi_response(500)(scope, receive, send)

    app = crosscors.asgi.CORSMiddleware(both, policy=MIDDLE_POLICY)
    assert of(ASGI, app, EVIL) == NOTHING


def test_what_is_cancelled_leaves_no_error_page() -> None:
    """As of two applications that race, of which the first to answer wins."""
    inner = crosscors.asgi.CORSMiddleware(cancelled, policy=PUBLIC)

    async def race(scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await inner(dict(scope), receive, send)
        await asgi_response(500)(scope, receive, send)

    assert of(ASGI, crosscors.asgi.CORSMiddleware(race, policy=OUTER_POLICY), EVIL) == NOTHING


# What is different over WSGI.


def _raising_late(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    start_response("200 OK", [])
    yield b""
    raise FaultError


def _raising_before(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    if environ:
        raise FaultError
    yield b""


def _raising_in_next(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            raise FaultError

    return Body()


@pytest.mark.parametrize("app", [_raising_late, _raising_before, _raising_in_next])
@pytest.mark.parametrize(("origin", "is_allowed"), [(INNER, True), (OUTER, False)])
def test_the_error_page_of_a_body_that_raises_has_the_inner_decision(
    app: WSGIApplication, origin: str, is_allowed: bool
) -> None:
    told: Told = []
    inner = crosscors.wsgi.CORSMiddleware(app, policy=INNER_POLICY, on_decision=hook(told, "inner"))
    outer = crosscors.wsgi.CORSMiddleware(wsgi_with_error_page(inner), policy=OUTER_POLICY)
    answer = ask_wsgi(outer, headers=[("Origin", origin)])
    assert answer.status == 500
    assert answer.allowed == (origin if is_allowed else None)
    assert told == [("inner", "/", is_allowed)]


def test_a_fallback_that_starts_the_response_again_has_what_all_allow() -> None:
    inner = crosscors.wsgi.CORSMiddleware(wsgi_response(404), policy=PUBLIC)

    def cascade(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        inner(environ, start_response)
        try:
            raise FaultError
        except FaultError:
            start_response("200 OK", [], sys.exc_info())
        return [b"other"]

    app = crosscors.wsgi.CORSMiddleware(cascade, policy=OUTER_POLICY)
    assert of(WSGI, app, EVIL) == NOTHING
    assert of(WSGI, app, BOTH) == OF_OUTER


def test_write_and_lists_and_files_go_through_two_adapters() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])(b"written")
        return results[0]

    results: list[Iterable[bytes]] = [[b"list"]]
    inner = crosscors.wsgi.CORSMiddleware(app, policy=INNER_POLICY)
    outer = crosscors.wsgi.CORSMiddleware(inner, policy=OUTER_POLICY)
    assert ask_wsgi(outer, headers=[("Origin", INNER)]).body == b"writtenlist"
    environ = {**wsgi_environ("GET", "/", [("Origin", INNER)]), "wsgi.file_wrapper": _File}
    results[0] = _File()
    assert outer(environ, unheard) is results[0]


class _File:
    def __iter__(self) -> Iterator[bytes]:
        yield b"file"


@pytest.mark.parametrize("status", ["404 Not Found", "not a status", ""])
def test_a_status_may_be_anything(status: str) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(status, [])
        return []

    started: list[Any] = []
    inner = crosscors.wsgi.CORSMiddleware(app, policy=INNER_POLICY)
    outer = crosscors.wsgi.CORSMiddleware(inner, policy=OUTER_POLICY)

    def start_response(*given: Any) -> Any:
        started.append(given)
        return started.append

    outer(wsgi_environ("GET", "/", [("Origin", INNER)]), start_response)
    assert started[0][0] == status
    assert dict(started[0][1])["Access-Control-Allow-Origin"] == INNER


@table("result", ("an empty list", []), ("an iterator", iter(())))
def test_an_application_that_starts_no_response_is_reported_once(result: Any) -> None:
    told: Told = []
    app = crosscors.wsgi.CORSMiddleware(
        lambda environ, start: result, policy=OUTER_POLICY, on_decision=hook(told, "only")
    )
    assert attempt_wsgi(app, headers=[("Origin", OUTER)]) == Attempt(None, None)
    assert told == [("only", "/", True)]


def test_an_application_that_starts_once_more_through_the_whole_application_has_what_all_allow() -> None:
    guarded: WSGIApplication = crosscors.wsgi.CORSMiddleware(wsgi_response(), policy=INNER_POLICY)
    calls: list[int] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        calls.append(1)
        if len(calls) > 1:
            return guarded(environ, start_response)
        start_response("200 OK", [])
        try:
            raise FaultError
        except FaultError:
            found = sys.exc_info()
        return outer(environ, lambda status, headers, _=None: start_response(status, headers, found))

    outer: WSGIApplication = crosscors.wsgi.CORSMiddleware(app, policy=OUTER_POLICY)
    assert of(WSGI, outer, OUTER) == NOTHING
    calls.clear()
    assert of(WSGI, outer, INNER)["access-control-allow-origin"] == INNER


# Flask, and bridges. Those of a2wsgi have types of their own.
over_asgi: Any = a2wsgi.WSGIMiddleware
over_wsgi: Any = a2wsgi.ASGIMiddleware


def flask_app(**options: Any) -> Flask:
    app = Flask("inner")
    app.get("/me")(lambda: "me")
    app.get("/fail")(_fail)
    crosscors.flask.CORS(app, **options)
    return app


def _fail() -> str:
    raise FaultError


@pytest.mark.parametrize("path", ["/admin/me", "/admin/missing", "/admin/fail"])
@pytest.mark.parametrize(("origin", "is_allowed"), [(INNER, True), (EVIL, False)])
def test_flask_in_a_dispatcher_keeps_its_policy(path: str, origin: str, is_allowed: bool) -> None:
    dispatcher = DispatcherMiddleware(wsgi_response(), {"/admin": flask_app(policy=INNER_POLICY)})
    app = crosscors.wsgi.CORSMiddleware(dispatcher, allow_origins="*")
    answer = ask_wsgi(app, path=path, headers=[("Origin", origin)])
    assert answer.allowed == (origin if is_allowed else None)
    assert of(WSGI, app, origin) == {"access-control-allow-origin": "*"}


def _with_view_policy() -> Flask:
    app = Flask("alone")
    own = crosscors.flask.cross_origin(policy=INNER_POLICY)
    app.get("/me")(own(lambda: "me"))
    app.get("/fail")(own(_fail))
    return app


@pytest.mark.parametrize("propagates", [True, False])
@pytest.mark.parametrize("path", ["/me", "/fail"])
@pytest.mark.parametrize(("origin", "is_allowed"), [(INNER, True), (OUTER, False)])
def test_a_view_alone_keeps_its_policy(propagates: bool, path: str, origin: str, is_allowed: bool) -> None:
    flask = _with_view_policy()
    flask.config["PROPAGATE_EXCEPTIONS"] = propagates
    told: Told = []
    outer = crosscors.wsgi.CORSMiddleware(
        wsgi_with_error_page(flask), policy=OUTER_POLICY, on_decision=hook(told, "outer")
    )
    answer = ask_wsgi(outer, path=path, headers=[("Origin", origin)])
    assert answer.allowed == (origin if is_allowed else None)
    assert told == [("outer", path, is_allowed)]


def test_an_application_within_a_view_alone_leaves_the_view_its_policy() -> None:
    inner, outer = _with_view_policy(), Flask("outer")

    @outer.get("/me")
    @crosscors.flask.cross_origin(policy=OUTER_POLICY)
    def me() -> Response:
        Response.from_app(inner, request.environ, buffered=True).close()
        return Response("made by the view")

    assert of(WSGI, outer, BOTH, path="/me") == OF_OUTER
    assert of(WSGI, outer, OUTER, path="/me") == NOTHING
    assert of(WSGI, outer, INNER, path="/me") == NOTHING


@pytest.mark.parametrize("path", ["/me", "/missing", "/fail"])
@pytest.mark.parametrize(("origin", "is_allowed"), [(INNER, True), (OUTER, False)])
def test_over_a2wsgi_the_policies_know_of_each_other(path: str, origin: str, is_allowed: bool) -> None:
    bridged = over_asgi(flask_app(policy=INNER_POLICY), workers=1)
    app = crosscors.asgi.CORSMiddleware(bridged, policy=OUTER_POLICY)
    answer = ask_asgi(app, path=path, headers=[("Origin", origin)], http_version="1.1")
    assert answer.allowed == (origin if is_allowed else None)


@pytest.mark.parametrize(("origin", "is_allowed"), [(INNER, True), (OUTER, False)])
def test_so_they_do_the_other_way_round(origin: str, is_allowed: bool) -> None:
    inner = crosscors.asgi.CORSMiddleware(asgi_response(), policy=INNER_POLICY)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        app = crosscors.wsgi.CORSMiddleware(over_wsgi(inner, loop=loop), policy=OUTER_POLICY)
        found = of(WSGI, app, origin)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
    assert found.get("access-control-allow-origin") == (origin if is_allowed else None)
