"""check_request_enabled: code of the project that allows a request."""

from __future__ import annotations

import asyncio
import gc
import logging
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

from crosscors import CORSPolicy, LivePolicy
from crosscors.django import CORSMiddleware
from crosscors.django.signals import Asking, check_request_enabled
from tests.clients import ask_wsgi
from tests.django.clients import (
    EVIL,
    LISTED,
    ORIGIN,
    OTHER,
    Ask,
    ask_handler,
    get,
    over_asgi,
    over_wsgi,
    preflight,
)
from tests.tables import table

if TYPE_CHECKING:
    from collections.abc import Callable

ALL: dict[str, Any] = {"CORS_ALLOW_ALL_ORIGINS": True}
ON_API: dict[str, Any] = {"CORS_URLS_REGEX": "^/api/", **LISTED}


class Receiver:
    """A receiver that remembers what it was sent."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.sent: list[HttpRequest] = []
        check_request_enabled.connect(self, weak=False)

    def __call__(self, sender: object, request: HttpRequest, **kwargs: object) -> Any:
        assert sender is None
        self.sent.append(request)
        return self.answer() if callable(self.answer) else self.answer


@pytest.mark.parametrize("path", ["/api/x", "/other/x"])
@table(
    "answers, is_allowed",
    ("True", [True], True),
    ("something truthy", ["truthy"], True),
    ("False", [False], False),
    ("nothing", [None], False),
    ("something falsy", [""], False),
    ("True of the first of two", [True, False], True),
    ("True of the second", [False, True], True),
    ("False of both", [False, False], False),
)
def test_any_receiver_that_returns_something_truthy_allows_the_origin(
    ask: Ask, path: str, answers: list[object], is_allowed: bool
) -> None:
    receivers = [Receiver(answer) for answer in answers]
    response = get(ask, path, origin=OTHER, **ON_API)
    assert response.allowed == (OTHER if is_allowed else None)
    assert response.values("vary") == ["Origin"]
    assert preflight(ask, path, origin=OTHER, method="PUT", **ON_API).status == (200 if is_allowed else 400)
    for receiver in receivers:  # each is asked once for each request
        assert [(sent.method, sent.path) for sent in receiver.sent] == [("GET", path), ("OPTIONS", path)]


def test_the_answer_carries_the_same_as_for_listed_origins(ask: Ask) -> None:
    Receiver(True)
    settings: dict[str, Any] = {"CORS_ALLOW_CREDENTIALS": True, "CORS_EXPOSE_HEADERS": ["x-mine"], **LISTED}
    for origin in (ORIGIN, OTHER):
        assert get(ask, origin=origin, **settings).cors() == {
            "access-control-allow-origin": origin,
            "access-control-allow-credentials": "true",
            "access-control-expose-headers": "x-mine",
            "vary": "Origin",
        }


@table(
    "origin, settings",
    ("a listed origin", ORIGIN, LISTED),
    ("all origins", ORIGIN, ALL),
    ("all, some with credentials", OTHER, {**ALL, "CORS_ALLOW_CREDENTIALS": [ORIGIN]}),
    ("an expression", ORIGIN, {"CORS_ALLOWED_ORIGIN_REGEXES": [r"https://app\..*"]}),
    ("no Origin", None, LISTED),
    ("null", "null", LISTED),
    ("no origin that a browser would send", "https://example.com/path", LISTED),
)
def test_what_is_settled_is_not_asked(ask: Ask, origin: str | None, settings: Any) -> None:
    receiver = Receiver(True)
    get(ask, origin=origin, **settings)
    if origin is not None:
        preflight(ask, origin=origin, **settings)
    assert receiver.sent == []


# Paths that CORS_URLS_REGEX leaves out.


@table(
    "settings",
    ("a list", LISTED),
    ("everyone", ALL),
    ("credentials", {"CORS_ALLOW_CREDENTIALS": [ORIGIN]}),
    ("an expression", {"CORS_ALLOWED_ORIGIN_REGEXES": [".*"]}),
    ("a function", {"CORS_ORIGIN_FUNC": lambda _: True}),
)
def test_there_allowed_origins_are_asked_about_too(ask: Ask, settings: dict[str, Any]) -> None:
    receiver = Receiver(False)
    assert get(ask, "/other/x", **{**settings, "CORS_URLS_REGEX": "^/api/"}).cors() == {"vary": "Origin"}
    assert len(receiver.sent) == 1


def test_without_receivers_that_path_is_left_alone(ask: Ask) -> None:
    assert get(ask, "/own", **ON_API).values("access-control-max-age") == ["1"]


def test_paths_that_resources_leave_out_are_left_alone(ask: Ask) -> None:
    Receiver(True)
    assert get(ask, "/other/x", CORS_RESOURCES={"/api/*": {"allow_origins": [ORIGIN]}}).cors() == {}


# Policies in the core's words.


@pytest.mark.parametrize(
    "settings",
    [
        {"CORS_POLICY": CORSPolicy(allow_origins=[ORIGIN])},
        {"CORS_POLICY": {"allow_origins": [ORIGIN]}},
        {"CORS_RESOURCES": {"/api/*": CORSPolicy(allow_origins=[ORIGIN])}},
    ],
)
def test_every_policy_is_asked_about(ask: Ask, settings: Any) -> None:
    Receiver(True)
    assert get(ask, "/api/x", origin=OTHER, **settings).allowed == OTHER


@pytest.mark.parametrize("name", ["CORS_ORIGIN_FUNC", "CORS_POLICY"])
def test_where_a_policy_has_a_function_of_its_own_only_that_is_asked(ask: Ask, name: str) -> None:
    receiver = Receiver(True)
    own: Any = {"CORS_ORIGIN_FUNC": lambda _: False, "CORS_POLICY": {"allow_origin_func": lambda _: False}}
    assert get(ask, "/api/x", origin=OTHER, **{name: own[name]}).allowed is None
    assert receiver.sent == []


@pytest.mark.parametrize("handler", [WSGIHandler, ASGIHandler])
@table(
    "settings",
    ("beside the origins of the policy", {}),
    ("where CORS_URLS_REGEX leaves the path to the receivers", {"CORS_URLS_REGEX": "^/api/"}),
)
def test_receivers_are_asked_beside_a_policy_that_is_replaced(
    handler: Callable[[], Any], settings: dict[str, Any]
) -> None:
    live = LivePolicy(CORSPolicy(allow_origins=[ORIGIN]))
    Receiver(True)
    with override_settings(CORS_POLICY=live, **settings):
        app = handler()
        for name in ("X-One", "X-Two"):
            live.replace(CORSPolicy(allow_origins=[ORIGIN], expose_headers=[name]))
            if handler is WSGIHandler:
                found = ask_wsgi(app, "GET", "/", [("Origin", OTHER)])
            else:
                found = ask_handler(app, "GET", "/", ("Origin", OTHER))
            assert found.allowed == OTHER
            assert found.cors()["access-control-expose-headers"] == name


def test_policies_with_receivers_go_with_those_that_they_are_made_from() -> None:
    asking = Asking(lambda _: True)
    policy = CORSPolicy(allow_origins=[ORIGIN])
    made = [asking.besides(policy), asking.alone(policy), asking.besides(policy)]
    assert made[0] is made[2]
    with_function = CORSPolicy(allow_origin_func=lambda _: True)
    assert asking.besides(with_function) is with_function
    assert len(asking._made) == 2  # pyright: ignore[reportPrivateUsage]
    del policy
    gc.collect()
    assert len(asking._made) == 0  # pyright: ignore[reportPrivateUsage]


# Receivers of all kinds.


def test_a_receiver_connected_while_the_middleware_runs_counts() -> None:
    handler = WSGIHandler()
    assert not ask_wsgi(handler, "GET", "/", [("Origin", OTHER)]).values("access-control-allow-origin")
    Receiver(True)
    assert ask_wsgi(handler, "GET", "/", [("Origin", OTHER)]).values("access-control-allow-origin") == [OTHER]


def test_a_receiver_that_is_gone_does_not_count(ask: Ask) -> None:
    def receiver(**_: object) -> bool:
        return True

    check_request_enabled.connect(receiver)
    del receiver
    assert get(ask, origin=OTHER).allowed is None


async def is_other(request: HttpRequest, **_: object) -> bool:
    await asyncio.sleep(0)
    return request.headers["origin"] == OTHER


@pytest.mark.parametrize("is_hidden", [False, True], ids=["async def", "a lambda around it"])
def test_async_receivers_are_awaited(ask: Ask, is_hidden: bool) -> None:
    hidden = lambda **given: is_other(**given)  # noqa: E731, PLW0108  # it does not say that it is async
    check_request_enabled.connect(hidden if is_hidden else is_other, weak=False)
    for origin, allowed in ((OTHER, OTHER), (EVIL, None)):
        assert get(ask, origin=origin).allowed == preflight(ask, origin=origin).allowed == allowed


# Django before 5.0 sends signals in another thread when asked by async code.
@pytest.mark.parametrize("is_async", [False, True] if hasattr(check_request_enabled, "asend") else [False])
def test_a_receiver_of_the_kind_of_the_stack_needs_no_hop(
    is_async: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_hop(*_: object) -> None:
        raise AssertionError("a hop to another thread or event loop")

    async def respond_async(_: HttpRequest) -> HttpResponse:
        return HttpResponse()

    middleware: Any = CORSMiddleware(respond_async if is_async else lambda _: HttpResponse())
    check_request_enabled.connect(is_other if is_async else (lambda **_: True), weak=False)
    monkeypatch.setattr("asgiref.sync.SyncToAsync.__call__", no_hop)
    monkeypatch.setattr("asgiref.sync.AsyncToSync.__call__", no_hop)
    answer = middleware(RequestFactory().get("/", HTTP_ORIGIN=OTHER))
    answer = asyncio.run(answer) if is_async else answer
    assert answer.headers["Access-Control-Allow-Origin"] == OTHER


def use_the_database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        found = bool(cursor.fetchone() == (1,))
    connection.close()
    return found


async def use_the_database_async() -> bool:
    return await sync_to_async(use_the_database)()


@pytest.mark.parametrize("use", [use_the_database, use_the_database_async])
def test_receivers_may_use_the_database(ask: Ask, use: Callable[[], Any]) -> None:
    Receiver(use)
    assert get(ask, "/async", origin=OTHER).allowed == OTHER
    assert preflight(ask, "/async", origin=OTHER).allowed == OTHER


def fail() -> bool:
    raise LookupError("the database is gone")


async def fail_async() -> bool:
    raise LookupError("the database is gone")


@pytest.mark.parametrize("failing", [fail, fail_async])
def test_a_receiver_that_raises_refuses_and_is_logged(
    ask: Ask, failing: Callable[[], Any], caplog: pytest.LogCaptureFixture
) -> None:
    Receiver(failing)
    answer = get(ask, origin=OTHER)
    assert (answer.status, answer.cors()) == (200, {"vary": "Origin"})
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], LookupError)
    assert preflight(ask, origin=OTHER).status == 400


@pytest.mark.parametrize("ask", [over_wsgi, over_asgi])
def test_on_older_django_async_receivers_are_awaited_as_well(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    class OldSignal:
        """Signal of Django 4.2: it has no asend, and its send awaits nothing."""

        receivers = ((("id", "sender"), bool),)

        def send(self, sender: object, request: HttpRequest) -> list[tuple[object, object]]:
            async def no() -> bool:
                return False

            async def yes() -> bool:
                return request.headers["origin"] == OTHER

            return [(no, no()), (yes, yes())]

    monkeypatch.setattr("crosscors.django.signals.check_request_enabled", OldSignal())
    assert get(ask, origin=OTHER).allowed == OTHER
    assert get(ask, origin=EVIL).allowed is None


def test_an_actual_request_has_been_through_the_view(ask: Ask) -> None:
    seen: list[bool] = []

    def receiver(request: HttpRequest, **_: object) -> bool:
        seen.append(request.resolver_match is not None)
        return True

    check_request_enabled.connect(receiver)
    get(ask, origin=OTHER)
    preflight(ask, origin=OTHER)
    assert seen == [True, False]
