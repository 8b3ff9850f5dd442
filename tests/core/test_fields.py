"""Field names and values: tokens, lists of field names, Vary."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosscors.core.standard import is_token
from crosscors.core.token_lists import (
    TOO_MANY_NAMES,
    are_tokens,
    distinct_names_in,
    merge_vary,
    names_in,
    names_not_in,
    within_bounds,
)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("GET", id="a method"),
        pytest.param("X-Request-Id", id="a field name"),
        pytest.param("*", id="a *"),
        pytest.param("!#$%&'*+-.^_`|~09azAZ", id="every sign that a token may have"),
    ],
)
def test_what_is_a_token(text: str) -> None:
    assert is_token(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("a b", id="a space"),
        pytest.param("a\n", id="a line break at the end"),
        pytest.param("a\x00", id="a zero byte"),
        pytest.param("a\x7f", id="a control character"),
        pytest.param("\u00e4", id="a letter outside ASCII"),
        pytest.param("\uff21", id="a full-width letter"),
        *(pytest.param(f"a{sign}", id=f"the sign {sign}") for sign in '"(),/:;<=>?@[\\]{}'),
    ],
)
def test_what_is_no_token(text: str) -> None:
    assert not is_token(text)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("x-a", ["x-a"], id="one name"),
        pytest.param("x-b,x-a", ["x-b", "x-a"], id="names in their order"),
        pytest.param("X-A, x-a", ["x-a", "x-a"], id="lower case, and repeats stay"),
        pytest.param(" \tx-a\t , x-b ", ["x-a", "x-b"], id="blanks around names"),
        pytest.param(",, ,\t,x-a,", ["x-a"], id="empty elements"),
        pytest.param("x a", ["x a"], id="a blank within a name"),
        pytest.param("x-a\x0b", ["x-a\x0b"], id="white space that is no blank"),
        pytest.param("x-a\xa0", ["x-a\xa0"], id="a no-break space"),
        pytest.param("X-\u212a", ["X-\u212a"], id="what no header can hold stays: a Kelvin sign"),
        pytest.param("\u0130", ["\u0130"], id="and a letter whose lower case is two"),
        pytest.param("X-A, \u00c9", ["x-a", "\u00c9"], id="ASCII is lower-cased beside other letters"),
        pytest.param("X-A, X-\u00c9", ["x-a", "x-\u00c9"], id="ASCII is lower-cased among other letters"),
        pytest.param("\xb5,\xdf,\xff", ["\xb5", "\xdf", "\xff"], id="letters without capitals in latin-1"),
        pytest.param("\udc80,X-A", ["\udc80", "x-a"], id="half a character"),
    ],
)
def test_the_names_in_a_list(value: str, names: list[str]) -> None:
    assert names_in(value) == names
    assert distinct_names_in(value) == tuple(dict.fromkeys(names))


@given(st.lists(st.text("aA- \t\x00\xa0\xc9\u212a", max_size=4), max_size=8))
def test_a_list_is_of_tokens_if_each_name_is_one(elements: list[str]) -> None:
    names = distinct_names_in(",".join(elements))
    assert list(names) == list(dict.fromkeys(names_in(",".join(elements))))
    assert are_tokens(names) == all(map(is_token, names))


@pytest.mark.parametrize(
    ("value", "within"),
    [
        pytest.param("", True, id="nothing"),
        pytest.param("a" * 8192, True, id="8192 bytes"),
        pytest.param("a" * 8193, False, id="8193 bytes"),
        pytest.param("," * 255, True, id="256 elements"),
        pytest.param("," * 256, False, id="257 elements"),
        pytest.param(",x-abcd" * 255, True, id="256 elements, far apart"),
        pytest.param(",x-abcd" * 256, False, id="257 elements, far apart"),
        pytest.param("x" * 1000 + "," * 256, False, id="257 elements, after a long one"),
    ],
)
def test_how_long_a_list_may_be(value: str, within: bool) -> None:
    assert within_bounds(value) == (value if within else TOO_MANY_NAMES)


def test_what_stands_for_lists_that_are_too_long_is_one_itself() -> None:
    assert within_bounds(TOO_MANY_NAMES) == TOO_MANY_NAMES


@pytest.mark.parametrize(
    ("value", "names"),
    [
        pytest.param("", (), id="nothing"),
        pytest.param("x-a,x-b", (), id="all of them listed"),
        pytest.param("X-A, x-b ,,", (), id="all of them listed, with capitals, blanks and empty elements"),
        pytest.param("x-c,x-a,X-D", ("x-c", "x-d"), id="others, in their order and in lower case"),
        pytest.param("x-c,X-C, x-c", ("x-c",), id="one other, repeated"),
        pytest.param(",".join(["x-a"] * 40 + ["x-c"]), ("x-c",), id="one other, at the end"),
        pytest.param("x-1,x-2,x-3,x-4", ("x-1", "x-2", "x-3"), id="no more than are wanted"),
        pytest.param("x a", ("x a",), id="what is no name"),
        pytest.param("X-\u212a,X-A", ("X-\u212a",), id="what is no name, as it came"),
        pytest.param(" " * 8190, (), id="8 KiB of blanks"),
        pytest.param(",".join(["\t" * 31] * 255), (), id="tabs and commas"),
        pytest.param(",".join(["x-c"] * 40 + ["x-d"]), ("x-c", "x-d"), id="others, far apart"),
    ],
)
def test_the_names_of_a_list_that_are_not_listed(value: str, names: tuple[str, ...]) -> None:
    assert names_not_in(frozenset({"", "x-a", "x-b"}), value, at_most=3) == names


@given(st.lists(st.sampled_from(["", " ", "a", "A", " b", "c", "C", "d", "e\t", "f g"]), max_size=60))
def test_names_that_are_not_listed_are_the_first_of_all_names(elements: list[str]) -> None:
    value = ",".join(elements)
    others = dict.fromkeys(name for name in names_in(value) if name not in {"a", "b"})
    assert names_not_in(frozenset({"", "a", "b"}), value, at_most=3) == tuple(others)[:3]


@pytest.mark.parametrize(
    ("values", "names", "merged"),
    [
        pytest.param([], ["Origin"], "Origin", id="no value"),
        pytest.param([""], ["Origin"], "Origin", id="an empty value"),
        pytest.param(["Accept"], ["Origin"], "Accept, Origin", id="names are appended"),
        pytest.param(["Accept, Origin"], ["Origin"], "Accept, Origin", id="names are not repeated"),
        pytest.param(["ORIGIN"], ["Origin"], "ORIGIN", id="names are compared without case"),
        pytest.param(["a, b", "B,c"], ["C", "D"], "a, b, c, D", id="several values are one"),
        pytest.param([" a\t,, ,b "], ["c"], "a, b, c", id="blanks and empty elements go"),
        pytest.param(["*"], ["Origin"], "*", id="* stays"),
        pytest.param(["Accept", "Cookie, *"], ["Origin"], "*", id="* among others stays alone"),
        pytest.param(["Accept-*"], ["Origin"], "Accept-*, Origin", id="a * within a name is none"),
        pytest.param(["Accept"], [], "Accept", id="no names"),
    ],
)
def test_merging_vary(values: list[str], names: list[str], merged: str) -> None:
    assert merge_vary(values, names) == merged
