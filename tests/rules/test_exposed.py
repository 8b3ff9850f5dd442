"""expose_headers: which response headers scripts may read."""

from __future__ import annotations

from typing import Any

import pytest

from crosscors import CORSPolicy

from .conftest import ApprovePolicies
from .kit import APP, actual, assert_refused, assert_warned, keywords, preflight, rows, warned

# expose_headers, Access-Control-Expose-Headers, why.
HEADER = [
    ([], None, "without names there is no header"),
    (["X-Request-Id", "ETag"], "X-Request-Id, ETag", "the list in its order"),
    ("*", "*", "every header"),
]


@rows("exposed, header", HEADER)
def test_actual_responses_list_the_exposed_headers(exposed: str | list[str], header: str | None) -> None:
    policy = CORSPolicy(allow_origins=[APP], expose_headers=exposed)
    assert dict(actual(policy, APP).headers).get("Access-Control-Expose-Headers") == header
    assert "Access-Control-Expose-Headers" not in dict(preflight(policy).headers)


@pytest.mark.parametrize("credentials", [True, ["https://a.example"]])
def test_every_header_is_refused_with_credentials(credentials: bool | list[str]) -> None:
    options = {"expose_headers": "*", "allow_credentials": credentials}
    write = 'expose_headers=["X-Request-Id"]'
    assert_refused(options, "wildcard-with-credentials", "expose_headers", "*", write)
    CORSPolicy(allow_credentials=credentials, **keywords(write))


# Code, expose_headers, the value that is warned about, why.
WARNED = [
    ("listed-twice", ["X-Id", "X-ID"], "X-ID", "a header listed twice"),
    ("already-covered", ["X-Id", "*"], "X-Id", "a header beside *"),
    ("forbidden-header", ["Set-Cookie"], "Set-Cookie", "a header that no script can read"),
    ("unlikely-name", ["x-amz-meta-*"], "x-amz-meta-*", "a pattern"),
    ("unlikely-name", ["ALL"], "ALL", "ALL"),
    ("unlikely-name", ["null"], "null", "what becomes of a variable that is not set"),
    ("unlikely-name", ["yes"], "yes", "a word for True"),
    ("already-covered", ["*", "ALL"], "ALL", "ALL beside *"),
    ("safelisted-header", ["Cache-Control"], "Cache-Control", "a header that every script can read"),
]


@rows("code, exposed, value", WARNED)
def test_a_header_that_changes_nothing_warns(code: str, exposed: list[str], value: str) -> None:
    assert_warned({"expose_headers": exposed}, code, "expose_headers", value)


def test_every_header_is_not_proposed_with_credentials() -> None:
    options: dict[str, Any] = {"allow_credentials": ["https://a.example"]}
    for names in (["ALL"], ["x-*"]):
        (problem,) = warned({"expose_headers": names, **options})
        assert '"*"' not in problem.hint


def test_what_the_errors_and_warnings_say(approved_policies: ApprovePolicies) -> None:
    told = [(why, {"expose_headers": exposed}) for _, exposed, _, why in WARNED]
    approved_policies(
        "exposed", [("* with credentials", {"expose_headers": "*", "allow_credentials": True}), *told]
    )
