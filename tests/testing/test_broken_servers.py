"""The suite lets every correct server pass, and finds the mistake in every broken one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import pytest

import crosscors.asgi
import crosscors.flask
import crosscors.starlette
import crosscors.wsgi
import tests.django.conftest  # noqa: F401 (it configures Django)
from crosscors import CORSPolicy

from .broken_servers import BROKEN, CORRECT, Broken
from .suite import (
    CASES,
    EXPOSED,
    HEADERS,
    HTTPS,
    MAX_AGE,
    METHODS,
    Application,
    Case,
    async_django_app,
    complaint,
    django_app,
    failing_cases,
    flask_app,
    on_localhost,
    starlette_app,
)

LOCALHOST = on_localhost(8000, 8001, 8002)
POLICY = CORSPolicy(
    allow_origins=[HTTPS.allowed, HTTPS.another, HTTPS.pattern],
    allow_credentials=True,
    allow_methods=METHODS,
    allow_headers=HEADERS,
    expose_headers=EXPOSED,
    max_age=MAX_AGE,
)
SETTINGS: dict[str, Any] = {"MIDDLEWARE": ["crosscors.django.CORSMiddleware"], "CORS_POLICY": POLICY}


def with_flask() -> Any:
    app = flask_app()
    crosscors.flask.CORS(app, policy=POLICY)
    return app


# Each gives an application; Django's has its settings for as long as the context lasts.
SERVERS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "by hand": lambda: nullcontext(CORRECT.app(HTTPS)),
    "wsgi": lambda: nullcontext(crosscors.wsgi.CORSMiddleware(Application(), policy=POLICY)),
    "asgi": lambda: nullcontext(crosscors.asgi.CORSMiddleware(Application().asgi, policy=POLICY)),
    "flask": lambda: nullcontext(with_flask()),
    "starlette": lambda: nullcontext(crosscors.starlette.CORS(starlette_app(), policy=POLICY)),
    "django": partial(django_app, **SETTINGS),
    "async django": partial(async_django_app, **SETTINGS),
}


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Any]:
    with SERVERS[request.param]() as app:
        yield app


def case_named(name: str) -> Case:
    [case] = [each for each in CASES if each.name == name]
    return case


POSSIBLE_ON_LOCALHOST = [case for case in CASES if case.is_possible(LOCALHOST)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_correct_server_passes(server: Any, case: Case) -> None:
    assert complaint(case, server) is None


@pytest.mark.parametrize("case", POSSIBLE_ON_LOCALHOST, ids=lambda case: case.name)
def test_a_correct_server_passes_on_localhost(case: Case) -> None:
    assert complaint(case, CORRECT.app(LOCALHOST), LOCALHOST) is None


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_a_broken_server_is_found_by_its_case(broken: Broken) -> None:
    failing = failing_cases(broken.server.app(HTTPS))
    assert broken.found_by in failing
    # A server that did not work at all would say nothing of the suite.
    assert len(failing) < len(CASES)


@pytest.mark.parametrize(
    "broken",
    [each for each in BROKEN if case_named(each.found_by) in POSSIBLE_ON_LOCALHOST],
    ids=lambda broken: broken.name,
)
def test_a_broken_server_is_found_by_its_case_on_localhost(broken: Broken) -> None:
    assert complaint(case_named(broken.found_by), broken.server.app(LOCALHOST), LOCALHOST)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_finds_some_broken_server(case: Case) -> None:
    assert any(complaint(case, broken.server.app(HTTPS)) for broken in BROKEN)


def test_no_name_stands_twice() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    assert len({broken.name for broken in BROKEN}) == len(BROKEN)


def test_a_page_that_cannot_be_is_no_page() -> None:
    assert HTTPS.of("a listed host with the other scheme") == "http://app.example.com"
    assert LOCALHOST.of("a listed host with the other scheme") is None


def test_a_complaint_says_who_wanted_what_and_what_came_instead() -> None:
    said = complaint(case_named("a listed page reads"), Application())
    assert said is not None
    assert said.startswith("A page of https://app.example.com was blocked (allow-origin-missing):")
    said = complaint(
        case_named("a stranger reads nothing"),
        crosscors.wsgi.CORSMiddleware(Application(), allow_origins="*"),
    )
    assert said is not None
    assert said.startswith("A page of https://evil.example could read the response to GET /plain?run=")
