"""Functions and receivers that read cookies or headers: their responses say so to caches."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from crosscors import CORSPolicy, varies_on
from crosscors.django.requests import DjangoCORSRequest
from crosscors.django.signals import check_request_enabled
from tests.django.clients import LISTED, ORIGIN, OTHER, Ask, allowed_origin, get, preflight
from tests.tables import table

if TYPE_CHECKING:
    from tests.clients import Answer

CROSSCORS = "crosscors.django.CORSMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
USERS = "django.contrib.auth.middleware.AuthenticationMiddleware"
WITH_SESSIONS: dict[str, Any] = {
    "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
    "MIDDLEWARE": [CROSSCORS, SESSIONS, USERS],
}

Read = Callable[[HttpRequest], object]


def read_session(request: HttpRequest) -> bool:
    return request.session.get("team") == "a"


def read_session_and_allow(request: HttpRequest) -> bool:
    return "team" not in request.session


def read_session_and_fail(request: HttpRequest) -> bool:
    return bool(request.session["team"])


def read_user(request: HttpRequest) -> bool:
    return request.user.is_authenticated


async def read_session_async(request: HttpRequest) -> bool:
    return bool(await request.session.aget("team") == "a")


async def read_user_async(request: HttpRequest) -> bool:
    return (await request.auser()).is_authenticated


def read_nothing(request: HttpRequest, **_: object) -> bool:
    return True


def has_session(request: HttpRequest) -> bool:
    return hasattr(request, "session")


READING = [read_session, read_session_and_allow, read_session_and_fail, read_user]
# Django before 5.1 has neither.
READING_ASYNC = [read_session_async, read_user_async] if hasattr(SessionStore, "aget") else []


def connect(read: Any) -> None:
    check_request_enabled.connect(lambda request, **_: read(request), weak=False)


def vary(answer: Answer) -> list[str]:
    return ", ".join(answer.values("vary")).split(", ")


@pytest.mark.parametrize("read", [*READING, *READING_ASYNC])
def test_a_receiver_that_reads_the_session_or_its_user_varies_on_cookies(ask: Ask, read: Any) -> None:
    connect(read)
    answer = get(ask, origin=OTHER, **LISTED, **WITH_SESSIONS)
    assert vary(answer) == ["Origin", "Cookie"]
    assert allowed_origin(answer) == (OTHER if read is read_session_and_allow else None)


@pytest.mark.parametrize("read", READING)
def test_so_does_a_function_of_the_settings(ask: Ask, read: Read) -> None:
    def func(request: DjangoCORSRequest) -> object:
        return read(request.http_request)

    assert vary(get(ask, origin=OTHER, CORS_ORIGIN_FUNC=func, **WITH_SESSIONS)) == ["Origin", "Cookie"]
    policy: dict[str, Any] = {"CORS_POLICY": {"allow_origin_func": func}}
    assert vary(get(ask, origin=OTHER, **policy, **WITH_SESSIONS)) == ["Origin", "Cookie"]


def test_so_does_the_policy_of_a_view(ask: Ask) -> None:
    settings = {"ROOT_URLCONF": "tests.django.reading_urls", **WITH_SESSIONS}
    assert vary(get(ask, "/own", origin=OTHER, **settings)) == ["Origin", "Cookie"]
    assert vary(get(ask, "/own", origin=ORIGIN, **settings)) == ["Origin"]


@pytest.mark.parametrize("team", ["a", "b"])
def test_the_session_of_the_cookie_is_the_one_that_is_read(ask: Ask, team: str) -> None:
    connect(read_session)
    session = SessionStore()
    session["team"] = team
    cookie = ("Cookie", f"sessionid={session._get_session_key()}")  # where this store keeps it
    answer = ask("GET", "/", ("Origin", OTHER), cookie, **WITH_SESSIONS)
    assert allowed_origin(answer) == (OTHER if team == "a" else None)
    assert vary(answer) == ["Origin", "Cookie"]


@table(
    "read, settings",
    ("nothing is read", read_nothing, WITH_SESSIONS),
    ("the session is looked for, but not into", has_session, WITH_SESSIONS),
    ("there are no sessions", has_session, {}),
    ("there are no sessions to read", read_session, {}),
)
def test_who_reads_no_session_does_not_vary_on_cookies(ask: Ask, read: Read, settings: Any) -> None:
    connect(read)
    assert vary(get(ask, origin=OTHER, **settings)) == ["Origin"]


@pytest.mark.parametrize("origin", [ORIGIN, None, "null", "no origin"])
def test_where_nobody_was_asked_nothing_was_read(ask: Ask, origin: str | None) -> None:
    connect(read_session)
    assert vary(get(ask, origin=origin, **LISTED, **WITH_SESSIONS)) == ["Origin"]


def test_a_session_that_nobody_reads_is_not_loaded(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SessionStore, "load", None)
    connect(read_nothing)
    answer = ask("GET", "/", ("Origin", OTHER), ("Cookie", f"sessionid={'x' * 32}"), **WITH_SESSIONS)
    assert (answer.status, vary(answer)) == (200, ["Origin"])


def test_a_lazy_session_is_not_made(ask: Ask) -> None:
    made: list[SessionStore] = []

    def make() -> SessionStore:
        made.append(SessionStore())
        return made[-1]

    def look(request: HttpRequest, *, read: bool) -> bool:
        setattr(request, "session", SimpleLazyObject(make))  # noqa: B010  # as middleware would
        return bool(request.session.get("team")) if read else True

    receivers = [lambda request, read=read, **_: look(request, read=read) for read in (False, True)]
    for each, names in zip(receivers, (["Origin"], ["Origin", "Cookie"]), strict=True):
        check_request_enabled.connect(each)
        assert vary(get(ask, origin=OTHER)) == names
        check_request_enabled.disconnect(each)
    assert len(made) == 1


def test_preflights_vary_on_what_was_read_too(ask: Ask) -> None:
    connect(read_session)
    settings = {**WITH_SESSIONS, "MIDDLEWARE": [SESSIONS, CROSSCORS]}  # only then is there a session to read
    answer = preflight(ask, origin=OTHER, **settings)
    asked = ["Access-Control-Request-Method", "Access-Control-Request-Headers"]
    assert (answer.status, vary(answer)) == (400, ["Origin", *asked, "Cookie"])


def test_what_else_they_read_receivers_say(ask: Ask) -> None:
    def by_cookie(request: HttpRequest, **_: object) -> bool:
        return request.COOKIES.get("team") == "a"

    def failing(**_: object) -> bool:
        raise LookupError("the database is gone")

    check_request_enabled.connect(varies_on("Cookie")(by_cookie))
    check_request_enabled.connect(varies_on("X-Tenant", "origin")(failing), weak=False)
    assert vary(get(ask, origin=OTHER)) == ["Origin", "Cookie", "X-Tenant"]
    assert vary(get(ask, origin=ORIGIN, **LISTED)) == ["Origin"]


def test_a_receiver_that_is_gone_reads_nothing(ask: Ask) -> None:
    @varies_on("X-Tenant")
    def gone(**_: object) -> bool:
        return True

    check_request_enabled.connect(gone)
    check_request_enabled.connect(read_nothing)
    del gone
    assert vary(get(ask, origin=OTHER)) == ["Origin"]


def test_a_receiver_may_be_marked_before_or_after_it_is_connected(ask: Ask) -> None:
    @varies_on("X-Above")
    @receiver(check_request_enabled)
    def above(**_: object) -> bool:
        return True

    @receiver(check_request_enabled)
    @varies_on("X-Below")
    def below(**_: object) -> bool:
        return True

    answer = get(ask, origin=OTHER)
    assert (allowed_origin(answer), vary(answer)) == (OTHER, ["Origin", "X-Above", "X-Below"])
    assert above is not below


def test_the_marks_of_receivers_are_not_those_of_functions(ask: Ask) -> None:
    check_request_enabled.connect(varies_on("X-Tenant")(lambda **_: True), weak=False)
    policy = CORSPolicy(allow_origin_func=varies_on("X-Own")(lambda request: True))
    assert vary(get(ask, origin=OTHER, CORS_POLICY=policy)) == ["Origin", "X-Own"]
    assert vary(get(ask, origin=None, CORS_POLICY=policy)) == ["Origin", "X-Own"]
