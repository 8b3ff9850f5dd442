"""Regular expressions as automata: what cannot be built, and what would take too long to try."""

from __future__ import annotations

import inspect
import re
import sys
from typing import Any, cast

import pytest

from crosscors.core.origins.regexes import automaton as regexes
from crosscors.core.origins.regexes.sites import sites_of


# Regular expression, bounds of the length, why.
@pytest.mark.parametrize(
    ("regex", "shortest", "longest"),
    [
        pytest.param("a*b*c*", 90, 110, id="three repeats: a million ways in a hundred characters"),
        pytest.param("a*b*c*d*", 20, 40, id="four repeats"),
        pytest.param("(?:.*){8}", 3, 10, id="eight times the same repeat"),
        pytest.param("(?:a+)+", 15, 25, id="a repeat in a repeat"),
        pytest.param("(?:a+|b?)*", 5, 15, id="one in an alternative in a repeat"),
        pytest.param("(?:a|aa)*", 10, 25, id="alternatives in a repeat"),
        pytest.param("(?:a?){30}a{30}", -1, 0, id="thirty optional parts"),
        pytest.param("(?:aa|a|a[a]){30}", -1, 0, id="three alternatives thirty times"),
        pytest.param("(?:a|)" * 28, -1, 0, id="twenty-eight alternatives"),
        pytest.param("(?:a?){10}", 1000, 2000, id="ten optional parts"),
        pytest.param("(?:(?=e)){1000000}a", 1000, 2000, id="a million times nothing"),
        pytest.param("a{3}", 1000, 2000, id="a fixed count"),
        pytest.param(r"https://([a-z0-9-]+\.)?example\.(com|org)(:\d+)?", 250, 2000, id="an ordinary one"),
    ],
)
def test_on_which_texts_an_expression_ends_soon(regex: str, shortest: int, longest: int) -> None:
    assert shortest <= regexes.quick_length(re.compile(regex)) <= longest


def test_whatever_python_fails_with_is_not_a_match() -> None:
    class Failing:
        def fullmatch(self, _: str) -> None:
            raise MemoryError

    assert not regexes.matches(cast("Any", Failing()), "https://a.com")


def test_an_unknown_opcode_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regexes, "_BUILD", {})
    sites_of.cache_clear()
    assert sites_of(re.compile(r"https://a\.com")).unproven is not None
    sites_of.cache_clear()


def test_groups_that_are_nested_too_deeply_prove_nothing() -> None:
    regex = re.compile(r"https://a\.com" + "(" * 150 + "(?!)" + ")" * 150)
    depth = len(inspect.stack(0))
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + 120)
    try:
        sites, longest = sites_of(regex), regexes.quick_length(regex)
    finally:
        sys.setrecursionlimit(limit)
    assert sites.unproven is not None
    assert longest == -1
