"""protect= on the adapters for ASGI and WSGI: what a refused request gets, and who hears of it.

The rules are tested in tests/rules/test_protection.py, and over both adapters in tests/properties.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

import crosscors.asgi
import crosscors.wsgi
from crosscors import CORSPolicy, CORSRequest, CrossOriginProtection, Decision, PolicyError, Resources
from tests.clients import Answer, Fields, ask_asgi, ask_wsgi, http_scope, run_asgi
from tests.conftest import Approve
from tests.tables import each, table

APP = "https://app.example.com"
EVIL = "https://evil.example"
FORM: Fields = [("Origin", EVIL), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")]
COOKIES: Fields = [("Origin", APP), ("Sec-Fetch-Site", "cross-site"), ("Cookie", "a=b")]

POLICY = CORSPolicy(allow_origins=[APP], allow_methods=["GET", "POST"])
BY_PATH = Resources({"/api/*": POLICY, "/open": None})


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"done"})


def wsgi_app(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [b"done"]


def asgi(headers: Fields, path: str = "/api/items", method: str = "POST", **options: Any) -> Answer:
    return ask_asgi(crosscors.asgi.CORSMiddleware(asgi_app, **options), method, path, headers)


def wsgi(headers: Fields, path: str = "/api/items", method: str = "POST", **options: Any) -> Answer:
    return ask_wsgi(crosscors.wsgi.CORSMiddleware(wsgi_app, **options), method, path, headers)


Ask = Callable[..., Answer]


@each("ask", asgi, wsgi)
@table(
    "protect, status",
    ("True", True, 403),
    ("only a report", "report", 200),
    ("options", CrossOriginProtection(), 403),
    ("options, only a report", CrossOriginProtection(report_only=True), 200),
    ("options that trust the page", CrossOriginProtection(trusted_origins=EVIL), 200),
    ("False", False, 200),
    ("None, which is the same", None, 200),
)
def test_what_protect_takes(ask: Ask, protect: Any, status: int) -> None:
    assert ask(FORM, policy=POLICY, protect=protect).status == status


WRONG: tuple[tuple[str, object], ...] = (
    ("a word from the environment", "true"),
    ("another spelling", "Report"),
    ("a number", 1),
    ("the class", CrossOriginProtection),
    ("options as a dict", {"trusted_origins": []}),
)


@each("ask", asgi, wsgi)
@table("protect", *WRONG)
def test_what_protect_does_not_take(ask: Ask, protect: object) -> None:
    with pytest.raises(PolicyError) as caught:
        ask(FORM, policy=POLICY, protect=protect)
    assert [(problem.code, problem.option) for problem in caught.value.problems] == [
        ("wrong-type", "protect")
    ]


def test_what_a_wrong_value_says(approved: Approve) -> None:
    texts: list[tuple[str, str]] = []
    for why, protect in WRONG[:4]:
        with pytest.raises(PolicyError) as caught:
            asgi(FORM, policy=POLICY, protect=protect)
        texts.append((why, str(caught.value.problems[0])))
    approved("protect", texts)


@each("ask", asgi, wsgi)
def test_a_refused_request_gets_a_reason(ask: Ask) -> None:
    answer = ask(FORM, policy=POLICY, protect=True)
    assert answer.values("content-type") == ["text/plain; charset=utf-8"]
    assert answer.values("content-length") == [str(len(answer.body))]
    assert answer.body.startswith(b"Refused by the cross-origin protection: ")
    assert answer.cors() == {"vary": "Origin"}


@each("ask", asgi, wsgi)
def test_a_page_that_may_read_can_read_the_reason(ask: Ask) -> None:
    answer = ask(COOKIES, policy=POLICY, protect=True)
    assert (answer.status, answer.allowed) == (403, APP)


@each("ask", asgi, wsgi)
def test_a_path_without_a_policy_trusts_trusted_origins_only(ask: Ask) -> None:
    for path in ("/open", "/elsewhere"):
        assert ask(COOKIES, path, policy=BY_PATH, protect=True).status == 403
        assert ask(COOKIES, path, "GET", policy=BY_PATH, protect=True).status == 200
        trusting = CrossOriginProtection(trusted_origins=APP)
        assert ask(COOKIES, path, policy=BY_PATH, protect=trusting).status == 200


@each("ask", asgi, wsgi)
def test_in_debug_mode_a_header_says_what_to_write(ask: Ask) -> None:
    for path in ("/api/items", "/elsewhere"):
        [said] = ask(FORM, path, policy=BY_PATH, protect=True, debug=True).values("x-cors-refused")
        assert said.startswith("cross-site-request: ")
        assert "trusted_origins" in said
    assert not ask(FORM, policy=BY_PATH, protect=True).values("x-cors-refused")


# Who hears of it.


@each("ask", asgi, wsgi)
@table(
    "protect, path, heard",
    ("refused", True, "/api/items", [("enforced", "cross-site-request")]),
    (
        "reported, then the decision of the policy",
        "report",
        "/api/items",
        [("report", "cross-site-request"), (None, "")],
    ),
    ("refused where no policy covers the path", True, "/open", [("enforced", "cross-site-request")]),
    ("reported where no policy covers the path", "report", "/open", [("report", "cross-site-request")]),
    ("off", False, "/api/items", [(None, "")]),
)
def test_the_hook(ask: Ask, protect: Any, path: str, heard: list[tuple[str | None, str]]) -> None:
    told: list[tuple[CORSRequest, Decision]] = []
    ask(FORM, path, policy=BY_PATH, protect=protect, on_decision=lambda *each: told.append(each))
    # That a form has another origin is no refusal of CORS, which has no say in it.
    assert [
        (decision.protection, decision.refusals[0].code if decision.protection else "")
        for _, decision in told
    ] == heard
    assert {(request.method, request.path, request.origin) for request, _ in told} == {("POST", path, EVIL)}


@each("ask", asgi, wsgi)
def test_the_log(ask: Ask, caplog: pytest.LogCaptureFixture, approved: Approve) -> None:
    caplog.set_level(logging.INFO, "crosscors")
    rows: list[tuple[str, Fields, str, Any]] = [
        ("refused", FORM, "/api/items", True),
        ("reported", FORM, "/api/items", "report"),
        ("refused where no policy covers the path", COOKIES, "/elsewhere", True),
        ("cookies without credentials", COOKIES, "/api/items", True),
    ]
    for _, headers, path, protect in rows:
        ask(headers, path, policy=BY_PATH, protect=protect)
    assert [record.levelno for record in caplog.records] == [logging.INFO] * 4
    approved("log_protection", list(zip([why for why, *_ in rows], caplog.messages, strict=True)))


# WebSockets over ASGI.


def handshake(**options: Any) -> tuple[list[Any], list[Decision]]:
    """What a server gets for the handshake of a foreign page, and what the hook is told."""
    told: list[Decision] = []
    app = crosscors.asgi.CORSMiddleware(
        accepting, policy=POLICY, on_decision=lambda _, decision: told.append(decision), **options
    )
    scope = http_scope("GET", "/chat", [("Origin", EVIL)], extensions={"websocket.http.response": {}})
    scope["type"] = "websocket"
    sent, error = run_asgi(app, scope)
    assert error is None
    return sent, told


async def accepting(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "websocket.accept"})


@table(
    "protect, sent, heard",
    ("refused", True, ["websocket.http.response.start", "websocket.http.response.body"], ["enforced"]),
    ("reported", "report", ["websocket.accept"], ["report"]),
    ("off", False, ["websocket.accept"], []),
)
def test_websockets(protect: Any, sent: list[str], heard: list[str]) -> None:
    messages, told = handshake(protect=protect)
    assert [message["type"] for message in messages] == sent
    assert [decision.protection for decision in told] == heard
    assert all(decision.refusals[0].code == "websocket-origin" for decision in told)


def test_in_debug_mode_the_response_to_a_handshake_says_what_to_write() -> None:
    start, _ = handshake(protect=True, debug=True)[0]
    assert b"x-cors-refused" in dict(start["headers"])


def test_other_scopes_pass() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "passed"})

    protected = crosscors.asgi.CORSMiddleware(app, policy=POLICY, protect=True)
    assert run_asgi(protected, {"type": "lifespan"}) == ([{"type": "passed"}], None)
