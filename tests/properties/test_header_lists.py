"""Access-Control-Request-Headers, as it is read, against a naive reading."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from crosscors import CORSPolicy, CORSRequest, Decision

APP = "https://app.example.com"
LISTING = CORSPolicy(allow_origins=[APP], allow_headers=["A", "b"])
REPEATING = CORSPolicy(allow_origins=[APP], allow_headers="*", allow_credentials=True)
LONGEST = 13  # names that a refusal keeps

elements = st.sampled_from(
    ["", " ", "a", "A", " b", "c", "C", "d", "e\t", "f g", "\xc9", "\u212a", "\xa0", "Content-Type"]
)
many_elements = st.lists(st.one_of(elements, st.integers(0, 30).map(str)), max_size=60)
TOKENS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


def asked(policy: CORSPolicy, value: str) -> Decision:
    return policy.decide(CORSRequest("OPTIONS", APP, request_method="GET", request_headers=value))


def names_in(value: str) -> list[str]:
    """Each name once, its ASCII letters in lower case."""
    stripped = (element.strip(" \t") for element in value.split(","))
    lowered = ("".join(each.lower() if each.isascii() else each for each in name) for name in stripped)
    return [*dict.fromkeys(name for name in lowered if name)]


@given(many_elements)
@example(["c"] * 20 + ["d"])
def test_a_list_is_read_as_the_naive_reading_says(listed: list[str]) -> None:
    value = ",".join(listed)
    names = names_in(value)
    others = [name for name in names if name not in ("a", "b", "content-type")]
    assert [refusal.values for refusal in asked(LISTING, value).refusals] == (
        [tuple(others[:LONGEST])] if others else []
    )
    decision = asked(REPEATING, value)
    assert decision.allowed is all(set(name) <= TOKENS for name in names)
    if decision.allowed:
        headers = dict(decision.headers)
        assert headers.get("Access-Control-Allow-Headers", "") == ", ".join(names)
