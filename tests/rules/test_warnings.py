"""What is legal but surely not meant warns, at the line that wrote it; more in the file of each option."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import pytest

from crosscors import CORSPolicy, CORSRequest, PolicyWarning
from crosscors.asgi import CORSMiddleware

from .conftest import ApprovePolicies
from .kit import APP, assert_problem, assert_warned, refused, rows, warned

A = "https://a.example"
SUBDOMAINS = "https://*.example.com"


def anyone(request: CORSRequest) -> bool:
    return bool(request.origin)


# allow_origins, the entry that another one covers, why.
COVERED = [
    (["*", A], A, "an origin beside *"),
    (["null", "*"], "null", "null beside *"),
    ([SUBDOMAINS, APP], APP, "an origin of a pattern"),
    ([SUBDOMAINS, "https://any.example.com"], "https://any.example.com", "any.example.com as well"),
    ([SUBDOMAINS, "https://*.app.example.com"], "https://*.app.example.com", "a longer pattern"),
    ([f"{SUBDOMAINS}:*", SUBDOMAINS], SUBDOMAINS, "a pattern of which any port is allowed"),
    ([f"{APP}:*", f"{SUBDOMAINS}:*"], f"{APP}:*", "any port of an origin, within any port of a pattern"),
    (["http://localhost:3000", "http://localhost:*"], "http://localhost:3000", "a port, within any port"),
    (["http://localhost", "http://localhost:*"], "http://localhost", "no port, within any port"),
]


@rows("entries, covered", COVERED)
def test_an_entry_that_another_one_covers_warns(entries: list[str], covered: str) -> None:
    assert_warned({"allow_origins": entries}, "already-covered", "allow_origins", covered)
    if "*" not in entries:
        options = {"allow_credentials": entries, "dangerously_allow": "insecure-origins"}
        assert_warned(options, "already-covered", "allow_credentials", covered)


LISTED_TWICE, ALREADY_COVERED = "listed-twice", "already-covered"
TWICE = ["null-origin", "null-origin"]
WITH_REGEX: dict[str, Any] = {"allow_origins": A, "allow_origin_regex": r"https://[a-z]\.example"}
WITH_FUNC: dict[str, Any] = {"allow_origins": "*", "allow_origin_func": anyone}
# Options, code, option, value, why.
WARNED: list[tuple[dict[str, Any], str, str, str, str]] = [
    ({"allow_origins": [A, A]}, LISTED_TWICE, "allow_origins", A, "an origin listed twice"),
    ({"allow_credentials": [A, A]}, LISTED_TWICE, "allow_credentials", A, "likewise with credentials"),
    ({"dangerously_allow": TWICE}, LISTED_TWICE, "dangerously_allow", "null-origin", "a danger listed twice"),
    ({**WITH_REGEX, "allow_origins": "*"}, ALREADY_COVERED, "allow_origin_regex", "*", "beside *"),
    (WITH_REGEX, ALREADY_COVERED, "allow_origins", A, "an origin that the expression covers"),
    (WITH_FUNC, ALREADY_COVERED, "allow_origin_func", "*", "a function beside *"),
]


@rows("options, code, option, value", WARNED)
def test_what_changes_nothing_warns(options: dict[str, Any], code: str, option: str, value: str) -> None:
    assert_warned(options, code, option, value)


# Entry, what to write instead (None: an example), why.
UNLIKELY = [
    ("http://frontend:3000", "http://localhost:3000", "a service of Docker Compose"),
    ("http://web", "http://localhost", "one without a port"),
    ("http://my-react-1:8080", "http://localhost:8080", "a name with a known part"),
    ("http://my_ui", "http://localhost", "a name with an underscore"),
    ("https://undefined", "https://app.example.com", "a variable that was not set"),
    ("http://none:3000", "https://app.example.com", "the same in Python, in lower case"),
]


@rows("entry, write", UNLIKELY)
def test_a_host_that_is_surely_not_meant_warns(entry: str, write: str) -> None:
    for option in ("allow_origins", "allow_credentials"):
        dangers = {"dangerously_allow": ["insecure-origins"]}
        (problem,) = warned({option: [entry], **dangers})
        assert_problem(problem, "unlikely-host", option, entry)
        assert f'"{write}"' in problem.hint
        assert warned({option: [write]}) == []
    (problem,) = warned({"allow_origins": [entry], "allow_credentials": [entry], **dangers})
    assert problem.option == "allow_origins"


# Entry, what to write instead, why.
NOT_OF_PAGES = [
    ("wss://app.example.com", "https://app.example.com", "a socket with TLS"),
    ("wss://app.example.com:80", "https://app.example.com:80", "the same with a port"),
    ("ws://app.example.com", "http://app.example.com", "a socket"),
    ("ws://localhost:3000", "http://localhost:3000", "a socket of this machine"),
    ("ftp://a.example:80", "http://a.example", "files, with the default port of http"),
    ("wss://*.example.com:*", "https://*.example.com:*", "a pattern"),
]


@rows("entry, write", NOT_OF_PAGES)
def test_a_scheme_that_no_page_has_warns(entry: str, write: str) -> None:
    for option in ("allow_origins", "allow_credentials"):
        dangers = {"dangerously_allow": ["insecure-origins"]}
        (problem,) = warned({option: [entry], **dangers})
        assert_problem(problem, "unlikely-scheme", option, entry)
        assert f'"{write}"' in problem.hint
        assert warned({option: [write], **dangers}) == []


# Options, why.
SENSIBLE = [
    ({}, "no options"),
    ({"allow_origins": "*"}, "everyone"),
    ({"allow_origins": "http://intranet"}, "a machine in an intranet"),
    ({"allow_origins": "http://jenkins:8080"}, "one with a port"),
    ({"allow_origins": "https://frontend:3000"}, "https, which needs a certificate, so the name is known"),
    ({"allow_origins": "http://frontend.localhost:3000"}, "a name of this machine"),
    ({"allow_origins": ["http://frontend.example", "http://build:3000"]}, "other names"),
    ({"allow_origins": ["null", "app://undefined-app"]}, "null, which is what browsers send"),
    ({"allow_origins": "*", "allow_credentials": [A]}, "everyone, and one with credentials"),
    ({"allow_origins": [A], "allow_credentials": [A]}, "an origin allowed, and with credentials"),
    ({"allow_origins": [SUBDOMAINS], "allow_credentials": [APP]}, "one origin of a pattern with credentials"),
    ({"allow_origins": ["https://example.com", SUBDOMAINS]}, "a domain, which is not one of its subdomains"),
    ({"allow_origins": [SUBDOMAINS, f"{APP}:8443"]}, "a pattern, and one of its hosts at another port"),
    ({"allow_origins": [SUBDOMAINS, f"{APP}:*"]}, "a pattern, and one of its hosts at any port"),
    ({"allow_origins": [SUBDOMAINS, "http://*.example.com"]}, "patterns of two schemes"),
    ({"allow_origins": [A], "allow_origin_regex": r"https://b\.example"}, "an expression for others"),
    ({"allow_origins": [SUBDOMAINS], "allow_origin_regex": "https://.*"}, "a pattern and an expression"),
    ({"allow_origins": [A], "allow_origin_func": anyone}, "an origin and a function"),
    (
        {"allow_origins": ["null"], "allow_origin_regex": "https?://.*|null"},
        "null, which no expression is asked about",
    ),
    ({"allow_origins": [A], "allow_origin_regex": "https://(?:.*){8}"}, "what may take minutes"),
]


@rows("options", SENSIBLE)
def test_a_sensible_policy_does_not_warn(options: dict[str, Any]) -> None:
    assert warned(options) == []


def test_each_cause_warns_by_itself() -> None:
    options = {"allow_origins": ["*", A, "null"], "allow_headers": ["Host", "Accept"], "max_age": 100_000}
    assert sorted((problem.code, problem.value) for problem in warned(options)) == [
        ("already-covered", A),
        ("already-covered", "null"),
        ("forbidden-header", "Host"),
        ("long-max-age", 100_000),
        ("safelisted-header", "Accept"),
    ]


def test_a_refused_policy_does_not_warn() -> None:
    with warnings.catch_warnings(record=True) as caught:
        refused({"allow_origins": [f"{A}/"], "max_age": 100_000})
    assert caught == []


def test_a_warning_carries_its_problem_and_prints_it() -> None:
    with pytest.warns(PolicyWarning) as caught:
        CORSPolicy(allow_headers=["Accept"])
    message = caught[0].message
    assert isinstance(message, PolicyWarning)
    assert isinstance(message, UserWarning)
    assert (message.problem.code, message.problem.value) == ("safelisted-header", "Accept")
    assert str(message) == str(message.problem)


# The line that a warning points at.


async def app(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None: ...


# Caller, why.
CALLERS = [
    (lambda: CORSPolicy(max_age=86401), "CORSPolicy(...)"),
    (lambda: CORSPolicy().replace(max_age=86401), "policy.replace(...)"),
    (lambda: CORSMiddleware(app, max_age=86401), "CORSMiddleware(app, ...)"),
]


@rows("caller", CALLERS)
def test_a_warning_points_at_the_line_of_the_caller(caller: Callable[[], object]) -> None:
    with pytest.warns(PolicyWarning) as caught:
        caller()
    assert (caught[0].filename, caught[0].lineno) == (__file__, inspect.getsourcelines(caller)[1])


def test_what_the_warnings_say(approved_policies: ApprovePolicies) -> None:
    told: list[tuple[str, dict[str, Any]]] = [
        (why, {"allow_origins": entries}) for entries, _, why in COVERED
    ]
    told += [(why, {"allow_origins": entry}) for entry, _, why in UNLIKELY]
    approved_policies("warnings", [*told, *((why, options) for options, _, _, _, why in WARNED)])
