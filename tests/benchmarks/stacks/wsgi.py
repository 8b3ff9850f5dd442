"""WSGI: the middlewares around an application that answers with two fields."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from wsgicors import CORS as WSGICORS  # type: ignore[import-untyped]

from crosscors.wsgi import CORSMiddleware
from tests.benchmarks.cases import EXPOSED, HEADERS, MAX_AGE, METHODS, PATH, Case, Setup, policy_of
from tests.benchmarks.stacks import BARE, FLOOR, OURS, UNPROTECTED, Answered, Contender, has_floor
from tests.benchmarks.stacks.floor import wsgi_floor
from tests.clients import Fields, ask_wsgi, wsgi_environ

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def application(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "2")])
    return [b"{}"]


def nothing(_environ: WSGIEnvironment, _start_response: StartResponse) -> Iterable[bytes]:
    """What no preflight reaches."""
    return []


def stack(case: Case) -> Iterator[Contender]:
    yield contender(BARE, nothing if case.is_preflight else application, case)
    if case.guarded:
        policy = policy_of(case.setup)
        yield contender(UNPROTECTED, CORSMiddleware(application, policy=policy), case)
        yield contender(OURS, CORSMiddleware(application, policy=policy, protect=True), case)
        return
    if has_floor(case):
        yield contender(FLOOR, wsgi_floor(application), case)
    yield contender(OURS, CORSMiddleware(application, policy=policy_of(case.setup)), case)
    if case.setup.regex is None and not case.setup.paths:
        yield contender("wsgicors", _wsgicors(case.setup), case)


def _wsgicors(setup: Setup) -> WSGIApplication:
    # It keeps its verdicts on the last 200 origins, so it looks through its list but once in here.
    app: WSGIApplication = WSGICORS(
        application,
        origin="*" if setup.is_public else " ".join((*setup.origins, *setup.patterns)),
        methods=", ".join(METHODS),
        headers=", ".join(HEADERS),
        expose_headers=", ".join(EXPOSED),
        credentials="false" if setup.is_public else "true",
        maxage=str(MAX_AGE),
    )
    return app


def contender(name: str, app: WSGIApplication, case: Case) -> Contender:
    """Who takes part with this application."""

    environs = itertools.cycle(
        [wsgi_environ(case.method, PATH, case.fields(origin)) for origin in case.origins]
    )

    def call() -> None:
        parts = app(next(environs).copy(), _start_response)
        for _ in parts:
            pass
        getattr(parts, "close", _nothing)()

    def answer() -> Answered:
        answered = ask_wsgi(app, case.method, PATH, case.fields(case.origins[0]))
        return Answered(answered.status, answered.headers)

    return Contender(name, call, answer)


def _start_response(_status: str, _headers: Fields, _exc_info: Any = None, /) -> Callable[[bytes], object]:
    return _write


def _nothing() -> None:
    pass


def _write(_data: bytes) -> None:
    pass
