"""The Django adapter: what is peculiar to Django; the rest is in tests/conformance."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import inspect
import logging
import threading
import warnings
from typing import Any
from unittest.mock import MagicMock

import django
import pytest
from asgiref.sync import iscoroutinefunction
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.utils.functional import lazystr
from django.utils.module_loading import import_string

from crosscors import CORSPolicy, CORSRequest, Decision
from crosscors.django import CORSMiddleware, DjangoCORSRequest
from tests.clients import ask_wsgi
from tests.clients import preflight as preflight_fields
from tests.django.clients import (
    EVIL,
    LISTED,
    ORIGIN,
    OTHER,
    Ask,
    allowed_origin,
    ask_handler,
    get,
    over_asgi,
    over_wsgi,
    preflight,
)
from tests.tables import each, table

OURS = "crosscors.django.CORSMiddleware"
ALLOWED = {"access-control-allow-origin": ORIGIN, "vary": "Origin"}
REFUSED = {"vary": "Origin"}


# Responses of every kind.


@table(
    "path, status, body",
    ("an async view", "/async", 200, b"GET"),
    ("403", "/denied", 403, b""),
    ("404 of the URLconf", "/no/such/path", 404, b""),
    ("500 of a view that crashed", "/crash", 500, b"the project's own page"),
    ("500 of an async view that crashed", "/crash-async", 500, b"the project's own page"),
    ("an async stream", "/stream-async", 200, b"onetwo"),
    ("a file", "/file", 200, b"a file"),
    ("two cookies", "/cookies", 200, b"cookies"),
)
@each("debug", False, True)
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning")
def test_every_response_carries_the_policy(
    ask: Ask, path: str, status: int, body: bytes, debug: bool
) -> None:
    for origin in (ORIGIN, EVIL, None):
        answer = get(ask, path, origin=origin, DEBUG=debug, **LISTED)
        assert (answer.status, answer.cors()) == (status, ALLOWED if origin == ORIGIN else REFUSED)
        assert body in answer.body or debug
        assert not (path == "/stream-async" and answer.values("content-length"))
        assert len(answer.values("set-cookie")) == (2 if path == "/cookies" else 0)


def test_cookies_without_credentials_are_explained_in_debug_mode_from_the_first_request_on(
    ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    fields = [
        ("Origin", ORIGIN),
        ("Cookie", "a=1"),
        ("Sec-Fetch-Mode", "cors"),
        ("Sec-Fetch-Site", "cross-site"),
    ]
    for debug in (False, True):
        ask("GET", "/", *fields, DEBUG=debug, **LISTED)
        assert ["sent cookies" in message for message in caplog.messages] == [True] * debug


# Preflights.


def test_a_preflight_is_answered_before_redirects_logins_and_tokens(ask: Ask) -> None:
    others = [
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "tests.django.middleware.teapot",
    ]
    settings: dict[str, Any] = {"MIDDLEWARE": [OURS, *others], "SECURE_SSL_REDIRECT": True, **LISTED}
    allowed = preflight(ask, "/slash", method="PUT", **settings)
    assert (allowed.status, allowed.body) == (200, b"OK")
    assert allowed.values("content-type") == ["text/plain; charset=utf-8"]
    assert allowed.values("content-length") == ["2"]
    assert preflight(ask, "/slash", origin=EVIL, **settings).status == 400


def test_debug_answers_refused_preflights_for_the_browser_s_console(ask: Ask) -> None:
    for debug, status in ((True, 200), (False, 400)):
        assert preflight(ask, headers="x-unknown", CORS_DEBUG=debug, **LISTED).status == status


def test_a_preflight_of_a_path_that_no_policy_covers_reaches_the_view(ask: Ask) -> None:
    answer = preflight(ask, "/options", CORS_URLS_REGEX="^/api/", **LISTED)
    assert (answer.status, answer.cors()) == (200, {})
    assert answer.values("allow")


@table(
    "middleware, covered, status, body",
    ("what answers before the view", "teapot", "/api/*", 418, b"short and stout"),
    ("what makes another request of it", "elsewhere", "/other/*", 200, b"OPTIONS"),
)
def test_the_policy_is_that_of_the_path_as_it_was_routed(
    ask: Ask, middleware: str, covered: str, status: int, body: bytes
) -> None:
    resources = {covered: {"allow_origins": [ORIGIN]}}
    both = [OURS, f"tests.django.middleware.{middleware}"]
    answer = get(ask, "/api/x", MIDDLEWARE=both, CORS_RESOURCES=resources)
    assert (answer.status, answer.body, answer.cors()) == (status, body, ALLOWED)


# Paths.


@table(
    "script_name, path, expected",
    ("that the path lacks", "/app", "/api/x", ORIGIN),
    ("that a key begins with", "/api", "/x", None),
)
def test_paths_are_compared_below_force_script_name(
    ask: Ask, script_name: str, path: str, expected: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    resources = {"/api/*": {"allow_origins": [ORIGIN]}}
    answer = get(ask, path, FORCE_SCRIPT_NAME=script_name, CORS_RESOURCES=resources)
    assert answer.allowed == expected
    warned = [record for record in caplog.records if record.name == "crosscors"]
    # Over ASGI, Django 4.2 cuts as many characters off a path as the script name has, whatever they are.
    is_cut = ask is over_asgi and django.VERSION < (5, 0)
    assert ["'/api" in record.getMessage() for record in warned] == ([] if expected or is_cut else [True])


# Functions.


def test_a_function_sees_the_request_of_django(ask: Ask) -> None:
    seen: list[DjangoCORSRequest] = []

    def is_allowed(request: CORSRequest) -> bool:
        assert isinstance(request, DjangoCORSRequest)
        seen.append(request)
        return True

    assert get(ask, "/api/x", CORS_ORIGIN_FUNC=is_allowed).cors() == ALLOWED
    (request,) = seen
    assert (request.method, request.path, request.origin) == ("GET", "/api/x", ORIGIN)
    assert request.host == request.http_request.get_host()
    assert request.headers["origin"] == ORIGIN
    assert request.http_request.resolver_match is not None


def test_an_async_function_is_awaited_on_both_stacks(ask: Ask) -> None:
    async def is_allowed(request: CORSRequest) -> bool:
        await asyncio.sleep(0)
        return request.origin == ORIGIN

    assert get(ask, CORS_ORIGIN_FUNC=is_allowed).cors() == ALLOWED
    assert get(ask, origin=EVIL, CORS_ORIGIN_FUNC=is_allowed).cors() == REFUSED
    assert preflight(ask, CORS_ORIGIN_FUNC=is_allowed).status == 200


def test_a_sync_function_does_not_block_the_event_loop_and_without_one_there_is_no_thread() -> None:
    threads: list[int] = []

    def is_allowed(request: CORSRequest) -> bool:
        threads.append(threading.get_ident())
        return True

    async def respond(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    async def run() -> tuple[list[HttpResponse], set[str]]:
        middleware: Any = CORSMiddleware(respond)
        requests = RequestFactory()
        asked = [requests.get("/", HTTP_ORIGIN=ORIGIN), requests.get("/")]
        before = set(threading.enumerate())
        answers = [await middleware(request) for request in asked]
        return answers, {thread.name for thread in set(threading.enumerate()) - before}

    with override_settings(CORS_ORIGIN_FUNC=is_allowed):
        assert ask_handler(ASGIHandler(), "GET", "/async", ("Origin", ORIGIN)).cors() == ALLOWED
    assert threads != [threading.get_ident()]
    with override_settings(CORS_ORIGIN_FUNC=is_allowed, **LISTED):
        (listed, without), started = asyncio.run(run())
    assert len(threads) == 1  # what is listed, and what has no Origin, is not asked about
    assert listed.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert without.headers["Vary"] == "Origin"
    assert started == set()


# What is told of decisions.


def test_every_decision_is_told_once(ask: Ask) -> None:
    told: list[tuple[str, str, bool]] = []

    def tell(request: CORSRequest, decision: Decision) -> None:
        told.append((request.method, request.path, decision.allowed))

    settings: dict[str, Any] = {"CORS_ON_DECISION": tell, "CORS_URLS_REGEX": "^/api/", **LISTED}
    get(ask, "/api/x", **settings)
    get(ask, "/other/x", **settings)
    preflight(ask, "/api/x", origin=EVIL, **settings)
    assert told == [("GET", "/api/x", True), ("GET", "/other/x", False), ("OPTIONS", "/api/x", False)]


HEARD: list[str] = []


def hear(request: CORSRequest, decision: Decision) -> None:
    HEARD.append(request.path)


@table(
    "hooks",
    ("functions", [hear, hear]),
    ("dotted paths", (f"{__name__}.hear", f"{__name__}.hear")),
    ("a function and a dotted path", [hear, lazystr(f"{__name__}.hear")]),
    ("one that fails", [hear, "crosscors.Decision", hear]),
    ("a function that is also a list", [hear, MagicMock(side_effect=hear)]),
)
def test_several_hooks_hear_every_decision(ask: Ask, hooks: object) -> None:
    HEARD.clear()
    get(ask, "/x", CORS_ON_DECISION=hooks, **LISTED)
    assert HEARD == ["/x", "/x"]


@table(
    "settings, hint",
    (
        "the paths are in CORS_RESOURCES",
        {"CORS_RESOURCES": {"/api/*": {"allow_origins": [ORIGIN]}}},
        "Add a key that covers it to CORS_RESOURCES, such as {}. The nearest key is '/api/*'.",
    ),
    (
        "the paths are in CORS_URLS_REGEX",
        {"CORS_URLS_REGEX": "^/api/", **LISTED},
        "Let CORS_URLS_REGEX match it.",
    ),
)
@table(
    "send, named",
    ("an actual request", get, "'GET {}'"),
    ("a preflight", preflight, "the preflight for 'GET {}'"),
)
@each("path", "/other/x", "/crash")
def test_a_path_that_no_policy_covers_is_told_once(  # noqa: PLR0913, PLR0917  # rows of two tables
    ask: Ask,
    caplog: pytest.LogCaptureFixture,
    send: Any,
    path: str,
    settings: dict[str, Any],
    named: str,
    hint: str,
) -> None:
    told: list[tuple[bool, str]] = []

    def tell(_: CORSRequest, decision: Decision) -> None:
        told.append((decision.allowed, decision.refusals[0].code))

    raised: Any = pytest.raises(RuntimeError) if path == "/crash" else contextlib.nullcontext()
    with warnings.catch_warnings():
        # Over ASGI, Django does not close the body of a request if an exception leaves the handler.
        warnings.simplefilter("ignore", ResourceWarning)
        with caplog.at_level(logging.INFO, "crosscors"), raised:
            answer = send(ask, path, DEBUG_PROPAGATE_EXCEPTIONS=True, CORS_ON_DECISION=tell, **settings)
            assert answer.cors() == {}
        del raised
        gc.collect()
    assert told == [(False, "path-not-covered")]
    (message,) = [each.getMessage() for each in caplog.records if each.name == "crosscors"]
    key = "'/other/*'" if path == "/other/x" else "'/crash/*'"
    assert message == (
        f"{named.format(path)} gets no CORS headers: no policy covers the path '{path}'. {hint.format(key)}"
    )


@each("send", get, preflight)
def test_of_a_path_that_a_key_leaves_out_nothing_is_told(
    ask: Ask, caplog: pytest.LogCaptureFixture, send: Any
) -> None:
    with caplog.at_level(logging.INFO, "crosscors"):
        assert send(ask, CORS_RESOURCES={"/*": {"allow_origins": [ORIGIN]}, "/": None}).cors() == {}
    assert [each for each in caplog.records if each.name == "crosscors"] == []


IN_A_DICT: dict[str, Any] = {"allow_origins": [ORIGIN]}
PURGE = {"method": "PURGE"}
BY_VIEW = {"ROOT_URLCONF": "tests.django.marked_urls"}


@table(
    "path, settings, asked, of, written",
    (
        "an old name",
        "/",
        {"CORS_ORIGIN_WHITELIST": []},
        {"origin": EVIL},
        "the application",
        f'CORS_ORIGIN_WHITELIST = ["{EVIL}"]',
    ),
    (
        "a list of origins",
        "/",
        LISTED,
        {"origin": f"{ORIGIN}:1"},
        "the application",
        f'write CORS_ALLOWED_ORIGINS = ["{ORIGIN}", "{ORIGIN}:1"].',
    ),
    ("a setting", "/", LISTED, PURGE, "the application", "CORS_ALLOW_METHODS = "),
    ("CORS_POLICY", "/", {"CORS_POLICY": IN_A_DICT}, PURGE, "the application", '"allow_methods": ['),
    (
        "a CORSPolicy",
        "/",
        {"CORS_POLICY": CORSPolicy(**IN_A_DICT)},
        PURGE,
        "the application",
        "allow_methods=[",
    ),
    ("CORS_RESOURCES", "/", {"CORS_RESOURCES": {"/*": IN_A_DICT}}, PURGE, "'/*'", '"allow_methods": ['),
    ("a view", "/function", BY_VIEW, {**PURGE, "origin": OTHER}, "the view 'function'", "allow_methods="),
    ("beside a view", "/plain", {**BY_VIEW, **LISTED}, PURGE, "the application", "CORS_ALLOW_METHODS = "),
)
def test_the_log_says_whose_policy_it_is_and_what_to_write_in_its_words(  # noqa: PLR0913, PLR0917  # a row
    ask: Ask,
    caplog: pytest.LogCaptureFixture,
    path: str,
    settings: dict[str, Any],
    asked: dict[str, str],
    of: str,
    written: str,
) -> None:
    with caplog.at_level(logging.INFO, "crosscors"):
        preflight(ask, path, **asked, **settings)
    (record,) = [each for each in caplog.records if each.name == "crosscors"]
    named = f"the preflight for '{asked.get('method', 'GET')} {path}'"
    assert record.getMessage().startswith(f"the CORS policy of {of} refused {named}: ")
    assert written in record.getMessage()


# Sync and async.


def test_the_middleware_is_what_the_rest_of_the_stack_is() -> None:
    def respond(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    async def respond_async(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    assert (CORSMiddleware.sync_capable, CORSMiddleware.async_capable) == (True, True)
    assert not iscoroutinefunction(CORSMiddleware(respond))
    assert iscoroutinefunction(CORSMiddleware(respond_async))
    with override_settings(**LISTED):
        middleware: Any = CORSMiddleware(respond_async)
        pending = middleware(RequestFactory().get("/", HTTP_ORIGIN=ORIGIN))
        assert inspect.iscoroutine(pending)
        assert asyncio.run(pending).headers["Access-Control-Allow-Origin"] == ORIGIN


# Settings that are wrong, and settings that change.


@each("start", "django.core.wsgi.get_wsgi_application", "django.core.asgi.get_asgi_application")
def test_wrong_settings_do_not_start_as_servers_start_them(start: str) -> None:
    wrong: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": [f"{ORIGIN}/"], "CORS_PREFLIGHT_MAX_AGE": -1}
    with override_settings(**wrong), pytest.raises(ImproperlyConfigured) as caught:
        import_string(start)()
    assert "1. CORS_ALLOWED_ORIGINS: " in str(caught.value)
    assert "2. CORS_PREFLIGHT_MAX_AGE: " in str(caught.value)


def test_overridden_settings_take_effect_while_the_middleware_is_running() -> None:
    handler = WSGIHandler()

    def allowed() -> str | None:
        return allowed_origin(ask_wsgi(handler, "GET", "/", [("Origin", ORIGIN)]))

    assert allowed() is None
    with override_settings(CORS_ALLOWED_ORIGINS=[ORIGIN]):
        assert allowed() == ORIGIN
        with override_settings(CORS_ALLOWED_ORIGINS=[OTHER]):
            assert allowed() is None
        assert allowed() == ORIGIN
    assert allowed() is None
    client = Client()
    with (
        override_settings(CORS_ALLOW_METHODS="GET POST"),
        pytest.raises(ImproperlyConfigured, match="CORS_ALLOW_METHODS"),
    ):
        client.get("/")


@each("handler", WSGIHandler, ASGIHandler)
def test_django_s_debug_is_read_at_each_request_unless_cors_debug_says_otherwise(handler: Any) -> None:
    with override_settings(CORS_ALLOW_METHODS=["GET"], **LISTED):
        running = handler()

        def refused() -> tuple[int, bool]:
            fields = preflight_fields(ORIGIN, "PUT")
            if handler is WSGIHandler:
                answer = ask_wsgi(running, "OPTIONS", "/", fields)
            else:
                answer = ask_handler(running, "OPTIONS", "/", *fields)
            return answer.status, bool(answer.values("x-cors-refused"))

        for debug in (False, True, False):
            with override_settings(DEBUG=debug):
                assert refused() == ((200, True) if debug else (400, False))
            for forced in (True, False):
                with override_settings(DEBUG=debug, CORS_DEBUG=forced):
                    assert refused() == ((200, True) if forced else (400, False))


def test_settings_are_read_once() -> None:
    looked: list[int] = []

    class Origins(list[str]):
        def __iter__(self) -> Any:
            looked.append(1)
            return super().__iter__()

    with override_settings(CORS_ALLOWED_ORIGINS=Origins([ORIGIN])):
        handler = WSGIHandler()
        assert ask_wsgi(handler, "GET", "/").status == 200
        count = len(looked)
        assert count
        for _ in range(3):
            assert ask_wsgi(handler, "GET", "/", [("Origin", ORIGIN)]).allowed == ORIGIN
        with override_settings(ALLOWED_HOSTS=["testserver", "127.0.0.1"]):
            assert ask_wsgi(handler, "GET", "/").status == 200
        assert len(looked) == count


@each("path", "api/hello", "api/")
def test_a_path_without_its_slash_is_not_covered_as_django_does_not_route_it(path: str) -> None:
    settings: dict[str, Any] = {"CORS_URLS_REGEX": "^/api/", **LISTED}
    answer = get(over_wsgi, path, **settings)
    assert (answer.status, answer.allowed) == (404, None)
    assert get(over_wsgi, f"/{path}", **settings).allowed == ORIGIN
