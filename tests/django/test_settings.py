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

REGEX = re.escape(ORIGIN)


def is_allowed(request: CORSRequest) -> bool:
    return request.origin == ORIGIN


def found(**settings: Any) -> list[CheckMessage]:
    with override_settings(**settings):
        return check_settings()


def shown(message: CheckMessage) -> str:
    return f"{message.id} {message.msg}\n  {message.hint}"


# What is said of each, and what to write instead, is in tests/approved/django_settings.txt.
FAULTS: dict[str, dict[str, Any]] = {
    "a faulty origin": {"CORS_ALLOWED_ORIGINS": [f"{ORIGIN}/"]},
    "the same under the old name": {"CORS_ORIGIN_WHITELIST": [f"{ORIGIN}/"]},
    "no list": {"CORS_ALLOWED_ORIGINS": 5},
    "no list beside all origins": {"CORS_ALLOWED_ORIGINS": 5, "CORS_ALLOW_ALL_ORIGINS": True},
    "an expression among the origins": {"CORS_ALLOWED_ORIGINS": [r"^https://a\.com$"]},
    "a compiled one": {"CORS_ALLOWED_ORIGINS": [re.compile("a")]},
    "a misplaced asterisk": {"CORS_ALLOWED_ORIGINS": ["https://app-*.a.com"]},
    "a list in a string": {"CORS_ALLOWED_ORIGINS": ["https://a.com,https://b.com"]},
    "an unset environment variable": {"CORS_ALLOWED_ORIGINS": [""]},
    "all origins, neither true nor false": {"CORS_ALLOW_ALL_ORIGINS": "yes"},
    "the same under its old name": {"CORS_ORIGIN_ALLOW_ALL": 1},
    "every origin, as a list has it": {"CORS_ALLOW_ALL_ORIGINS": ["*"]},
    "a word for every origin": {"CORS_ALLOW_ALL_ORIGINS": "all"},
    "a number in bytes": {"CORS_ALLOW_ALL_ORIGINS": b"1"},
    "the origins themselves": {"CORS_ALLOW_ALL_ORIGINS": [ORIGIN]},
    "a variable that is not set": {"CORS_ALLOW_CREDENTIALS": ""},
    "an expression that is not set": {"CORS_ALLOWED_ORIGIN_REGEXES": [""]},
    "methods that are not set": {"CORS_ALLOW_METHODS": ""},
    "headers in JSON": {"CORS_ALLOW_HEADERS": '["x-a"]'},
    "all origins with credentials": {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_CREDENTIALS": True},
    "by the old name": {"CORS_ORIGIN_ALLOW_ALL": True, "CORS_ALLOW_CREDENTIALS": True},
    "a listed asterisk with credentials": {"CORS_ALLOWED_ORIGINS": "*", "CORS_ALLOW_CREDENTIALS": True},
    "null with credentials": {"CORS_ALLOWED_ORIGINS": [ORIGIN, "null"], "CORS_ALLOW_CREDENTIALS": True},
    "plain http with credentials": {
        "CORS_ALLOWED_ORIGINS": ["http://a.com"],
        "CORS_ALLOW_CREDENTIALS": True,
    },
    "the second expression is not valid": {"CORS_ALLOWED_ORIGIN_REGEXES": ["https://a", "(bad"]},
    "the second matches nothing": {
        "CORS_ALLOWED_ORIGIN_REGEXES": [r"https://app\.example\.com", r"https://b\.com/"]
    },
    "an expression under the old name": {"CORS_ORIGIN_REGEX_WHITELIST": ["(bad"]},
    "the second matches everything, with credentials": {
        "CORS_ALLOWED_ORIGIN_REGEXES": [r"https://app\.example\.com", "https://.*"],
        "CORS_ALLOW_CREDENTIALS": True,
    },
    "no expression": {"CORS_ALLOWED_ORIGIN_REGEXES": None},
    "an expression among the origins, beside those that are given": {
        "CORS_ALLOWED_ORIGINS": [r"^https://[a-z]+\.a\.com$"],
        "CORS_ALLOWED_ORIGIN_REGEXES": [r"https://b\.com"],
    },
    "a list of expressions among the origins": {
        "CORS_ALLOWED_ORIGINS": [r"https://c.com, ^https://[a-z]+\.a\.com$, ^https://b\.com$"]
    },
    "expressions among the origins in a dict": {
        "CORS_POLICY": {"allow_origins": [r"https://(a|b)\.com ^https://c\.com$"]}
    },
    "an expression that nothing was put into": {"CORS_ALLOWED_ORIGIN_REGEXES": "${X}"},
    "everyone as an expression, where everyone is allowed": {
        "CORS_ALLOW_ALL_ORIGINS": True,
        "CORS_ALLOWED_ORIGIN_REGEXES": ["*"],
    },
    "credentials in a string, where everyone is allowed": {
        "CORS_ALLOW_ALL_ORIGINS": True,
        "CORS_ALLOW_CREDENTIALS": "True",
    },
    "expressions that cannot be one": {
        "CORS_ALLOWED_ORIGIN_REGEXES": ["https://(?P<n>a)", "https://(?P<n>b)"]
    },
    "a dotted path that leads nowhere": {"CORS_ORIGIN_FUNC": "project.cors.is_allowed"},
    "a dotted path to what is not a function": {"CORS_ORIGIN_FUNC": "os.sep"},
    "a hook that leads nowhere": {"CORS_ON_DECISION": "no.such"},
    "a hook that is not a function": {"CORS_ON_DECISION": 5},
    "one of several hooks leads nowhere": {"CORS_ON_DECISION": [print, "no.such"]},
    "one of several hooks is not a function": {"CORS_ON_DECISION": [print, "os.sep"]},
    "debug": {"CORS_DEBUG": "true"},
    "protection in a string": {"CORS_PROTECT": "true"},
    "protection in a string that means no": {"CORS_PROTECT": "off"},
    "protection in a string that means to report": {"CORS_PROTECT": "REPORT"},
    "protection, neither on nor off": {"CORS_PROTECT": ["report"]},
    "protection under a name that is near": {"CORS_PROTECTION": True},
    "protection in a dict": {"CORS_POLICY": {"protect": True}},
    "methods in one string": {"CORS_ALLOW_METHODS": ["GET, POST"]},
    "headers in one string": {"CORS_ALLOW_HEADERS": ["x mine"]},
    "every response header with credentials": {
        "CORS_EXPOSE_HEADERS": "*",
        "CORS_ALLOW_CREDENTIALS": [ORIGIN],
    },
    "a negative time": {"CORS_PREFLIGHT_MAX_AGE": -5},
    "a bool for seconds": {"CORS_PREFLIGHT_MAX_AGE": True},
    "credentials in a string": {"CORS_ALLOW_CREDENTIALS": "True"},
    "private network": {"CORS_ALLOW_PRIVATE_NETWORK": 1},
    "an unknown danger": {"CORS_DANGEROUSLY_ALLOW": ["null-origins"]},
    "an invalid expression for paths": {"CORS_URLS_REGEX": "(bad"},
    "an expression for paths without their slash": {"CORS_URLS_REGEX": "api/.*"},
    "several expressions for paths": {"CORS_URLS_REGEX": ["/api/"]},
    "a policy and options": {
        "CORS_POLICY": {"allow_origins": "*"},
        "CORS_ALLOW_METHODS": ["GET"],
        "CORS_ORIGIN_ALLOW_ALL": False,
    },
    "resources and a policy": {"CORS_RESOURCES": {}, "CORS_POLICY": {}, "CORS_URLS_REGEX": "^/"},
    "what is not a policy": {"CORS_POLICY": "*"},
    "a dict that has no options": {"CORS_POLICY": {1: 2}},
    "an unknown option in a dict": {"CORS_POLICY": {"origins": "*"}},
    "an option in a dict that is like no other": {"CORS_POLICY": {"colour": "red"}},
    "a setting in a dict": {"CORS_POLICY": {"debug": True}},
    "everyone with credentials in a dict": {"CORS_POLICY": {"allow_origins": "*", "allow_credentials": True}},
    "a misplaced asterisk in a dict": {"CORS_POLICY": {"allow_origins": ["https://app-*.a.com"]}},
    "a dotted path in a dict": {"CORS_POLICY": {"allow_origin_func": "no.such"}},
    "what are not resources": {"CORS_RESOURCES": ["/api/*"]},
    "a faulty path": {"CORS_RESOURCES": {"api/*": None}},
    "a faulty policy for a path": {"CORS_RESOURCES": {"/api/*": {"max_age": -1}}},
}


@pytest.mark.parametrize("settings", FAULTS.values(), ids=FAULTS)
def test_a_project_with_a_problem_does_not_start(settings: dict[str, Any]) -> None:
    (message,) = found(**settings)
    for handler in (WSGIHandler, ASGIHandler):
        with override_settings(**settings), pytest.raises(ImproperlyConfigured) as caught:
            handler()
        assert message.msg in str(caught.value)


def test_all_that_is_wrong_with_a_switch_is_found() -> None:
    messages = found(CORS_ALLOW_ALL_ORIGINS="yes", CORS_ALLOW_CREDENTIALS=True)
    assert [each.id for each in messages] == ["crosscors.E001", "crosscors.E030"]


def test_the_hints_for_several_expressions_can_all_be_followed() -> None:
    regexes = ["https://a.com", r"https://fine\.com", "https://b.com/"]
    messages = found(CORS_ALLOWED_ORIGIN_REGEXES=regexes, CORS_ALLOW_CREDENTIALS=True)
    assert [each.hint for each in messages] == [rf'Write r"https://{name}\.com".' for name in "ab"]
    strings = [r"^https://a\.com$", r"^https://b\.com$"]
    hints = {str(each.hint) for each in found(CORS_ALLOWED_ORIGINS=strings)}
    written = r'CORS_ALLOWED_ORIGIN_REGEXES = [r"^https://a\.com$", r"^https://b\.com$"]'
    assert {hint.partition(", or")[0] for hint in hints} == {f"Write {written}"}


def test_a_problem_names_the_setting_and_what_to_write(approved: Callable[[str, str], None]) -> None:
    problems = [f"{name}\n{shown(*found(**settings))}" for name, settings in FAULTS.items()]
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
            "CORS_PROTECT": ["CORS_PROTECTION", "CORS_PROTECTS"],
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


@table(
    "own, settings",
    ("more words at the end", "CORS_ALLOWED_ORIGINS_ENV", {"CORS_ALLOWED_ORIGINS": [ORIGIN]}),
    ("more words at the beginning", "CORS_DEV_ALLOWED_ORIGINS", {"CORS_ALLOWED_ORIGINS": [ORIGIN]}),
    ("beside the old name", "CORS_ALLOWED_ORIGINS_ENV", {"CORS_ORIGIN_WHITELIST": [ORIGIN]}),
    ("of another setting", "CORS_ALLOW_HEADERS_RAW", {"CORS_ALLOW_HEADERS": ["x-a"]}),
    ("beside an empty list", "CORS_ALLOWED_ORIGINS_PROD", {"CORS_ALLOWED_ORIGINS": []}),
    ("a word that looks like CORS_PROTECT", "CORS_PROJECT", {}),
)
def test_names_derived_from_a_setting_that_is_there_are_left_alone(
    own: str, settings: dict[str, Any]
) -> None:
    for value in (ORIGIN, [ORIGIN], [], None, True):
        assert found(**settings, **{own: value}) == []


@table(
    "own, settings, uses",
    ("the name in Flask-CORS", "CORS_ORIGINS", {"CORS_ALLOWED_ORIGINS": [ORIGIN]}, "CORS_ALLOWED_ORIGINS"),
    ("a near one", "CORS_ALLOWED_ORIGIN", {"CORS_ALLOWED_ORIGINS": [ORIGIN]}, "CORS_ALLOWED_ORIGINS"),
    ("beside the old name", "CORS_ORIGINS", {"CORS_ORIGIN_WHITELIST": [ORIGIN]}, "CORS_ORIGIN_WHITELIST"),
    ("where everyone is allowed", "CORS_ORIGINS", {"CORS_ALLOW_ALL_ORIGINS": True}, "CORS_ALLOW_ALL_ORIGINS"),
    ("where a function decides", "CORS_ORIGINS", {"CORS_ORIGIN_FUNC": is_allowed}, "CORS_ORIGIN_FUNC"),
    ("beside a policy", "CORS_ORIGINS", {"CORS_POLICY": {"allow_origins": ORIGIN}}, "CORS_POLICY"),
    ("beside resources", "CORS_METHODS", {"CORS_RESOURCES": {}}, "CORS_RESOURCES"),
    (
        "for another environment",
        "CORS_ALLOW_ALL_ORIGINS_DEV",
        {"CORS_ALLOWED_ORIGINS": [ORIGIN]},
        "CORS_ALLOWED_ORIGINS",
    ),
)
def test_a_name_beside_the_right_one_is_a_warning(own: str, settings: dict[str, Any], uses: str) -> None:
    (message,) = found(**settings, **{own: [ORIGIN]})
    assert message.id == f"crosscors.W{NUMBERS['unknown-option']:03}"
    assert message.msg == f"{own}: is not a setting of crosscors, and is not read. The policy uses {uses}."
    with override_settings(**settings, **{own: [ORIGIN]}):
        WSGIHandler()


@table(
    "name, settings",
    ("another option is there", "CORS_ORIGINS", {"CORS_ALLOW_METHODS": ["GET"]}),
    ("expressions are no list", "CORS_ORIGINS", {"CORS_ALLOWED_ORIGIN_REGEXES": [r"https://a\.com"]}),
    ("a list is not an expression", "CORS_ALLOWED_ORIGINS_REGEX", {"CORS_ALLOWED_ORIGINS": [ORIGIN]}),
    ("a list does not allow everyone", "CORS_ALLOW_ALL", {"CORS_ALLOWED_ORIGINS": [ORIGIN]}),
    ("nobody is allowed", "CORS_ORIGINS", {"CORS_ALLOW_ALL_ORIGINS": False}),
    ("the policy is not there", "CORS_ORIGINS", {"CORS_POLICY": None}),
    ("no policy protects", "CORS_PROTECTION", {"CORS_POLICY": {"allow_origins": ORIGIN}}),
    (
        "expressions for others",
        "CORS_WHITELIST",
        {"CORS_ALLOWED_ORIGIN_REGEXES": ["(bad", r"https://a\.com"]},
    ),
)
def test_a_name_that_leaves_the_policy_without_its_option_is_a_problem(
    name: str, settings: dict[str, Any]
) -> None:
    (message,) = [each for each in found(**settings, **{name: [ORIGIN]}) if each.msg.startswith(f"{name}: ")]
    assert message.id == f"crosscors.E{NUMBERS['unknown-option']:03}"


@table(
    "own, value, settings",
    ("the list that became expressions", "CORS_ORIGINS", [ORIGIN], {"CORS_ALLOWED_ORIGIN_REGEXES": [REGEX]}),
    ("under another name", "CORS_WHITELIST", [ORIGIN], {"CORS_ALLOWED_ORIGIN_REGEXES": REGEX}),
    ("compiled", "CORS_ALLOWED_ORIGIN_LIST", (ORIGIN,), {"CORS_ALLOWED_ORIGIN_REGEXES": [re.compile(REGEX)]}),
    ("in one text", "CORS_ORIGINS", f"{ORIGIN},{ORIGIN}", {"CORS_ALLOWED_ORIGIN_REGEXES": [REGEX]}),
    ("hosts alone", "CORS_ORIGINS", [ORIGIN[8:]], {"CORS_ALLOWED_ORIGIN_REGEXES": [REGEX]}),
    ("beside the old name", "CORS_ORIGINS", [ORIGIN], {"CORS_ORIGIN_REGEX_WHITELIST": [REGEX]}),
    ("methods for another environment", "CORS_ALLOW_METHODS_DEV", ["GET"], {}),
    ("headers for another environment", "CORS_DEV_ALLOW_HEADERS", ["x-a"], {}),
    ("all there is", "CORS_ALLOWED_ORIGINS_DEV", [ORIGIN], {}),
    ("everyone in another environment", "CORS_ALLOW_ALL_ORIGINS_DEV", True, {}),
)
def test_a_name_that_the_project_uses_for_something_of_its_own_is_a_warning(
    own: str, value: Any, settings: dict[str, Any]
) -> None:
    (message,) = found(**settings, **{own: value})
    assert message.id == f"crosscors.W{NUMBERS['unknown-option']:03}"
    assert "is not a setting of crosscors, and is not read" in message.msg


def test_the_defaults_of_settings_that_are_long_gone_are_left_alone() -> None:
    assert found(CORS_MODEL=None, CORS_REPLACE_HTTPS_REFERER=False) == []


def test_all_problems_are_found_at_once() -> None:
    messages = found(
        CORS_METHODS=["GET"],
        CORS_ALLOWED_ORIGINS=["example.com"],
        CORS_ALLOWED_ORIGIN_REGEXES=["(bad", "[bad"],
        CORS_ORIGIN_FUNC="no.such",
        CORS_URLS_REGEX="(bad",
        CORS_ALLOW_CREDENTIALS="yes",
        CORS_DEBUG=1,
        CORS_ON_DECISION=1,
        CORS_PROTECT="yes",
    )
    assert sorted(message.msg.partition(":")[0] for message in messages) == [
        "CORS_ALLOWED_ORIGINS",
        "CORS_ALLOWED_ORIGIN_REGEXES",
        "CORS_ALLOWED_ORIGIN_REGEXES",
        "CORS_ALLOW_CREDENTIALS",
        "CORS_DEBUG",
        "CORS_METHODS",
        "CORS_ON_DECISION",
        "CORS_ORIGIN_FUNC",
        "CORS_PROTECT",
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


# What is said of each is in tests/approved/django_settings_warned.txt.
NOT_MEANT: dict[str, dict[str, Any]] = {
    "an old name beside the new one": {"CORS_ALLOWED_ORIGINS": [ORIGIN], "CORS_ORIGIN_WHITELIST": [OTHER]},
    "origins beside all origins": {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOWED_ORIGINS": [ORIGIN]},
    "expressions beside all origins": {
        "CORS_ORIGIN_ALLOW_ALL": True,
        "CORS_ALLOWED_ORIGIN_REGEXES": ["https://a"],
    },
    "a function beside a listed asterisk": {"CORS_ALLOWED_ORIGINS": ["*"], "CORS_ORIGIN_FUNC": is_allowed},
    "an origin twice": {"CORS_ALLOWED_ORIGINS": [ORIGIN, ORIGIN]},
    "a header": {"CORS_ALLOW_HEADERS": ["accept"]},
    "a long time": {"CORS_PREFLIGHT_MAX_AGE": 100_000},
    "a policy as a dict": {"CORS_POLICY": {"allow_headers": ["accept"]}},
    "a policy": {"CORS_POLICY": _LISTS_ACCEPT},
    "a policy of a path": {"CORS_RESOURCES": {"/a": {"allow_headers": ["accept"]}}},
    "a name for another environment": {"CORS_ALLOW_METHODS_DEV": ["GET"]},
    "a policy of resources": {"CORS_RESOURCES": Resources({"/a": _LISTS_ACCEPT})},
}


def test_what_is_surely_not_meant_is_kept_for_the_checks(approved: Callable[[str, str], None]) -> None:
    warned: list[str] = []
    for name, settings in NOT_MEANT.items():
        with warnings.catch_warnings():
            warnings.simplefilter("error", PolicyWarning)
            warned.append(f"{name}\n{shown(*found(**settings))}")
            with override_settings(**settings):
                WSGIHandler()
    approved("django_settings_warned", "\n".join(warned))


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
