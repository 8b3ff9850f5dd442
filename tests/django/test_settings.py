"""Settings that cannot work, or are surely not meant: which setting it is, and what to write."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings

from crosscors import CORSPolicy, CORSRequest, PolicyWarning, Resources
from crosscors.django.checks import NUMBERS, check_settings
from tests.django.clients import ORIGIN, OTHER
from tests.tables import each, table


def is_allowed(request: CORSRequest) -> bool:
    return request.origin == ORIGIN


def found(**settings: Any) -> list[CheckMessage]:
    with override_settings(**settings):
        return check_settings()


def shown(message: CheckMessage) -> str:
    return f"{message.id} {message.msg}\n  {message.hint}"


EXPRESSION = r'[r"https://[a-z]+\.example\.com"]'
LIST = '["https://app.example.com"]'
POLICY_DICT = '{"allow_origins": ["https://app.example.com"]}'
BY_LIST = f"CORS_ALLOW_CREDENTIALS = {LIST}"


FAULTS: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "a faulty origin": (
        {"CORS_ALLOWED_ORIGINS": [f"{ORIGIN}/"]},
        "origin-trailing-slash",
        "CORS_ALLOWED_ORIGINS",
        f'"{ORIGIN}"',
    ),
    "the same under the old name": (
        {"CORS_ORIGIN_WHITELIST": [f"{ORIGIN}/"]},
        "origin-trailing-slash",
        "CORS_ORIGIN_WHITELIST",
        f'"{ORIGIN}"',
    ),
    "no list": (
        {"CORS_ALLOWED_ORIGINS": 5},
        "wrong-type",
        "CORS_ALLOWED_ORIGINS",
        f"CORS_ALLOWED_ORIGINS = {LIST}",
    ),
    "no list beside all origins": (
        {"CORS_ALLOWED_ORIGINS": 5, "CORS_ALLOW_ALL_ORIGINS": True},
        "wrong-type",
        "CORS_ALLOWED_ORIGINS",
        f"CORS_ALLOWED_ORIGINS = {LIST}",
    ),
    "an expression among the origins": (
        {"CORS_ALLOWED_ORIGINS": [r"^https://a\.com$"]},
        "origin-regex",
        "CORS_ALLOWED_ORIGINS",
        r'CORS_ALLOWED_ORIGIN_REGEXES = [r"^https://a\.com$"]',
    ),
    "a compiled one": (
        {"CORS_ALLOWED_ORIGINS": [re.compile("a")]},
        "wrong-type",
        "CORS_ALLOWED_ORIGINS",
        "CORS_ALLOWED_ORIGIN_REGEXES = [re.compile(...)]",
    ),
    "a misplaced asterisk": (
        {"CORS_ALLOWED_ORIGINS": ["https://app-*.a.com"]},
        "origin-wildcard",
        "CORS_ALLOWED_ORIGINS",
        "CORS_ALLOWED_ORIGIN_REGEXES",
    ),
    "a list in a string": (
        {"CORS_ALLOWED_ORIGINS": ["https://a.com,https://b.com"]},
        "origin-list-in-a-string",
        "CORS_ALLOWED_ORIGINS",
        '["https://a.com", "https://b.com"]',
    ),
    "an unset environment variable": (
        {"CORS_ALLOWED_ORIGINS": [""]},
        "origin-empty",
        "CORS_ALLOWED_ORIGINS",
        "Leave it out",
    ),
    "all origins, neither true nor false": (
        {"CORS_ALLOW_ALL_ORIGINS": "yes"},
        "wrong-type",
        "CORS_ALLOW_ALL_ORIGINS",
        "CORS_ALLOW_ALL_ORIGINS = True",
    ),
    "the same under its old name": (
        {"CORS_ORIGIN_ALLOW_ALL": 1},
        "wrong-type",
        "CORS_ORIGIN_ALLOW_ALL",
        "CORS_ORIGIN_ALLOW_ALL = True",
    ),
    "all origins with credentials": (
        {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_CREDENTIALS": True},
        "wildcard-with-credentials",
        "CORS_ALLOW_ALL_ORIGINS",
        BY_LIST,
    ),
    "by the old name": (
        {"CORS_ORIGIN_ALLOW_ALL": True, "CORS_ALLOW_CREDENTIALS": True},
        "wildcard-with-credentials",
        "CORS_ORIGIN_ALLOW_ALL",
        BY_LIST,
    ),
    "a listed asterisk with credentials": (
        {"CORS_ALLOWED_ORIGINS": "*", "CORS_ALLOW_CREDENTIALS": True},
        "wildcard-with-credentials",
        "CORS_ALLOWED_ORIGINS",
        BY_LIST,
    ),
    "null with credentials": (
        {"CORS_ALLOWED_ORIGINS": [ORIGIN, "null"], "CORS_ALLOW_CREDENTIALS": True},
        "null-with-credentials",
        "CORS_ALLOWED_ORIGINS",
        'CORS_DANGEROUSLY_ALLOW = ["null-origin"]',
    ),
    "the second expression is not valid": (
        {"CORS_ALLOWED_ORIGIN_REGEXES": ["https://a", "(bad"]},
        "invalid-regex",
        "CORS_ALLOWED_ORIGIN_REGEXES",
        f"CORS_ALLOWED_ORIGIN_REGEXES = {EXPRESSION}",
    ),
    "an expression under the old name": (
        {"CORS_ORIGIN_REGEX_WHITELIST": ["(bad"]},
        "invalid-regex",
        "CORS_ORIGIN_REGEX_WHITELIST",
        f"CORS_ORIGIN_REGEX_WHITELIST = {EXPRESSION}",
    ),
    "the second matches nothing": (
        {"CORS_ALLOWED_ORIGIN_REGEXES": [r"https://app\.example\.com", r"https://b\.com/"]},
        "regex-matches-nothing",
        "CORS_ALLOWED_ORIGIN_REGEXES",
        r'CORS_ALLOWED_ORIGIN_REGEXES = [r"https://b\.com"]',
    ),
    "the second matches everything, with credentials": (
        {
            "CORS_ALLOWED_ORIGIN_REGEXES": [r"https://app\.example\.com", "https://.*"],
            "CORS_ALLOW_CREDENTIALS": True,
        },
        "wildcard-with-credentials",
        "CORS_ALLOWED_ORIGIN_REGEXES",
        r'r"https://[a-z0-9-]+\.example\.com"',
    ),
    "no expression": (
        {"CORS_ALLOWED_ORIGIN_REGEXES": None},
        "wrong-type",
        "CORS_ALLOWED_ORIGIN_REGEXES",
        f"CORS_ALLOWED_ORIGIN_REGEXES = {EXPRESSION}",
    ),
    "expressions that cannot be one": (
        {"CORS_ALLOWED_ORIGIN_REGEXES": ["https://(?P<n>a)", "https://(?P<n>b)"]},
        "invalid-regex",
        "CORS_ALLOWED_ORIGIN_REGEXES",
        '"|"',
    ),
    "a dotted path that leads nowhere": (
        {"CORS_ORIGIN_FUNC": "project.cors.is_allowed"},
        "not-importable",
        "CORS_ORIGIN_FUNC",
        '"project.cors.is_allowed"',
    ),
    "a dotted path to what is not a function": (
        {"CORS_ORIGIN_FUNC": "os.sep"},
        "wrong-type",
        "CORS_ORIGIN_FUNC",
        "CORS_ORIGIN_FUNC = func",
    ),
    "a hook that leads nowhere": (
        {"CORS_ON_DECISION": "no.such"},
        "not-importable",
        "CORS_ON_DECISION",
        "dotted path",
    ),
    "a hook that is not a function": (
        {"CORS_ON_DECISION": 5},
        "wrong-type",
        "CORS_ON_DECISION",
        "CORS_ON_DECISION = func",
    ),
    "debug": ({"CORS_DEBUG": "true"}, "wrong-type", "CORS_DEBUG", "CORS_DEBUG = True"),
    "methods in one string": (
        {"CORS_ALLOW_METHODS": ["GET, POST"]},
        "not-a-token",
        "CORS_ALLOW_METHODS",
        'CORS_ALLOW_METHODS = ["GET", "POST"]',
    ),
    "headers in one string": (
        {"CORS_ALLOW_HEADERS": ["x mine"]},
        "not-a-token",
        "CORS_ALLOW_HEADERS",
        'CORS_ALLOW_HEADERS = ["x", "mine"]',
    ),
    "every response header with credentials": (
        {"CORS_EXPOSE_HEADERS": "*", "CORS_ALLOW_CREDENTIALS": [ORIGIN]},
        "wildcard-with-credentials",
        "CORS_EXPOSE_HEADERS",
        'CORS_EXPOSE_HEADERS = ["X-Request-Id"]',
    ),
    "a negative time": (
        {"CORS_PREFLIGHT_MAX_AGE": -5},
        "negative-max-age",
        "CORS_PREFLIGHT_MAX_AGE",
        "CORS_PREFLIGHT_MAX_AGE = 0",
    ),
    "a bool for seconds": (
        {"CORS_PREFLIGHT_MAX_AGE": True},
        "wrong-type",
        "CORS_PREFLIGHT_MAX_AGE",
        "CORS_PREFLIGHT_MAX_AGE = ",
    ),
    "credentials in a string": (
        {"CORS_ALLOW_CREDENTIALS": "True"},
        "wrong-type",
        "CORS_ALLOW_CREDENTIALS",
        "CORS_ALLOW_CREDENTIALS = True",
    ),
    "private network": (
        {"CORS_ALLOW_PRIVATE_NETWORK": 1},
        "wrong-type",
        "CORS_ALLOW_PRIVATE_NETWORK",
        "CORS_ALLOW_PRIVATE_NETWORK = True",
    ),
    "an unknown danger": (
        {"CORS_DANGEROUSLY_ALLOW": ["null-origins"]},
        "unknown-danger",
        "CORS_DANGEROUSLY_ALLOW",
        '"null-origin"',
    ),
    "an invalid expression for paths": (
        {"CORS_URLS_REGEX": "(bad"},
        "invalid-regex",
        "CORS_URLS_REGEX",
        'CORS_URLS_REGEX = r"^/api/"',
    ),
    "an expression for paths without their slash": (
        {"CORS_URLS_REGEX": "api/.*"},
        "path-relative",
        "CORS_URLS_REGEX",
        'CORS_URLS_REGEX = r"^/api/"',
    ),
    "several expressions for paths": (
        {"CORS_URLS_REGEX": ["/api/"]},
        "wrong-type",
        "CORS_URLS_REGEX",
        'CORS_URLS_REGEX = r"^/api/"',
    ),
    "a policy and options": (
        {
            "CORS_POLICY": {"allow_origins": "*"},
            "CORS_ALLOW_METHODS": ["GET"],
            "CORS_ORIGIN_ALLOW_ALL": False,
        },
        "policy-and-options",
        "CORS_POLICY",
        "leave CORS_POLICY out",
    ),
    "resources and a policy": (
        {"CORS_RESOURCES": {}, "CORS_POLICY": {}, "CORS_URLS_REGEX": "^/"},
        "policy-and-options",
        "CORS_RESOURCES",
        "leave CORS_RESOURCES out",
    ),
    "what is not a policy": ({"CORS_POLICY": "*"}, "wrong-type", "CORS_POLICY", POLICY_DICT),
    "a dict that has no options": ({"CORS_POLICY": {1: 2}}, "wrong-type", "CORS_POLICY", POLICY_DICT),
    "an unknown option in a dict": (
        {"CORS_POLICY": {"origins": "*"}},
        "unknown-option",
        'CORS_POLICY["origins"]',
        '"allow_origins": ...',
    ),
    "an option in a dict that is like no other": (
        {"CORS_POLICY": {"colour": "red"}},
        "unknown-option",
        'CORS_POLICY["colour"]',
        "The options are allow_origins, ",
    ),
    "a setting in a dict": (
        {"CORS_POLICY": {"debug": True}},
        "unknown-option",
        'CORS_POLICY["debug"]',
        "CORS_DEBUG = ...",
    ),
    "everyone with credentials in a dict": (
        {"CORS_POLICY": {"allow_origins": "*", "allow_credentials": True}},
        "wildcard-with-credentials",
        'CORS_POLICY["allow_origins"]',
        f'"allow_credentials": {LIST}',
    ),
    "a misplaced asterisk in a dict": (
        {"CORS_POLICY": {"allow_origins": ["https://app-*.a.com"]}},
        "origin-wildcard",
        'CORS_POLICY["allow_origins"]',
        "allow_origin_regex",
    ),
    "a dotted path in a dict": (
        {"CORS_POLICY": {"allow_origin_func": "no.such"}},
        "not-importable",
        'CORS_POLICY["allow_origin_func"]',
        "dotted path",
    ),
    "what are not resources": (
        {"CORS_RESOURCES": ["/api/*"]},
        "wrong-type",
        "CORS_RESOURCES",
        f'CORS_RESOURCES = {{"/api/*": {POLICY_DICT}}}',
    ),
    "a faulty path": ({"CORS_RESOURCES": {"api/*": None}}, "path-relative", "CORS_RESOURCES", '"/api/*"'),
    "a faulty policy for a path": (
        {"CORS_RESOURCES": {"/api/*": {"max_age": -1}}},
        "negative-max-age",
        "CORS_RESOURCES['/api/*'][\"max_age\"]",
        '"max_age": 0',
    ),
}


@pytest.mark.parametrize(("settings", "code", "setting", "write"), FAULTS.values(), ids=FAULTS)
def test_a_problem_names_the_setting_and_what_to_write_and_nothing_starts(
    settings: dict[str, Any], code: str, setting: str, write: str
) -> None:
    (message,) = found(**settings)
    assert message.id == f"crosscors.E{NUMBERS[code]:03}"
    assert message.msg.startswith(f"{setting}: ")
    assert write in str(message.hint)
    for handler in (WSGIHandler, ASGIHandler):
        with override_settings(**settings), pytest.raises(ImproperlyConfigured) as caught:
            handler()
        assert message.msg in str(caught.value)


def test_the_problems_are_told_in_the_words_of_the_settings(approved: Callable[[str, str], None]) -> None:
    problems = [f"{name}\n{shown(*found(**settings))}" for name, (settings, *_) in FAULTS.items()]
    # How Python calls what is wrong with an expression depends on its release.
    text = re.sub("(used together|valid regular expression): .*", r"\1: ...", "\n".join(problems))
    approved("django_settings", text)


@table(
    "name, meant",
    *(
        (name, name, meant)
        for meant, names in {
            "CORS_ALLOWED_ORIGINS": ["CORS_ORIGINS", "CORS_ALLOW_ORIGINS", "CORS_ALLOWED_ORIGIN"],
            "CORS_ALLOW_ALL_ORIGINS": ["CORS_ALLOW_ALL", "CORS_ALLOW_ALL_ORIGIN"],
            "CORS_ALLOWED_ORIGIN_REGEXES": ["CORS_ALLOWED_ORIGINS_REGEXES"],
            "CORS_ALLOW_CREDENTIALS": ["CORS_SUPPORTS_CREDENTIALS", "CORS_ALLOWED_CREDENTIALS"],
            "CORS_PREFLIGHT_MAX_AGE": ["CORS_MAX_AGE"],
            "CORS_ALLOW_HEADERS": ["CORS_ALLOWED_HEADERS", "CORS_ALLOW_HEADER"],
            "CORS_ALLOW_METHODS": ["CORS_ALLOWED_METHODS", "CORS_METHODS"],
            "CORS_EXPOSE_HEADERS": ["CORS_EXPOSED_HEADERS"],
            "CORS_URLS_REGEX": ["CORS_URL_REGEX"],
            # What is long gone is done in another way.
            "crosscors.django.signals.check_request_enabled": ["CORS_MODEL"],
            "CSRF_TRUSTED_ORIGINS": ["CORS_REPLACE_HTTPS_REFERER"],
        }.items()
        for name in names
    ),
)
def test_a_name_that_is_close_to_a_setting_or_long_gone_is_a_problem(name: str, meant: str) -> None:
    (message,) = found(**{name: []})
    assert message.id == f"crosscors.E{NUMBERS['unknown-option']:03}"
    assert message.msg.startswith(f"{name}: ")
    assert meant in str(message.hint)


@each("name", "CORS_PROXY", "CORS_TEST_TENANTS", "CORS_ORIGIN_WHITELISTS")
def test_settings_of_one_s_own_are_left_alone(name: str) -> None:
    assert found(**{name: ["a"]}) == []


def test_all_problems_are_found_at_once() -> None:
    messages = found(
        CORS_ORIGINS=[ORIGIN],
        CORS_ALLOWED_ORIGINS=["example.com"],
        CORS_ALLOWED_ORIGIN_REGEXES=["(bad", "[bad"],
        CORS_ORIGIN_FUNC="no.such",
        CORS_URLS_REGEX="(bad",
        CORS_ALLOW_CREDENTIALS="yes",
        CORS_DEBUG=1,
        CORS_ON_DECISION=1,
    )
    assert sorted(message.msg.partition(":")[0] for message in messages) == [
        "CORS_ALLOWED_ORIGINS",
        "CORS_ALLOWED_ORIGIN_REGEXES",
        "CORS_ALLOWED_ORIGIN_REGEXES",
        "CORS_ALLOW_CREDENTIALS",
        "CORS_DEBUG",
        "CORS_ON_DECISION",
        "CORS_ORIGINS",
        "CORS_ORIGIN_FUNC",
        "CORS_URLS_REGEX",
    ]
    given = {"/a": {"max_age": -1}, "/b": {"allow_origins": ["b"]}, "c": None, "/d": 5}
    assert [message.msg.partition(":")[0] for message in found(CORS_RESOURCES=given)] == [
        "CORS_RESOURCES['/a'][\"max_age\"]",
        "CORS_RESOURCES['/b'][\"allow_origins\"]",
        "CORS_RESOURCES['/d']",
        "CORS_RESOURCES",
    ]


# What is surely not meant.

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    _LISTS_ACCEPT = CORSPolicy(allow_headers=["accept"])


@table(
    "settings, code, setting",
    (
        "an old name beside the new one",
        {"CORS_ALLOWED_ORIGINS": [ORIGIN], "CORS_ORIGIN_WHITELIST": [OTHER]},
        "old-name-ignored",
        "CORS_ORIGIN_WHITELIST",
    ),
    (
        "origins beside all origins",
        {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOWED_ORIGINS": [ORIGIN]},
        "already-covered",
        "CORS_ALLOWED_ORIGINS",
    ),
    (
        "expressions beside all origins",
        {"CORS_ORIGIN_ALLOW_ALL": True, "CORS_ALLOWED_ORIGIN_REGEXES": ["https://a"]},
        "already-covered",
        "CORS_ALLOWED_ORIGIN_REGEXES",
    ),
    (
        "a function beside a listed asterisk",
        {"CORS_ALLOWED_ORIGINS": ["*"], "CORS_ORIGIN_FUNC": is_allowed},
        "already-covered",
        "CORS_ORIGIN_FUNC",
    ),
    ("an origin twice", {"CORS_ALLOWED_ORIGINS": [ORIGIN, ORIGIN]}, "listed-twice", "CORS_ALLOWED_ORIGINS"),
    ("a header", {"CORS_ALLOW_HEADERS": ["accept"]}, "safelisted-header", "CORS_ALLOW_HEADERS"),
    ("a long time", {"CORS_PREFLIGHT_MAX_AGE": 100_000}, "long-max-age", "CORS_PREFLIGHT_MAX_AGE"),
    (
        "a policy as a dict",
        {"CORS_POLICY": {"allow_headers": ["accept"]}},
        "safelisted-header",
        'CORS_POLICY["allow_headers"]',
    ),
    ("a policy", {"CORS_POLICY": _LISTS_ACCEPT}, "safelisted-header", 'CORS_POLICY["allow_headers"]'),
    (
        "a policy of a path",
        {"CORS_RESOURCES": {"/a": {"allow_headers": ["accept"]}}},
        "safelisted-header",
        "CORS_RESOURCES['/a'][\"allow_headers\"]",
    ),
    (
        "a policy of resources",
        {"CORS_RESOURCES": Resources({"/a": _LISTS_ACCEPT})},
        "safelisted-header",
        'CORS_RESOURCES["allow_headers"]',
    ),
)
def test_what_is_surely_not_meant_is_kept_for_the_checks(
    settings: dict[str, Any], code: str, setting: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", PolicyWarning)
        (message,) = found(**settings)
        with override_settings(**settings):
            WSGIHandler()
    assert message.id == f"crosscors.W{NUMBERS[code]:03}"
    assert message.msg.startswith(f"{setting}: ")


def test_warnings_of_others_pass_through() -> None:
    with pytest.warns(FutureWarning, match="Possible nested set"):
        found(CORS_ALLOWED_ORIGIN_REGEXES=["https://[[a]"])


def test_settings_that_are_read_while_requests_are_served_touch_no_filters_for_warnings() -> None:
    def no_filters(*_: object, **__: object) -> None:
        raise AssertionError("filters for warnings are those of all threads")

    listed_twice: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": [ORIGIN, ORIGIN], "CORS_URLS_REGEX": "^/api/"}
    with override_settings(**listed_twice), pytest.MonkeyPatch.context() as patch:
        patch.setattr(warnings, "catch_warnings", no_filters)
        patch.setattr(warnings, "simplefilter", no_filters)
        for handler in (WSGIHandler, ASGIHandler):
            handler()
