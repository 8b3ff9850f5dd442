"""The Django adapter: what is peculiar to Django; the rest is in tests/conformance."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from typing import Any

import django
import pytest
from asgiref.sync import iscoroutinefunction
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, RequestFactory, override_settings
from django.utils.module_loading import import_string

from crosscors import CORSPolicy, CORSRequest, Decision
from crosscors.django import CORSMiddleware, DjangoCORSRequest
from tests.clients import ask_wsgi
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
    ("the redirect of APPEND_SLASH", "/slash", 301, b""),
    ("403", "/denied", 403, b""),
    ("404 of a view", "/missing", 404, b""),
    ("404 of the URLconf", "/no/such/path", 404, b""),
    ("405", "/post-only", 405, b""),
    ("500 of a view that crashed", "/crash", 500, b"the project's own page"),
    ("500 of an async view that crashed", "/crash-async", 500, b"the project's own page"),
    ("a stream", "/stream", 200, b"onetwo"),
    ("an async stream", "/stream-async", 200, b"onetwo"),
    ("a file", "/file", 200, b"a file"),
    ("not modified", "/tagged", 304, b""),
    ("two cookies", "/cookies", 200, b"cookies"),
)
@each("debug", False, True)
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning")
def test_every_response_carries_the_policy(
    ask: Ask, path: str, status: int, body: bytes, debug: bool
) -> None:
    for origin in (ORIGIN, EVIL, None):
        fields = [("If-None-Match", '"one"'), *([("Origin", origin)] if origin else [])]
        answer = ask("GET", path, *fields, DEBUG=debug, **LISTED)
        assert (answer.status, answer.cors()) == (status, ALLOWED if origin == ORIGIN else REFUSED)
        assert body in answer.body or debug
        assert not (path.startswith("/stream") and answer.values("content-length"))
        assert len(answer.values("set-cookie")) == (2 if path == "/cookies" else 0)


def test_what_a_view_says_is_merged_or_replaced_and_the_rest_stays(ask: Ask) -> None:
    assert get(ask, "/varying", **LISTED).values("vary") == ["Accept-Language, Origin"]
    assert get(ask, "/varying-on-all", **LISTED).values("vary") == ["*"]
    for origin, expected in ((ORIGIN, ALLOWED), (EVIL, REFUSED)):
        answer = get(ask, "/own", origin=origin, **LISTED)
        assert (answer.cors(), answer.values("x-own")) == (expected, ["kept"])


def test_requests_through_the_test_clients_of_django() -> None:
    fields = {"Origin": ORIGIN}

    async def ask_async() -> Any:
        return await AsyncClient().get("/", headers=fields)

    with override_settings(**LISTED):
        for answer in (Client().get("/", headers=fields), asyncio.run(ask_async())):
            assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
            assert answer.headers["Vary"] == "Origin"


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


def test_paths_are_compared_below_the_script_name() -> None:
    with override_settings(CORS_RESOURCES={"/api/*": {"allow_origins": [ORIGIN]}}):

        def mounted(environ: Any, start_response: Any) -> Any:
            return WSGIHandler()({**environ, "SCRIPT_NAME": "/mounted"}, start_response)

        assert ask_wsgi(mounted, "GET", "/api/x", [("Origin", ORIGIN)]).allowed == ORIGIN


@pytest.mark.parametrize(
    ("path", "is_covered"),
    [("/api/caf\udce9", True), ("/api/%E9", True), ("/ap\udcffi/x", False), ("//api/x", False)],
)
def test_bytes_that_are_not_utf8_are_read_alike_over_wsgi_and_asgi(path: str, is_covered: bool) -> None:
    """Over WSGI, Django encodes them again."""
    raw = path.encode("utf-8", "surrogateescape")
    settings: dict[str, Any] = {"CORS_RESOURCES": {"/api/*": {"allow_origins": [ORIGIN]}, "/*": {}}}
    for answer in (
        get(over_wsgi, raw.decode("latin-1"), **settings),
        get(over_asgi, raw.decode("utf-8", "replace"), **settings),
    ):
        assert (answer.allowed == ORIGIN, "vary" in answer.cors()) == (is_covered, is_covered)


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


def test_a_function_that_raises_refuses_and_is_logged(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    def is_allowed(request: CORSRequest) -> bool:
        raise LookupError("the database is gone")

    answer = get(ask, CORS_ORIGIN_FUNC=is_allowed)
    assert (answer.status, answer.cors()) == (200, REFUSED)
    (record,) = [each for each in caplog.records if each.name == "crosscors" and each.exc_info]
    assert record.levelno == logging.ERROR


# What is told of decisions.


def test_every_decision_is_told_once(ask: Ask) -> None:
    told: list[tuple[str, str, bool]] = []

    def tell(request: CORSRequest, decision: Decision) -> None:
        told.append((request.method, request.path, decision.allowed))

    settings: dict[str, Any] = {"CORS_ON_DECISION": tell, "CORS_URLS_REGEX": "^/api/", **LISTED}
    get(ask, "/api/x", **settings)
    get(ask, "/other/x", **settings)
    preflight(ask, "/api/x", origin=EVIL, **settings)
    assert told == [("GET", "/api/x", True), ("OPTIONS", "/api/x", False)]


BY_VIEW = {"ROOT_URLCONF": "tests.django.marked_urls"}


@table(
    "path, settings, asked, written",
    (
        "the old name of a setting",
        "/",
        {"CORS_ORIGIN_WHITELIST": []},
        {"origin": EVIL},
        f'CORS_ORIGIN_WHITELIST = ["{EVIL}"]',
    ),
    ("a setting", "/", LISTED, {"method": "PURGE"}, "CORS_ALLOW_METHODS = "),
    (
        "CORS_POLICY",
        "/",
        {"CORS_POLICY": {"allow_origins": [ORIGIN]}},
        {"method": "PURGE"},
        '"allow_methods": [',
    ),
    (
        "CORS_POLICY that is a CORSPolicy",
        "/",
        {"CORS_POLICY": CORSPolicy(allow_origins=[ORIGIN])},
        {"method": "PURGE"},
        "allow_methods=[",
    ),
    (
        "CORS_RESOURCES",
        "/",
        {"CORS_RESOURCES": {"/*": {"allow_origins": [ORIGIN]}}},
        {"method": "PURGE"},
        '"allow_methods": [',
    ),
    ("a view", "/function", BY_VIEW, {"method": "PURGE", "origin": OTHER}, "allow_methods="),
    ("beside a view", "/plain", {**BY_VIEW, **LISTED}, {"method": "PURGE"}, "CORS_ALLOW_METHODS = "),
)
def test_the_log_says_what_to_write_in_the_words_that_the_policy_is_written_in(
    ask: Ask,
    caplog: pytest.LogCaptureFixture,
    path: str,
    settings: dict[str, Any],
    asked: dict[str, str],
    written: str,
) -> None:
    with caplog.at_level(logging.INFO, "crosscors"):
        preflight(ask, path, **asked, **settings)
    (record,) = [each for each in caplog.records if each.name == "crosscors"]
    assert f"GET {path}" in record.getMessage() or f"PURGE {path}" in record.getMessage()
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
