"""ASGI: the middlewares around an application that answers with two fields."""

from __future__ import annotations

import itertools
from collections.abc import Coroutine, Iterator
from typing import Any

from asgi_cors import asgi_cors  # type: ignore[import-untyped]
from starlette.middleware.cors import CORSMiddleware as StarletteCORSMiddleware

from crosscors.asgi import ASGIApp, CORSMiddleware, Message, Receive, Scope, Send
from tests.benchmarks.cases import EXPOSED, HEADERS, MAX_AGE, METHODS, PATH, Case, Setup, policy_of
from tests.benchmarks.stacks import BARE, FLOOR, OURS, UNPROTECTED, Answered, Contender, has_floor
from tests.benchmarks.stacks.floor import asgi_floor
from tests.clients import Fields, ask_asgi, http_scope

_START: Message = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", b"2")],
}
_BODY: Message = {"type": "http.response.body", "body": b"{}"}


async def application(_scope: Scope, _receive: Receive, send: Send) -> None:
    # A new message and list each time, as frameworks make them, for some middlewares write into them.
    await send({**_START, "headers": list(_START["headers"])})
    await send(_BODY)


async def _nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    pass


def stack(case: Case) -> Iterator[Contender]:
    yield contender(BARE, _nothing if case.is_preflight else application, case)
    if case.guarded:
        policy = policy_of(case.setup)
        yield contender(UNPROTECTED, CORSMiddleware(application, policy=policy), case)
        yield contender(OURS, CORSMiddleware(application, policy=policy, protect=True), case)
        return
    if has_floor(case):
        yield contender(FLOOR, asgi_floor(application), case)
    yield contender(OURS, CORSMiddleware(application, policy=policy_of(case.setup)), case)
    if case.setup.paths:
        return
    yield contender("Starlette", _starlette(case.setup), case)
    if case.setup.regex is None and not case.is_preflight:  # it knows neither
        yield contender("asgi-cors", _asgi_cors(case.setup), case)


def _starlette(setup: Setup) -> ASGIApp:
    regexes = [setup.regex] if setup.regex else [_as_regex(pattern) for pattern in setup.patterns]
    return StarletteCORSMiddleware(
        application,
        allow_origins=["*"] if setup.is_public else list(setup.origins),
        allow_origin_regex="|".join(regexes) or None,
        allow_methods=METHODS,
        allow_headers=HEADERS,
        allow_credentials=not setup.is_public,
        expose_headers=EXPOSED,
        max_age=MAX_AGE,
    )


def _as_regex(pattern: str) -> str:
    return pattern.replace(".", r"\.").replace("*", ".+")


def _asgi_cors(setup: Setup) -> ASGIApp:
    # It writes Access-Control-Allow-Origin alone: neither credentials, nor exposed names, nor Vary.
    app: ASGIApp = asgi_cors(
        application, allow_all=setup.is_public, hosts=list(setup.origins), host_wildcards=list(setup.patterns)
    )
    return app


def contender(name: str, app: ASGIApp, case: Case) -> Contender:
    scopes = itertools.cycle([scope_of(case.method, case.fields(origin)) for origin in case.origins])

    def call() -> None:
        # Without an event loop, for the application has nothing to wait for.
        request: Any = app(next(scopes).copy(), _receive, _send)
        _run(request)

    def answer() -> Answered:
        answered = ask_asgi(app, case.method, PATH, case.fields(case.origins[0]))
        return Answered(answered.status, answered.headers)

    return Contender(name, call, answer)


def scope_of(method: str, fields: Fields) -> dict[str, Any]:
    """A scope with all that servers put into it."""
    others: dict[str, Any] = {
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50000),
        "scheme": "http",
        "root_path": "",
        "raw_path": PATH.encode(),
    }
    return {**http_scope(method, PATH, fields), **others}


def _run(request: Coroutine[None, None, None]) -> None:
    try:
        request.send(None)
    except StopIteration:
        return
    raise RuntimeError("the application waits for something")


async def _receive() -> Message:
    return {"type": "http.request"}


async def _send(_message: Message) -> None:
    pass
