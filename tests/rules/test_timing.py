"""timing_allow_origin: whose pages may see in detail how long a response took."""

from __future__ import annotations

from typing import Any

import pytest

from crosscors import CORSPolicy, CORSRequest

from .kit import assert_problem, refused, rows, warned

A, B = "https://a.example", "https://b.example"
MANY = [f"https://{number}.example" for number in range(33)]


SOME: dict[str, Any] = {"allow_origins": "*", "allow_credentials": [A]}
# Options, Origin, Timing-Allow-Origin, why.
TIMING: list[tuple[dict[str, Any], str | None, str | None, str]] = [
    ({"allow_origins": [A, B]}, A, A, "the origin that asks, as for reading"),
    ({"allow_origins": ["https://*.example"]}, A, A, "the origin that a pattern allows"),
    ({"allow_origins": "*"}, A, "*", "everyone, where everyone may read"),
    (SOME, A, A, "the origin, if it gets credentials"),
    ({"allow_origins": [A]}, B, None, "nobody, if the origin may not read"),
    ({"allow_origins": [A, B]}, None, f"{A}, {B}", "images ask without Origin: a list"),
    ({"allow_origins": "*"}, None, "*", "without Origin, where everyone may read"),
    (SOME, None, "*", "without Origin, everyone"),
    ({"allow_origins": [A], "allow_credentials": [B]}, None, f"{A}, {B}", "both lists of origins"),
    ({"allow_origins": [A, "https://*.example.com", "null"]}, None, A, "patterns cannot be listed"),
    ({"allow_origins": []}, None, None, "nothing to list"),
    ({"allow_origins": MANY[:32]}, None, ", ".join(MANY[:32]), "32 origins at most"),
]


@rows("options, origin, value", TIMING)
def test_who_sees_the_timing(options: dict[str, Any], origin: str | None, value: str | None) -> None:
    decision = CORSPolicy(timing_allow_origin=True, **options).decide(CORSRequest("GET", origin))
    assert dict(decision.headers).get("Timing-Allow-Origin") == value
    without = CORSPolicy(**options).decide(CORSRequest("GET", origin))
    assert "Timing-Allow-Origin" not in dict(without.headers)


def test_a_list_that_is_cut_warns() -> None:
    (warning,) = warned({"allow_origins": MANY, "timing_allow_origin": True})
    assert (warning.code, warning.option) == ("timing-list-cut", "timing_allow_origin")
    assert not warned({"allow_origins": MANY[:32], "timing_allow_origin": True})


def test_preflights_have_no_timing() -> None:
    asked = CORSRequest("OPTIONS", A, request_method="GET")
    decision = CORSPolicy(allow_origins=[A], timing_allow_origin=True).decide(asked)
    assert "Timing-Allow-Origin" not in dict(decision.headers)


def test_the_policy_replaces_what_the_application_says() -> None:
    policy = CORSPolicy(allow_origins=[A], timing_allow_origin=True)
    own = [("TIMING-allow-origin", "*"), ("Transfer-Encoding", "chunked")]
    allowed = policy.decide(CORSRequest("GET", A)).response_headers
    assert ("Timing-Allow-Origin", A) in allowed.merged(own)
    assert own[0] not in allowed.merged(own)
    assert own[1] in allowed.merged(own)
    without = CORSPolicy(allow_origins=[A]).decide(CORSRequest("GET", A)).response_headers
    assert own[0] in without.merged(own)


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("true", True),
        (1, True),
        ("off", False),
        ("maybe", False),
        (None, False),
        (["https://a.example"], False),
    ],
)
def test_it_is_true_or_false(value: Any, meant: bool) -> None:
    (problem,) = refused({"timing_allow_origin": value})
    assert_problem(problem, "wrong-type", "timing_allow_origin", value)
    assert problem.hint == f"Write timing_allow_origin={meant}."
