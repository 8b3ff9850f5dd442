"""max_age: how long a browser may keep the response to a preflight."""

from __future__ import annotations

from datetime import timedelta
from enum import IntEnum

from crosscors import CORSPolicy

from .conftest import ApprovePolicies
from .kit import APP, actual, assert_problem, assert_refused, preflight, rows, warned


class Seconds(IntEnum):
    DAY = 86400


# max_age, Access-Control-Max-Age, why.
HEADER = [
    (0, "0", "0 is sent"),
    (86400, "86400", "a day"),
    (timedelta(hours=2), "7200", "a timedelta in seconds"),
    (Seconds.DAY, "86400", "the number of an enum"),
    (None, None, "None omits the header"),
]


@rows("max_age, header", HEADER)
def test_allowed_preflights_say_how_long_to_keep_them(
    max_age: int | timedelta | None, header: str | None
) -> None:
    policy = CORSPolicy(allow_origins=[APP], max_age=max_age)
    assert policy.max_age == (None if header is None else int(header))
    assert dict(preflight(policy).headers).get("Access-Control-Max-Age") == header
    for other in (preflight(policy, method="PUT"), actual(policy, APP)):
        assert "Access-Control-Max-Age" not in dict(other.headers)


# Code, max_age, what to write, why.
REFUSED = [
    ("wrong-type", True, "max_age=600", "True"),
    ("wrong-type", False, "max_age=600", "False"),
    ("wrong-type", "600", "max_age=600", "a string"),
    ("wrong-type", 600.0, "max_age=600", "a float"),
    ("wrong-type", timedelta(milliseconds=1500), "max_age=600", "a second and a half"),
    ("wrong-type", [600], "max_age=600", "a list"),
    ("negative-max-age", -1, "max_age=0", "-1"),
    ("negative-max-age", timedelta(seconds=-1), "max_age=0", "a negative timedelta"),
    ("long-max-age", 2**31, "max_age=86400", "more seconds than browsers can count"),
    ("long-max-age", 10**5000, "max_age=86400", "a number with too many digits to print"),
]


@rows("code, max_age, write", REFUSED)
def test_a_max_age_that_browsers_cannot_read_is_refused(code: str, max_age: object, write: str) -> None:
    assert_refused({"max_age": max_age}, code, "max_age", max_age, write)


# max_age, why.
WARNED = [
    (86401, "a second more than a day"),
    (timedelta(days=7), "a week"),
    (2**31 - 1, "the longest that browsers can count"),
]


@rows("max_age", WARNED)
def test_a_max_age_that_is_longer_than_browsers_keep_a_preflight_warns(max_age: int | timedelta) -> None:
    (problem,) = warned({"max_age": max_age})
    assert_problem(problem, "long-max-age", "max_age", max_age)
    assert "max_age=86400" in problem.hint
    assert warned({"max_age": 86400}) == []


def test_what_the_errors_and_warnings_say(approved_policies: ApprovePolicies) -> None:
    told: list[tuple[str, object]] = [(why, max_age) for _, max_age, _, why in REFUSED]
    told += [(why, max_age) for max_age, why in WARNED]
    approved_policies("max_age", [(why, {"max_age": max_age}) for why, max_age in told])
