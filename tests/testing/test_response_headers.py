"""Which response headers a script may read, and how the fields of CORS are read."""

from __future__ import annotations

from typing import Any, cast

import pytest

from crosscors.testing import Headers, ReceivedResponse
from crosscors.testing.response_headers import (
    Illegible,
    readable_across_origins,
    readable_by_same_origin,
    token_list,
)
from tests.rules.kit import rows

from .servers import answer

EXPOSE = "Access-Control-Expose-Headers"
SAFELISTED = {
    "cache-control": "1",
    "content-language": "2",
    "content-length": "3",
    "content-type": "4",
    "expires": "5",
    "last-modified": "6",
    "pragma": "7",
}


@rows(
    "values, tokens",
    [
        ([], None, "no field"),
        ([""], [], "an empty field"),
        ([" ,\t,"], [], "empty elements"),
        (["a"], ["a"], "one"),
        ([" a\t,b ,, C"], ["a", "b", "C"], "several"),
        (["a", "", "b,c"], ["a", "b", "c"], "several fields"),
        (["*"], ["*"], "a wildcard is a token"),
        (["a,a"], ["a", "a"], "repeated"),
    ],
)
def test_a_list_of_tokens(values: list[str], tokens: list[str] | None) -> None:
    assert token_list(answer(*(("X-LIST", value) for value in values)), "x-list") == tokens


@pytest.mark.parametrize(
    "values",
    [["a b"], ["a;b"], ['"a"'], ["a", "b@c"], ["ä"], ["a\x0b"], ["a:b"], ["a\xa0"], ["*, (a)"]],
    ids=repr,
)
def test_one_illegal_element_makes_the_list_illegible(values: list[str]) -> None:
    with pytest.raises(Illegible, match=r"^X-List$"):
        token_list(answer(*(("x-list", value) for value in values)), "X-List")


def response(*fields: tuple[str, str]) -> ReceivedResponse:
    return answer(
        *SAFELISTED.items(), ("X-A", "a"), ("x-b", "b"), ("*", "star"), ("Set-Cookie", "c"), *fields
    )


def test_the_own_page_reads_all_but_cookies() -> None:
    headers = readable_by_same_origin(response(("Set-Cookie2", "d"), ("SET-COOKIE", "e")))
    assert dict(headers) == SAFELISTED | {"x-a": "a", "x-b": "b", "*": "star"}


@rows(
    "exposed, with_credentials, readable",
    [
        ([], False, set[str](), "nothing exposed"),
        (["X-A"], False, {"x-a"}, "a name"),
        (["x-a", "X-B"], True, {"x-a", "x-b"}, "two lines"),
        (["X-C, X-A"], True, {"x-a"}, "a name that is not there"),
        (["*"], False, {"x-a", "x-b", "*"}, "all"),
        (["*, X-A"], False, {"x-a", "x-b", "*"}, "all and a name"),
        (["*, X-A"], True, {"x-a", "*"}, "a header named *, with credentials"),
        (["Set-Cookie, X-A"], True, {"x-a"}, "cookies"),
        (["X-A, X B"], False, set[str](), "an illegible list"),
        (["*", "X B"], False, set[str](), "a wildcard in an illegible list"),
        (["X"], False, set[str](), "part of a name"),
    ],
)
def test_another_page_reads_what_is_exposed(
    exposed: list[str], with_credentials: bool, readable: set[str]
) -> None:
    received = response(*((EXPOSE, value) for value in exposed))
    headers = readable_across_origins(received, with_credentials)
    assert headers.keys() - {EXPOSE.lower()} == SAFELISTED.keys() | readable


def test_headers_are_a_mapping_with_names_in_any_case() -> None:
    headers = Headers((("X-B", "1"), ("a", ""), ("x-b", "2")))
    assert list(headers) == ["a", "x-b"]
    assert len(headers) == 2
    assert headers["X-B"] == headers["x-b"] == headers.get("X-b") == "1, 2"
    assert headers["A"] == ""
    assert "X-B" in headers
    assert "c" not in headers
    assert None not in cast("Any", headers)
    assert headers.get("c") is None
    assert repr(headers) == "Headers({'a': '', 'x-b': '1, 2'})"
    assert headers == {"a": "", "x-b": "1, 2"}
    with pytest.raises(KeyError):
        headers["c"]
