"""The matcher of origins against a naive one, on origins that nearly match."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crosscors import CORSPolicy, CORSRequest
from crosscors.core.origins.patterns import OriginSet, is_entry
from crosscors.core.origins.serialized import is_serialized_origin

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


@given(_entries_and_origin())
@example((["https://foo.com", "https://bar.com"], "https://barfoo.com"))
@example((["https://*.example.com:*"], "https://.example.com"))
@example((["https://*.example.com"], "https://*.example.com"))
@example((["https://example.com:*"], "https://example.com:443"))
@example((["null"], "evil"))
def test_a_set_and_a_policy_match_what_the_naive_matcher_matches(case: tuple[list[str], str]) -> None:
    listed, origin = case
    matching = {entry for entry in listed if reference.matches(entry, origin)}
    origins = OriginSet.of(listed)
    assert set(origins.matches(origin)) == matching

    best = origins.match(origin)
    assert best in matching or (best is None and not matching)
    assert best == origin or origin not in matching

    decision = CORSPolicy(allow_origins=listed).decide(CORSRequest("GET", origin=origin))
    assert decision.matched == best
    assert dict(decision.headers).get("Access-Control-Allow-Origin") == (origin if matching else None)


@given(_entries_and_origin())
def test_credentials_go_to_the_listed_origins_and_to_no_others(case: tuple[list[str], str]) -> None:
    listed, origin = case
    dangers = ("insecure-origins", "null-origin", "public-suffix-subdomains")
    policy = CORSPolicy(allow_origins="*", allow_credentials=listed, dangerously_allow=dangers)
    fields = dict(policy.decide(CORSRequest("GET", origin=origin)).headers)
    has_credentials = any(reference.matches(entry, origin) for entry in listed)
    assert fields.get("Access-Control-Allow-Credentials") == ("true" if has_credentials else None)
    is_allowed = has_credentials or origin == "null" or reference.is_origin(origin)
    assert fields.get("Access-Control-Allow-Origin") == (origin if is_allowed else None)


@given(st.one_of(_near_misses, any_text, url_text, url_text.map("https://{}".format)))
@example("https://*")
@example("https://*.")
@example("https://*.1.2.3.4")
@example("https://a.\n")
@example("https://a.0x")
@example("https://*.0x")
@example("https://a:65535")
@example("https://a:65536")
@example("https://[::ffff:1.2.3.4]")
@example("https://[0:0::1]")
@example("https://" + ".".join(["a" * 49] * 5) + ".abc")
@example("https://" + ".".join(["a" * 49] * 5) + ".abcd")
@example("https://*." + ".".join(["a" * 49] * 5) + ".")
@example("s" * 64 + "://a")
@example("s" * 65 + "://a")
@example("file://")
@example("file://a")
@example("app://.")
@example("app://..a")
@example("app://A%2f")
@example("app://%2")
@example("app://a*")
@example("data://x")
@example("https://xn--f")
@example("https://a.xn--f.b")
@example("app://xn--f")
def test_the_grammar_of_origins_and_entries_is_the_naive_one(text: str) -> None:
    assert is_serialized_origin(text) == reference.is_origin(text)
    assert is_entry(text) == reference.is_entry(text)


@given(st.one_of(_near_misses, any_text, url_text))
def test_an_expression_and_a_function_see_well_formed_origins_only(origin: str) -> None:
    well_formed = reference.is_origin(origin)
    request = CORSRequest("GET", origin=origin)
    assert CORSPolicy(allow_origin_regex=r"(?s:.*)").decide(request).allowed == well_formed
    assert CORSPolicy(allow_origin_func=lambda _: True).decide(request).allowed == well_formed
