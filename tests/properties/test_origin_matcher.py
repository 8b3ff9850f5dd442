"""The matcher of origins against a naive one, on origins that nearly match."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crosscors import CORSPolicy, CORSRequest, PolicyError

from . import reference
from .strategies import any_text, entries, origins_near, url_text, weighted

# An entry that another one covers is just what is tested here.
pytestmark = pytest.mark.filterwarnings("ignore::crosscors.PolicyWarning")


@st.composite
def _entries_and_origin(draw: st.DrawFn) -> tuple[list[str], str]:
    listed = draw(st.lists(entries, min_size=1, max_size=4, unique=True))
    near = st.sampled_from(listed).flatmap(origins_near)
    return listed, draw(weighted({near: 20, st.just("null"): 1, any_text: 1}))


_near_misses = entries.flatmap(origins_near)
_ANYONE = CORSPolicy(allow_origin_regex=r"(?s:.)*")


def _is_entry(text: str) -> bool:
    try:
        return CORSPolicy(allow_origins=[text]).allow_origins == (text,)
    except PolicyError:
        return False


@given(_entries_and_origin())
@example((["https://foo.com", "https://bar.com"], "https://barfoo.com"))
@example((["https://*.example.com:*"], "https://.example.com"))
@example((["https://*.example.com"], "https://*.example.com"))
@example((["https://example.com:*"], "https://example.com:443"))
@example((["null"], "evil"))
def test_a_policy_matches_what_the_naive_matcher_matches(case: tuple[list[str], str]) -> None:
    listed, origin = case
    matching = {entry for entry in listed if reference.matches(entry, origin)}
    decision = CORSPolicy(allow_origins=listed).decide(CORSRequest("GET", origin=origin))
    assert decision.matched in matching or (decision.matched is None and not matching)
    assert decision.matched == origin or origin not in matching
    assert dict(decision.headers).get("Access-Control-Allow-Origin") == (origin if matching else None)


@given(_entries_and_origin())
def test_credentials_go_to_the_listed_origins_and_to_no_others(case: tuple[list[str], str]) -> None:
    listed, origin = case
    dangers = ("insecure-origins", "null-origin", "public-suffix-subdomains")
    policy = CORSPolicy(allow_origins="*", allow_credentials=listed, dangerously_allow=dangers)
    headers = dict(policy.decide(CORSRequest("GET", origin=origin)).headers)
    has_credentials = any(reference.matches(entry, origin) for entry in listed)
    assert headers.get("Access-Control-Allow-Credentials") == ("true" if has_credentials else None)
    is_allowed = has_credentials or origin == "null" or reference.is_origin(origin)
    assert headers.get("Access-Control-Allow-Origin") == (origin if is_allowed else None)


@given(st.one_of(_near_misses, any_text, url_text, url_text.map("https://{}".format)))
@example("https://*.1.2.3.4")
@example("https://a.\n")
@example("https://*.0x")
@example("https://[0:0::1]")
@example("https://*." + ".".join(["a" * 49] * 5) + ".")
def test_the_grammar_of_origins_and_entries_is_the_naive_one(text: str) -> None:
    decision = _ANYONE.decide(CORSRequest("GET", origin=text))
    assert decision.allowed == reference.is_origin(text)
    assert [refusal.code for refusal in decision.refusals] == (
        [] if decision.allowed else ["origin-null" if text == "null" else "origin-malformed"]
    )
    assert _is_entry(text) == (text == "*" or reference.is_entry(text))
