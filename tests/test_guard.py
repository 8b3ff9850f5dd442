"""``protect=`` over ASGI and WSGI: what is read, refused and reported. The rules are in tests/rules."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

import crosscors.asgi
import crosscors.wsgi
from crosscors import CORSPolicy, CORSRequest, CrossOriginProtection, Decision, PolicyError, Resources
from tests.clients import Answer, Fields, ask_asgi, ask_wsgi, http_scope, preflight, send_asgi
from tests.tables import each, table

ORIGIN = "https://app.example"
EVIL = "https://evil.example"
OPTIONS: Any = {"allow_origins": [ORIGIN], "allow_methods": ["POST"]}
SPA = [("Host", "api.example"), ("Origin", ORIGIN), ("Sec-Fetch-Site", "cross-site")]
FOREIGN = [("Host", "api.example"), ("Origin", EVIL), ("Sec-Fetch-Site", "cross-site")]
OWN = [("Host", "api.example"), ("Origin", "https://api.example")]

Ask = Callable[..., Answer]


async def over_asgi(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"served"})


def over_wsgi(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [b"served"]


def _asgi(method: str, headers: Fields, path: str = "/", **options: Any) -> Answer:
    options.setdefault("protect", True)
    app = crosscors.asgi.CORSMiddleware(over_asgi, **options)
    return ask_asgi(app, method, path, headers)


def _wsgi(method: str, headers: Fields, path: str = "/", **options: Any) -> Answer:
    options.setdefault("protect", True)
    app = crosscors.wsgi.CORSMiddleware(over_wsgi, **options)
    return ask_wsgi(app, method, path, headers)


protocols = pytest.mark.parametrize("ask", [_asgi, _wsgi], ids=["asgi", "wsgi"])


# What is read.


@table(
    "method, headers, status",
    ("a safe method", "GET", FOREIGN, 200),
    ("a foreign page", "POST", FOREIGN, 403),
    ("a page of the policy", "POST", SPA, 200),
    ("with a token", "POST", [*SPA, ("Authorization", "Bearer x")], 200),
    ("with a password", "POST", [*SPA, ("Authorization", "Basic YTpi")], 403),
    ("with a cookie", "POST", [*SPA, ("Cookie", "a=b")], 403),
    ("with two cookies", "POST", [*SPA, ("Cookie", "a=b"), ("Cookie", "c=d")], 403),
    ("a form post", "POST", [*SPA, ("Sec-Fetch-Mode", "navigate")], 403),
    ("a method that the policy does not allow", "PUT", SPA, 403),
    ("a page of the server itself, which the browser says", "POST", [("Sec-Fetch-Site", "same-origin")], 200),
    ("a page of the server itself, which Host says", "POST", OWN, 200),
    ("the same with another Host", "POST", [("Host", "b.example"), *OWN[1:]], 403),
    ("with two of them", "POST", [("Host", "b.example"), *OWN], 403),
    ("no browser", "POST", [], 200),
    ("no origin, from another site", "POST", [("Sec-Fetch-Site", "cross-site")], 403),
    (
        "two values of Sec-Fetch-Site, of which one would do",
        "POST",
        [("Sec-Fetch-Site", "same-origin"), *FOREIGN],
        403,
    ),
    ("the same value twice", "POST", [("Sec-Fetch-Site", "none")] * 2 + [("Origin", EVIL)], 403),
    ("two origins, of which one would do", "POST", [("Origin", ORIGIN), *FOREIGN], 403),
)
@protocols
def test_what_a_request_says_about_its_sender_is_read(
    ask: Ask, method: str, headers: Fields, status: int
) -> None:
    answer = ask(method, headers, **OPTIONS)
    assert (answer.status, answer.body == b"served") == (status, status == 200)


@table(
    "path, headers, status",
    ("the policy of the path", "/api/x", SPA, 200),
    ("not that of another path", "/open/x", SPA, 403),
    ("none without a policy", "/other", SPA, 403),
    ("there, own pages are served", "/other", OWN, 200),
)
@protocols
def test_the_policy_of_the_path_counts(ask: Ask, path: str, headers: Fields, status: int) -> None:
    policy = Resources({"/api/*": CORSPolicy(**OPTIONS), "/open/*": CORSPolicy(allow_origins=[EVIL])})
    assert ask("POST", headers, path, policy=policy).status == status


@table(
    "method, headers",
    ("a safe method", "GET", []),
    ("a preflight", "OPTIONS", preflight(ORIGIN, "POST")),
    ("OPTIONS without Origin", "OPTIONS", []),
    ("a page of the server itself", "POST", [("Sec-Fetch-Site", "same-origin")]),
)
@each("path", "/api/x", "/other")
@protocols
def test_where_hosts_are_listed_every_request_is_checked(
    ask: Ask, path: str, method: str, headers: Fields
) -> None:
    policy = Resources({"/api/*": CORSPolicy(**OPTIONS)})
    options = {"policy": policy, "protect": CrossOriginProtection(allowed_hosts=["api.example"])}
    assert ask(method, [("Host", "api.example"), *headers], path, **options).status == 200
    assert ask(method, [("Host", "evil.example"), *headers], path, **options).status == 403


@each("path", "/api/x", "/other")
def test_a_refused_head_over_wsgi_has_no_body(path: str) -> None:
    """Some servers would send it, and the client would take it for the next response."""
    policy = Resources({"/api/*": CORSPolicy(**OPTIONS)})
    options = {"policy": policy, "protect": CrossOriginProtection(allowed_hosts=["api.example"])}
    answers = [_wsgi(method, [("Host", "evil.example")], path, **options) for method in ("GET", "HEAD")]
    assert [(answer.status, answer.body != b"") for answer in answers] == [(403, True), (403, False)]
    assert answers[0].headers == answers[1].headers


@protocols
def test_exempt_paths_are_served(ask: Ask) -> None:
    protect = CrossOriginProtection(exempt="/hooks/*")
    paths = ["/hooks/x", "/hooks//x", "/x"]
    assert [ask("POST", FOREIGN, path, protect=protect).status for path in paths] == [200, 403, 403]


@protocols
def test_a_function_is_asked_once(ask: Ask) -> None:
    asked: list[str | None] = []

    def func(request: CORSRequest) -> bool:
        asked.append(request.origin)
        return request.origin == ORIGIN

    options = {"allow_origin_func": func, "allow_methods": ["POST"]}
    assert [ask("POST", headers, **options).status for headers in (SPA, FOREIGN)] == [200, 403]
    assert asked == [ORIGIN, EVIL]


# What is sent, and what is reported.


@protocols
def test_the_response_says_why(ask: Ask) -> None:
    answer = ask("POST", FOREIGN, **OPTIONS)
    assert answer.body.startswith(
        b"Refused by the cross-origin protection: the page at 'https://evil.example' "
    )
    assert answer.headers == [
        ("content-type", "text/plain; charset=utf-8"),
        ("content-length", str(len(answer.body))),
        ("vary", "Origin"),
    ]


@protocols
def test_in_debug_mode_the_response_says_once_what_to_write(ask: Ask) -> None:
    (reason,) = ask("POST", FOREIGN, debug=True, **OPTIONS).values("x-cors-refused")
    assert reason.startswith("cross-site-request: ")
    policy = Resources({"/api/*": CORSPolicy(**OPTIONS)})
    (reason,) = ask("POST", FOREIGN, debug=True, policy=policy).values("x-cors-refused")
    assert 'CrossOriginProtection(trusted_origins=["https://evil.example"])' in reason


@each("path", "/api/x", "/other")
@protocols
def test_a_protection_that_only_reports_changes_nothing(ask: Ask, path: str) -> None:
    heard: list[str | None] = []

    def hear(request: CORSRequest, decision: Decision) -> None:
        heard.append(decision.protection)

    options: dict[str, Any] = {"policy": Resources({"/api/*": CORSPolicy(**OPTIONS)}), "on_decision": hear}
    answer = ask("POST", FOREIGN, path, protect="report", **options)
    assert heard == ["report", None]
    assert answer == ask("POST", FOREIGN, path, protect=False, **options)
    assert ask("POST", FOREIGN, path, **options).status == 403
    assert heard == ["report", None, None, "enforced"]


@protocols
def test_a_value_that_means_nothing_is_refused(ask: Ask) -> None:
    with pytest.raises(PolicyError, match="Write protect=True"):
        ask("GET", [], protect="yes")


# Headers in unusual forms, which only ASGI has.


@table(
    "headers, status",
    ("text", [("origin", EVIL), ("sec-fetch-site", "cross-site")], 403),
    ("text as a value", [(b"origin", EVIL.encode()), (b"sec-fetch-site", "same-origin")], 200),
    ("an origin as text", [(b"origin", EVIL), (b"sec-fetch-site", b"cross-site")], 403),
    ("text as one of two values", [(b"host", b"a"), (b"host", "b"), (b"origin", b"https://a")], 403),
    ("names in upper case", [(b"Origin", EVIL.encode()), (b"Sec-Fetch-Site", b"cross-site")], 403),
    (
        "one name in upper case, between others",
        [(b"host", b"a"), (b"Origin", EVIL.encode()), (b"accept", b"*/*")],
        403,
    ),
    ("pairs that can be read once", [iter((b"origin", EVIL.encode()))], 403),
    ("an iterator", iter([(b"origin", EVIL.encode())]), 403),
)
def test_headers_in_other_forms_are_read(headers: Any, status: int) -> None:
    app = crosscors.asgi.CORSMiddleware(over_asgi, **OPTIONS, protect=True)
    start, _ = send_asgi(app, {**http_scope("POST", "/", []), "headers": headers})
    assert start["status"] == status


# WebSockets.


@table(
    "path, origin, is_opened",
    ("a foreign page", "/api/x", EVIL, False),
    ("a page of the policy", "/api/x", ORIGIN, True),
    ("a page of the server itself", "/api/x", "https://api.example", True),
    ("a path without a policy", "/other", ORIGIN, False),
    ("a page of the server itself there", "/other", "https://api.example", True),
)
@each("extensions", None, {}, {"websocket.http.response": {}})
def test_handshakes_over_asgi_are_refused_before_they_are_accepted(
    extensions: Any, path: str, origin: str, is_opened: bool
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})

    sent: list[str] = []
    received: list[str] = []

    async def receive() -> Any:
        received.append("websocket.connect")

    async def send(message: Any) -> None:
        sent.append(message["type"])

    headers = [(b"Host", b"api.example"), (b"Origin", origin.encode())]
    scope = {"type": "websocket", "path": path, "headers": headers, "extensions": extensions}
    policy = Resources({"/api/*": CORSPolicy(**OPTIONS)})
    asyncio.run(crosscors.asgi.CORSMiddleware(app, policy=policy, protect=True)(scope, receive, send))
    refused = ["websocket.close"]
    if extensions:
        refused = ["websocket.http.response.start", "websocket.http.response.body"]
    assert sent == (["websocket.accept"] if is_opened else refused)
    assert received == ([] if is_opened else ["websocket.connect"])


def test_a_refused_handshake_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "crosscors")
    app = crosscors.asgi.CORSMiddleware(over_asgi, **OPTIONS, protect="report")
    scope = {"type": "websocket", "path": "/socket", "headers": [(b"origin", EVIL.encode())]}
    send_asgi(app, scope)
    (message,) = caplog.messages
    assert message.startswith("the cross-origin protection would refuse 'GET /socket': ")


def test_other_protocols_than_http_and_websocket_are_left_alone() -> None:
    app = crosscors.asgi.CORSMiddleware(over_asgi, protect=True)
    assert len(send_asgi(app, {"type": "something.new"})) == 2


@table(
    "method, headers, status",
    ("a handshake of a foreign page", "GET", [*FOREIGN, ("Upgrade", "WebSocket")], 403),
    ("one of a page of the policy", "GET", [*SPA, ("Upgrade", "websocket")], 200),
    ("one of a page of the server itself", "GET", [*OWN, ("Upgrade", "websocket")], 200),
    ("one over HTTP/2", "CONNECT", FOREIGN, 403),
    ("another upgrade", "GET", [*FOREIGN, ("Upgrade", "h2c")], 200),
)
def test_handshakes_over_wsgi_are_refused_as_well(method: str, headers: Fields, status: int) -> None:
    assert _wsgi(method, headers, **OPTIONS).status == status
