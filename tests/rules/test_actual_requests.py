"""Actual requests: what the response carries for an allowed origin, a refused one, and none."""

from __future__ import annotations

from typing import Any

import pytest

from crosscors import CORSPolicy, CORSRequest, Kind

from .kit import APP, EVIL, OTHER, actual, assert_allowed, codes, rows

EXPOSED: dict[str, Any] = {"expose_headers": ["X-Request-Id"]}
PUBLIC = CORSPolicy(allow_origins="*", **EXPOSED)
LISTED = CORSPolicy(allow_origins=[APP], **EXPOSED)
CREDENTIALED = CORSPolicy(allow_origins=[APP], allow_credentials=True, **EXPOSED)
MIXED = CORSPolicy(allow_origins="*", allow_credentials=[APP], **EXPOSED)
TWO_LISTS = CORSPolicy(allow_origins=[OTHER], allow_credentials=[APP], **EXPOSED)
PATTERN = CORSPolicy(allow_origins=["https://*.example.com"], **EXPOSED)
NOBODY = CORSPolicy()

EVERYONE = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", "X-Request-Id"))


def named(origin: str, *, credentials: bool = False) -> tuple[tuple[str, str], ...]:
    """The headers of a response that names the origin."""
    true = (("Access-Control-Allow-Credentials", "true"),) if credentials else ()
    exposed = ("Access-Control-Expose-Headers", "X-Request-Id")
    return (("Access-Control-Allow-Origin", origin), *true, exposed)


# Policy, origin, headers, Vary, the entry that matched, why.
ALLOWED = [
    (PUBLIC, EVIL, EVERYONE, (), "*", "* without credentials: everyone gets the same"),
    (PUBLIC, "null", EVERYONE, (), "*", "* allows null"),
    (PUBLIC, "HTTPS://no browser sends this", EVERYONE, (), "*", "* cannot refuse"),
    (PUBLIC, "a" * 1000, EVERYONE, (), "*", "* cannot refuse a long text"),
    (LISTED, APP, named(APP), ("Origin",), APP, "a listed origin"),
    (CREDENTIALED, APP, named(APP, credentials=True), ("Origin",), APP, "a listed origin with credentials"),
    (MIXED, APP, named(APP, credentials=True), ("Origin",), APP, "an origin with credentials beside *"),
    (MIXED, EVIL, named(EVIL), ("Origin",), "*", "the rest of * is named, without credentials"),
    (MIXED, "null", named("null"), ("Origin",), "*", "null is a part of the rest"),
    (TWO_LISTS, APP, named(APP, credentials=True), ("Origin",), APP, "an origin of the second list"),
    (TWO_LISTS, OTHER, named(OTHER), ("Origin",), OTHER, "an origin of the first list"),
]


@rows("policy, origin, headers, vary, matched", ALLOWED)
def test_an_allowed_origin(
    policy: CORSPolicy, origin: str, headers: tuple[tuple[str, str], ...], vary: tuple[str, ...], matched: str
) -> None:
    for _ in range(2):  # the second decision may be remembered
        assert_allowed(actual(policy, origin), Kind.ACTUAL, headers, vary, matched)


# Policy, origin, code, why.
REFUSED = [
    (LISTED, EVIL, "origin-not-allowed", "an origin that is not listed"),
    (NOBODY, APP, "origin-not-allowed", "any origin where none is listed"),
    (TWO_LISTS, EVIL, "origin-not-allowed", "an origin of neither list"),
    (LISTED, "null", "origin-null", "null where it is not listed"),
    (LISTED, "", "origin-malformed", "an empty header"),
    (LISTED, "a" * 100_000, "origin-malformed", "100 kB"),
    (MIXED, "not an origin", "origin-malformed", "not an origin, where * is for others"),
]


@rows("policy, origin, code", REFUSED)
def test_a_refused_origin_gets_only_vary(policy: CORSPolicy, origin: str, code: str) -> None:
    for _ in range(2):
        decision = actual(policy, origin)
        assert (decision.kind, decision.allowed, decision.status) == (Kind.ACTUAL, False, None)
        assert (decision.headers, decision.vary, decision.matched) == ((), ("Origin",), None)
        (refusal,) = decision.refusals
        assert refusal.code == code
        assert refusal.values == (origin,) or (len(origin) > 1000 and origin.startswith(refusal.values[0]))


# Policy, headers, Vary, why.
NO_ORIGIN = [
    (PUBLIC, EVERYONE, (), "*: the same as with an origin"),
    (LISTED, (), ("Origin",), "a list: only Vary"),
    (CREDENTIALED, (), ("Origin",), "a list with credentials: only Vary"),
    (MIXED, (), ("Origin",), "* with a credentials list: only Vary"),
    (NOBODY, (), ("Origin",), "nobody: only Vary"),
]


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "BREW"])
@rows("policy, headers, vary", NO_ORIGIN)
def test_a_request_without_an_origin(
    policy: CORSPolicy, headers: tuple[tuple[str, str], ...], vary: tuple[str, ...], method: str
) -> None:
    decision = policy.decide(CORSRequest(method, request_method="PUT", request_headers="x-token"))
    assert_allowed(decision, Kind.NOT_CORS, headers, vary, None)


# Method, origin, Access-Control-Request-Method, whether it is a preflight, why.
PREFLIGHTS = [
    ("OPTIONS", APP, "GET", True, "OPTIONS with both headers"),
    ("OPTIONS", "", "", True, "also where both are empty"),
    ("OPTIONS", APP, None, False, "OPTIONS without Access-Control-Request-Method"),
    ("OPTIONS", None, "GET", False, "OPTIONS without Origin"),
    ("GET", APP, "GET", False, "GET with both headers"),
    ("options", APP, "GET", False, "methods are case-sensitive"),
    ("", APP, "GET", False, "an empty method"),
    ("DELETE", APP, None, False, "a method that a preflight would refuse"),
]


@rows("method, origin, requested, expected", PREFLIGHTS)
def test_a_preflight_is_options_with_an_origin_and_a_requested_method(
    method: str, origin: str | None, requested: str | None, expected: bool
) -> None:
    asked = CORSRequest(method, origin, request_method=requested, request_headers="x-token")
    decision = LISTED.decide(asked)
    assert asked.is_preflight is (decision.kind is Kind.PREFLIGHT) is expected
    assert expected or (decision.status, decision.allowed) == (None, True)


def test_a_refusal_names_what_the_policy_allows_in_its_place() -> None:
    (refusal,) = actual(TWO_LISTS, EVIL).refusals
    assert refusal.allowed == (OTHER, APP)


def test_decisions_on_the_same_origin_are_made_once() -> None:
    assert actual(LISTED, APP) is actual(LISTED, APP)
    assert actual(LISTED, EVIL) is actual(LISTED, EVIL)
    assert actual(LISTED, None) is actual(LISTED, None)
    assert actual(PUBLIC, APP) is actual(PUBLIC, EVIL)
    assert codes(actual(LISTED, EVIL)) == ["origin-not-allowed"]
