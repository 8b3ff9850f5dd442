"""``protect_websockets``: the settings, for what serves WebSockets beside Django."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from crosscors import CORSPolicy, CORSRequest, CrossOriginProtection, Decision, PolicyError
from crosscors.django import DjangoCORSRequest, cross_origin, protect_websockets
from crosscors.django.signals import check_request_enabled
from tests.django.clients import EVIL, LISTED, ORIGIN, OTHER
from tests.tables import each, table

OWN = ("Origin", "http://testserver")
COOKIE = ("Cookie", "sessionid=1")


async def accept(_scope: Any, receive: Callable[[], Awaitable[Any]], send: Any) -> None:
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})


Sent = list[dict[str, Any]]


def open_socket(app: Any, *fields: tuple[str, str], path: str = "/chat", **scope: Any) -> Sent:
    """What is sent in answer to a handshake."""
    headers = [("host", "testserver"), ("upgrade", "websocket"), *fields]
    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    opened = {"type": "websocket", "path": path, "query_string": b"", "headers": raw, **scope}
    received = [{"type": "websocket.connect"}]
    sent: Sent = []

    async def receive() -> dict[str, Any]:
        return received.pop()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(opened, receive, send))
    return sent


def is_opened(*fields: tuple[str, str], settings: dict[str, Any], **scope: Any) -> bool:
    with override_settings(**{"CORS_PROTECT": True, **settings}):
        (message,) = open_socket(protect_websockets(accept), *fields, **scope)
    return bool(message["type"] == "websocket.accept")


LISTED_OPTIONS: dict[str, Any] = {"allow_origins": [ORIGIN]}
CREDENTIALS: dict[str, Any] = {"CORS_ALLOW_CREDENTIALS": True, **LISTED}


@table(
    "fields, settings, expected",
    ("a page of another site", [("Origin", EVIL), COOKIE], CREDENTIALS, False),
    ("the same without Origin", [("Sec-Fetch-Site", "cross-site"), COOKIE], CREDENTIALS, False),
    ("null", [("Origin", "null"), COOKIE], CREDENTIALS, False),
    ("two headers", [OWN, ("Origin", EVIL)], CREDENTIALS, False),
    ("the own page", [OWN, COOKIE], CREDENTIALS, True),
    ("the own page, as the browser says", [("Sec-Fetch-Site", "same-origin"), COOKIE], CREDENTIALS, True),
    ("no browser", [COOKIE], CREDENTIALS, True),
    ("an origin with credentials", [("Origin", ORIGIN), COOKIE], CREDENTIALS, True),
    ("what a body would be", [OWN, ("Content-Type", "text/plain; charset=\0")], CREDENTIALS, True),
    ("no method has to be allowed", [("Origin", ORIGIN)], {**CREDENTIALS, "CORS_ALLOW_METHODS": []}, True),
    ("an origin without credentials, with a cookie", [("Origin", ORIGIN), COOKIE], LISTED, False),
    ("an origin without credentials, without a cookie", [("Origin", ORIGIN)], LISTED, True),
    (
        "a trusted origin",
        [("Origin", EVIL), COOKIE],
        {"CORS_PROTECT": CrossOriginProtection(trusted_origins=[EVIL])},
        True,
    ),
    ("an exempt path", [("Origin", EVIL)], {"CORS_PROTECT": CrossOriginProtection(exempt=["/chat"])}, True),
    (
        "a host that is not allowed",
        [OWN],
        {"CORS_PROTECT": CrossOriginProtection(allowed_hosts=["localhost"])},
        False,
    ),
    ("a path with its own policy", [("Origin", ORIGIN)], {"CORS_RESOURCES": {"/chat": LISTED_OPTIONS}}, True),
    ("a path without one", [("Origin", ORIGIN)], {"CORS_RESOURCES": {"/api/*": LISTED_OPTIONS}}, False),
    ("it is only reported", [("Origin", EVIL)], {"CORS_PROTECT": "report"}, True),
    ("it is off", [("Origin", EVIL)], {"CORS_PROTECT": False}, True),
)
def test_who_opens_a_websocket(
    fields: list[tuple[str, str]], settings: dict[str, Any], expected: bool
) -> None:
    assert is_opened(*fields, settings=settings) == expected


def test_a_refused_handshake_is_closed_or_denied_where_the_server_can() -> None:
    with override_settings(CORS_PROTECT=True, **LISTED):
        app = protect_websockets(accept)
        assert open_socket(app, ("Origin", EVIL)) == [{"type": "websocket.close"}]
        start, body = open_socket(app, ("Origin", EVIL), extensions={"websocket.http.response": {}})
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 403)
    assert body["body"].startswith(b"Refused by the cross-origin protection: ")


@each("protect", True, "report")
def test_it_is_told_once(protect: object, caplog: pytest.LogCaptureFixture) -> None:
    told: list[tuple[str, str | None, str]] = []

    def tell(request: CORSRequest, decision: Decision) -> None:
        told.append((request.path, decision.protection, decision.refusals[0].code))

    settings = {"CORS_PROTECT": protect, "CORS_ON_DECISION": tell}
    with caplog.at_level(logging.INFO, "crosscors"):
        is_opened(("Origin", EVIL), settings=settings)
    assert told == [("/chat", "enforced" if protect is True else "report", "websocket-origin")]
    assert len([each for each in caplog.records if each.name == "crosscors"]) == 1


# The handshake as Django's request.


@each("is_async", False, True)
def test_functions_and_receivers_get_it_as_django_s_request(is_async: bool) -> None:
    seen: list[HttpRequest] = []

    def is_known(request: HttpRequest) -> bool:
        seen.append(request)
        return request.headers["Origin"] == OTHER

    def func(request: CORSRequest) -> bool:
        assert isinstance(request, DjangoCORSRequest)
        return is_known(request.http_request)

    async def func_async(request: CORSRequest) -> bool:
        await asyncio.sleep(0)
        return func(request)

    scope = {"scheme": "wss", "query_string": b"room=\xff", "path": "/chat/1"}
    settings = {"CORS_ALLOW_CREDENTIALS": True, "CORS_ORIGIN_FUNC": func_async if is_async else func}
    assert is_opened(("Origin", OTHER), COOKIE, settings=settings, **scope)
    assert not is_opened(("Origin", EVIL), COOKIE, settings=settings, **scope)
    check_request_enabled.connect(lambda request, **_: is_known(request), weak=False)
    assert is_opened(("Origin", OTHER), COOKIE, settings={"CORS_ALLOW_CREDENTIALS": True}, **scope)
    for request in seen:
        assert (request.method, request.path, request.get_host()) == ("GET", "/chat/1", "testserver")
        assert request.is_secure()
        assert request.COOKIES == {"sessionid": "1"}
        assert request.GET["room"] == "\ufffd"
        assert request.headers["Upgrade"] == "websocket"
    assert len(seen) == 3


def test_nobody_is_asked_about_pages_of_the_server_itself() -> None:
    def fail(_: CORSRequest) -> bool:
        raise AssertionError("asked")

    own = ("Sec-Fetch-Site", "same-origin")
    assert is_opened(own, settings={"CORS_ORIGIN_FUNC": fail})


@each("upgrade", ("Upgrade", "h2c"), ("X-Other", "1"))
@each("scheme", {"scheme": "ws"}, {"scheme": "else"}, {})
def test_what_a_server_leaves_out_does_not_matter(upgrade: tuple[str, str], scheme: dict[str, str]) -> None:
    headers = [(b"host", b"testserver"), tuple(each.lower().encode() for each in upgrade)]
    evil = [*headers, (b"origin", EVIL.encode())]
    own = [*headers, (b"Origin", b"http://testserver")]  # not in lower case, as in some test clients
    assert not is_opened(settings={}, headers=evil, **scheme)
    assert is_opened(settings={}, headers=own, **scheme)


# What else it is given.


@cross_origin(policy=CORSPolicy(allow_origins=OTHER, allow_credentials=True))
def view(_: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [path("chat", view)]


def test_a_view_at_the_same_path_has_no_part_in_it() -> None:
    settings = {"ROOT_URLCONF": __name__, **CREDENTIALS}
    assert is_opened(("Origin", ORIGIN), COOKIE, settings=settings)
    assert not is_opened(("Origin", OTHER), COOKIE, settings=settings)


def test_other_protocols_pass() -> None:
    seen: list[str] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["type"])

    with override_settings(CORS_PROTECT=True):
        for protocol in ("http", "lifespan"):
            assert open_socket(protect_websockets(app), ("Origin", EVIL), type=protocol) == []
    assert seen == ["http", "lifespan"]


def test_without_the_setting_it_does_not_start() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"Write CORS_PROTECT = True\.$"):
        protect_websockets(accept)
    with override_settings(CORS_PROTECT="yes"), pytest.raises(ImproperlyConfigured, match="CORS_PROTECT: "):
        protect_websockets(accept)


def test_what_is_no_asgi_application_is_refused() -> None:
    def application(environ: Any, start_response: Any) -> list[bytes]:
        return []

    with override_settings(CORS_PROTECT=True), pytest.raises(PolicyError, match="an ASGI application"):
        protect_websockets(application)  # type: ignore[arg-type]
