"""What the documentation of django-cors-headers promises, held against crosscors.django.

Where crosscors keeps a promise in another way on purpose, the test's name says how. What a defect of theirs
is, tests/conformance/known.py shows; how settings are refused, tests/django/test_settings.py; what the signal
does, tests/django/test_signal.py.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings

from crosscors import CORSPolicy, CORSRequest, Resources
from crosscors.django.checks import check_csrf, check_settings
from crosscors.django.defaults import default_headers, default_methods
from tests.clients import ask_wsgi, preflight
from tests.django.clients import Ask, get
from tests.tables import each, table

from .verdicts import gets, gets_with_credentials, readers

OURS = "crosscors.django.CORSMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
EXAMPLE = "https://example.com"
SUB = "https://sub.example.com"
DEEP = "https://a.b.example.com"
EVIL = "https://evil.example"
ORIGINS = (EXAMPLE, SUB, DEEP, "http://localhost:8080", "http://example.com", "null", EVIL)
EXAMPLES = [EXAMPLE, SUB, "http://localhost:8080", "http://127.0.0.1:9000"]


def is_allowed(request: CORSRequest) -> bool:
    """What a dotted path leads to."""
    return request.origin == EXAMPLE


NETWORK = ("Access-Control-Request-Private-Network", "true")
ASKED = [
    *(("GET", [("Origin", origin)]) for origin in ORIGINS),
    ("GET", []),
    ("OPTIONS", [("Origin", EXAMPLE)]),
    *(("OPTIONS", preflight(origin, "PUT")) for origin in (EXAMPLE, SUB, EVIL)),
    *(("OPTIONS", preflight(EXAMPLE, method)) for method in ("GET", "HEAD", "DELETE", "POKE")),
    ("OPTIONS", preflight(EXAMPLE, "GET", "accept, authorization, content-type, user-agent")),
    ("OPTIONS", preflight(EXAMPLE, "GET", "x-csrftoken, x-requested-with")),
    ("OPTIONS", preflight(EXAMPLE, "GET", "x-mine")),
    ("OPTIONS", [*preflight(EXAMPLE, "GET"), NETWORK]),
]


def said(**settings: Any) -> list[tuple[int, dict[str, str]]]:
    """What the project says of CORS to everything that settings can matter to."""
    with override_settings(**settings):
        handler = WSGIHandler()
        answers = [ask_wsgi(handler, method, "/", fields) for method, fields in ASKED]
    return [(answer.status, answer.cors()) for answer in answers]


# What theirs has by default.
DEFAULT: dict[str, Any] = {
    "allow_methods": ["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"],
    "allow_headers": ["authorization", "user-agent", "x-csrftoken", "x-requested-with"],
    "max_age": 86400,
}
LISTED: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": [EXAMPLE]}
_IN_UPPER_CASE = re.compile(r"^HTTPS://\w+\.EXAMPLE\.COM$", re.IGNORECASE)
_EXPRESSION = r"^https://\w+\.example\.com$"


@table(
    "settings, meant",
    ("no origin by default", {}, {}),
    ("listed origins", {"CORS_ALLOWED_ORIGINS": EXAMPLES}, {"allow_origins": EXAMPLES}),
    ("one string, which is one origin", {"CORS_ALLOWED_ORIGINS": EXAMPLE}, {"allow_origins": EXAMPLE}),
    ("the old name", {"CORS_ORIGIN_WHITELIST": EXAMPLES}, {"allow_origins": EXAMPLES}),
    (
        "the new name before the old one",
        {**LISTED, "CORS_ORIGIN_WHITELIST": [EVIL]},
        {"allow_origins": EXAMPLE},
    ),
    ("null", {"CORS_ALLOWED_ORIGINS": ["null"]}, {"allow_origins": "null"}),
    ("all origins", {"CORS_ALLOW_ALL_ORIGINS": True}, {"allow_origins": "*"}),
    ("all origins, by the old name", {"CORS_ORIGIN_ALLOW_ALL": True}, {"allow_origins": "*"}),
    ("not all origins", {"CORS_ALLOW_ALL_ORIGINS": False}, {}),
    ("a listed asterisk", {"CORS_ALLOWED_ORIGINS": ["*"]}, {"allow_origins": "*"}),
    ("all origins before a list", {**LISTED, "CORS_ALLOW_ALL_ORIGINS": True}, {"allow_origins": "*"}),
    ("expressions", {"CORS_ALLOWED_ORIGIN_REGEXES": [_EXPRESSION]}, {"allow_origin_regex": _EXPRESSION}),
    ("by the old name", {"CORS_ORIGIN_REGEX_WHITELIST": (_EXPRESSION,)}, {"allow_origin_regex": _EXPRESSION}),
    ("one in a string", {"CORS_ALLOWED_ORIGIN_REGEXES": _EXPRESSION}, {"allow_origin_regex": _EXPRESSION}),
    (
        "several, compiled or not, each with its flags",
        {"CORS_ALLOWED_ORIGIN_REGEXES": [r"https://example\.com", _IN_UPPER_CASE]},
        {"allow_origin_regex": r"https://(\w+\.)?example\.com"},
    ),
    (
        "an expression for the beginning, which matches nothing",
        {"CORS_ALLOWED_ORIGIN_REGEXES": ["https://s"]},
        {},
    ),
    (
        "lists and expressions",
        {"CORS_ALLOWED_ORIGINS": [EVIL], "CORS_ALLOWED_ORIGIN_REGEXES": [_EXPRESSION]},
        {"allow_origins": EVIL, "allow_origin_regex": _EXPRESSION},
    ),
    ("a function", {"CORS_ORIGIN_FUNC": is_allowed}, {"allow_origin_func": is_allowed}),
    ("its dotted path", {"CORS_ORIGIN_FUNC": f"{__name__}.is_allowed"}, {"allow_origin_func": is_allowed}),
    ("no function", {"CORS_ORIGIN_FUNC": None}, {}),
)
def test_a_setting_of_origins_means_what_it_meant(settings: dict[str, Any], meant: dict[str, Any]) -> None:
    assert said(**settings) == said(CORS_POLICY=CORSPolicy(**{**DEFAULT, **meant}))


@pytest.mark.filterwarnings("ignore:.*browsers no longer ask:crosscors.PolicyWarning")
@table(
    "setting, value, option, meant",
    ("methods", "CORS_ALLOW_METHODS", ["GET", "POKE"], "allow_methods", ["GET", "POKE"]),
    ("a method in a string, which is not taken apart", "CORS_ALLOW_METHODS", "PUT", "allow_methods", "PUT"),
    ("headers", "CORS_ALLOW_HEADERS", ["x-mine"], "allow_headers", "x-mine"),
    ("exposed headers", "CORS_EXPOSE_HEADERS", ["accept", "x-mine"], "expose_headers", ["accept", "x-mine"]),
    ("seconds", "CORS_PREFLIGHT_MAX_AGE", 600, "max_age", 600),
    ("a timedelta", "CORS_PREFLIGHT_MAX_AGE", timedelta(hours=1), "max_age", 3600),
    ("no seconds, which are sent", "CORS_PREFLIGHT_MAX_AGE", 0, "max_age", 0),
    ("None, which omits the header", "CORS_PREFLIGHT_MAX_AGE", None, "max_age", None),
    ("credentials", "CORS_ALLOW_CREDENTIALS", True, "allow_credentials", True),
    ("credentials for some", "CORS_ALLOW_CREDENTIALS", [EXAMPLE], "allow_credentials", [EXAMPLE]),
    ("private networks", "CORS_ALLOW_PRIVATE_NETWORK", True, "allow_private_network", True),
    ("a setting of one's own, which is left alone", "CORS_PROXY", "x", "allow_credentials", False),
    ("None for a whole policy", "CORS_POLICY", None, "allow_credentials", False),
    ("None for resources", "CORS_RESOURCES", None, "allow_credentials", False),
)
def test_a_setting_means_what_it_meant(setting: str, value: object, option: str, meant: object) -> None:
    options: dict[str, Any] = {**DEFAULT, "allow_origins": EXAMPLE, option: meant}
    assert said(**LISTED, **{setting: value}) == said(CORS_POLICY=CORSPolicy(**options))


@table(
    "origin, danger",
    ("null", "null", "null-origin"),
    ("plain http, unless it is local", "http://example.com", "insecure-origins"),
)
def test_what_is_dangerous_with_credentials_is_to_be_accepted_as_a_danger(origin: str, danger: str) -> None:
    options: dict[str, Any] = {
        "allow_origins": origin,
        "allow_credentials": True,
        "dangerously_allow": danger,
    }
    settings: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": [origin], "CORS_ALLOW_CREDENTIALS": True}
    assert said(**settings, CORS_DANGEROUSLY_ALLOW=[danger]) == said(
        CORS_POLICY=CORSPolicy(**{**DEFAULT, **options})
    )


@table(
    "settings",
    ("a policy", {"CORS_POLICY": CORSPolicy(allow_origins=[EXAMPLE])}),
    ("a policy as a dict", {"CORS_POLICY": {"allow_origins": [EXAMPLE]}}),
    ("resources", {"CORS_RESOURCES": Resources({"/*": CORSPolicy(allow_origins=[EXAMPLE])})}),
    ("resources as a dict", {"CORS_RESOURCES": {"/*": {"allow_origins": [EXAMPLE]}}}),
    ("a policy in a dict", {"CORS_RESOURCES": {"/*": CORSPolicy(allow_origins=[EXAMPLE]), "/x": None}}),
    ("a dotted path in a dict", {"CORS_POLICY": {"allow_origin_func": f"{__name__}.is_allowed"}}),
)
def test_a_whole_policy_has_the_defaults_of_the_core(settings: dict[str, Any]) -> None:
    rest = {"allow_methods": ["GET"], "allow_headers": [], "max_age": 600}
    assert said(**settings) == said(CORS_POLICY=CORSPolicy(allow_origins=[EXAMPLE], **rest))  # type: ignore[arg-type]


def test_the_defaults_can_be_extended_without_a_warning() -> None:
    more: dict[str, Any] = {
        "CORS_ALLOW_HEADERS": (*default_headers, "my-custom-header"),
        "CORS_ALLOW_METHODS": (*default_methods, "POKE"),
    }
    assert set(default_methods) == set(DEFAULT["allow_methods"])
    with override_settings(**LISTED, **more):
        assert check_settings() == []
        app = WSGIHandler()
        assert gets(app, EXAMPLE, method="PUT", names=["My-Custom-Header", "X-CSRFToken", "Authorization"])
        assert not gets(app, EXAMPLE, names=["X-Other"])


@each("handler", WSGIHandler, ASGIHandler)
def test_a_browser_agrees_on_both_stacks(handler: Any) -> None:
    with override_settings(**LISTED, CORS_ALLOW_CREDENTIALS=True):
        app = handler()
        assert readers(app, ORIGINS) == readers(app, ORIGINS, method="PUT") == {EXAMPLE}
        assert [gets_with_credentials(app, origin) for origin in (EXAMPLE, EVIL)] == [True, False]
    with override_settings(**LISTED):
        assert not gets_with_credentials(handler(), EXAMPLE)
    with override_settings(CORS_ALLOW_ALL_ORIGINS=True):
        assert readers(handler(), ORIGINS) == set(ORIGINS)


# "Setup".


@table("middleware, allowed", ("first", [OURS, COMMON], EXAMPLE), ("after", [COMMON, OURS], None))
def test_placed_first_it_adds_headers_to_the_responses_of_common_middleware(
    ask: Ask, middleware: list[str], allowed: str | None
) -> None:
    settings: dict[str, Any] = {
        "MIDDLEWARE": middleware,
        "DISALLOWED_USER_AGENTS": [re.compile("bad")],
        **LISTED,
    }
    answer = ask("GET", "/", ("Origin", EXAMPLE), ("User-Agent", "bad"), **settings)
    assert (answer.status, answer.allowed) == (403, allowed)


# CORS_URLS_REGEX.


@table(
    "expression, covered, not_covered",
    ("the example of the documentation", r"^/api/.*$", "/api/x", "/other/x"),
    ("only the beginning has to match", r"^/api/", "/api/x/y", "/other/api/"),
    ("without an anchor, too", "/api", "/apix", "/other/api"),
    ("its own end counts", r"^/(?:api|other)/x$", "/api/x", "/api/xy"),
    ("compiled with a flag", re.compile("^/API/", re.IGNORECASE), "/api/x", "/other/x"),
    ("with a flag at its beginning", "(?i)^/API/", "/api/x", "/other/x"),
    ("compiled with a comment", re.compile("^ /api/  # the api", re.VERBOSE), "/api/x", "/other/x"),
    ("alternatives", "^/api/|^/apix", "/apix", "/other/x"),
    ("case counts", "^/api/", "/api/x", "/Api/x"),
    ("a path is covered if all its readings are", "^/api/", "/api//./x", "/api/../other/x"),
    ("a URL in the path is an ordinary path", "^/api/", "/api/https://doi.org/10.1000/182", "//api/x"),
    ("a path of Windows is, too", "^/api/", "/api/C:\\data\\a.csv", "/api\\x"),
)
def test_headers_are_sent_for_urls_that_match(
    ask: Ask, expression: Any, covered: str, not_covered: str
) -> None:
    for policy in (LISTED, {"CORS_POLICY": {"allow_origins": [EXAMPLE]}}):
        settings: dict[str, Any] = {"CORS_URLS_REGEX": expression, **policy}
        assert get(ask, covered, origin=EXAMPLE, **settings).allowed == EXAMPLE
        assert get(ask, not_covered, origin=EXAMPLE, **settings).cors() == {}
        # A preflight of it reaches the view, or the 404.
        assert ask("OPTIONS", not_covered, *preflight(EXAMPLE), **settings).cors() == {}


# "CSRF Integration".


def test_cors_and_csrf_are_separate_and_a_check_says_which_origins_csrf_does_not_trust(ask: Ask) -> None:
    trusted, untrusted = "https://read-and-write.example.com", "https://read-only.example.com"
    settings: dict[str, Any] = {
        "CORS_ALLOWED_ORIGINS": [untrusted, trusted],
        "CORS_ALLOW_CREDENTIALS": True,
        "CSRF_TRUSTED_ORIGINS": [trusted],
        "DEBUG": True,
        "MIDDLEWARE": [OURS, "django.middleware.csrf.CsrfViewMiddleware"],
    }
    for origin, reason in ((untrusted, b"does not match any trusted"), (trusted, b"CSRF cookie not set")):
        answer = get(ask, origin=origin, method="POST", **settings)
        assert (answer.status, reason in answer.body, answer.allowed) == (403, True, origin)
    with override_settings(**settings):
        (message,) = check_csrf()
    assert f"'{untrusted}'" in message.msg
    assert f"'{trusted}'" not in message.msg
