"""The first requests of an application, which may be several at once, in as many threads."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import flask
import pytest
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import crosscors.flask
import crosscors.starlette
from tests.clients import Answer
from tests.tables import table as cases

from . import table
from .applications import FRAMEWORKS, STACKS, Stack, fastapi_, starlette
from .sending import Ask, over_asgi_in_threads, over_wsgi
from .table import APP, EVIL, Request, get, preflight

THREADS = 4
ROUNDS = 5
VIEWS = 20
ORIGINS = [f"https://app{number}.example.com" for number in range(VIEWS)]


@pytest.fixture(autouse=True)
def take_turns_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def at_once(ask: Ask, requests: list[Request]) -> list[list[Answer | None]]:
    """What each of several threads is answered, which begin at the same time."""
    barrier = threading.Barrier(THREADS)
    answered: list[list[Answer | None]] = []

    def run() -> None:
        barrier.wait(10)
        answered.append([ask(request) for request in requests])

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answered


REQUESTS = [get(APP), get(EVIL), preflight(APP), preflight(APP, "DELETE"), preflight(EVIL)]


IN_THREADS = (
    Stack("starlette", lambda policy, **views: over_asgi_in_threads(starlette(policy, **views))),
    Stack("fastapi", lambda policy, **views: over_asgi_in_threads(fastapi_(policy, **views))),
    *(stack for stack in STACKS if stack.name in ("flask", "django")),
)


@pytest.mark.parametrize("stack", IN_THREADS, ids=lambda stack: stack.name)
@pytest.mark.parametrize("with_views", [False, True])
def test_they_are_answered_as_one_is(stack: Stack, with_views: bool) -> None:
    keywords = {"with_views": with_views}
    with stack.serve(table.LISTED, **keywords) as ask:
        expected = [ask(request) for request in REQUESTS]
    assert {answer.status for answer in expected if answer} == {200, 400}
    for _ in range(ROUNDS):
        with stack.serve(table.LISTED, **keywords) as ask:
            assert at_once(ask, REQUESTS) == [expected] * THREADS


def flask_with_many_views() -> flask.Flask:
    app = flask.Flask(__name__)
    for number, origin in enumerate(ORIGINS):
        # Listed twice, to be warned of once: here.
        with pytest.warns(match="listed twice"):
            decorate = crosscors.flask.cross_origin(origins=[origin, origin])
        app.add_url_rule(f"/{number}", str(number), decorate(lambda: "hello"))
    return app


def flask_with_cors() -> flask.Flask:
    app = flask_with_many_views()
    crosscors.flask.CORS(app, origins=[APP])
    return app


def starlette_with_many_views() -> Starlette:
    async def hello(request: StarletteRequest) -> PlainTextResponse:
        return PlainTextResponse("hello")

    routes = [
        Route(f"/{number}", crosscors.starlette.cross_origin(allow_origins=[origin])(hello))
        for number, origin in enumerate(ORIGINS)
    ]
    app = Starlette(routes=routes)
    crosscors.starlette.CORS(app, allow_origins=[APP])
    return app


@cases(
    "make, serve",
    ("flask", flask_with_cors, over_wsgi),
    ("flask without CORS(app)", flask_with_many_views, over_wsgi),
    ("starlette", starlette_with_many_views, over_asgi_in_threads),
)
def test_policies_of_views_are_found_by_all_of_them(
    make: Callable[[], Any], serve: Callable[..., Any]
) -> None:
    requests = [get(ORIGINS[3], path="/3"), get(APP, path="/3"), preflight(ORIGINS[-1], "GET", path="/19")]
    for _ in range(ROUNDS):
        filters = list(warnings.filters)
        with serve(make()) as ask:
            answers = at_once(ask, requests)
        assert list(warnings.filters) == filters
        found = [[sent and sent.values("access-control-allow-origin") for sent in each] for each in answers]
        assert found == [[[ORIGINS[3]], [], [ORIGINS[-1]]]] * THREADS


def no_filters(*_: object, **__: object) -> None:
    raise AssertionError("filters for warnings are those of all threads")


# FastAPI touches them itself, and has Starlette's adapter.
@pytest.mark.parametrize(
    "stack", [stack for stack in STACKS if stack.name != "fastapi"], ids=lambda stack: stack.name
)
def test_no_request_touches_the_filters_for_warnings(stack: Stack) -> None:
    keywords = {"with_views": True} if stack in FRAMEWORKS else {}
    # Not for longer than that, for pytest touches them itself.
    with stack.serve(table.LISTED, **keywords) as ask, pytest.MonkeyPatch.context() as patch:
        patch.setattr(warnings, "catch_warnings", no_filters)
        patch.setattr(warnings, "simplefilter", no_filters)
        answers = [ask(request) for request in REQUESTS]
    assert None not in answers
