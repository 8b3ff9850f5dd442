"""A LivePolicy on every stack: what it serves is what its policy of the moment serves, and nothing older."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import crosscors.asgi
import crosscors.starlette
from crosscors import CORSPolicy, CORSRequest, LivePolicy, PolicyError, Resources
from tests.clients import Answer as Sent
from tests.clients import ask_asgi, http_scope
from tests.tables import table as cases

from . import applications, table, test_protected
from .applications import FRAMEWORKS, STACKS, Stack
from .protected import ROWS as PROTECTED_ROWS
from .protected import VIEW_ROWS as PROTECTED_VIEW_ROWS
from .protected import Row as ProtectedRow
from .sending import Ask, over_asgi_in_threads, over_wsgi
from .table import APP, EVIL, POLICIES, ROWS, SECOND, VIEW, VIEW_ROWS, get, preflight
from .test_conformance import Served, answer_at, check, check_path, check_view, on_stacks

# What is served before: it allows everything, to everyone.
EVERYTHING = CORSPolicy(
    allow_origins="*",
    allow_credentials=(APP, SECOND, EVIL),
    allow_methods="*",
    allow_headers="*",
    expose_headers="X-Before",
    timing_allow_origin=True,
    max_age=1,
)
FIRST = [
    send(origin, path=path)
    for origin in (APP, SECOND, EVIL)
    for path in ("/answers/plain", "/errors/handled", "/view/plain")
    for send in (get, preflight)
]


def live(stack: Stack) -> Stack:
    """The stack with a LivePolicy for the application and one for its views, after both were replaced."""

    @contextlib.contextmanager
    def serve(policy: Any, *outer: Any, **keywords: Any) -> Iterator[Ask]:
        of_app, of_view = LivePolicy[Any](EVERYTHING), LivePolicy(EVERYTHING)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(applications, "VIEW", of_view)
            with stack.serve(of_app, *outer, **keywords) as ask:
                for request in FIRST:
                    ask(request)
                of_app.replace(policy)
                of_view.replace(VIEW)
                yield ask

    return Stack(stack.name, serve)


def in_a_key(stack: Stack) -> Stack:
    """The stack with a LivePolicy as the value of a key."""

    @contextlib.contextmanager
    def serve(policy: Any, *outer: Any, **keywords: Any) -> Iterator[Ask]:
        of_key = LivePolicy(EVERYTHING)
        with stack.serve(Resources({"/*": of_key}), *outer, **keywords) as ask:
            for request in FIRST:
                ask(request)
            of_key.replace(policy)
            yield ask

    return Stack(stack.name, serve)


LIVE = tuple(map(live, STACKS))
LIVE_FRAMEWORKS = tuple(map(live, FRAMEWORKS))


@pytest.fixture(scope="module")
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    stack, policy = request.param
    with stack.serve(POLICIES[policy]) as ask:
        yield Served(stack.name, ask)


@pytest.fixture(scope="module")
def served_with_views(request: pytest.FixtureRequest) -> Iterator[Served]:
    stack, policy = request.param
    with stack.serve(POLICIES[policy], with_views=True) as ask:
        yield Served(stack.name, ask)


@pytest.fixture(scope="module")
def protected(request: pytest.FixtureRequest) -> Iterator[test_protected.Served]:
    yield from test_protected.serve(*request.param)


@pytest.fixture(scope="module")
def protected_with_views(request: pytest.FixtureRequest) -> Iterator[test_protected.Served]:
    yield from test_protected.serve(*request.param, with_views=True)


@pytest.mark.slow
@on_stacks("served", ROWS, LIVE)
def test_a_row(served: Served, row: table.Row) -> None:
    check(served, row.request, row.expected, answer_at(row.request))


@pytest.mark.slow
@on_stacks("served", [row for row in ROWS if row.policy != "paths"], tuple(map(in_a_key, STACKS)))
def test_a_row_in_a_key(served: Served, row: table.Row) -> None:
    check(served, row.request, row.expected, answer_at(row.request))


@on_stacks("served", table.PATH_ROWS, LIVE)
def test_which_paths_a_policy_covers(served: Served, row: table.PathRow) -> None:
    check_path(served, row)


@on_stacks("served_with_views", VIEW_ROWS, LIVE_FRAMEWORKS)
def test_a_view_with_a_policy_of_its_own(served_with_views: Served, row: table.ViewRow) -> None:
    check_view(served_with_views, row)


@pytest.mark.slow
@test_protected.on_stacks("protected", PROTECTED_ROWS, LIVE)
def test_a_protected_row(protected: test_protected.Served, row: ProtectedRow) -> None:
    test_protected.check(protected, row)


@test_protected.on_stacks("protected_with_views", PROTECTED_VIEW_ROWS, LIVE_FRAMEWORKS)
def test_a_protected_view(protected_with_views: test_protected.Served, row: ProtectedRow) -> None:
    test_protected.check(protected_with_views, row)


# What cannot be used is refused, and the old policy stays.


async def ask_elsewhere(request: CORSRequest) -> bool:
    return request.origin == EVIL


ASYNC = CORSPolicy(allow_origin_func=ask_elsewhere)
WSGI = tuple(stack for stack in STACKS if stack.name in ("wsgi", "flask"))


@pytest.mark.parametrize("stack", WSGI, ids=lambda stack: stack.name)
@cases(
    "policy",
    ("the policy of every path", lambda live: live),
    ("the value of a key", lambda live: Resources({"/*": live})),
    ("in Resources that are live themselves", lambda live: LivePolicy(Resources({"/*": live}))),
)
def test_a_function_that_is_async_is_refused_over_wsgi(stack: Stack, policy: Any) -> None:
    live = LivePolicy(table.LISTED)
    with stack.serve(policy(live)) as ask:
        with pytest.raises(PolicyError, match="cannot await"):
            live.replace(ASYNC)
        assert [allowed(ask, APP), allowed(ask, EVIL), live.version] == [APP, None, 1]


@pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack.name)
def test_others_await_it(stack: Stack) -> None:
    if stack in WSGI:
        return
    live = LivePolicy(table.LISTED)
    with stack.serve(live) as ask:
        live.replace(ASYNC)
        assert [allowed(ask, APP), allowed(ask, EVIL)] == [None, EVIL]


def test_a_live_policy_in_new_resources_meets_the_same_requirements() -> None:
    inner, outer = LivePolicy(table.LISTED), LivePolicy[Any](table.LISTED)
    with WSGI[0].serve(outer) as ask:
        outer.replace(Resources({"/*": inner}))
        with pytest.raises(PolicyError, match="cannot await"):
            inner.replace(ASYNC)
        inner.replace(CORSPolicy(allow_origins=EVIL))
        assert [allowed(ask, APP), allowed(ask, EVIL)] == [None, EVIL]


def allowed(ask: Ask, origin: str) -> str | None:
    sent = ask(get(origin))
    assert sent is not None
    return sent.allowed


@pytest.mark.parametrize("stack", FRAMEWORKS, ids=lambda stack: stack.name)
def test_a_view_takes_no_resources(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    live = LivePolicy[Any](VIEW)
    monkeypatch.setattr(applications, "VIEW", live)
    with stack.serve(table.LISTED, with_views=True) as ask:
        with pytest.raises(PolicyError, match="takes a CORSPolicy here, not Resources"):
            live.replace(Resources({"/*": VIEW}))
        sent = ask(get(SECOND, path="/view/plain"))
    assert sent is not None
    assert sent.allowed == SECOND
    monkeypatch.setattr(applications, "VIEW", LivePolicy(Resources({"/*": VIEW})))
    with (
        pytest.raises(PolicyError, match="takes a CORSPolicy here"),
        stack.serve(table.LISTED, with_views=True),
    ):
        pass


# Debug mode is switched while requests are served.


@pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack.name)
@pytest.mark.parametrize("policy", [table.LISTED, Resources({"/*": table.LISTED})], ids=["one", "resources"])
@pytest.mark.parametrize("of_adapter", [True, False])
def test_debug_mode(stack: Stack, policy: Any, of_adapter: bool) -> None:
    live = LivePolicy(policy)
    with stack.serve(live, debug=of_adapter) as ask:
        for debug in (None, True, False, True, None, False, None):
            live.debug = debug
            sent = ask(get(EVIL))
            assert sent is not None
            is_explained = bool(sent.values("x-cors-refused"))
            assert is_explained == (of_adapter if debug is None else debug)
            assert allowed(ask, APP) == APP


# Under traffic, each response agrees with one policy, and not with an older one than was served when it was
# asked for.

VERSIONS = 60
ASKED = [get(APP), preflight(APP, "PUT", "x-version"), get(APP, path="/view/plain")]


def of_version(number: int) -> CORSPolicy | Resources:
    """A policy that writes its version into both kinds of responses, and each time twice."""
    names = (f"x-version-{number}", f"x-again-{number}")
    methods = ("GET", "PUT", f"V{number}")
    policy = CORSPolicy(
        allow_origins=APP,
        allow_methods=methods,
        allow_headers=("x-version", *names),
        expose_headers=names,
        max_age=number,
    )
    return Resources({"/*": policy}) if number % 3 == 0 else policy


def version_in(sent: Sent | None) -> int:
    """The version of the policy that decided. The whole decision has to agree."""
    assert sent is not None
    headers = dict(sent.headers)
    assert headers["access-control-allow-origin"] == APP
    exposed = headers.get("access-control-expose-headers")
    if exposed is not None:
        version = int(exposed.rpartition("-")[2])
        assert exposed == f"x-version-{version}, x-again-{version}"
        return version
    version = int(headers["access-control-max-age"])
    assert headers["access-control-allow-methods"] == f"GET, PUT, V{version}"
    assert headers["access-control-allow-headers"].endswith(f"x-version-{version}, x-again-{version}")
    return version


IN_THREADS = (
    Stack("asgi", lambda policy, **_: over_asgi_in_threads(applications.plain_asgi(policy))),
    Stack("wsgi", lambda policy, **_: over_wsgi(applications.plain_wsgi(policy))),
    Stack("starlette", lambda policy, **views: over_asgi_in_threads(applications.starlette(policy, **views))),
    Stack("fastapi", lambda policy, **views: over_asgi_in_threads(applications.fastapi_(policy, **views))),
    *(stack for stack in STACKS if stack.name in ("flask", "django")),
)


@pytest.fixture
def take_turns_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("take_turns_often")
@pytest.mark.parametrize("stack", IN_THREADS, ids=lambda stack: stack.name)
@pytest.mark.parametrize("with_views", [False, True], ids=["paths", "views"])
def test_threads_under_traffic(stack: Stack, with_views: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if with_views and stack.name in ("asgi", "wsgi"):
        return
    of_app, of_view = LivePolicy[Any](of_version(1)), LivePolicy(of_version(1).policies[0])
    monkeypatch.setattr(applications, "VIEW", of_view)
    is_over = threading.Event()
    failures: list[BaseException] = []

    def visit(ask: Ask) -> None:
        try:
            while not is_over.is_set():
                for request in ASKED:
                    live = of_view if with_views and request.path == "/view/plain" else of_app
                    before = live.version
                    assert before <= version_in(ask(request)) <= live.version + 1
        except BaseException as error:  # noqa: BLE001  # of a thread
            failures.append(error)

    with stack.serve(of_app, with_views=with_views) as ask:
        visitors = [threading.Thread(target=visit, args=(ask,)) for _ in range(3)]
        for each in visitors:
            each.start()
        for number in range(2, VERSIONS):
            of_app.replace(of_version(number))
            of_view.replace(of_version(number).policies[0])
            assert version_in(ask(ASKED[number % 2])) == number
        is_over.set()
        for each in visitors:
            each.join()
    assert failures == []


def test_one_that_is_replaced_between_two_adapters_is_not_two(caplog: pytest.LogCaptureFixture) -> None:
    live = LivePolicy(table.LISTED)

    async def respond(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    inner = crosscors.asgi.CORSMiddleware(respond, policy=live)

    async def between(scope: Any, receive: Any, send: Any) -> None:
        live.replace(CORSPolicy(allow_origins=APP, expose_headers="X-New"))
        await inner(scope, receive, send)

    answer = ask_asgi(crosscors.asgi.CORSMiddleware(between, policy=live), headers=[("Origin", APP)])
    assert answer.values("access-control-expose-headers") == ["X-New"]
    assert caplog.messages == []


def test_tasks_in_flight_keep_one_policy() -> None:
    """Responses that start after a replacement agree with one policy, old or new."""

    async def visit(app: Any, live: LivePolicy[Any]) -> list[int]:
        go_on = asyncio.Event()

        async def respond(scope: Any, receive: Any, send: Any) -> None:
            await go_on.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        async def fetch(adapted: Any) -> int:
            started: list[Any] = []

            async def send(message: Any) -> None:
                started.append(message)

            await adapted(http_scope("GET", "/", [("Origin", APP)]), None, send)
            headers = [(name.decode(), value.decode()) for name, value in started[0]["headers"]]
            return version_in(Sent(200, headers, b""))

        adapted = app(respond, policy=live)
        fetched = [asyncio.create_task(fetch(adapted)) for _ in range(20)]
        await asyncio.sleep(0)
        live.replace(of_version(2))
        go_on.set()
        return await asyncio.gather(*fetched)

    for app in (crosscors.asgi.CORSMiddleware, crosscors.starlette.CORS):
        assert set(asyncio.run(visit(app, LivePolicy[Any](of_version(1))))) == {1}
