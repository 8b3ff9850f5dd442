"""check_request_enabled: code of the project that allows a request."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpRequest

from crosscors import CORSPolicy, CORSRequest
from crosscors.django.signals import check_request_enabled
from tests.clients import ask_wsgi
from tests.django.clients import (
    EVIL,
    LISTED,
    ORIGIN,
    OTHER,
    Ask,
    allowed_origin,
    get,
    over_asgi,
    over_wsgi,
    preflight,
)
from tests.tables import table

if TYPE_CHECKING:
    from collections.abc import Callable

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


@pytest.mark.parametrize(
    ("answer", "is_allowed"),
    [(True, True), ("truthy", True), (1, True), (False, False), (None, False), ("", False)],
)
def test_a_receiver_that_returns_something_truthy_allows_the_origin(
    ask: Ask, answer: object, is_allowed: bool
) -> None:
    receiver = Receiver(answer)
    response = get(ask, "/api/x", origin=OTHER, **LISTED)
    assert allowed_origin(response) == (OTHER if is_allowed else None)
    assert response.values("vary") == ["Origin"]
    (request,) = receiver.sent
    assert (request.path, request.headers["origin"]) == ("/api/x", OTHER)


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


@pytest.mark.parametrize("answers", [(True, False), (False, True), (False, False)])
def test_any_receiver_is_enough(ask: Ask, answers: tuple[bool, ...]) -> None:
    receivers = [Receiver(answer) for answer in answers]
    assert get(ask, origin=OTHER).allowed == (OTHER if any(answers) else None)
    assert [len(receiver.sent) for receiver in receivers] == [1, 1]


@table(
    "origin, settings",
    ("a listed origin", ORIGIN, LISTED),
    ("all origins", ORIGIN, {"CORS_ALLOW_ALL_ORIGINS": True}),
    (
        "all, some with credentials",
        OTHER,
        {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_CREDENTIALS": [ORIGIN]},
    ),
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


@pytest.mark.parametrize("path", ["/api/x", "/other/x"])
def test_it_is_sent_once_for_a_request(ask: Ask, path: str) -> None:
    receiver = Receiver(False)
    get(ask, path, origin=OTHER, **ON_API)
    assert len(receiver.sent) == 1
    preflight(ask, path, origin=OTHER, **ON_API)
    assert len(receiver.sent) == 2


# Paths that CORS_URLS_REGEX leaves out.


def test_a_receiver_allows_a_path_that_is_not_covered(ask: Ask) -> None:
    def receiver(request: HttpRequest, **_: object) -> bool:
        return request.path == "/other/x"

    check_request_enabled.connect(receiver)
    assert get(ask, "/other/x", origin=OTHER, **ON_API).allowed == OTHER
    assert preflight(ask, "/other/x", origin=OTHER, method="PUT", **ON_API).status == 200
    assert get(ask, "/apix", origin=OTHER, **ON_API).allowed is None


def test_there_listed_origins_are_asked_about_too(ask: Ask) -> None:
    receiver = Receiver(False)
    for settings in (
        ON_API,
        {"CORS_URLS_REGEX": "^/api/", "CORS_ALLOW_ALL_ORIGINS": True},
        {"CORS_URLS_REGEX": "^/api/", "CORS_ALLOW_CREDENTIALS": [ORIGIN]},
        {"CORS_URLS_REGEX": "^/api/", "CORS_ALLOWED_ORIGIN_REGEXES": [".*"]},
        {"CORS_URLS_REGEX": "^/api/", "CORS_ORIGIN_FUNC": lambda _: True},
    ):
        receiver.sent.clear()
        assert get(ask, "/other/x", **settings).cors() == {"vary": "Origin"}
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


def test_where_a_policy_has_a_function_of_its_own_only_that_is_asked(ask: Ask) -> None:
    def is_allowed(request: CORSRequest) -> bool:
        return False

    receiver = Receiver(True)
    own: list[dict[str, Any]] = [
        {"CORS_ORIGIN_FUNC": is_allowed},
        {"CORS_POLICY": {"allow_origin_func": is_allowed}},
    ]
    for settings in own:
        assert get(ask, "/api/x", origin=OTHER, **settings).allowed is None
    assert receiver.sent == []


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


@pytest.mark.parametrize("answer", [True, False])
def test_async_receivers_are_awaited(ask: Ask, answer: bool) -> None:
    async def receiver(sender: object, request: HttpRequest, **_: object) -> bool:
        await asyncio.sleep(0)
        return answer

    check_request_enabled.connect(receiver)
    for response in (get(ask, origin=OTHER), preflight(ask, origin=OTHER)):
        assert allowed_origin(response) == (OTHER if answer else None)


@pytest.mark.parametrize("answer", [True, False])
def test_what_hides_that_it_is_async_is_awaited_too(ask: Ask, answer: bool) -> None:
    async def look_up() -> bool:
        return answer

    Receiver(look_up)
    assert get(ask, origin=OTHER).allowed == (OTHER if answer else None)


def no_hop(*_: object) -> None:
    raise AssertionError("a hop to another thread or event loop")


def test_sync_receivers_in_a_sync_stack_need_no_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crosscors.django.middleware.async_to_sync", no_hop)
    Receiver(True)
    assert get(over_wsgi, origin=OTHER).allowed == OTHER


def test_async_receivers_in_an_async_stack_need_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    async def receiver(**_: object) -> bool:
        return True

    monkeypatch.setattr("crosscors.django.middleware.sync_to_async", no_hop)
    check_request_enabled.connect(receiver)
    assert get(over_asgi, origin=OTHER).allowed == OTHER


def use_the_database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        found = bool(cursor.fetchone() == (1,))
    connection.close()
    return found


def test_sync_receivers_may_use_the_database(ask: Ask) -> None:
    Receiver(use_the_database)
    assert get(ask, "/async", origin=OTHER).allowed == OTHER
    assert preflight(ask, "/async", origin=OTHER).allowed == OTHER


def test_async_receivers_may_use_the_database(ask: Ask) -> None:
    async def receiver(**_: object) -> bool:
        return await sync_to_async(use_the_database)()

    check_request_enabled.connect(receiver)
    assert get(ask, "/async", origin=OTHER).allowed == OTHER


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
    (record,) = [
        each for each in caplog.records if each.name == "crosscors" and each.levelno == logging.ERROR
    ]
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
