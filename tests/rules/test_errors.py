"""PolicyError and Problem: how they print, what they carry, and how values are shown in them."""

from __future__ import annotations

import json
import pickle
import re
from dataclasses import FrozenInstanceError
from datetime import timedelta
from typing import Any

import pytest

from crosscors import CORSPolicy, PolicyError, Problem

from .kit import Unprintable, refused, rows


def error_of(options: dict[str, Any]) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        CORSPolicy(**options)
    return caught.value


def test_an_error_prints_a_numbered_list_of_its_problems() -> None:
    error = error_of({"allow_origins": ["https://a.example/"], "max_age": -1})
    lines = [
        f"  {number}. {problem.option}: {problem.message}\n     {problem.hint}"
        for number, problem in enumerate(error.problems, start=1)
    ]
    assert str(error).split("\n", 1)[1] == "\n".join(lines)
    assert "2 problems" in str(error)
    assert "a problem" in str(error_of({"max_age": -1}))


def test_an_error_with_very_many_problems_prints_the_first_twenty() -> None:
    error = error_of({"allow_origins": [f"https://{number}.example/" for number in range(1000)]})
    assert len(error.problems) == 1000
    assert "980 more" in str(error).splitlines()[-1]
    assert len(str(error).splitlines()) == 42


def test_an_error_is_a_value_error_that_can_be_pickled() -> None:
    error = error_of({"max_age": -1})
    assert isinstance(error, ValueError)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  # it is our own
    assert (str(again), again.problems) == (str(error), error.problems)


def test_a_problem_prints_as_one_line_and_cannot_be_changed() -> None:
    problem = Problem("a-code", "max_age", -1, "-1 is negative.", "Write max_age=0.")
    assert str(problem) == "max_age: -1 is negative. Write max_age=0."
    with pytest.raises(FrozenInstanceError):
        problem.code = "another"  # type: ignore[misc]


# Options, the value in a dict, why.
AS_DICT = [
    ({"allow_origins": [""]}, "", "a string"),
    ({"max_age": -1}, -1, "a number"),
    ({"max_age": 1.5}, 1.5, "a fraction"),
    ({"max_age": True}, True, "a bool"),
    ({"allow_origins": None}, None, "None"),
    ({"allow_origins": b"*"}, "b'*'", "bytes, as their repr"),
    ({"allow_origins": [re.compile("a")]}, "re.compile('a')", "a regular expression, as its repr"),
    ({"max_age": timedelta(-1)}, "datetime.timedelta(days=-1)", "a timedelta, as its repr"),
]


@rows("options, value", AS_DICT)
def test_a_problem_as_a_dict_can_be_written_as_json(options: dict[str, Any], value: object) -> None:
    (problem,) = refused(options)
    plain = problem.as_dict()
    assert plain == {
        "code": problem.code,
        "option": problem.option,
        "value": value,
        "message": problem.message,
        "hint": problem.hint,
    }
    assert json.loads(json.dumps(plain)) == plain


# Value, how it is shown, why.
SHOWN = [
    ("a", "'a'", "text is quoted"),
    ("a\r\nb", r"'a\r\nb'", "line breaks are escaped"),
    ("\u00fc\u202e\x1b", r"'\xfc\u202e\x1b'", "what is not printable ASCII is escaped"),
    ("a" * 100, f"'{'a' * 100}'", "100 characters are shown"),
    ("a" * 101, f"'{'a' * 100}'...", "the 101st is cut"),
    (["\u00fc"], r"['\xfc']", "other values are their repr, in ASCII"),
    (["a" * 96], f"['{'a' * 96}']", "100 characters of it are shown"),
    ([0] * 100, f"[{'0, ' * 33}...", "the rest is cut"),
    (Unprintable(), "<Unprintable>", "a value without a repr is shown by its type"),
]


@rows("value, text", SHOWN)
def test_how_a_value_is_shown_in_a_message(value: object, text: str) -> None:
    (problem,) = refused({"max_age": value})
    assert problem.message.endswith(f" {text}.")
