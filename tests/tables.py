"""Tests as tables: each row begins with the sentence that says why it is there."""

from __future__ import annotations

import re
from typing import Any

import pytest


def table(names: str, *rows: tuple[Any, ...]) -> pytest.MarkDecorator:
    """``pytest.mark.parametrize`` with a sentence for each row.

    >>> @table("text, expected", ("an empty text has no words", "", 0), ("blanks separate words", "a b", 2))
    ... def test_words(text, expected):
    ...     assert len(text.split()) == expected
    """
    sentences = [row[0] for row in rows]
    assert len(set(sentences)) == len(sentences), "two rows with one sentence"
    return pytest.mark.parametrize(names.split(", "), [pytest.param(*row[1:], id=row[0]) for row in rows])


def each(name: str, *values: Any) -> pytest.MarkDecorator:
    """``pytest.mark.parametrize`` for values that need no sentence: they are shown as they are."""
    return pytest.mark.parametrize(name, values, ids=_shown)


def _shown(value: Any) -> str:
    """Without addresses in memory: processes that share the tests have to call them the same."""
    return re.sub(r" at 0x[0-9a-f]+", "", getattr(value, "__name__", repr(value)))
