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
from .kit import APP, assert_problem, refused, rows, warned

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
    (problem,) = warned({"allow_origins": entries})
    assert_problem(problem, "already-covered", "allow_origins", covered)
    if "*" not in entries:
        (problem,) = warned({"allow_credentials": entries, "dangerously_allow": "insecure-origins"})
        assert_problem(problem, "already-covered", "allow_credentials", covered)


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
    (problem,) = warned(options)
    assert_problem(problem, code, option, value)


# Options, why.
SENSIBLE = [
    ({}, "no options"),
    ({"allow_origins": "*"}, "everyone"),
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
    approved_policies("warnings", [*told, *((why, options) for options, _, _, _, why in WARNED)])
