"""Defects that CORS libraries have had, with the input that shows each of them, in a Django project."""

from __future__ import annotations

import inspect
import logging
import sys
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

from crosscors.django import CORSMiddleware, cross_origin
from crosscors.django.signals import check_request_enabled
from tests.clients import ask_wsgi
from tests.django.clients import Ask, allowed_origin, get, preflight

ORIGIN = "https://example.com"
EVIL = "https://evil.example"
LISTED: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": [ORIGIN]}


# Origins that were allowed, or crashed the server, and must not be.


@pytest.mark.parametrize(
    ("settings", "origin"),
    [
        pytest.param(LISTED, "https://example.com/path?x", id="a path, reflected as it came"),
        pytest.param(LISTED, "https://example.com].evil.com", id="a bracket, which urlsplit raises on"),
        pytest.param(LISTED, "https://[::1", id="half an address"),
        pytest.param(LISTED, "http://example.com", id="another scheme"),
        pytest.param(LISTED, "https://example.com:8443", id="another port"),
        pytest.param(LISTED, "https://example.com.", id="a dot at the end"),
        pytest.param(LISTED, "https://EXAMPLE.com", id="upper case"),
        pytest.param(LISTED, "https://user@example.com", id="a user name"),
        pytest.param(LISTED, f"{ORIGIN}, {EVIL}", id="two origins"),
        pytest.param(LISTED, "https://*@:;", id="nothing that could be parsed"),
        pytest.param(LISTED, "x" * 100_000, id="a very long one"),
        pytest.param(LISTED, "", id="an empty one"),
        pytest.param(LISTED, "null", id="null where it is not listed"),
        pytest.param({"CORS_ALLOWED_ORIGINS": ["null"]}, "evil", id="no scheme, where null is listed"),
        pytest.param({"CORS_ALLOWED_ORIGINS": ORIGIN}, "https://example.co", id="a part of the one string"),
        pytest.param({"CORS_ALLOWED_ORIGINS": ORIGIN}, "h", id="a letter of the one string"),
        pytest.param(
            {"CORS_ALLOWED_ORIGIN_REGEXES": [r"https://\w+\.example\.com"]},
            "https://a.example.com.evil.io",
            id="a domain behind what the expression matches",
        ),
        pytest.param(
            {"CORS_ALLOWED_ORIGIN_REGEXES": [r"https://.*\.example\.com"]},
            "https://evil.io/?.example.com",
            id="a query that ends as the expression does",
        ),
        pytest.param(
            {"CORS_ALLOWED_ORIGIN_REGEXES": [r"https://a\.com", r"https://b\.com"]},
            "https://a.com|https://b.com",
            id="two expressions joined",
        ),
        pytest.param(
            {"CORS_ALLOWED_ORIGINS": ["https://good.example"]},
            "https://goodXexample",
            id="any character for a dot",
        ),
        pytest.param(
            {"CORS_ALLOWED_ORIGINS": ["https://foo.com", "https://bar.com"]},
            "https://barfoo.com",
            id="two entries mixed",
        ),
        pytest.param({"CORS_ALLOWED_ORIGINS": ["https://*.a.com"]}, "https://a..a.com", id="an empty label"),
    ],
)
def test_an_origin_that_is_not_allowed_gets_nothing_and_is_no_error(
    ask: Ask, settings: dict[str, Any], origin: str
) -> None:
    answer = get(ask, origin=origin, **settings)
    assert (answer.status, answer.cors()) == (200, {"vary": "Origin"})
    assert preflight(ask, origin=origin, **settings).status == 400


@pytest.mark.parametrize(
    ("entry", "origin"),
    [("https://*.a.com", "https://x.a.com"), ("http://localhost:*", "http://localhost:5173")],
)
def test_patterns_that_never_matched_match(ask: Ask, entry: str, origin: str) -> None:
    assert allowed_origin(get(ask, origin=origin, CORS_ALLOWED_ORIGINS=[entry])) == origin


# Settings that were accepted, and never matched, or were a hole.


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(
            {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_CREDENTIALS": True},
            "lets every site on the web act in the name of your signed-in users",
            id="all origins with credentials",
        ),
        pytest.param(
            {"CORS_ALLOWED_ORIGIN_REGEXES": [".*"], "CORS_ALLOW_CREDENTIALS": True},
            "matches unrelated sites",
            id="an expression for all origins with credentials",
        ),
        pytest.param(
            {"CORS_ALLOWED_ORIGIN_REGEXES": ["(bad"]},
            "'(bad' is no valid regular expression",
            id="an expression that made every request a 500",
        ),
        pytest.param({"CORS_URLS_REGEX": "(bad"}, "'(bad' cannot be used", id="the same for paths"),
        pytest.param(
            {"CORS_ALLOWED_ORIGINS": ["https://a.com:443"]}, "names the default port", id="a default port"
        ),
        pytest.param(
            {"CORS_ALLOWED_ORIGINS": [" https://a.com"]}, "begins or ends with white space", id="white space"
        ),
        pytest.param({"CORS_ALLOWED_ORIGINS": ["https://a.com/"]}, "ends with a slash", id="a slash"),
        pytest.param({"CORS_ALLOWED_ORIGINS": ["a.com"]}, "does not begin with a scheme", id="no scheme"),
        pytest.param(
            {"CORS_ALLOWED_ORIGINS": ["https://a.com,https://b.com"]},
            'Write ["https://a.com", "https://b.com"].',
            id="a comma in the string",
        ),
        pytest.param(
            {"CORS_ALLOWED_ORIGINS": ["https://a.comhttps://b.com"]},
            "CORS_ALLOWED_ORIGINS",
            id="a missing comma",
        ),
        pytest.param({"CORS_ALLOWED_ORIGINS": [""]}, "is empty", id="an unset environment variable"),
        pytest.param({"CORS_PREFLIGHT_MAX_AGE": True}, "takes whole seconds", id="a bool for seconds"),
        pytest.param(
            {"CORS_ALLOW_ORIGINS": [ORIGIN]}, "Write CORS_ALLOWED_ORIGINS = ...", id="another library's name"
        ),
    ],
)
def test_settings_that_cannot_work_do_not_start(settings: dict[str, Any], expected: str) -> None:
    for handler in (WSGIHandler, ASGIHandler):
        with override_settings(**settings), pytest.raises(ImproperlyConfigured) as caught:
            handler()
        assert expected in str(caught.value)


def test_one_method_as_a_string_is_one_method_instead_of_its_letters(ask: Ask) -> None:
    answer = preflight(ask, origin=ORIGIN, CORS_ALLOW_METHODS="GET", **LISTED)
    assert answer.values("access-control-allow-methods") == ["GET"]


def test_methods_in_lower_case_are_those_in_upper_case(ask: Ask) -> None:
    assert preflight(ask, origin=ORIGIN, method="PUT", CORS_ALLOW_METHODS=["put"], **LISTED).status == 200


# Refusals.


def test_a_refused_origin_gets_no_credentials_and_no_lists(ask: Ask) -> None:
    settings: dict[str, Any] = {"CORS_ALLOW_CREDENTIALS": True, "CORS_EXPOSE_HEADERS": ["x-mine"], **LISTED}
    assert get(ask, origin=EVIL, **settings).cors() == {"vary": "Origin"}
    refused = preflight(ask, origin=EVIL, **settings)
    assert [name for name in refused.cors() if name != "vary"] == []


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"origin": EVIL}, "the origin 'https://evil.example' is not allowed"),
        ({"method": "FOO"}, "the method 'FOO' is not allowed"),
        ({"headers": "x-foo"}, "not allowed among the request headers: 'x-foo'"),
    ],
)
def test_a_refused_preflight_says_why_to_the_client_and_the_log(
    ask: Ask, asked: dict[str, str], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "crosscors"):
        answer = preflight(ask, **{"origin": ORIGIN, **asked}, **LISTED)
    assert answer.status == 400
    assert reason in answer.body.decode()
    assert any(reason in record.getMessage() for record in caplog.records if record.name == "crosscors")


def test_a_path_cannot_forge_a_line_of_the_log(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "crosscors"):
        get(ask, "/x\r\nINFO forged", origin=EVIL, **LISTED)
    messages = [record.getMessage() for record in caplog.records if record.name == "crosscors"]
    assert messages
    assert not any("\n" in message or "\r" in message for message in messages)


@pytest.mark.parametrize(
    "headers", ["accept,,content-type", " x-csrftoken ,AUTHORIZATION", "authorization,authorization"]
)
def test_every_legal_list_of_headers_is_read(ask: Ask, headers: str) -> None:
    assert preflight(ask, origin=ORIGIN, headers=headers, **LISTED).status == 200


def test_headers_in_two_fields_are_one_list(ask: Ask) -> None:
    field = "Access-Control-Request-Headers"
    fields = [
        ("Origin", ORIGIN),
        ("Access-Control-Request-Method", "GET"),
        (field, "authorization"),
        (field, "x-no"),
    ]
    answer = ask("OPTIONS", "/", *fields, **LISTED)
    assert answer.status == 400
    assert b"'x-no'" in answer.body


def test_a_megabyte_of_commas_is_refused_unread(ask: Ask) -> None:
    answer = preflight(ask, origin=ORIGIN, headers="," * 1_000_000, **LISTED)
    assert answer.status == 400
    assert len(answer.body) < 1000


# Caches.


def test_vary_is_on_every_response_that_the_policy_could_change(ask: Ask) -> None:
    for origin in (ORIGIN, EVIL, None):
        for path in ("/", "/crash", "/no/such/path"):
            assert get(ask, path, origin=origin, **LISTED).values("vary") == ["Origin"]


def test_vary_of_a_view_is_neither_lost_nor_doubled(ask: Ask) -> None:
    assert get(ask, "/varying", origin=ORIGIN, **LISTED).values("vary") == ["Accept-Language, Origin"]


def test_the_request_s_own_vary_stays_in_the_request(ask: Ask) -> None:
    answer = ask("GET", "/", ("Origin", ORIGIN), ("Vary", "X-Evil"), **LISTED)
    assert answer.values("vary") == ["Origin"]


def test_one_client_s_origin_is_not_in_another_s_answer() -> None:
    with override_settings(
        CORS_ALLOWED_ORIGINS=[ORIGIN, "https://other.example"], CORS_ALLOW_CREDENTIALS=True
    ):
        handler = WSGIHandler()
        for origin in (ORIGIN, "https://other.example", EVIL, ORIGIN):
            answer = ask_wsgi(handler, "GET", "/", [("Origin", origin)])
            assert allowed_origin(answer) == (None if origin == EVIL else origin)


def test_a_view_s_own_field_is_no_second_value(ask: Ask) -> None:
    answer = get(ask, "/own", origin=ORIGIN, **LISTED)
    assert answer.values("access-control-allow-origin") == [ORIGIN]


# Paths.


@pytest.mark.parametrize(
    "path",
    [
        "/Api/x",
        "/apix",
        "/other/x",
        "/api/../other/x",
        "/other/../api/x",
        "//api/x",
        "/api%2fx",
        "/service+path",
    ],
)
def test_a_rule_for_a_path_is_for_no_other(ask: Ask, path: str) -> None:
    rules: dict[str, Any] = {
        "/api/*": {"allow_origins": [ORIGIN]},
        "/service path": {"allow_origins": [ORIGIN]},
    }
    assert allowed_origin(get(ask, path, origin=ORIGIN, CORS_RESOURCES=rules)) is None


def test_the_longest_prefix_wins_over_a_looser_rule(ask: Ask) -> None:
    rules: dict[str, Any] = {"/*": {"allow_origins": "*"}, "/api/*": {"allow_origins": [ORIGIN]}}
    assert allowed_origin(get(ask, "/api/x", origin=EVIL, CORS_RESOURCES=rules)) is None
    assert allowed_origin(get(ask, "/other/x", origin=EVIL, CORS_RESOURCES=rules)) == "*"


# Preflights.


def test_options_that_is_no_preflight_reaches_the_view(ask: Ask) -> None:
    assert ask("OPTIONS", "/", ("Origin", ORIGIN), **LISTED).body == b"OPTIONS"


def test_a_preflight_is_answered_before_redirects_logins_and_tokens(ask: Ask) -> None:
    middleware = [
        "crosscors.django.CORSMiddleware",
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ]
    answer = preflight(
        ask, "/slash", origin=ORIGIN, method="PUT", MIDDLEWARE=middleware, SECURE_SSL_REDIRECT=True, **LISTED
    )
    assert answer.status == 200


def test_private_network_is_not_answered_unasked_nor_refused_for_it(ask: Ask) -> None:
    fields = [("Origin", ORIGIN), ("Access-Control-Request-Method", "GET")]
    answer = ask("OPTIONS", "/", *fields, ("Access-Control-Request-Private-Network", "true"), **LISTED)
    assert answer.status == 200
    assert not answer.values("access-control-allow-private-network")


def test_an_unknown_path_has_a_readable_404(ask: Ask) -> None:
    assert preflight(ask, "/no/such/path", origin=ORIGIN, **LISTED).status == 200
    answer = get(ask, "/no/such/path", origin=ORIGIN, **LISTED)
    assert (answer.status, allowed_origin(answer)) == (404, ORIGIN)


# The signal, and views of their own.


def test_a_receiver_may_use_the_orm_in_an_async_stack(ask: Ask) -> None:
    def receiver(request: HttpRequest, **_: object) -> bool:
        connection.ensure_connection()
        connection.close()
        return True

    check_request_enabled.connect(receiver)
    assert allowed_origin(get(ask, "/async", origin=ORIGIN)) == ORIGIN


def test_a_receiver_is_called_once_for_a_request(ask: Ask) -> None:
    calls: list[HttpRequest] = []

    def receiver(request: HttpRequest, **_: object) -> None:
        calls.append(request)

    check_request_enabled.connect(receiver)
    get(ask, "/other/x", origin=ORIGIN, CORS_URLS_REGEX="^/api/")
    assert len(calls) == 1


def test_a_coroutine_that_nobody_awaited_is_no_yes(ask: Ask) -> None:
    async def receiver(request: HttpRequest, **_: object) -> bool:
        return False

    check_request_enabled.connect(receiver)
    assert allowed_origin(get(ask, origin=ORIGIN)) is None


def test_cross_origin_on_an_async_view_leaves_it_async() -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        raise AssertionError

    assert inspect.iscoroutinefunction(cross_origin(allow_origins="*")(view))


def test_ten_thousand_origins_cost_what_three_cost() -> None:
    origins = [f"https://s{number}.example.com" for number in range(10_000)]
    counts: set[int] = set()
    for listed in (origins[:3], origins):
        with override_settings(CORS_ALLOWED_ORIGINS=listed):
            middleware: Any = CORSMiddleware(lambda _: HttpResponse())
            for origin in (listed[0], listed[-1]):
                counts.add(_lines_run(middleware, RequestFactory().get("/", HTTP_ORIGIN=origin)))
    assert len(counts) == 1


def _lines_run(middleware: Any, request: HttpRequest) -> int:
    """How many lines of Python it takes, which is the same on every machine."""
    middleware(request)  # what is made once is made by now
    count = 0

    def trace(frame: object, event: str, arg: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        middleware(request)
    finally:
        sys.settrace(before)
    return count
