"""Several regular expressions as one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from crosscors._adapter.alternatives import any_of
from tests.tables import table

if TYPE_CHECKING:
    from collections.abc import Sequence


@table(
    "expressions, matched, not_matched",
    ("one", ["a"], ["a"], ["b", "aa"]),
    ("two", ["a", "b"], ["a", "b"], ["ab", "c", ""]),
    ("alternatives of one", ["a|b", "cd"], ["a", "b", "cd"], ["ad", "bd", "ac"]),
    ("nothing", ["a", ""], ["a", ""], ["aa"]),
    ("a flag of the first", [re.compile("a", re.IGNORECASE), "b"], ["A", "b"], ["B"]),
    ("a flag of the second", ["a", re.compile("b", re.IGNORECASE)], ["a", "B"], ["A"]),
    ("a flag within the first", ["(?i)a", "b"], ["a", "A", "b"], ["B"]),
    ("a flag within the second", ["a", "(?i)b"], ["a", "b", "B"], ["A"]),
    ("flags within, one after the other", ["(?i)(?s)a.", "b"], ["A\n", "b"], ["B"]),
    ("a verbose one", [re.compile("a b", re.VERBOSE), "c d"], ["ab", "c d"], ["a b", "cd"]),
    (
        "a comment",
        [re.compile("a # the first letter", re.VERBOSE), "b"],
        ["a", "b"],
        ["a # the first letter"],
    ),
    (
        "flags for lines",
        [re.compile("a$\nb", re.MULTILINE), re.compile("c.d", re.DOTALL)],
        ["a\nb", "c\nd"],
        ["a"],
    ),
    ("ASCII alone", [re.compile(r"\w", re.ASCII), r"\w\w"], ["a", "éé"], ["é"]),
    ("groups", ["(a)", "(b)(c)"], ["a", "bc"], ["ac"]),
    ("a reference by name", ["(?P<x>a)(?P=x)", "b"], ["aa", "b"], ["a"]),
    ("a zero byte", [r"\0", "b"], ["\0", "b"], ["0"]),
    ("groups that are none", ["(?:a)", "(?=b)b"], ["a", "b"], ["c"]),
)
def test_what_any_of_them_matches_is_matched(
    expressions: Sequence[str | re.Pattern[str]], matched: list[str], not_matched: list[str]
) -> None:
    compiled = [re.compile(expression) for expression in expressions]
    joined = any_of(expressions)
    for text in (*matched, *not_matched):
        assert (joined.fullmatch(text) is not None) == any(each.fullmatch(text) for each in compiled)
    assert all(map(joined.fullmatch, matched))
    assert not any(map(joined.fullmatch, not_matched))


def test_one_alone_stays_as_it_is() -> None:
    compiled = re.compile(r"(a)\1", re.IGNORECASE)
    assert any_of([compiled]) is compiled
    assert any_of(iter([r"(a)\1"])).fullmatch("aa")


@pytest.mark.parametrize("reference", [r"(a)\1", r"(b)\9?", "(a)?(?(1)b|c)", r"(?P<x>a)\1"])
@pytest.mark.parametrize("is_first", [True, False], ids=["first", "second"])
def test_a_reference_by_number_cannot_stand_beside_others(reference: str, is_first: bool) -> None:
    if reference == r"(b)\9?":
        reference = "(b)" * 9 + r"\9"
    with pytest.raises(re.error, match="refers to a group by number") as caught:
        any_of([reference, "c"] if is_first else ["c", reference])
    assert caught.value.pattern == reference


@table(
    "expressions",
    ("the first is not valid", ["(bad", "b"]),
    ("the second is not valid", ["a", "[bad"]),
    ("a parenthesis that would close ours", ["bad)|(.*", "b"]),
    ("one name twice", ["(?P<x>a)", "(?P<x>b)"]),
)
def test_what_cannot_be_joined_raises(expressions: list[str]) -> None:
    with pytest.raises(re.error):
        any_of(expressions)
