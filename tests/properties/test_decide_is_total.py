"""No request makes a policy raise, allow what it does not list, or say what may not be said."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from crosscors import CORSPolicy, CORSRequest, Decision, Kind
from tests.rules.kit import for_private_networks

from . import reference
from .strategies import origins_near, requests

LISTED = (
    "https://app.example.com",
    "https://*.example.org",
    "http://localhost:*",
    "app://x",
    "http://[::1]:3000",
    "null",
)
ORIGINS = st.sampled_from(LISTED).flatmap(origins_near)
LONGEST_TEXT = 2000

_CREDENTIALED = ("https://app.example.com", "https://*.example.org")

# Every option that sends decisions down another path, with origins listed and without.
POLICIES = (
    CORSPolicy(),
    CORSPolicy(allow_origins=LISTED),
    CORSPolicy(allow_origins=LISTED, allow_methods="*", allow_headers="*", expose_headers="*", max_age=None),
    for_private_networks(allow_origins=LISTED, allow_methods=["PUT", "x"], allow_headers=["X-Token"]),
    CORSPolicy(allow_origins=_CREDENTIALED, allow_credentials=True, allow_headers="*", allow_methods="*"),
    CORSPolicy(allow_origins=LISTED, allow_credentials=_CREDENTIALED, expose_headers=["X-Total"]),
    CORSPolicy(allow_origins=LISTED, allow_origin_func=lambda _: False),
)
OPEN_POLICIES = (
    for_private_networks(allow_origins="*"),
    CORSPolicy(allow_origins="*", allow_credentials=_CREDENTIALED, allow_headers="*"),
    CORSPolicy(allow_origin_regex=r"(?s:.)*", allow_headers=["X-Token"]),
    CORSPolicy(allow_origin_func=lambda _: True, allow_credentials=True, allow_headers="*"),
)


def finished(coroutine: Coroutine[Any, Any, Decision]) -> Decision:
    """What a coroutine returns that never has to wait."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        decision: Decision = stop.value
        return decision
    raise AssertionError("it waited")


def _is_printable_ascii(text: str) -> bool:
    return text.isascii() and text.isprintable()


def assert_can_be_sent(decision: Decision) -> None:
    assert decision.allowed == (not decision.refusals)
    assert (decision.status is not None) == (decision.kind is Kind.PREFLIGHT)
    for name, value in (*decision.headers, ("Vary", ", ".join(decision.vary))):
        assert _is_printable_ascii(name)
        assert _is_printable_ascii(value)
    headers = dict(decision.headers)
    assert (
        headers.get("Access-Control-Allow-Origin") != "*" or "Access-Control-Allow-Credentials" not in headers
    )
    if decision.matched is None and decision.refusals:
        assert decision.headers == ()


def assert_can_be_read(decision: Decision) -> None:
    texts = [decision.body.decode("ascii")]
    for refusal in decision.refusals:
        texts += (refusal.message, refusal.hint)
    for text in texts:
        assert _is_printable_ascii(text)
        assert 0 < len(text) < LONGEST_TEXT


@given(st.sampled_from((*POLICIES, *OPEN_POLICIES)), requests(ORIGINS), st.booleans())
@example(POLICIES[1], CORSRequest("GET", origin="https://*@:;"), False)
@example(POLICIES[1], CORSRequest("GET", origin="https://example.com].evil.com"), False)
@example(
    POLICIES[1],
    CORSRequest(
        "OPTIONS",
        origin="https://app.example.com",
        request_method="PUT",
        request_headers=",".join(f"{number}\xff" * 200 for number in range(9)),
    ),
    True,
)
def test_every_request_gets_one_decision(policy: CORSPolicy, request: CORSRequest, debug: bool) -> None:
    decision = policy.decide(request, debug=debug)
    assert finished(policy.decide_async(request, debug=debug)) == decision
    assert_can_be_sent(decision)
    assert_can_be_read(decision)


@given(st.sampled_from(POLICIES), requests(ORIGINS))
def test_only_listed_origins_are_allowed(policy: CORSPolicy, request: CORSRequest) -> None:
    decision = policy.decide(request)
    is_listed = request.origin is not None and any(
        reference.matches(entry, request.origin) for entry in policy.allow_origins
    )
    headers = dict(decision.headers)
    if is_listed:
        assert headers["Access-Control-Allow-Origin"] == request.origin
    else:
        assert headers == {}
        assert decision.allowed == (request.origin is None)
    if decision.kind is Kind.ACTUAL:
        assert decision.allowed == is_listed
