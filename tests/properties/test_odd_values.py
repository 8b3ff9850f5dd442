"""Whatever an option is given, a policy starts or says what is wrong with it: nothing else is raised."""

from __future__ import annotations

import re
from collections import UserString
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils.functional import lazystr
from flask import Flask

from crosscors import CORSPolicy, PolicyError
from crosscors.core.plain import plain
from crosscors.core.policy import OPTION_NAMES
from crosscors.flask import CORS
from tests.odd import APP, Names, lazy, lazy_failure, odd_values, proxy
from tests.tables import each, table

pytestmark = pytest.mark.filterwarnings("ignore::crosscors.PolicyWarning")


def starts_or_says_why(make: Callable[[], object]) -> None:
    try:
        make()
    except PolicyError as error:
        assert str(error)  # noqa: PT017  # either is fine


@each("option", *OPTION_NAMES)
def test_a_policy_starts_or_says_what_is_wrong(option: str) -> None:
    for value in odd_values():
        starts_or_says_why(partial(CORSPolicy, **{option: value}))


@each("option", *OPTION_NAMES)
def test_a_flask_application_starts_or_says_what_is_wrong(option: str) -> None:
    for value in odd_values():
        app = Flask(__name__)
        app.config[f"CORS_{option.upper()}"] = value
        starts_or_says_why(partial(CORS, app))


@table(
    "make, stands_for",
    ("a lazy string of Django", lambda: lazystr(APP), APP),
    ("a lazy object", lambda: lazy(APP), APP),
    ("a proxy of Werkzeug", lambda: proxy(APP), APP),
    ("a string of one's own", lambda: UserString(APP), APP),
    ("a member of an enumeration", lambda: Names.APP, APP),
    ("an enumeration", lambda: Names, [APP]),
    ("a lazy bool", lambda: lazy(True), True),
    ("a lazy nothing", lambda: lazy(None), None),
    ("a lazy list", lambda: lazy([APP]), [APP]),
    ("a lazy string in a tuple", lambda: (lazy(APP),), (APP,)),
    ("lazy strings in a set", lambda: {lazystr("a"), "b"}, frozenset({"a", "b"})),
    ("an iterator", lambda: iter([APP]), [APP]),
    ("a lazy time", lambda: lazy(timedelta(minutes=1)), timedelta(minutes=1)),
    ("a lazy expression", lambda: lazy(re.compile("a", re.IGNORECASE)), re.compile("a", re.IGNORECASE)),
    ("a lazy dict", lambda: lazy({"a": 1}), {"a": 1}),
)
def test_what_an_object_stands_for(make: Callable[[], Any], stands_for: object) -> None:
    read = plain(make())
    assert read == stands_for
    assert type(read) is type(stands_for)


@table(
    "value, instead",
    ("bytes", b"https://app.example.com", f'Write "{APP}".'),
    ("bytes that can change", bytearray(b"https://app.example.com"), f'Write "{APP}".'),
    ("a view of bytes", memoryview(b"GET"), 'Write allow_origins=["https://app.example.com"].'),
    ("what fails", lazy_failure(), 'Write allow_origins=["https://app.example.com"].'),
)
@each("is_alone", True, False)
def test_what_stands_for_no_string_is_one_problem(value: object, instead: str, is_alone: bool) -> None:
    options: Any = {"allow_origins": value if is_alone else [value]}
    with pytest.raises(PolicyError) as caught:
        CORSPolicy(**options)
    (problem,) = caught.value.problems
    assert (problem.code, problem.hint) == ("wrong-type", instead)
