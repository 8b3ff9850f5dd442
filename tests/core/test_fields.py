"""Field names and values: tokens, lists of field names, Vary."""

from __future__ import annotations

import pytest

from crosscors.core.fields import field_names, is_token, is_within_bounds, merge_vary


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
        pytest.param("X-\u212a", ["x-\u212a"], id="a Kelvin sign, whose lower case is in ASCII, stays"),
        pytest.param("X-A, \u00c9", ["x-a", "\u00c9"], id="ASCII is lower-cased beside other letters"),
    ],
)
def test_the_names_in_a_list(value: str, names: list[str]) -> None:
    assert field_names(value) == names


@pytest.mark.parametrize(
    ("value", "within"),
    [
        pytest.param("", True, id="nothing"),
        pytest.param("a" * 8192, True, id="8192 bytes"),
        pytest.param("a" * 8193, False, id="8193 bytes"),
        pytest.param("," * 255, True, id="256 elements"),
        pytest.param("," * 256, False, id="257 elements"),
    ],
)
def test_how_long_a_list_may_be(value: str, within: bool) -> None:
    assert is_within_bounds(value) is within


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
