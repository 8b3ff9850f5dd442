"""What policies mean, in sentences."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from crosscors import CORSPolicy, CORSRequest
from crosscors.cli.check.checked import InForce
from crosscors.cli.check.sentences import duration, listed, sentences
from tests.conftest import Approve
from tests.tables import table

APP = "https://app.example.com"


def is_partner(request: CORSRequest) -> bool:
    raise NotImplementedError


POLICIES: list[tuple[str, dict[str, Any] | None]] = [
    (
        "the example",
        {
            "allow_origins": [APP],
            "allow_methods": ["GET", "PUT"],
            "allow_headers": ["Authorization"],
            "allow_credentials": True,
        },
    ),
    ("nobody", {}),
    ("no policy", None),
    ("everyone", {"allow_origins": "*", "allow_methods": "*", "allow_headers": "*"}),
    ("some with cookies", {"allow_origins": "*", "allow_credentials": [APP], "expose_headers": ["X-Total"]}),
    (
        "some of the listed with cookies",
        {"allow_origins": [APP, "https://b.example"], "allow_credentials": [APP]},
    ),
    (
        "a pattern and no methods",
        {"allow_origins": ["https://*.example.com"], "allow_methods": [], "max_age": None},
    ),
    ("an expression", {"allow_origin_regex": r"https://[a-z]+\.example\.com", "max_age": 0}),
    ("a function", {"allow_origin_func": is_partner, "expose_headers": "*", "max_age": 1}),
    ("an object that can be called", {"allow_origin_func": functools.partial(is_partner), "max_age": 90}),
    ("timing", {"allow_origins": APP, "timing_allow_origin": True}),
    ("frames and files", {"allow_origins": [APP, "null", "file://"]}),
    ("only frames", {"allow_origins": "null", "max_age": 7200}),
    (
        "many origins",
        {"allow_origins": [f"https://{number}.example" for number in range(100)], "max_age": 86400},
    ),
]


def test_policies_in_sentences(approved: Approve) -> None:
    approved(
        "check_sentences",
        (
            (why, "\n".join(sentences(InForce("/api/*", None if options is None else CORSPolicy(**options)))))
            for why, options in POLICIES
        ),
    )


def test_nobody_may_read_any_path() -> None:
    [only] = sentences(InForce("every path", CORSPolicy()))
    assert only == "No page of another origin may read responses of any path."


@table(
    "seconds, text",
    ("a second", 1, "1 second"),
    ("the largest unit", 172800, "2 days"),
    ("a unit that fits", 5400, "90 minutes"),
    ("a large number", 90061, "90,061 seconds"),
)
def test_durations(seconds: int, text: str) -> None:
    assert duration(seconds) == text


def test_a_list_is_cut_after_ten() -> None:
    assert listed("abcdefghij") == "a, b, c, d, e, f, g, h, i and j"
    assert listed("abcdefghijkl") == "a, b, c, d, e, f, g, h, i, j and 2 more"


def test_a_list_needs_an_item() -> None:
    with pytest.raises(ValueError, match="not enough values"):
        listed([])
