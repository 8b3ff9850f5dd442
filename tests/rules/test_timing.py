"""timing_allow_origin: whose pages may see in detail how long a response took."""

from __future__ import annotations

from typing import Any

import pytest

from crosscors import CORSPolicy, CORSRequest, PolicyError
from tests.rules.kit import warned

A, B = "https://a.example", "https://b.example"
MANY = [f"https://{number}.example" for number in range(33)]


# Options, Origin, the value of Timing-Allow-Origin, why.
@pytest.mark.parametrize(
    ("options", "origin", "value"),
    [
        pytest.param({"allow_origins": [A, B]}, A, A, id="the origin that asks, as for reading"),
        pytest.param({"allow_origins": ["https://*.example"]}, A, A, id="the origin that a pattern allows"),
        pytest.param({"allow_origins": "*"}, A, "*", id="everyone, where everyone may read"),
        pytest.param(
            {"allow_origins": "*", "allow_credentials": [A]}, A, A, id="the origin, if it gets credentials"
        ),
        pytest.param({"allow_origins": [A]}, B, None, id="nobody, if the origin may not read"),
        pytest.param({"allow_origins": [A, B]}, None, f"{A}, {B}", id="images ask without Origin: a list"),
        pytest.param({"allow_origins": "*"}, None, "*", id="without Origin, where everyone may read"),
        pytest.param(
            {"allow_origins": "*", "allow_credentials": [A]},
            None,
            "*",
            id="without Origin, everyone",
        ),
        pytest.param(
            {"allow_origins": [A], "allow_credentials": [B]}, None, f"{A}, {B}", id="both lists of origins"
        ),
        pytest.param(
            {"allow_origins": [A, "https://*.example.com", "null"]}, None, A, id="patterns cannot be listed"
        ),
        pytest.param({"allow_origins": []}, None, None, id="nothing to list"),
        pytest.param({"allow_origins": MANY[:32]}, None, ", ".join(MANY[:32]), id="32 origins at most"),
    ],
)
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
    with pytest.raises(PolicyError) as caught:
        CORSPolicy(timing_allow_origin=value)
    (problem,) = caught.value.problems
    assert (problem.code, problem.option) == ("wrong-type", "timing_allow_origin")
    assert problem.hint == f"Write timing_allow_origin={meant}."
