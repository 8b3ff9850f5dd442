"""The Django adapter: it reads the request's fields, asks the core, and writes the decision."""

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

from crosscors import CORSPolicy, CORSRequest, Decision, Resources
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

PREFLIGHT_VARY = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
ALLOWED = {"access-control-allow-origin": ORIGIN, "vary": "Origin"}
REFUSED = {"vary": "Origin"}


# Responses of every kind.


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/", 200, id="a view"),
        pytest.param("GET", "/async", 200, id="an async view"),
        pytest.param("POST", "/", 200, id="POST"),
        pytest.param("OPTIONS", "/options", 200, id="OPTIONS that is no preflight"),
        pytest.param("GET", "/empty", 204, id="204"),
        pytest.param("GET", "/slash", 301, id="the redirect of APPEND_SLASH"),
        pytest.param("GET", "/denied", 403, id="403"),
        pytest.param("GET", "/missing", 404, id="404 of a view"),
        pytest.param("GET", "/no/such/path", 404, id="404 of the URLconf"),
        pytest.param("GET", "/post-only", 405, id="405"),
        pytest.param("GET", "/too-large", 413, id="413"),
        pytest.param("GET", "/crash", 500, id="500 of a view that crashed"),
        pytest.param("GET", "/crash-async", 500, id="500 of an async view that crashed"),
        pytest.param("GET", "/stream", 200, id="a stream"),
        pytest.param("GET", "/file", 200, id="a file"),
    ],
)
@pytest.mark.parametrize("debug", [False, True], ids=["", "DEBUG"])
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning")
def test_every_response_carries_the_policy(
    ask: Ask, method: str, path: str, status: int, debug: bool
) -> None:
    answers = [
        get(ask, path, origin=each, method=method, DEBUG=debug, **LISTED) for each in (ORIGIN, EVIL, None)
    ]
    assert [answer.status for answer in answers] == [status] * 3
    assert [answer.cors() for answer in answers] == [ALLOWED, REFUSED, REFUSED]


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning")
def test_the_bodies_are_the_application_s(ask: Ask) -> None:
    assert get(ask, "/", method="PUT", **LISTED).body == b"PUT"
    assert get(ask, "/crash", **LISTED).body == b"the project's own page"
    assert b"the view crashed" in get(ask, "/crash", DEBUG=True, **LISTED).body
    assert get(ask, "/file", **LISTED).body == b"a file"


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning")
def test_streams_stay_streams(ask: Ask) -> None:
    for path in ("/stream", "/stream-async"):
        answer = get(ask, path, **LISTED)
        assert (answer.body, answer.cors()) == (b"onetwo", ALLOWED)
        assert not answer.values("content-length")


def test_a_304_carries_the_policy(ask: Ask) -> None:
    answer = ask("GET", "/tagged", ("Origin", ORIGIN), ("If-None-Match", '"one"'), **LISTED)
    assert (answer.status, answer.cors()) == (304, ALLOWED)


@pytest.mark.parametrize(
    ("path", "vary"),
    [
        pytest.param("/varying", "Accept-Language, Origin", id="that has Origin already"),
        pytest.param("/varying-on-all", "*", id="on everything"),
    ],
)
def test_vary_of_the_view_is_merged(ask: Ask, path: str, vary: str) -> None:
    assert get(ask, path, **LISTED).values("vary") == [vary]


def test_access_control_fields_of_the_view_are_replaced(ask: Ask) -> None:
    assert get(ask, "/own", **LISTED).cors() == ALLOWED
    refused = get(ask, "/own", origin=EVIL, **LISTED)
    assert refused.cors() == REFUSED
    assert refused.values("x-own") == ["kept"]


def test_cookies_stay(ask: Ask) -> None:
    assert len(get(ask, "/cookies", **LISTED).values("set-cookie")) == 2


def test_a_public_policy_has_no_vary_and_answers_all_alike(ask: Ask) -> None:
    for origin in (ORIGIN, EVIL, None):
        answer = get(ask, origin=origin, CORS_ALLOW_ALL_ORIGINS=True)
        assert answer.cors() == {"access-control-allow-origin": "*"}


def test_requests_through_the_test_clients_of_django() -> None:
    fields = {"Origin": ORIGIN}

    async def ask_async() -> Any:
        return await AsyncClient().get("/", headers=fields)

    with override_settings(**LISTED):
        for answer in (Client().get("/", headers=fields), asyncio.run(ask_async())):
            assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
            assert answer.headers["Vary"] == "Origin"


# Preflights.


def test_an_allowed_preflight_is_answered_before_everything_else(ask: Ask) -> None:
    answer = preflight(
        ask,
        method="PUT",
        headers="x-requested-with",
        CORS_ALLOWED_ORIGINS=[ORIGIN],
        CORS_ALLOW_CREDENTIALS=True,
        MIDDLEWARE=["crosscors.django.CORSMiddleware", "tests.django.middleware.teapot"],
    )
    assert (answer.status, answer.body) == (200, b"OK")
    assert answer.cors() == {
        "access-control-allow-origin": ORIGIN,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "DELETE, GET, OPTIONS, PATCH, POST, PUT",
        "access-control-allow-headers": "Accept, Accept-Language, Content-Language, Content-Type, "
        "authorization, user-agent, x-csrftoken, x-requested-with",
        "access-control-max-age": "86400",
        "vary": PREFLIGHT_VARY,
    }
    assert answer.values("content-type") == ["text/plain; charset=utf-8"]
    assert answer.values("content-length") == ["2"]


def test_a_refused_preflight_says_why(ask: Ask) -> None:
    answer = preflight(ask, origin=EVIL, **LISTED)
    assert answer.status == 400
    assert answer.body == b"Refused by the CORS policy: the origin 'https://evil.example' is not allowed"
    assert answer.cors() == {"vary": PREFLIGHT_VARY}


def test_a_refused_method_is_named(ask: Ask) -> None:
    answer = preflight(ask, method="BREW", **LISTED)
    assert answer.status == 400
    assert b"the method 'BREW' is not allowed" in answer.body
    assert allowed_origin(answer) == ORIGIN


def test_debug_answers_refused_preflights_for_the_browser_s_console(ask: Ask) -> None:
    assert preflight(ask, headers="x-unknown", CORS_DEBUG=True, **LISTED).status == 200
    assert preflight(ask, headers="x-unknown", CORS_DEBUG=False, **LISTED).status == 400


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param([("Origin", ORIGIN)], id="without a method to ask for"),
        pytest.param([("Access-Control-Request-Method", "GET")], id="without Origin"),
    ],
)
def test_other_options_reach_the_view(ask: Ask, fields: list[tuple[str, str]]) -> None:
    answer = ask("OPTIONS", "/options", *fields, **LISTED)
    assert set(answer.values("allow")[0].split(", ")) == {"GET", "POST", "HEAD", "OPTIONS"}
    assert answer.values("vary") == ["Origin"]


def test_a_preflight_of_a_path_that_no_policy_covers_reaches_the_view(ask: Ask) -> None:
    answer = preflight(ask, "/options", CORS_URLS_REGEX="^/api/", **LISTED)
    assert answer.status == 200
    assert answer.values("allow")
    assert answer.cors() == {}


def test_what_middleware_further_in_answers_carries_the_policy(ask: Ask) -> None:
    answer = get(
        ask, MIDDLEWARE=["crosscors.django.CORSMiddleware", "tests.django.middleware.teapot"], **LISTED
    )
    assert (answer.status, answer.cors()) == (418, ALLOWED)


# Paths.


def test_paths_are_compared_below_the_script_name() -> None:
    resources = {"/api/*": {"allow_origins": [ORIGIN]}}
    with override_settings(CORS_RESOURCES=resources):

        def mounted(environ: Any, start_response: Any) -> Any:
            return WSGIHandler()({**environ, "SCRIPT_NAME": "/mounted"}, start_response)

        assert allowed_origin(ask_wsgi(mounted, "GET", "/api/x", [("Origin", ORIGIN)])) == ORIGIN


@pytest.mark.parametrize(
    ("path", "is_covered"),
    [
        ("/api/https://doi.org/10.1000", True),
        ("/api/caf\udce9", True),
        ("/api/%E9", True),
        ("/ap\udcffi/x", False),
        ("//api/x", False),
    ],
)
def test_bytes_that_are_not_utf8_are_read_alike_over_wsgi_and_asgi(path: str, is_covered: bool) -> None:
    """Over WSGI, Django encodes them again."""
    raw = path.encode("utf-8", "surrogateescape")
    settings: dict[str, Any] = {"CORS_RESOURCES": {"/api/*": {"allow_origins": [ORIGIN]}, "/*": {}}}
    for answer in (
        get(over_wsgi, raw.decode("latin-1"), **settings),
        get(over_asgi, raw.decode("utf-8", "replace"), **settings),
    ):
        assert (allowed_origin(answer) == ORIGIN) is is_covered
        assert ("vary" in answer.cors()) is is_covered


@pytest.mark.parametrize(
    ("script_name", "path", "expected"),
    [
        pytest.param("/app", "/api/x", ORIGIN, id="that the path lacks"),
        pytest.param("/api", "/x", None, id="that a key begins with"),
    ],
)
def test_paths_are_compared_below_force_script_name(
    ask: Ask, script_name: str, path: str, expected: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    resources = {"/api/*": {"allow_origins": [ORIGIN]}}
    answer = get(ask, path, FORCE_SCRIPT_NAME=script_name, CORS_RESOURCES=resources)
    assert allowed_origin(answer) == expected
    warnings = [record.getMessage() for record in caplog.records if record.name == "crosscors"]
    # Over ASGI, Django 4.2 cuts as many characters off a path as the script name has, whatever they are.
    is_cut = ask is over_asgi and django.VERSION < (5, 0)
    assert [message[:50] for message in warnings] == (
        [] if expected or is_cut else ["a key of Resources begins with the root path '/api"]
    )


def test_a_path_with_readings_that_are_not_covered_alike_is_logged(
    ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "crosscors")
    assert get(ask, "//api/x", CORS_RESOURCES={"/api/*": {"allow_origins": [ORIGIN]}}).cors() == {}
    assert any(message.startswith("not covered 'GET //api/x'") for message in caplog.messages)


def test_the_request_is_judged_as_it_came_in(ask: Ask) -> None:
    answer = get(
        ask,
        "/api/x",
        MIDDLEWARE=["crosscors.django.CORSMiddleware", "tests.django.middleware.elsewhere"],
        CORS_RESOURCES={"/api/*": {"allow_origins": [ORIGIN]}},
    )
    assert (answer.body, answer.cors()) == (b"OPTIONS", ALLOWED)


# Functions.


def test_a_function_sees_the_request_of_django(ask: Ask) -> None:
    seen: list[DjangoCORSRequest] = []

    def is_allowed(request: CORSRequest) -> bool:
        assert isinstance(request, DjangoCORSRequest)
        seen.append(request)
        return True

    answer = get(ask, "/api/x", CORS_ORIGIN_FUNC=is_allowed)
    assert answer.cors() == ALLOWED
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


def test_a_sync_function_does_not_block_the_event_loop() -> None:
    threads: list[int] = []

    def is_allowed(request: CORSRequest) -> bool:
        threads.append(threading.get_ident())
        return True

    with override_settings(CORS_ORIGIN_FUNC=is_allowed):
        asked = ask_handler(ASGIHandler(), "GET", "/async", ("Origin", ORIGIN))
    assert asked.cors() == ALLOWED
    assert threads != [threading.get_ident()]


def test_without_a_function_there_is_no_thread_hop(monkeypatch: pytest.MonkeyPatch) -> None:
    def hop(*_: object) -> None:
        raise AssertionError("a thread hop")

    monkeypatch.setattr("crosscors.django.middleware.sync_to_async", hop)
    monkeypatch.setattr("crosscors.django.middleware.async_to_sync", hop)

    def is_allowed(request: CORSRequest) -> bool:
        return False

    async def respond(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    async def run() -> list[HttpResponse]:
        middleware: Any = CORSMiddleware(respond)
        requests = RequestFactory()
        return [
            await middleware(requests.get("/", HTTP_ORIGIN=ORIGIN)),
            await middleware(requests.get("/")),
        ]

    for settings in (LISTED, LISTED | {"CORS_ORIGIN_FUNC": is_allowed}):
        with override_settings(**settings):
            listed, without = asyncio.run(run())
        assert listed.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert without.headers["Vary"] == "Origin"


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


def test_refusals_are_logged(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "crosscors"):
        get(ask, "/api/x", origin=EVIL, **LISTED)
    (record,) = [each for each in caplog.records if each.name == "crosscors"]
    assert record.getMessage().startswith(
        "refused 'GET /api/x': the origin 'https://evil.example' is not allowed"
    )


def test_the_log_says_what_to_write_in_the_settings(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "crosscors"):
        get(ask, "/api/x", origin=EVIL, CORS_ORIGIN_WHITELIST=[])
    (record,) = [each for each in caplog.records if each.name == "crosscors"]
    assert record.getMessage().endswith(
        'To allow it, write CORS_ORIGIN_WHITELIST = ["https://evil.example"].'
    )


@pytest.mark.parametrize(
    ("path", "settings", "hint"),
    [
        pytest.param("/x", {"CORS_POLICY": {"allow_origins": [ORIGIN]}}, "allow_methods=", id="CORS_POLICY"),
        pytest.param(
            "/x",
            {"CORS_RESOURCES": {"/*": {"allow_origins": [ORIGIN]}}},
            "allow_methods=",
            id="CORS_RESOURCES",
        ),
        pytest.param(
            "/function", {"ROOT_URLCONF": "tests.django.marked_urls"}, "allow_methods=", id="a view"
        ),
        pytest.param(
            "/plain",
            {"ROOT_URLCONF": "tests.django.marked_urls", **LISTED},
            "CORS_ALLOW_METHODS = ",
            id="settings",
        ),
    ],
)
def test_the_log_has_the_words_that_the_policy_is_written_in(
    ask: Ask, caplog: pytest.LogCaptureFixture, path: str, settings: dict[str, Any], hint: str
) -> None:
    origin = OTHER if path == "/function" else ORIGIN
    with caplog.at_level(logging.INFO, "crosscors"):
        preflight(ask, path, origin=origin, method="PURGE", **settings)
    (record,) = [each for each in caplog.records if each.name == "crosscors"]
    assert hint in record.getMessage()


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


@pytest.mark.parametrize("handler", [WSGIHandler, ASGIHandler])
def test_wrong_settings_do_not_start(handler: Any) -> None:
    with (
        override_settings(
            CORS_ALLOW_ALL_ORIGINS=True, CORS_ALLOW_CREDENTIALS=True, CORS_PREFLIGHT_MAX_AGE=-1
        ),
        pytest.raises(ImproperlyConfigured) as caught,
    ):
        handler()
    text = str(caught.value)
    assert text.startswith("This CORS policy has 2 problems:")
    assert "1. CORS_PREFLIGHT_MAX_AGE: -1 is negative." in text
    assert "2. CORS_ALLOW_ALL_ORIGINS: browsers refuse" in text


@pytest.mark.parametrize(
    "start", ["django.core.wsgi.get_wsgi_application", "django.core.asgi.get_asgi_application"]
)
def test_wrong_settings_do_not_start_as_servers_start_them(start: str) -> None:
    with (
        override_settings(CORS_ALLOWED_ORIGINS=["https://app.example.com/"]),
        pytest.raises(ImproperlyConfigured, match=r'Write "https://app\.example\.com"\.'),
    ):
        import_string(start)()


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


def test_a_wrong_override_is_improperly_configured() -> None:
    client = Client()
    with (
        override_settings(CORS_ALLOW_METHODS="GET POST"),
        pytest.raises(ImproperlyConfigured, match="CORS_ALLOW_METHODS"),
    ):
        client.get("/")


def test_settings_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = WSGIHandler()
    assert ask_wsgi(handler, "GET", "/").status == 200

    def read(**_: object) -> None:
        raise AssertionError("the settings were read again")

    monkeypatch.setattr("crosscors.django.configuration.read_settings", read)
    assert ask_wsgi(handler, "GET", "/").status == 200
    with override_settings(ALLOWED_HOSTS=["testserver", "127.0.0.1"]):
        assert ask_wsgi(handler, "GET", "/").status == 200


# Resources and policies in the core's own words.


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"CORS_POLICY": CORSPolicy(allow_origins=[ORIGIN])}, id="a policy"),
        pytest.param({"CORS_POLICY": {"allow_origins": [ORIGIN]}}, id="a policy as a dict"),
        pytest.param(
            {"CORS_RESOURCES": Resources({"/api/*": CORSPolicy(allow_origins=[ORIGIN])})}, id="resources"
        ),
        pytest.param({"CORS_RESOURCES": {"/api/*": {"allow_origins": [ORIGIN]}}}, id="resources as a dict"),
        pytest.param(
            {"CORS_RESOURCES": {"/api/*": CORSPolicy(allow_origins=[ORIGIN]), "/api/none/*": None}},
            id="resources with a path that is not covered",
        ),
    ],
)
def test_policies_of_the_core_do_as_settings(ask: Ask, settings: dict[str, Any]) -> None:
    assert get(ask, "/api/x", **settings).cors() == ALLOWED
    assert preflight(ask, "/api/x", **settings).cors()["access-control-max-age"] == "600"
    is_for_all_paths = "CORS_POLICY" in settings
    assert get(ask, "/other/x", **settings).cors() == (ALLOWED if is_for_all_paths else {})
