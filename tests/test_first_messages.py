"""What the log shows where nobody has configured logging, and what it adds in debug mode."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from flask import Flask

import crosscors.flask
from crosscors import CORSPolicy, CORSRequest, Decision, Kind, LivePolicy, Resources
from crosscors._adapter.first_messages import first_useless_cookies
from crosscors.asgi import CORSMiddleware as ASGIMiddleware
from crosscors.starlette import CORS
from crosscors.wsgi import CORSMiddleware as WSGIMiddleware
from tests.clients import Fields, ask_asgi, ask_wsgi, preflight
from tests.conftest import Approve
from tests.tables import table

APP = "https://app.example.com"
EVIL = "https://evil.example"
ALLOWED = {"allow_origins": [APP]}
PATHS = Resources({"/api/*": CORSPolicy(allow_origins=[APP]), "/left/*": None, "/own/*": CORSPolicy()})


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    own = [(b"Access-Control-Allow-Origin", b"*")] if scope["path"].endswith("own") else []
    await send({"type": "http.response.start", "status": 200, "headers": own})
    await send({"type": "http.response.body", "body": b""})


def wsgi_app(environ: Any, start_response: Any) -> list[bytes]:
    own = [("Access-Control-Allow-Origin", "*")] if environ["PATH_INFO"].endswith("own") else []
    start_response("200 OK", own)
    return [b""]


class Stack:
    """One of the two protocol adapters, and how to ask it."""

    def __init__(self, name: str) -> None:
        self.is_asgi = name == "asgi"

    def guard(self, **options: Any) -> Any:
        return ASGIMiddleware(asgi_app, **options) if self.is_asgi else WSGIMiddleware(wsgi_app, **options)

    def ask(self, app: Any, method: str, path: str, fields: Fields) -> Any:
        return ask_asgi(app, method, path, fields) if self.is_asgi else ask_wsgi(app, method, path, fields)


@pytest.fixture(params=["asgi", "wsgi"])
def stack(request: pytest.FixtureRequest) -> Stack:
    return Stack(request.param)


@pytest.fixture
def unconfigured(new_process: None, caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """The log of a new process that nobody has configured."""
    with caplog.at_level(logging.WARNING):
        yield caplog


def test_the_first_refusal_of_each_kind_and_origin_is_a_warning(
    stack: Stack, unconfigured: pytest.LogCaptureFixture
) -> None:
    app = stack.guard(**ALLOWED)
    for _ in range(3):
        stack.ask(app, "GET", "/", [("Origin", EVIL)])
        stack.ask(app, "OPTIONS", "/", preflight(APP, "PUT"))
    assert [record.levelno for record in unconfigured.records] == [logging.WARNING] * 2
    assert ["'GET /'" in unconfigured.messages[0], "'PUT /'" in unconfigured.messages[1]] == [True, True]


def test_there_are_five_of_a_kind_and_ten_in_all_and_the_last_ones_say_so(
    stack: Stack, unconfigured: pytest.LogCaptureFixture, approved: Approve
) -> None:
    app = stack.guard(**ALLOWED)
    for number in range(20):
        stack.ask(app, "GET", "/", [("Origin", f"https://{number}.example")])
    assert len(unconfigured.records) == 5
    for number in range(20):
        stack.ask(app, "GET", "/", [("Origin", f"{number}/")])
    assert len(unconfigured.records) == 10
    stack.ask(app, "OPTIONS", "/", preflight(APP, "PUT"))
    assert len(unconfigured.records) == 10
    assert [number for number, message in enumerate(unconfigured.messages, 1) if "No more" in message] == [
        5,
        10,
    ]
    approved("the_fifth_refusal", unconfigured.messages[4])
    approved("the_tenth_refusal", unconfigured.messages[9])


def test_a_log_that_shows_info_has_no_warnings(stack: Stack, unconfigured: pytest.LogCaptureFixture) -> None:
    unconfigured.set_level(logging.INFO, "crosscors")
    for number in range(15):
        stack.ask(stack.guard(**ALLOWED), "GET", "/", [("Origin", f"https://{number}.example")])
    assert {record.levelno for record in unconfigured.records} == {logging.INFO}
    assert len(unconfigured.records) == 15


@table(
    "level_of_handler, propagate, shown",
    ("a handler that shows INFO", logging.INFO, True, logging.INFO),
    ("a handler that shows WARNING only", logging.WARNING, True, logging.WARNING),
    ("a handler that hears nothing of this logger", logging.INFO, False, logging.WARNING),
)
def test_info_is_shown_only_if_a_handler_shows_it(
    level_of_handler: int,
    propagate: bool,
    shown: int,
    new_process: None,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logger, levels = logging.getLogger("crosscors"), list[int]()
    handler = logging.Handler(level_of_handler)
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    monkeypatch.setattr(logger, "propagate", propagate)
    monkeypatch.setattr(logger, "handle", lambda record: levels.append(record.levelno))
    with caplog.at_level(logging.INFO, "crosscors"):
        ask_wsgi(WSGIMiddleware(wsgi_app), "GET", "/", [("Origin", EVIL)])
    assert levels == [shown]


DICT_CONFIG = """
import importlib, logging.config
middleware = importlib.import_module("crosscors.{stack}").CORSMiddleware
logging.config.dictConfig({{
    "version": 1, "handlers": {{"all": {{"class": "logging.StreamHandler"}}}}, "root": {{"handlers": ["all"]}}
}})
from tests.test_first_messages import {stack}_app as app, EVIL
from tests.clients import ask_{stack} as ask
ask(middleware(app), "GET", "/", [("Origin", EVIL)])
"""


@pytest.mark.parametrize("stack", ["asgi", "wsgi"])
def test_a_log_that_is_configured_after_the_import_shows_refusals(stack: str) -> None:
    code = DICT_CONFIG.format(stack=stack)
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert f"the origin '{EVIL}' is not allowed" in process.stderr


LOCAL: Fields = [
    ("Origin", "http://localhost:3000"),
    ("Host", "localhost:8000"),
    ("Sec-Fetch-Site", "same-site"),
]
OWN_PAGE: Fields = [("Origin", "http://localhost:8000"), ("Host", "localhost:8000")]
FORM: Fields = [("Origin", EVIL), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Site", "cross-site")]
FETCH: Fields = [("Origin", EVIL), ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Site", "cross-site")]

# Why, the policy, the path, the request, whether it is a refusal, the kind of the decision for the hook.
REQUESTS: dict[str, tuple[Any, str, Fields, bool, Kind | None]] = {
    "a fetch from another origin": (CORSPolicy(), "/", FETCH, True, Kind.ACTUAL),
    "a request from a page of the server": (CORSPolicy(), "/", OWN_PAGE, False, Kind.SAME_ORIGIN),
    "a form post from another origin": (CORSPolicy(), "/", FORM, False, Kind.NOT_CORS),
    "a path without a policy": (PATHS, "/items", FETCH, True, Kind.ACTUAL),
    "a page of the server, and no policy": (PATHS, "/items", OWN_PAGE, False, None),
    "a form post, and no policy": (PATHS, "/items", FORM, False, None),
    "no Origin, and no policy": (PATHS, "/items", [], False, None),
    "a path whose policy is None": (PATHS, "/left/items", FETCH, False, None),
    "an application with CORS headers of its own": (PATHS, "/items/own", FETCH, False, None),
    "a path with another policy": (PATHS, "/own/items", FETCH, True, Kind.ACTUAL),
}


@pytest.mark.parametrize("asked", REQUESTS.values(), ids=REQUESTS)
def test_who_is_told_of_a_request(
    asked: tuple[Any, str, Fields, bool, Kind | None], stack: Stack, unconfigured: pytest.LogCaptureFixture
) -> None:
    policy, path, fields, is_refusal, kind = asked
    heard: list[Decision] = []
    app = stack.guard(policy=policy, on_decision=lambda request, decision: heard.append(decision))
    assert stack.ask(app, "POST", path, fields).allowed in (None, "*")
    assert len(unconfigured.records) == is_refusal
    assert [decision.kind for decision in heard] == ([] if kind is None else [kind])
    assert all(decision.allowed is not is_refusal for decision in heard)


def test_a_preflight_for_a_path_without_a_policy_is_reported(
    stack: Stack, unconfigured: pytest.LogCaptureFixture, approved: Approve
) -> None:
    heard: list[Decision] = []
    app = stack.guard(policy=PATHS, on_decision=lambda request, decision: heard.append(decision))
    stack.ask(app, "OPTIONS", "/items", preflight(APP, "PUT"))
    [decision] = heard
    assert (decision.kind, decision.headers, decision.vary) == (Kind.PREFLIGHT, (), ())
    approved("a_path_without_a_policy", unconfigured.messages[0])


def silent(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return []


def test_an_exception_on_a_path_without_a_policy_is_reported(unconfigured: pytest.LogCaptureFixture) -> None:
    def fail(environ: Any, start_response: Any) -> list[bytes]:
        raise LookupError

    with pytest.raises(LookupError):
        ask_wsgi(WSGIMiddleware(fail, policy=PATHS), "GET", "/items", FETCH)
    assert "no policy covers the path '/items'" in unconfigured.messages[0]


def test_a_path_without_a_policy_below_a_root_path_is_named_without_it(
    unconfigured: pytest.LogCaptureFixture,
) -> None:
    ask_wsgi(WSGIMiddleware(silent, policy=PATHS), "GET", "/items", FETCH, SCRIPT_NAME="/root")
    assert "no policy covers the path '/items'. " in unconfigured.messages[0]
    assert " Keys are compared with the path below the root path '/root'." in unconfigured.messages[0]


def test_the_key_of_the_policy_is_named(stack: Stack, unconfigured: pytest.LogCaptureFixture) -> None:
    stack.ask(stack.guard(policy=PATHS), "GET", "/api/x", FETCH)
    assert unconfigured.messages[0].startswith("the CORS policy of '/api/*' refused 'GET /api/x': ")


@pytest.mark.parametrize(
    ("fields", "is_said"),
    [
        pytest.param([("Origin", "http://page.example"), ("Host", "app:8000")], True, id="plain http"),
        pytest.param([("Origin", "https://page.example"), ("Host", "app:8000")], False, id="https"),
        pytest.param(
            [
                ("Origin", "http://localhost:3000"),
                ("Host", "localhost:8000"),
                ("Sec-Fetch-Site", "same-site"),
            ],
            False,
            id="the browser says that it is another origin",
        ),
    ],
)
def test_a_proxy_that_changes_host_is_named_where_it_may_be_the_cause(
    fields: Fields, is_said: bool, stack: Stack, unconfigured: pytest.LogCaptureFixture
) -> None:
    stack.ask(stack.guard(**ALLOWED), "POST", "/", fields)
    assert ("a proxy changes Host" in unconfigured.messages[0]) is is_said


async def lazy_app(scope: Any, receive: Any, send: Any) -> None:
    pairs = [(b"x-one", b"1"), (b"x-two", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": (iter(pair) for pair in pairs)})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize("cover", [ASGIMiddleware, CORS])
def test_a_path_without_a_policy_keeps_headers_that_can_be_read_only_once(cover: Any) -> None:
    answer = ask_asgi(cover(lazy_app, policy=PATHS), "GET", "/items", FETCH)
    assert answer.headers == [("x-one", "1"), ("x-two", "2")]


# Debug mode.

WITH_COOKIE: Fields = [
    ("Origin", APP),
    ("Cookie", "session=1"),
    ("Sec-Fetch-Mode", "cors"),
    ("Sec-Fetch-Site", "cross-site"),
]
COOKIES: dict[str, tuple[dict[str, Any], Fields, bool]] = {
    "cookies, and no credentials": (ALLOWED, WITH_COOKIE, True),
    "cookies, and every origin": ({"allow_origins": "*"}, WITH_COOKIE, True),
    "cookies, and credentials": ({**ALLOWED, "allow_credentials": True}, WITH_COOKIE, False),
    "no cookies": (ALLOWED, [each for each in WITH_COOKIE if each[0] != "Cookie"], False),
    "a form post": (ALLOWED, [*WITH_COOKIE[:2], ("Sec-Fetch-Mode", "navigate")], False),
    "a client that is not a browser": (ALLOWED, WITH_COOKIE[:2], False),
    "the page of the server": (ALLOWED, [*WITH_COOKIE[:3], ("Sec-Fetch-Site", "same-origin")], False),
}


@pytest.mark.parametrize(("options", "fields", "is_said"), COOKIES.values(), ids=COOKIES)
@pytest.mark.parametrize("debug", [True, False])
def test_useless_cookies_are_reported_in_debug_mode(
    options: dict[str, Any],
    fields: Fields,
    is_said: bool,
    debug: bool,
    stack: Stack,
    unconfigured: pytest.LogCaptureFixture,
) -> None:
    app = stack.guard(**options, debug=debug)
    for _ in range(2):
        stack.ask(app, "GET", "/", fields)
    assert ["cookies" in message for message in unconfigured.messages] == [True] * (is_said and debug)


def test_a_live_policy_switches_these_reports_on_and_off(
    stack: Stack, unconfigured: pytest.LogCaptureFixture
) -> None:
    live = LivePolicy(CORSPolicy(allow_origins=APP))
    app = stack.guard(policy=live, debug=False)
    said: list[int] = []
    for debug in (False, True, False):
        live.debug = debug
        first_useless_cookies.forget()
        for _ in range(2):  # the origin is known by then
            stack.ask(app, "GET", "/", WITH_COOKIE)
        said.append(len(unconfigured.messages))
    assert said == [0, 1, 1]


def flask_app(*, has_own_view: bool) -> Any:
    app = Flask("app")

    @app.get("/")
    def index() -> str:
        return ""

    def own() -> str:
        return ""

    if has_own_view:
        app.add_url_rule("/own", view_func=crosscors.flask.cross_origin(origins=APP)(own))
    crosscors.flask.CORS(app, origins=APP)
    app.debug = True  # as app.run(debug=True) does, after CORS(app)
    return app


DEBUGGED: dict[str, Any] = {
    "FastAPI": lambda: CORS(FastAPI(debug=True), allow_origins=[APP]),
    "Flask": lambda: flask_app(has_own_view=False),
    "Flask, and a view has a policy": lambda: flask_app(has_own_view=True),
}


@pytest.mark.parametrize("make", DEBUGGED.values(), ids=DEBUGGED)
def test_the_debug_flag_of_the_framework_counts_from_the_first_request_on(
    make: Any, unconfigured: pytest.LogCaptureFixture
) -> None:
    app = make()
    ask: Any = ask_wsgi if isinstance(app, Flask) else ask_asgi
    ask(app, "GET", "/", WITH_COOKIE)
    assert ["cookies" in message for message in unconfigured.messages] == [True]


def test_ten_pages_with_useless_cookies_are_enough(
    stack: Stack, unconfigured: pytest.LogCaptureFixture, approved: Approve
) -> None:
    app = stack.guard(allow_origins="*", debug=True)
    for number in range(15):
        stack.ask(app, "GET", "/", [("Origin", f"https://{number}.example"), *WITH_COOKIE[1:]])
    assert len(unconfigured.records) == 10
    approved("useless_cookies", unconfigured.messages[0])


def test_in_debug_mode_a_refused_response_says_why(stack: Stack) -> None:
    for debug in (True, False, None):
        answer = stack.ask(stack.guard(**ALLOWED, debug=debug), "GET", "/", FETCH)
        reasons = [value for name, value in answer.headers if name.lower() == "x-cors-refused"]
        assert [reason.partition(":")[0] for reason in reasons] == ["origin-not-allowed"] * bool(debug)


def test_a_function_that_fails_is_an_error_even_for_the_page_of_the_server(
    stack: Stack, unconfigured: pytest.LogCaptureFixture
) -> None:
    def fail(request: CORSRequest) -> bool:
        raise LookupError

    stack.ask(stack.guard(allow_origin_func=fail), "POST", "/", OWN_PAGE)
    assert [record.levelno for record in unconfigured.records] == [logging.ERROR]
