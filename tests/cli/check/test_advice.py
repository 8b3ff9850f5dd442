"""Advice: what starts and is safe, but could be better."""

from __future__ import annotations

import re
import warnings
from typing import Any

import pytest

from crosscors import CORSPolicy, CORSRequest, PolicyWarning
from crosscors.cli.check import advice
from crosscors.cli.check.advice import advice_about, patterns_for
from crosscors.core.origins.public_suffixes import SuffixListError
from tests.conftest import Approve
from tests.tables import each, table

APP = "https://app.example.com"
PLAIN = "http://app.example.com:8080"

ADVISED: list[tuple[str, dict[str, Any]]] = [
    ("an origin over http", {"allow_origins": [PLAIN]}),
    ("an origin over ws", {"allow_origins": ["ws://app.example.com"]}),
    (
        "an origin over http with cookies",
        {"allow_origins": "*", "allow_credentials": [PLAIN], "dangerously_allow": "insecure-origins"},
    ),
    ("a whole site with cookies", {"allow_origins": ["https://*.example.com"], "allow_credentials": True}),
    (
        "a whole site in the list of those with cookies",
        {"allow_origins": "*", "allow_credentials": ["https://*.example.com"]},
    ),
    ("any port", {"allow_origins": ["https://app.example.com:*"]}),
    (
        "an expression for a pattern",
        {"allow_origins": [APP], "allow_origin_regex": r"https://.*\.example\.org"},
    ),
    ("no caching", {"max_age": 0}),
    ("the browser's default", {"max_age": None}),
    ("a minute", {"max_age": 60}),
]


def advised(options: dict[str, Any]) -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PolicyWarning)
        return [str(problem) for problem in advice_about(CORSPolicy(**options))]


def test_advice(approved: Approve) -> None:
    found = [(why, advised(options)) for why, options in ADVISED]
    assert [why for why, texts in found if len(texts) != 1] == []
    approved("check_advice", ((why, texts[0]) for why, texts in found))


@each(
    "options",
    {},
    {"allow_origins": [APP], "allow_credentials": True},
    {
        "allow_origins": [
            "http://localhost:*",
            "http://127.0.0.1:*",
            "http://[::1]:3000",
            "null",
            "file://",
            "app://x",
        ]
    },
    {"allow_origins": ["https://*.api.example.com"], "allow_credentials": True},
    {"allow_origins": ["https://*.example.com"]},
    {"allow_origins": ["https://*.example.com"], "allow_credentials": [APP]},
    {
        "allow_origins": ["https://*.github.io"],
        "allow_credentials": True,
        "dangerously_allow": "public-suffix-subdomains",
    },
    {"allow_origin_regex": r"https://[a-z]+\.example\.com"},
    {"allow_origin_regex": re.compile(r"https://.*\.example\.com", re.IGNORECASE)},
    {"max_age": 600},
)
def test_nothing_to_advise(options: dict[str, Any]) -> None:
    assert advised(options) == []


def test_without_the_list_nobody_knows_sites(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = CORSPolicy(allow_origins=["https://*.example.com"], allow_credentials=True)

    def unreadable() -> None:
        raise SuffixListError("gone")

    monkeypatch.setattr(advice, "public_suffix_list", unreadable)
    assert advice_about(policy) == []


# The expression, the patterns.
REPLACED = table(
    "expression, patterns",
    ("all below a domain", r"https://.*\.example\.com", ("https://*.example.com",)),
    ("at least one character", r"^https://.+\.example\.com$", ("https://*.example.com",)),
    ("labels", r"https://([a-z0-9-]+\.)+example\.com", ("https://*.example.com",)),
    ("the domain, too", r"https://(.+\.)?example\.com", ("https://example.com", "https://*.example.com")),
    ("any port", r"http://localhost(:\d+)?", ("http://localhost:*",)),
    ("one port", r"http://localhost:3000", ("http://localhost:3000",)),
    ("both schemes", r"https?://localhost(:[0-9]+)?", ("http://localhost:*", "https://localhost:*")),
    ("one origin", r"https://app\.example\.com", ("https://app.example.com",)),
    ("two", r"https://a\.example|https://b\.example", ("https://a.example", "https://b.example")),
)
KEPT = table(
    "expression",
    ("one label only", r"https://[a-z]+\.example\.com"),
    ("one of two is not simple", r"https://a\.example|https://[bc]\.example"),
    ("a bar in a group", r"https://(a|b)\.example"),
    ("a dot without a backslash", r"https://app.example\.com"),
    ("text after the host", r"https://app\.example\.com.*"),
    ("another scheme", r"app://.*"),
    ("a domain at the end of another", r"https://.*example\.com"),
)
HOSTS = (
    "example.com",
    "a.example.com",
    "b.a.example.com",
    "localhost",
    "a.example",
    "b.example",
    "xexample.com",
    "c.example",
)


@REPLACED
def test_patterns_match_what_the_expression_matches(expression: str, patterns: tuple[str, ...]) -> None:
    assert patterns_for(expression) == patterns
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PolicyWarning)
        policies = (CORSPolicy(allow_origin_regex=expression), CORSPolicy(allow_origins=patterns))
    for origin in (
        f"{s}://{h}{p}"
        for s in ("http", "https")
        for h in ("app.example.com", *HOSTS)
        for p in ("", ":3000", ":81")
    ):
        first, second = (policy.decide(CORSRequest("GET", origin=origin)).allowed for policy in policies)
        assert first == second, origin


@KEPT
def test_other_expressions_are_kept(expression: str) -> None:
    assert patterns_for(expression) == ()
