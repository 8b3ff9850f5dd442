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
from .kit import APP, refused, rows, warned

A = "https://a.example"
SUBDOMAINS = "https://*.example.com"


def anyone(request: CORSRequest) -> bool:
    return bool(request.origin)


# Code, options, option and value that are warned about, why.
WARNED: list[tuple[str, dict[str, Any], tuple[str, str], str]] = [
    ("listed-twice", {"allow_origins": [A, A]}, ("allow_origins", A), "an origin listed twice"),
    ("listed-twice", {"allow_credentials": [A, A]}, ("allow_credentials", A), "likewise with credentials"),
    (
        "listed-twice",
        {"dangerously_allow": ["null-origin", "null-origin"]},
        ("dangerously_allow", "null-origin"),
        "a danger listed twice",
    ),
    ("already-covered", {"allow_origins": ["*", A]}, ("allow_origins", A), "an origin beside *"),
    ("already-covered", {"allow_origins": ["null", "*"]}, ("allow_origins", "null"), "null beside *"),
    (
        "already-covered",
        {"allow_origins": "*", "allow_origin_regex": "https://a"},
        ("allow_origin_regex", "*"),
        "a regular expression beside *",
    ),
    (
        "already-covered",
        {"allow_origins": "*", "allow_origin_func": anyone},
        ("allow_origin_func", "*"),
        "a function beside *",
    ),
    (
        "already-covered",
        {"allow_origins": [SUBDOMAINS, APP]},
        ("allow_origins", APP),
        "an origin of a pattern",
    ),
    (
        "already-covered",
        {"allow_origins": [SUBDOMAINS, "https://any.example.com"]},
        ("allow_origins", "https://any.example.com"),
        "the origin that stands for all of a pattern",
    ),
    (
        "already-covered",
        {"allow_credentials": [SUBDOMAINS, APP]},
        ("allow_credentials", APP),
        "an origin of a pattern with credentials",
    ),
    (
        "already-covered",
        {"allow_origins": [SUBDOMAINS, "https://*.app.example.com"]},
        ("allow_origins", "https://*.app.example.com"),
        "a pattern that a shorter one covers",
    ),
    (
        "already-covered",
        {"allow_origins": [f"{SUBDOMAINS}:*", SUBDOMAINS]},
        ("allow_origins", SUBDOMAINS),
        "a pattern that the same with any port covers",
    ),
    (
        "already-covered",
        {"allow_origins": [f"{APP}:*", f"{SUBDOMAINS}:*"]},
        ("allow_origins", f"{APP}:*"),
        "any port of an origin that any port of a pattern covers",
    ),
    (
        "already-covered",
        {"allow_origins": ["http://localhost:3000", "http://localhost:*"]},
        ("allow_origins", "http://localhost:3000"),
        "a port that any port covers",
    ),
    (
        "already-covered",
        {"allow_origins": ["http://localhost", "http://localhost:*"]},
        ("allow_origins", "http://localhost"),
        "no port that any port covers",
    ),
    (
        "already-covered",
        {"allow_origins": A, "allow_origin_regex": r"https://[a-z]\.example"},
        ("allow_origins", A),
        "an origin that the regular expression covers",
    ),
]


@rows("code, options, about", WARNED)
def test_what_changes_nothing_warns(code: str, options: dict[str, Any], about: tuple[str, str]) -> None:
    (problem,) = warned(options)
    assert (problem.code, (problem.option, problem.value)) == (code, about)


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
    (
        {"allow_origins": [SUBDOMAINS], "allow_origin_regex": ".*"},
        "a pattern, which no expression is compared with",
    ),
    ({"allow_origins": [A], "allow_origin_func": anyone}, "an origin and a function"),
    ({"allow_origins": ["null"], "allow_origin_regex": ".*"}, "null, which no expression is asked about"),
    (
        {"allow_origins": [A], "allow_origin_regex": "https://(?:.*){8}"},
        "an expression that could take minutes",
    ),
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
    approved_policies("warnings", [(why, options) for _, options, _, why in WARNED])
