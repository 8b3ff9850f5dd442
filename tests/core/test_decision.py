"""CORSRequest and Decision: what a preflight is, and the three ways to write a decision into a response."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crosscors import CORSPolicy, CORSRequest, Kind
from crosscors.core.response_headers import ResponseHeaders

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ORIGIN = "https://app.example.com"


class CaseInsensitive(MutableMapping[str, str]):
    """Fields as Django and others keep them: one value for each name, whatever its case."""

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self.fields = {name.lower(): (name, value) for name, value in fields}

    def __setitem__(self, name: str, value: str) -> None:
        self.fields[name.lower()] = name, value

    def __getitem__(self, name: str) -> str:
        return self.fields[name.lower()][1]

    def __delitem__(self, name: str) -> None:
        del self.fields[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, _ in self.fields.values()])

    def __len__(self) -> int:
        return len(self.fields)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param(CORSRequest("OPTIONS", ORIGIN, request_method="GET"), True, id="all of it"),
        pytest.param(CORSRequest("OPTIONS", "", request_method=""), True, id="all of it, empty"),
        pytest.param(CORSRequest("OPTIONS", ORIGIN), False, id="no method asked for"),
        pytest.param(CORSRequest("OPTIONS", request_method="GET"), False, id="no origin"),
        pytest.param(CORSRequest("OPTIONS"), False, id="neither"),
        pytest.param(CORSRequest("GET", ORIGIN, request_method="GET"), False, id="GET"),
        pytest.param(CORSRequest("options", ORIGIN, request_method="GET"), False, id="lower case"),
        pytest.param(CORSRequest("", ORIGIN, request_method="GET"), False, id="no method"),
    ],
)
def test_a_preflight_is_options_with_an_origin_and_a_method(request_: CORSRequest, expected: bool) -> None:
    assert request_.is_preflight is expected
    decision = CORSPolicy(allow_origins=[ORIGIN]).decide(request_)
    assert (decision.kind is Kind.PREFLIGHT) is expected


def test_writing_replaces_what_the_application_says_of_cors() -> None:
    headers = CaseInsensitive(
        [
            ("access-control-allow-origin", "*"),
            ("Access-Control-Max-Age", "1"),
            ("X-Own", "1"),
            ("VARY", "Accept"),
        ]
    )
    CORSPolicy(allow_origins=[ORIGIN]).decide(CORSRequest("GET", ORIGIN)).response_headers.write_into(headers)
    assert dict(headers) == {"X-Own": "1", "Vary": "Accept, Origin", "Access-Control-Allow-Origin": ORIGIN}


def test_writing_what_has_no_vary_leaves_that_of_the_application() -> None:
    headers = CaseInsensitive([("vary", "Accept ,Accept")])
    CORSPolicy(allow_origins="*").decide(CORSRequest("GET")).response_headers.write_into(headers)
    assert dict(headers) == {"vary": "Accept ,Accept", "Access-Control-Allow-Origin": "*"}


def test_writing_into_nothing_writes_all() -> None:
    headers = CaseInsensitive()
    ResponseHeaders((("Access-Control-Allow-Origin", ORIGIN),), ("Origin", "Accept")).write_into(headers)
    assert headers == {"Access-Control-Allow-Origin": ORIGIN, "Vary": "Origin, Accept"}


NAMES = st.sampled_from(
    [
        *("Vary", "vary", "VARY", "X-Own", "x-own-2", "Set-Cookie", "Access-Control", "X-Access-Control-X"),
        *("Access-Control-Allow-Origin", "access-control-max-age", "ACCESS-CONTROL-ANYTHING-ELSE"),
    ]
)
VALUES = st.sampled_from(
    ["", "*", "Origin", "origin", "Accept, Origin", "Accept", "a,,b", " A , *", "https://x"]
)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=6, unique_by=lambda field: field[0].lower())
REPEATED = st.lists(st.tuples(NAMES, VALUES), max_size=6)
POLICIES = st.sampled_from(
    [
        CORSPolicy(allow_origins="*", expose_headers="*"),
        CORSPolicy(allow_origins=[ORIGIN], allow_credentials=True, expose_headers=["X-A"]),
        CORSPolicy(allow_origins=[ORIGIN], allow_private_network=True),
        CORSPolicy(),
    ]
)
REQUESTS = st.builds(
    CORSRequest,
    st.sampled_from(["GET", "OPTIONS"]),
    st.sampled_from([None, ORIGIN, "https://evil.example"]),
    request_method=st.sampled_from([None, "GET", "PUT"]),
)
examples = settings(
    derandomize=True, deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow]
)


@examples
@given(POLICIES, REQUESTS, HEADERS)
def test_writing_agrees_with_applying(
    policy: CORSPolicy, request: CORSRequest, fields: list[tuple[str, str]]
) -> None:
    decision = policy.decide(request)
    headers = CaseInsensitive(fields)
    decision.response_headers.write_into(headers)
    applied = decision.response_headers.merged(fields)
    assert {name.lower(): value for name, value in headers.items()} == {
        name.lower(): value for name, value in applied
    }
    assert len(headers) == len(applied)


@examples
@given(POLICIES, REQUESTS, REPEATED)
def test_applying_to_bytes_agrees_with_applying(
    policy: CORSPolicy, request: CORSRequest, fields: list[tuple[str, str]]
) -> None:
    decision = policy.decide(request)
    raw = decision.response_headers.merged_raw((name.encode(), value.encode()) for name, value in fields)
    assert [(name.decode().lower(), value.decode()) for name, value in raw] == [
        (name.lower(), value) for name, value in decision.response_headers.merged(fields)
    ]


@examples
@given(POLICIES, REQUESTS, REPEATED)
def test_applying_twice_is_applying_once(
    policy: CORSPolicy, request: CORSRequest, fields: list[tuple[str, str]]
) -> None:
    decision = policy.decide(request)
    once = decision.response_headers.merged(fields)
    assert sorted(decision.response_headers.merged(once)) == sorted(once)
