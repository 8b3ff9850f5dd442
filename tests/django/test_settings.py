"""The settings: what they come to, and what is said of those that cannot work."""

from __future__ import annotations

import re
import warnings
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.test import override_settings

from crosscors import CORSPolicy, CORSRequest, PolicyError, PolicyWarning, Problem, Resources
from crosscors.django.configuration import Configuration, read_settings
from crosscors.django.defaults import default_headers, default_methods
from tests.django.clients import EVIL, ORIGIN, OTHER, allowed_origin, get

if TYPE_CHECKING:
    from tests.django.clients import Ask


def is_allowed(request: CORSRequest) -> bool:
    """What a dotted path leads to."""
    return request.origin == ORIGIN


def read(**settings: Any) -> Configuration:
    with override_settings(**settings):
        return read_settings(in_async=False)


def policy(**settings: Any) -> CORSPolicy:
    rules = read(**settings).rules
    assert isinstance(rules, CORSPolicy)
    return rules


def problems(**settings: Any) -> list[Problem]:
    with pytest.raises(PolicyError) as caught:
        read(**settings)
    return list(caught.value.problems)


def warned(**settings: Any) -> list[str]:
    return [str(each) for each in read(**settings).warnings]


# What the settings come to.


def test_without_settings_nothing_is_allowed_and_the_rest_is_as_django_users_know_it() -> None:
    assert policy() == CORSPolicy(
        allow_methods=["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"],
        allow_headers=["authorization", "user-agent", "x-csrftoken", "x-requested-with"],
        max_age=86400,
    )


SETTINGS = [
    ("CORS_ALLOWED_ORIGINS", [ORIGIN, OTHER], {"allow_origins": (ORIGIN, OTHER)}),
    ("CORS_ALLOWED_ORIGINS", ORIGIN, {"allow_origins": (ORIGIN,)}),
    ("CORS_ALLOWED_ORIGINS", (ORIGIN,), {"allow_origins": (ORIGIN,)}),
    ("CORS_ORIGIN_WHITELIST", [ORIGIN], {"allow_origins": (ORIGIN,)}),
    ("CORS_ALLOW_ALL_ORIGINS", True, {"allow_origins": ("*",)}),
    ("CORS_ORIGIN_ALLOW_ALL", True, {"allow_origins": ("*",)}),
    ("CORS_ALLOW_ALL_ORIGINS", False, {"allow_origins": ()}),
    ("CORS_ALLOWED_ORIGINS", ["*"], {"allow_origins": ("*",)}),
    (
        "CORS_ALLOWED_ORIGIN_REGEXES",
        [r"https://\w+\.example\.com"],
        {"allow_origin_regex": re.compile(r"https://\w+\.example\.com")},
    ),
    ("CORS_ALLOWED_ORIGIN_REGEXES", r"https://a", {"allow_origin_regex": re.compile(r"https://a")}),
    (
        "CORS_ALLOWED_ORIGIN_REGEXES",
        re.compile("https://A", re.IGNORECASE),
        {"allow_origin_regex": re.compile("https://A", re.IGNORECASE)},
    ),
    (
        "CORS_ORIGIN_REGEX_WHITELIST",
        [r"https://a", r"https://b"],
        {"allow_origin_regex": re.compile(r"(?:https://a)|(?:https://b)")},
    ),
    ("CORS_ORIGIN_FUNC", is_allowed, {"allow_origin_func": is_allowed}),
    ("CORS_ORIGIN_FUNC", f"{__name__}.is_allowed", {"allow_origin_func": is_allowed}),
    ("CORS_ORIGIN_FUNC", None, {"allow_origin_func": None}),
    ("CORS_ALLOW_METHODS", ["GET"], {"allow_methods": ("GET",)}),
    ("CORS_ALLOW_METHODS", "GET", {"allow_methods": ("GET",)}),
    ("CORS_ALLOW_HEADERS", ["x-mine"], {"allow_headers": ("x-mine",)}),
    ("CORS_EXPOSE_HEADERS", ["x-mine"], {"expose_headers": ("x-mine",)}),
    ("CORS_PREFLIGHT_MAX_AGE", 0, {"max_age": 0}),
    ("CORS_PREFLIGHT_MAX_AGE", timedelta(hours=1), {"max_age": 3600}),
    ("CORS_PREFLIGHT_MAX_AGE", None, {"max_age": None}),
    ("CORS_ALLOW_CREDENTIALS", True, {"allow_credentials": True}),
    ("CORS_ALLOW_CREDENTIALS", [ORIGIN], {"allow_credentials": (ORIGIN,)}),
    ("CORS_ALLOW_PRIVATE_NETWORK", True, {"allow_private_network": True}),
    ("CORS_DANGEROUSLY_ALLOW", ["null-origin"], {"dangerously_allow": ("null-origin",)}),
]


@pytest.mark.parametrize(
    ("name", "value", "options"), SETTINGS, ids=[f"{name}={value!r}" for name, value, _ in SETTINGS]
)
def test_each_setting_is_an_option_of_the_policy(name: str, value: object, options: Any) -> None:
    assert policy(**{name: value}) == policy().replace(**options)


def test_every_origin_may_read_and_some_may_send_credentials() -> None:
    read = policy(CORS_ALLOW_ALL_ORIGINS=True, CORS_ALLOW_CREDENTIALS=[ORIGIN])
    assert read == policy().replace(allow_origins="*", allow_credentials=[ORIGIN])


def test_the_defaults_can_be_extended_without_a_warning() -> None:
    assert (
        warned(
            CORS_ALLOW_HEADERS=(*default_headers, "x-mine"), CORS_ALLOW_METHODS=(*default_methods, "REPORT")
        )
        == []
    )


def test_the_settings_of_one_s_own_are_left_alone() -> None:
    assert warned(CORS_PROXY="http://proxy.internal", CORS_TEST_TENANTS=["a"]) == []


def test_cors_policy_and_cors_resources_may_be_none() -> None:
    listed: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": [ORIGIN]}
    assert policy(CORS_POLICY=None, CORS_RESOURCES=None, **listed).allow_origins == (ORIGIN,)
    resources = Resources({"/api/*": CORSPolicy()})
    assert read(CORS_POLICY=None, CORS_RESOURCES=resources).rules is resources


def test_a_policy_or_resources_are_taken_as_they_are() -> None:
    given = CORSPolicy(allow_origins=[ORIGIN])
    resources = Resources({"/api/*": given})
    assert policy(CORS_POLICY=given) == given
    assert read(CORS_RESOURCES=resources).rules is resources
    assert read(CORS_RESOURCES=resources).policies == (given,)


def test_a_dict_has_the_options_of_the_core() -> None:
    read_policy = policy(
        CORS_POLICY={"allow_origins": [ORIGIN], "allow_origin_func": f"{__name__}.is_allowed"}
    )
    assert read_policy == CORSPolicy(allow_origins=[ORIGIN], allow_origin_func=is_allowed)


# Paths.


@pytest.mark.parametrize(
    ("expression", "covered", "not_covered"),
    [
        pytest.param(r"^/api/.*$", "/api/x", "/other/x", id="the example of the documentation"),
        pytest.param(r"^/api/", "/api/x/y", "/other/api/", id="only the beginning has to match"),
        pytest.param("/api", "/apix", "/other/api", id="without an anchor, too"),
        pytest.param(r"^/(?:api|other)/x$", "/api/x", "/api/xy", id="its own end counts"),
        pytest.param(re.compile("^/API/", re.IGNORECASE), "/api/x", "/other/x", id="compiled with a flag"),
        pytest.param("(?i)^/API/", "/api/x", "/other/x", id="with a flag at its beginning"),
        pytest.param(
            re.compile("^ /api/  # the api", re.VERBOSE), "/api/x", "/other/x", id="compiled with a comment"
        ),
        pytest.param("^/api/|^/apix", "/apix", "/other/x", id="alternatives"),
        pytest.param("^/api/", "/api/x", "/Api/x", id="case counts"),
    ],
)
def test_urls_regex_matches_the_beginning_of_paths(
    ask: Ask, expression: Any, covered: str, not_covered: str
) -> None:
    settings: dict[str, Any] = {"CORS_URLS_REGEX": expression, "CORS_ALLOWED_ORIGINS": [ORIGIN]}
    assert allowed_origin(get(ask, covered, **settings)) == ORIGIN
    assert get(ask, not_covered, **settings).cors() == {}


def test_urls_regex_goes_with_cors_policy(ask: Ask) -> None:
    settings: dict[str, Any] = {"CORS_URLS_REGEX": "^/api/", "CORS_POLICY": {"allow_origins": "*"}}
    assert allowed_origin(get(ask, "/api/x", **settings)) == "*"
    assert allowed_origin(get(ask, "/other/x", **settings)) is None


# What is wrong.

EXAMPLE = r'"https://[a-z]+\.example\.com"'

FAULTS = [
    # settings, code, setting, a part of the message, the hint
    pytest.param(
        {"CORS_ALLOWED_ORIGINS": [f"{ORIGIN}/"]},
        ("origin-trailing-slash", "CORS_ALLOWED_ORIGINS", "ends with a slash", f'Write "{ORIGIN}".'),
        id="a faulty origin",
    ),
    pytest.param(
        {"CORS_ORIGIN_WHITELIST": [f"{ORIGIN}/"]},
        ("origin-trailing-slash", "CORS_ORIGIN_WHITELIST", "ends with a slash", f'Write "{ORIGIN}".'),
        id="a faulty origin under the old name",
    ),
    pytest.param(
        {"CORS_ALLOWED_ORIGINS": 5},
        (
            "wrong-type",
            "CORS_ALLOWED_ORIGINS",
            "takes a string or a list of strings, not 5.",
            'Write CORS_ALLOWED_ORIGINS = ["https://app.example.com"].',
        ),
        id="no list",
    ),
    pytest.param(
        {"CORS_ALLOWED_ORIGINS": 5, "CORS_ALLOW_ALL_ORIGINS": True},
        (
            "wrong-type",
            "CORS_ALLOWED_ORIGINS",
            "takes strings, not 5.",
            'Write CORS_ALLOWED_ORIGINS = ["https://app.example.com"].',
        ),
        id="no list beside all origins",
    ),
    pytest.param(
        {"CORS_ALLOWED_ORIGINS": [r"^https://a\.com$"]},
        (
            "origin-regex",
            "CORS_ALLOWED_ORIGINS",
            "looks like a regular expression",
            r'Write CORS_ALLOWED_ORIGIN_REGEXES = [r"^https://a\.com$"], or a pattern such as "https://*.example.com".',
        ),
        id="an expression among the origins",
    ),
    pytest.param(
        {"CORS_ALLOWED_ORIGINS": [re.compile("a")]},
        (
            "wrong-type",
            "CORS_ALLOWED_ORIGINS",
            "takes strings",
            "Write CORS_ALLOWED_ORIGIN_REGEXES = [re.compile(...)].",
        ),
        id="a compiled expression among the origins",
    ),
    pytest.param(
        {"CORS_ALLOW_ALL_ORIGINS": "yes"},
        (
            "wrong-type",
            "CORS_ALLOW_ALL_ORIGINS",
            "takes True or False, not 'yes'.",
            "Write CORS_ALLOW_ALL_ORIGINS = False.",
        ),
        id="all origins that is neither true nor false",
    ),
    pytest.param(
        {"CORS_ORIGIN_ALLOW_ALL": 1},
        (
            "wrong-type",
            "CORS_ORIGIN_ALLOW_ALL",
            "takes True or False, not 1.",
            "Write CORS_ORIGIN_ALLOW_ALL = False.",
        ),
        id="all origins under the old name",
    ),
    pytest.param(
        {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_CREDENTIALS": True},
        (
            "wildcard-with-credentials",
            "CORS_ALLOW_ALL_ORIGINS",
            'browsers refuse "*" together with credentials',
            (
                "List the origins that need credentials: CORS_ALLOW_CREDENTIALS = "
                '["https://app.example.com"]; CORS_ALLOW_ALL_ORIGINS = True may stay for all others, without.'
            ),
        ),
        id="all origins with credentials",
    ),
    pytest.param(
        {"CORS_ORIGIN_ALLOW_ALL": True, "CORS_ALLOW_CREDENTIALS": True},
        (
            "wildcard-with-credentials",
            "CORS_ORIGIN_ALLOW_ALL",
            'browsers refuse "*" together with credentials',
            (
                "List the origins that need credentials: CORS_ALLOW_CREDENTIALS = "
                '["https://app.example.com"]; CORS_ORIGIN_ALLOW_ALL = True may stay for all others, without.'
            ),
        ),
        id="all origins with credentials under the old name",
    ),
    pytest.param(
        {"CORS_ALLOWED_ORIGINS": "*", "CORS_ALLOW_CREDENTIALS": True},
        (
            "wildcard-with-credentials",
            "CORS_ALLOWED_ORIGINS",
            'browsers refuse "*" together with credentials',
            (
                "List the origins that need credentials: CORS_ALLOW_CREDENTIALS = "
                '["https://app.example.com"]; CORS_ALLOW_ALL_ORIGINS = True may stay for all others, without.'
            ),
        ),
        id="a listed asterisk with credentials",
    ),
    pytest.param(
        {"CORS_ALLOWED_ORIGINS": [ORIGIN, "null"], "CORS_ALLOW_CREDENTIALS": True},
        (
            "null-with-credentials",
            "CORS_ALLOWED_ORIGINS",
            '"null" with credentials',
            'Leave it out, or accept the danger with CORS_DANGEROUSLY_ALLOW = ["null-origin"].',
        ),
        id="null with credentials",
    ),
    pytest.param(
        {"CORS_ALLOWED_ORIGIN_REGEXES": [r"https://\w+\.example\.com", "(bad"]},
        (
            "invalid-regex",
            "CORS_ALLOWED_ORIGIN_REGEXES",
            "'(bad' is no valid regular expression",
            f"Write CORS_ALLOWED_ORIGIN_REGEXES = [r{EXAMPLE}].",
        ),
        id="the second expression is not valid",
    ),
    pytest.param(
        {"CORS_ORIGIN_REGEX_WHITELIST": ["(bad"]},
        (
            "invalid-regex",
            "CORS_ORIGIN_REGEX_WHITELIST",
            "'(bad' is no valid regular expression",
            f"Write CORS_ORIGIN_REGEX_WHITELIST = [r{EXAMPLE}].",
        ),
        id="an expression under the old name",
    ),
    pytest.param(
        {
            "CORS_ALLOWED_ORIGIN_REGEXES": [r"https://\w+\.example\.com", r"https://.*"],
            "CORS_ALLOW_CREDENTIALS": True,
        },
        (
            "wildcard-with-credentials",
            "CORS_ALLOWED_ORIGIN_REGEXES",
            "'https://.*' with credentials matches unrelated sites",
            r'Name your domain, with a backslash before each dot: r"https://[a-z0-9-]+\.example\.com".',
        ),
        id="the second expression matches everything, with credentials",
    ),
    pytest.param(
        {"CORS_ALLOWED_ORIGIN_REGEXES": None},
        (
            "wrong-type",
            "CORS_ALLOWED_ORIGIN_REGEXES",
            "takes regular expressions, as str or compiled from str, not None.",
            f"Write CORS_ALLOWED_ORIGIN_REGEXES = [r{EXAMPLE}].",
        ),
        id="no expression",
    ),
    pytest.param(
        {"CORS_ALLOWED_ORIGIN_REGEXES": [r"https://(?P<name>\w+)\.a\.com", r"https://(?P<name>\w+)\.b\.com"]},
        (
            "invalid-regex",
            "CORS_ALLOWED_ORIGIN_REGEXES",
            "its expressions cannot be used together: redefinition of group name 'name'",
            'Give each group a name that no other has, or write one expression, joined by "|".',
        ),
        id="expressions that cannot be one",
    ),
    pytest.param(
        {"CORS_ORIGIN_FUNC": "project.cors.is_allowed"},
        (
            "not-importable",
            "CORS_ORIGIN_FUNC",
            "'project.cors.is_allowed' cannot be imported: No module named 'project'.",
            'Write the dotted path of a function, such as "project.cors.is_allowed".',
        ),
        id="a dotted path that leads nowhere",
    ),
    pytest.param(
        {"CORS_ORIGIN_FUNC": "os.sep"},
        (
            "wrong-type",
            "CORS_ORIGIN_FUNC",
            "takes a function, not '/'.",
            "Write CORS_ORIGIN_FUNC = func, where func(request: CORSRequest) returns True or False.",
        ),
        id="a dotted path to what is no function",
    ),
    pytest.param(
        {"CORS_ON_DECISION": "no.such"},
        (
            "not-importable",
            "CORS_ON_DECISION",
            "'no.such' cannot be imported",
            'Write the dotted path of a function, such as "project.cors.is_allowed".',
        ),
        id="a hook that leads nowhere",
    ),
    pytest.param(
        {"CORS_ON_DECISION": 5},
        (
            "wrong-type",
            "CORS_ON_DECISION",
            "takes a function that is not async, not 5.",
            "Write CORS_ON_DECISION = func, where func(request, decision) returns at once.",
        ),
        id="a hook that is no function",
    ),
    pytest.param(
        {"CORS_DEBUG": "true"},
        ("wrong-type", "CORS_DEBUG", "takes True or False, not 'true'.", "Write CORS_DEBUG = True."),
        id="debug",
    ),
    pytest.param(
        {"CORS_ALLOW_METHODS": ["GET, POST"]},
        (
            "not-a-token",
            "CORS_ALLOW_METHODS",
            "is no method name",
            'Write CORS_ALLOW_METHODS = ["GET", "POST"].',
        ),
        id="methods in one string",
    ),
    pytest.param(
        {"CORS_ALLOW_HEADERS": ["x mine"]},
        (
            "not-a-token",
            "CORS_ALLOW_HEADERS",
            "is no header name",
            'Write CORS_ALLOW_HEADERS = ["x", "mine"].',
        ),
        id="headers in one string",
    ),
    pytest.param(
        {"CORS_EXPOSE_HEADERS": "*", "CORS_ALLOW_CREDENTIALS": [ORIGIN]},
        (
            "wildcard-with-credentials",
            "CORS_EXPOSE_HEADERS",
            '"*" is no wildcard with credentials',
            'List the headers that pages shall read: CORS_EXPOSE_HEADERS = ["X-Request-Id"].',
        ),
        id="every response header with credentials",
    ),
    pytest.param(
        {"CORS_PREFLIGHT_MAX_AGE": -5},
        (
            "negative-max-age",
            "CORS_PREFLIGHT_MAX_AGE",
            "-5 is negative.",
            "Write CORS_PREFLIGHT_MAX_AGE = 0 to keep browsers from caching preflights.",
        ),
        id="a negative time",
    ),
    pytest.param(
        {"CORS_ALLOW_CREDENTIALS": "True"},
        (
            "wrong-type",
            "CORS_ALLOW_CREDENTIALS",
            "takes True or False, not the string 'True'.",
            "Write CORS_ALLOW_CREDENTIALS = True.",
        ),
        id="credentials in a string",
    ),
    pytest.param(
        {"CORS_ALLOW_PRIVATE_NETWORK": 1},
        (
            "wrong-type",
            "CORS_ALLOW_PRIVATE_NETWORK",
            "takes True or False, not 1.",
            "Write CORS_ALLOW_PRIVATE_NETWORK = False.",
        ),
        id="private network",
    ),
    pytest.param(
        {"CORS_DANGEROUSLY_ALLOW": ["null-origins"]},
        (
            "unknown-danger",
            "CORS_DANGEROUSLY_ALLOW",
            "there is no danger named 'null-origins'",
            'Write "null-origin".',
        ),
        id="an unknown danger",
    ),
    pytest.param(
        {"CORS_URLS_REGEX": "(bad"},
        ("invalid-regex", "CORS_URLS_REGEX", "'(bad' cannot be used", 'Write CORS_URLS_REGEX = r"^/api/".'),
        id="an invalid expression for paths",
    ),
    pytest.param(
        {"CORS_URLS_REGEX": "api/.*"},
        (
            "path-relative",
            "CORS_URLS_REGEX",
            "'api/.*' matches no path, for paths begin with a slash.",
            'Write CORS_URLS_REGEX = r"^/api/".',
        ),
        id="an expression for paths without their slash",
    ),
    pytest.param(
        {"CORS_URLS_REGEX": ["/api/"]},
        (
            "wrong-type",
            "CORS_URLS_REGEX",
            "takes one regular expression, as str or compiled from str, not ['/api/'].",
            'Write CORS_URLS_REGEX = r"^/api/".',
        ),
        id="several expressions for paths",
    ),
    pytest.param(
        {
            "CORS_POLICY": {"allow_origins": "*"},
            "CORS_ALLOW_METHODS": ["GET"],
            "CORS_ORIGIN_ALLOW_ALL": False,
        },
        (
            "policy-and-options",
            "CORS_POLICY",
            "is set together with CORS_ORIGIN_ALLOW_ALL, CORS_ALLOW_METHODS.",
            "Put all of it into CORS_POLICY, or leave CORS_POLICY out.",
        ),
        id="a policy and options",
    ),
    pytest.param(
        {"CORS_RESOURCES": {}, "CORS_POLICY": {}, "CORS_URLS_REGEX": "^/"},
        (
            "policy-and-options",
            "CORS_RESOURCES",
            "is set together with CORS_POLICY, CORS_URLS_REGEX.",
            "Put all of it into CORS_RESOURCES, or leave CORS_RESOURCES out.",
        ),
        id="resources and a policy",
    ),
    pytest.param(
        {"CORS_POLICY": "*"},
        (
            "wrong-type",
            "CORS_POLICY",
            "takes a CORSPolicy or a dict of its options, not '*'.",
            'Write a dict such as {"allow_origins": ["https://app.example.com"]}.',
        ),
        id="what is no policy",
    ),
    pytest.param(
        {"CORS_POLICY": {1: 2}},
        (
            "wrong-type",
            "CORS_POLICY",
            "takes a CORSPolicy or a dict of its options, not {1: 2}.",
            'Write a dict such as {"allow_origins": ["https://app.example.com"]}.',
        ),
        id="a dict that has no options",
    ),
    pytest.param(
        {"CORS_POLICY": {"origins": "*"}},
        (
            "unknown-option",
            'CORS_POLICY["origins"]',
            "there is no option 'origins'.",
            'Write "allow_origins": ...',
        ),
        id="an unknown option in a dict",
    ),
    pytest.param(
        {"CORS_POLICY": {"allow_origins": "*", "allow_credentials": True}},
        (
            "wildcard-with-credentials",
            'CORS_POLICY["allow_origins"]',
            'browsers refuse "*" together with credentials',
            (
                'List the origins that need credentials: "allow_credentials": ["https://app.example.com"]; '
                '"allow_origins": "*" may stay for all others, without.'
            ),
        ),
        id="every origin with credentials in a dict",
    ),
    pytest.param(
        {"CORS_POLICY": {"allow_origins": ["https://app-*.example.com"]}},
        (
            "origin-wildcard",
            'CORS_POLICY["allow_origins"]',
            'has a "*" that is not the whole leftmost label of a domain.',
            (
                'A "*" may stand for the labels left of a domain ("https://*.example.com") or for any port '
                '("http://localhost:*"), and for nothing else; allow_origin_regex can say more.'
            ),
        ),
        id="a misplaced asterisk in a dict",
    ),
    pytest.param(
        {"CORS_ALLOWED_ORIGINS": ["https://app-*.example.com"]},
        (
            "origin-wildcard",
            "CORS_ALLOWED_ORIGINS",
            'has a "*" that is not the whole leftmost label of a domain.',
            (
                'A "*" may stand for the labels left of a domain ("https://*.example.com") or for any port '
                '("http://localhost:*"), and for nothing else; CORS_ALLOWED_ORIGIN_REGEXES can say more.'
            ),
        ),
        id="a misplaced asterisk",
    ),
    pytest.param(
        {"CORS_POLICY": {"allow_origin_func": "no.such"}},
        (
            "not-importable",
            'CORS_POLICY["allow_origin_func"]',
            "'no.such' cannot be imported",
            'Write the dotted path of a function, such as "project.cors.is_allowed".',
        ),
        id="a dotted path in a dict",
    ),
    pytest.param(
        {"CORS_RESOURCES": ["/api/*"]},
        (
            "wrong-type",
            "CORS_RESOURCES",
            "takes Resources, or a dict of paths and policies, not ['/api/*'].",
            'Write CORS_RESOURCES = {"/api/*": {"allow_origins": ["https://app.example.com"]}}.',
        ),
        id="what are no resources",
    ),
    pytest.param(
        {"CORS_RESOURCES": {"api/*": None}},
        ("path-relative", "CORS_RESOURCES", "'api/*' does not begin with a slash.", 'Write "/api/*".'),
        id="a faulty path",
    ),
    pytest.param(
        {"CORS_RESOURCES": {"/api/*": {"max_age": -1}}},
        (
            "negative-max-age",
            "CORS_RESOURCES['/api/*'][\"max_age\"]",
            "-1 is negative.",
            'Write "max_age": 0 to keep browsers from caching preflights.',
        ),
        id="a faulty policy for a path",
    ),
]


@pytest.mark.parametrize(("settings", "expected"), FAULTS)
def test_a_problem_names_the_setting_and_what_to_write(settings: Any, expected: tuple[str, ...]) -> None:
    (problem,) = problems(**settings)
    code, setting, message, hint = expected
    assert (problem.code, problem.option, problem.hint) == (code, setting, hint)
    assert message in problem.message


def test_a_hint_for_the_nearest_setting_can_be_pasted() -> None:
    (problem,) = problems(CORS_ALLOWED_ORIGINS=[ORIGIN], CORS_ALLOW_HEADER=["x-mine"])
    assert problem.hint == "Write CORS_ALLOW_HEADERS = ..."


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("CORS_ORIGINS", "CORS_ALLOWED_ORIGINS"),
        ("CORS_ALLOW_ORIGINS", "CORS_ALLOWED_ORIGINS"),
        ("CORS_ALLOWED_ORIGIN", "CORS_ALLOWED_ORIGINS"),
        ("CORS_ORIGIN_WHITELISTS", None),
        ("CORS_ALLOW_ALL", "CORS_ALLOW_ALL_ORIGINS"),
        ("CORS_ALLOW_ALL_ORIGIN", "CORS_ALLOW_ALL_ORIGINS"),
        ("CORS_ALLOWED_ORIGINS_REGEXES", "CORS_ALLOWED_ORIGIN_REGEXES"),
        ("CORS_SUPPORTS_CREDENTIALS", "CORS_ALLOW_CREDENTIALS"),
        ("CORS_ALLOWED_CREDENTIALS", "CORS_ALLOW_CREDENTIALS"),
        ("CORS_MAX_AGE", "CORS_PREFLIGHT_MAX_AGE"),
        ("CORS_ALLOWED_HEADERS", "CORS_ALLOW_HEADERS"),
        ("CORS_ALLOWED_METHODS", "CORS_ALLOW_METHODS"),
        ("CORS_METHODS", "CORS_ALLOW_METHODS"),
        ("CORS_EXPOSED_HEADERS", "CORS_EXPOSE_HEADERS"),
        ("CORS_URL_REGEX", "CORS_URLS_REGEX"),
    ],
)
def test_a_name_that_is_close_to_a_setting_is_a_problem(name: str, meant: str | None) -> None:
    if meant is None:
        assert warned(**{name: []}) == []
        return
    (problem,) = problems(**{name: []})
    assert (problem.code, problem.option, problem.hint) == ("unknown-option", name, f"Write {meant} = ...")
    assert problem.message == "there is no setting of this name."


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("CORS_MODEL", "Ask the model in a receiver of crosscors.django.signals.check_request_enabled."),
        ("CORS_REPLACE_HTTPS_REFERER", "List the origins that may also write in CSRF_TRUSTED_ORIGINS."),
    ],
)
def test_settings_long_gone_are_problems(name: str, instead: str) -> None:
    (problem,) = problems(**{name: True})
    assert (problem.code, problem.hint) == ("unknown-option", instead)


def test_all_problems_are_found_at_once() -> None:
    found = problems(
        CORS_ORIGINS=[ORIGIN],
        CORS_ALLOWED_ORIGINS=["example.com"],
        CORS_ALLOWED_ORIGIN_REGEXES=["(bad", "[bad"],
        CORS_ORIGIN_FUNC="no.such",
        CORS_URLS_REGEX="(bad",
        CORS_ALLOW_CREDENTIALS="yes",
        CORS_DEBUG=1,
        CORS_ON_DECISION=1,
    )
    assert [(problem.option, problem.code) for problem in found] == [
        ("CORS_ORIGINS", "unknown-option"),
        ("CORS_ALLOWED_ORIGIN_REGEXES", "invalid-regex"),
        ("CORS_ALLOWED_ORIGIN_REGEXES", "invalid-regex"),
        ("CORS_ORIGIN_FUNC", "not-importable"),
        ("CORS_ALLOWED_ORIGINS", "origin-missing-scheme"),
        ("CORS_ALLOW_CREDENTIALS", "origin-missing-scheme"),
        ("CORS_URLS_REGEX", "invalid-regex"),
        ("CORS_ON_DECISION", "wrong-type"),
        ("CORS_DEBUG", "wrong-type"),
    ]


def test_each_faulty_resource_is_a_problem_of_its_own() -> None:
    found = problems(
        CORS_RESOURCES={"/a": {"max_age": -1}, "/b": {"allow_origins": ["b"]}, "c": None, "/d": 5}
    )
    assert [problem.option for problem in found] == [
        "CORS_RESOURCES['/a'][\"max_age\"]",
        "CORS_RESOURCES['/b'][\"allow_origins\"]",
        "CORS_RESOURCES['/d']",
        "CORS_RESOURCES",
    ]


# What is surely not meant.


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(
            {"CORS_ALLOWED_ORIGINS": [ORIGIN], "CORS_ORIGIN_WHITELIST": [OTHER]},
            ["CORS_ORIGIN_WHITELIST: is not read, because CORS_ALLOWED_ORIGINS is set, too. Leave it out."],
            id="an old name beside the new one",
        ),
        pytest.param(
            {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOWED_ORIGINS": [ORIGIN]},
            [f"CORS_ALLOWED_ORIGINS: '{ORIGIN}' is already covered by \"*\". Leave it out."],
            id="origins beside all origins",
        ),
        pytest.param(
            {"CORS_ORIGIN_ALLOW_ALL": True, "CORS_ALLOWED_ORIGIN_REGEXES": ["https://a"]},
            [
                (
                    "CORS_ALLOWED_ORIGIN_REGEXES: CORS_ORIGIN_ALLOW_ALL = True allows every origin already. "
                    "Leave it out."
                )
            ],
            id="expressions beside all origins",
        ),
        pytest.param(
            {"CORS_ALLOWED_ORIGINS": ["*"], "CORS_ORIGIN_FUNC": is_allowed},
            ["CORS_ORIGIN_FUNC: '*' in CORS_ALLOWED_ORIGINS allows every origin already. Leave it out."],
            id="a function beside a listed asterisk",
        ),
        pytest.param(
            {"CORS_ALLOW_HEADERS": ["accept"]},
            ["CORS_ALLOW_HEADERS: 'accept' is always allowed. Leave it out."],
            id="a header that is always allowed",
        ),
        pytest.param(
            {"CORS_PREFLIGHT_MAX_AGE": 100_000},
            [
                (
                    "CORS_PREFLIGHT_MAX_AGE: 100000 is longer than any browser keeps a preflight "
                    "(Firefox a day, Chromium two hours). Write CORS_PREFLIGHT_MAX_AGE = 86400 or less."
                )
            ],
            id="a long time",
        ),
        pytest.param(
            {"CORS_POLICY": {"allow_headers": ["accept"]}},
            ["CORS_POLICY[\"allow_headers\"]: 'accept' is always allowed. Leave it out."],
            id="a policy as a dict",
        ),
        pytest.param(
            {"CORS_RESOURCES": {"/a": {"allow_headers": ["accept"]}}},
            ["CORS_RESOURCES['/a'][\"allow_headers\"]: 'accept' is always allowed. Leave it out."],
            id="a policy of a path",
        ),
    ],
)
def test_what_is_surely_not_meant_is_kept_for_the_checks(settings: Any, expected: list[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", PolicyWarning)
        assert warned(**settings) == expected


def test_policies_of_one_s_own_are_warned_of_too() -> None:
    with pytest.warns(PolicyWarning):
        given = CORSPolicy(allow_headers=["accept"])
    expected = "'accept' is always allowed. Leave it out."
    assert warned(CORS_POLICY=given) == [f'CORS_POLICY["allow_headers"]: {expected}']
    assert warned(CORS_RESOURCES=Resources({"/*": given})) == [f'CORS_RESOURCES["allow_headers"]: {expected}']


def test_warnings_of_others_pass_through() -> None:
    with pytest.warns(FutureWarning, match="Possible nested set"):
        policy(CORS_ALLOWED_ORIGIN_REGEXES=["https://[[a]"])


def test_refused_origins_stay_refused(ask: Ask) -> None:
    answer = get(ask, origin=EVIL, CORS_ALLOWED_ORIGIN_REGEXES=[r"https://a\.com", r"https://b\.com"])
    assert allowed_origin(answer) is None
    answer = get(
        ask, origin="https://b.com", CORS_ALLOWED_ORIGIN_REGEXES=[r"https://a\.com", r"https://b\.com"]
    )
    assert allowed_origin(answer) == "https://b.com"


def test_settings_that_are_read_while_requests_are_served_touch_no_filters_for_warnings() -> None:
    def no_filters(*_: object, **__: object) -> None:
        raise AssertionError("filters for warnings are those of all threads")

    listed_twice: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": [ORIGIN, ORIGIN], "CORS_URLS_REGEX": "^/api/"}
    with override_settings(**listed_twice), pytest.MonkeyPatch.context() as patch:
        patch.setattr(warnings, "catch_warnings", no_filters)
        patch.setattr(warnings, "simplefilter", no_filters)
        for in_async in (False, True):
            found = read_settings(in_async=in_async)
            assert [problem.code for problem in found.warnings] == ["listed-twice"]
