"""The four ways to write a decision into a response agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping

from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from crosscors import CORSPolicy, CORSRequest, Decision
from tests.rules.kit import for_private_networks, merged, merged_raw, write_into

APP = "https://app.example.com"


class CaseInsensitive(MutableMapping[str, str]):
    """Headers as Django keeps them: one value for each name, in any case."""

    def __init__(self, headers: Iterable[tuple[str, str]] = ()) -> None:
        self.headers = {name.lower(): (name, value) for name, value in headers}

    def __setitem__(self, name: str, value: str) -> None:
        self.headers[name.lower()] = name, value

    def __getitem__(self, name: str) -> str:
        return self.headers[name.lower()][1]

    def __delitem__(self, name: str) -> None:
        del self.headers[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, _ in self.headers.values()])

    def __len__(self) -> int:
        return len(self.headers)


names = st.sampled_from(
    [
        *("Vary", "vary", "VARY", "X-Own", "x-own-2", "Set-Cookie", "Access-Control", "X-Access-Control-X"),
        *("Access-Control-Allow-Origin", "access-control-max-age", "ACCESS-CONTROL-ANYTHING-ELSE", "A", "v"),
    ]
)
values = st.sampled_from(["", "*", "Origin", "origin", "Accept, Origin", "a,,b", " A , *", "https://x"])
headers_of_applications = st.lists(st.tuples(names, values), max_size=6)
decisions = st.builds(
    CORSPolicy.decide,
    st.sampled_from(
        [
            CORSPolicy(allow_origins="*", expose_headers="*"),
            CORSPolicy(allow_origins=[APP], allow_credentials=True, expose_headers=["X-A"]),
            for_private_networks(allow_origins=[APP]),
        ]
    ),
    st.builds(
        CORSRequest,
        st.sampled_from(["GET", "OPTIONS"]),
        st.sampled_from([None, APP, "https://evil.example"]),
        request_method=st.sampled_from([None, "GET", "PUT"]),
    ),
)


def lowered(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted((name.lower(), value) for name, value in headers)


@given(decisions, headers_of_applications)
def test_the_ways_to_write_agree(decision: Decision, headers: list[tuple[str, str]]) -> None:
    raw = merged_raw(decision, [(name.encode(), value.encode()) for name, value in headers])
    applied = merged(decision, headers)
    assert [(name.decode().lower(), value.decode()) for name, value in raw] == [
        (name.lower(), value) for name, value in applied
    ]
    assert sorted(merged(decision, applied)) == sorted(applied)  # twice is once
    once = list({name.lower(): (name, value) for name, value in headers}.values())
    repeats = CIMultiDict(headers)
    decision.response_headers.write_into_repeats(repeats)
    assert [*repeats.items()] == applied
    mapping = CaseInsensitive(once)
    write_into(decision, mapping)
    assert lowered(mapping.items()) == lowered(merged(decision, once))
