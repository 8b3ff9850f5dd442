"""Preflights: status, headers and body for an allowed origin and a refused one, in debug mode or not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from crosscors import CORSPolicy, CORSRequest, Kind, Refusal

from .kit import (
    APP,
    EVIL,
    OTHER,
    PREFLIGHT_VARY,
    PUBLIC_PREFLIGHT_VARY,
    assert_allowed,
    codes,
    preflight,
    rows,
)

REST: dict[str, Any] = {"allow_methods": ["GET", "PUT"], "allow_headers": ["X-Token"]}
PUBLIC = CORSPolicy(allow_origins="*", **REST)
LISTED = CORSPolicy(allow_origins=[APP], **REST)
CREDENTIALED = CORSPolicy(allow_origins=[APP], allow_credentials=True, **REST)
MIXED = CORSPolicy(allow_origins="*", allow_credentials=[APP], **REST)

LISTS = (
    ("Access-Control-Allow-Methods", "GET, PUT"),
    ("Access-Control-Allow-Headers", "Accept, Accept-Language, Content-Language, Content-Type, X-Token"),
)


def named(origin: str, *, credentials: bool = False) -> tuple[tuple[str, str], ...]:
    """The headers of a preflight's response, without Access-Control-Max-Age."""
    true = (("Access-Control-Allow-Credentials", "true"),) if credentials else ()
    return (("Access-Control-Allow-Origin", origin), *true, *LISTS)


# Policy, origin, headers, Vary, the entry that matched, why.
ALLOWED = [
    (PUBLIC, EVIL, named("*"), PUBLIC_PREFLIGHT_VARY, "*", "* without credentials does not vary on Origin"),
    (LISTED, APP, named(APP), PREFLIGHT_VARY, APP, "a listed origin"),
    (CREDENTIALED, APP, named(APP, credentials=True), PREFLIGHT_VARY, APP, "an origin with credentials"),
    (MIXED, APP, named(APP, credentials=True), PREFLIGHT_VARY, APP, "an origin with credentials beside *"),
    (MIXED, EVIL, named(EVIL), PREFLIGHT_VARY, "*", "the rest of *"),
]


@pytest.mark.parametrize("debug", [False, True])
@rows("policy, origin, headers, vary, matched", ALLOWED)
def test_an_allowed_origin(
    policy: CORSPolicy,
    origin: str,
    headers: tuple[tuple[str, str], ...],
    vary: tuple[str, ...],
    matched: str,
    debug: bool,
) -> None:
    decision = preflight(policy, origin, "PUT", "x-token", debug=debug)
    sent = (*headers, ("Access-Control-Max-Age", "600"))
    assert_allowed(decision, Kind.PREFLIGHT, sent, vary, matched)
    assert decision.body == b"OK"


# Policy, origin, code, why.
REFUSED_ORIGINS = [
    (LISTED, EVIL, "origin-not-allowed", "an origin that is not listed"),
    (LISTED, "null", "origin-null", "null where it is not listed"),
    (MIXED, "a\r\nb", "origin-malformed", "not an origin"),
]


@pytest.mark.parametrize("debug", [False, True])
@rows("policy, origin, code", REFUSED_ORIGINS)
def test_a_refused_origin_gets_only_vary(policy: CORSPolicy, origin: str, code: str, debug: bool) -> None:
    decision = preflight(policy, origin, "PUT", "x-token", debug=debug)
    assert (decision.kind, decision.allowed, decision.status) == (Kind.PREFLIGHT, False, 400)
    assert (decision.headers, decision.vary, decision.matched) == ((), PREFLIGHT_VARY, None)
    assert codes(decision) == [code]


METHOD, HEADERS = "method-not-allowed", "headers-not-allowed"
# Method, headers, refusals, status in debug mode, why.
REFUSED = [
    ("DELETE", None, [METHOD], 200, "a method"),
    ("PUT", "x-other", [HEADERS], 200, "a header"),
    ("PUT", "," * 256, ["headers-too-long"], 200, "a list of headers that is too long to read"),
    ("DELETE", "x-other", [METHOD, HEADERS], 200, "both"),
    ("POST", None, [METHOD], 400, "a safelisted method, which browsers would let through"),
    ("POST", "x-other", [METHOD, HEADERS], 200, "a safelisted method and a header"),
    ("put", None, [METHOD], 200, "a method in another case"),
]


@rows("method, headers, refusals, status_in_debug", REFUSED)
def test_a_refused_method_or_header_of_an_allowed_origin_gets_the_lists(
    method: str, headers: str | None, refusals: list[str], status_in_debug: int
) -> None:
    lists = named(APP, credentials=True)
    if "headers-too-long" in refusals:
        lists = lists[:-1]
    for policy, sent, vary in (
        (CREDENTIALED, lists, PREFLIGHT_VARY),
        (PUBLIC, (("Access-Control-Allow-Origin", "*"), *lists[2:]), PUBLIC_PREFLIGHT_VARY),
    ):
        decision = preflight(policy, APP, method, headers)
        assert (decision.kind, decision.allowed, decision.status) == (Kind.PREFLIGHT, False, 400)
        assert (codes(decision), decision.headers, decision.vary) == (refusals, sent, vary)
        assert decision.matched == ("*" if policy is PUBLIC else APP)
        assert preflight(policy, APP, method, headers, debug=True) == replace(
            decision, status=status_in_debug
        )


def test_refusals_name_what_the_policy_allows_in_their_place() -> None:
    assert preflight(LISTED, APP, "DELETE", "x-b").refusals == (
        Refusal("method-not-allowed", ("DELETE",), ("GET", "PUT")),
        Refusal("headers-not-allowed", ("x-b",), ("X-Token",)),
    )


def test_the_headers_of_a_preflight_describe_its_body() -> None:
    decision = preflight(CORSPolicy(allow_origins=[APP], max_age=None))
    sent = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "2")]
    sent += [*decision.headers, ("Vary", ", ".join(PREFLIGHT_VARY))]
    assert decision.whole_headers == tuple(sent)
    assert decision.raw_whole_headers == tuple(
        (name.lower().encode(), value.encode()) for name, value in sent
    )
    refused = preflight(LISTED, EVIL)
    assert refused.body == f"Refused by the CORS policy: {refused.refusals[0].message}".encode()
    assert refused.whole_headers[1] == ("Content-Length", str(len(refused.body)))
    both = preflight(LISTED, APP, "DELETE", "x-b")
    assert both.body.endswith("; ".join(refusal.message for refusal in both.refusals).encode())


# What is remembered never answers another preflight.

BASE: dict[str, Any] = {"allow_headers": "*", "allow_credentials": True, "allow_private_network": True}
# Options, why.
REMEMBERING = [
    ({"allow_origins": [APP, OTHER], **BASE}, "two origins"),
    ({"allow_origins": ["https://*.example.com", "https://*.other.example"], **BASE}, "patterns"),
    ({"allow_origin_regex": r"https://(app\.example\.com|other\.example)", **BASE}, "a regular expression"),
    ({"allow_origin_func": lambda _: True, **BASE}, "a function"),
    ({"allow_origins": "*", **BASE, "allow_credentials": [APP]}, "* with a credentials list"),
    ({"allow_origins": "*", **BASE, "allow_credentials": False}, "* without credentials"),
]


@pytest.mark.filterwarnings("ignore:allow_private_network:crosscors.PolicyWarning")
@rows("options", REMEMBERING)
def test_a_preflight_is_answered_as_if_it_were_the_first(options: dict[str, Any]) -> None:
    used = CORSPolicy(**options)
    first = CORSRequest("OPTIONS", APP, request_method="GET", request_headers="x-a")
    others: list[dict[str, Any]] = [
        {},
        {"origin": OTHER},
        {"request_method": "PATCH"},
        {"request_headers": "x-b"},
    ]
    others += [{"request_headers": None}, {"request_headers": "x a"}, {"request_private_network": "true"}]
    for _ in range(2):
        for debug in (False, True):
            for asked in (replace(first, **other) for other in others):
                assert used.decide(asked, debug=debug) == CORSPolicy(**options).decide(asked, debug=debug)


# Policy, origin, method, headers, why.
DECIDED_ONCE = [
    (LISTED, APP, "PUT", "x-token", "allowed"),
    (LISTED, EVIL, "PUT", "x-token", "refused by origin"),
    (LISTED, APP, "PATCH", None, "refused by method"),
    (LISTED, APP, "PUT", "x-other", "refused by header"),
    (CORSPolicy(allow_origins="https://*.example.com"), APP, "GET", None, "allowed by a pattern"),
]


@rows("policy, origin, method, headers", DECIDED_ONCE)
def test_the_same_preflight_is_decided_once(
    policy: CORSPolicy, origin: str, method: str, headers: str | None
) -> None:
    assert preflight(policy, origin, method, headers) is preflight(
        policy, origin, method, headers, path="/other"
    )


def test_a_preflight_under_a_public_policy_is_decided_once_for_all_origins() -> None:
    assert preflight(PUBLIC, APP, "PUT", "x-token") is preflight(PUBLIC, EVIL, "PUT", "x-token")
    assert preflight(LISTED, APP, "PUT", "," * 256) is preflight(LISTED, APP, "PUT", " " * 9000)
