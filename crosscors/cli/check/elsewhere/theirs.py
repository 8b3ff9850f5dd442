"""What another library is configured to allow, as options of CORSPolicy, and the code to paste."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from textwrap import wrap
from typing import Any, cast

from crosscors.core.origins.regexes.joining import with_flags_inline
from crosscors.core.policy import DEFAULTS, CORSPolicy, make_policy, options_of
from crosscors.core.values import Findings
from crosscors.core.words import KEYWORDS, Everyone, Expressions, Words

NOTHING = Findings()
WIDTH = 76  # columns of code: with the indentation of a report, they fit in a terminal of 80


@dataclass(frozen=True)
class Theirs:
    """The configuration of one place.

    Attributes:
        where: what it covers: ``every path``, ``/api/*``, ``the view items``.
        options: the options of CORSPolicy that mean the same.
        found: what their library does that is not safe, or that allows nothing.
        remarks: what the equivalent does not do, and why.
        expressions: the expressions that ``allow_origin_regex`` joins, if the library takes several.
    """

    where: str
    options: Mapping[str, Any]
    found: Findings = NOTHING
    remarks: tuple[str, ...] = ()
    expressions: tuple[re.Pattern[str], ...] = ()


def judged(theirs: Theirs, words: Words) -> Findings:
    """What is wrong with the configuration, in the words of its author."""
    found = make_policy(theirs.options, words)[1]
    if any(each.code == "pattern-elsewhere" for each in theirs.found.warnings):
        # A pattern covers nothing there, so no other entry can be left out.
        found = without_warnings(found, "already-covered")
    return theirs.found + found


def without_warnings(found: Findings, code: str) -> Findings:
    """The findings without the warnings of that code."""
    return replace(found, warnings=tuple(each for each in found.warnings if each.code != code))


@dataclass(frozen=True)
class PlacedWords:
    """The options as keywords, with the place that they belong to: ``/api/*: allow_origins``."""

    place: str

    def name(self, option: str) -> str:
        return f"{self.place}: {KEYWORDS.name(option)}"

    def setting(self, option: str, value: str) -> str:
        return KEYWORDS.setting(option, value)

    def expressions(self, found: Expressions) -> str:
        return KEYWORDS.expressions(found)

    def everyone(self) -> Everyone:
        name = self.name("allow_origins")
        return Everyone(name, f"'*' in {name}")

    def nothing(self, option: str) -> str:
        return KEYWORDS.nothing(option)


# Code to paste.


def arguments(policy: CORSPolicy, defaults: Mapping[str, object] = DEFAULTS) -> list[tuple[str, str]]:
    """The options that differ from the defaults, each with its value as code."""
    return [
        (name, code(_as_text(value))) for name, value in options_of(policy).items() if value != defaults[name]
    ]


def _as_text(value: object) -> object:
    return with_flags_inline(cast("re.Pattern[str]", value)) if isinstance(value, re.Pattern) else value


def code(value: object) -> str:
    r"""A value as Python code.

    >>> code(["https://a.example", r"\d"]), code(re.compile("a", re.I)), code(("*",))
    ('["https://a.example", r"\\d"]', 're.compile(r"(?i)a")', '["*"]')
    """
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(code, cast('Iterable[object]', value)))}]"
    if isinstance(value, re.Pattern):
        return f"re.compile({_raw(with_flags_inline(cast('re.Pattern[str]', value)))})"
    if isinstance(value, str):
        return _raw(value) if "\\" in value else json.dumps(value) if value.isprintable() else repr(value)
    return repr(value)


def _raw(text: str) -> str:
    is_pasteable = '"' not in text and text.isprintable() and not text.endswith("\\")
    return f'r"{text}"' if is_pasteable else repr(text)


def call(name: str, first: str, arguments: Iterable[tuple[str, str]]) -> str:
    """A call, one argument a line.

    >>> print(call("CORS", "app", [("max_age", "60")]))
    CORS(
        app,
        max_age=60,
    )
    """
    given = list(arguments)
    if not given:
        return f"{name}({first})"
    lines = [f"    {first},"] if first else []
    lines += [f"    {option}={text}," for option, text in given]
    return "\n".join([f"{name}(", *lines, ")"])


def comments(remarks: Iterable[str]) -> str:
    """The remarks as comments, which stand before the code."""
    return "".join(f"{line}\n" for remark in remarks for line in _comment(remark))


def _comment(remark: str) -> list[str]:
    return wrap(
        remark,
        WIDTH,
        initial_indent="# ",
        subsequent_indent="# ",
        break_long_words=False,
        break_on_hyphens=False,
    )
