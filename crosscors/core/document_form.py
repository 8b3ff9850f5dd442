"""The form that policies have in documents: TOML, JSON, and dicts of plain values.

All options are strings, numbers, booleans and lists of these. TOML has no null, and no document has regular
expressions or functions, so some values are written in another way:

=====================  =============================================================
here                   in a document
=====================  =============================================================
``max_age=None``       ``max_age = "browser-default"``
``re.compile(...)``    its text, with flags inline: ``"(?i)https://[a-z]+\\.example"``
``allow_origin_func``  nothing: it stays in code
=====================  =============================================================
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from crosscors.core.errors import Problem, shown
from crosscors.core.origins.regexes.joining import with_flags_inline
from crosscors.core.values import ANY, Findings, refused
from crosscors.core.words import KEYWORDS, Everyone, Expressions

Syntax = Literal["toml", "json", "python"]

BROWSER_DEFAULT = "browser-default"
_FUNCTION = "allow_origin_func"
_REGEX = "allow_origin_regex"
_MAX_AGE = "max_age"


# Writing.


def in_document(options: Mapping[str, object], defaults: Mapping[str, object]) -> dict[str, Any]:
    """The options that differ from their defaults, as plain values.

    >>> in_document({"max_age": None, "allow_methods": ("GET",)}, {"max_age": 600, "allow_methods": ("GET",)})
    {'max_age': 'browser-default'}
    """
    return {name: _plain(name, value) for name, value in options.items() if value != defaults[name]}


def _plain(name: str, value: object) -> object:
    if name == _MAX_AGE and value is None:
        return BROWSER_DEFAULT
    if isinstance(value, re.Pattern):
        return with_flags_inline(cast("re.Pattern[str]", value))
    return list(cast("tuple[str, ...]", value)) if isinstance(value, tuple) else value


def not_in_document(name: str, value: object) -> Problem:
    """The problem of a function, which no document can have.

    Args:
        name: what the reader calls ``allow_origin_func``.
    """
    hint = "Write it in code: CORSPolicy(allow_origin_func=...). Or list the origins that it lets in."
    return Problem("function-in-document", name, value, "no document can have a function.", hint)


# Reading.


def options_in(table: Mapping[str, object], words: DocumentWords) -> tuple[dict[str, object], Findings]:
    """The options as CORSPolicy takes them, and what is wrong with those that only documents have."""
    options = dict(table)
    found = Findings()
    if options.pop(_FUNCTION, None) is not None:
        problem = not_in_document(words.name(_FUNCTION), table[_FUNCTION])
        found += Findings((problem,))
    if _MAX_AGE in options:
        options[_MAX_AGE], of_max_age = _read_max_age(options[_MAX_AGE], words)
        found += of_max_age
    return options, found


def _read_max_age(value: object, words: DocumentWords) -> tuple[object, Findings]:
    if value is None or value == BROWSER_DEFAULT:
        return None, Findings()
    if isinstance(value, int) and not isinstance(value, bool):
        return value, Findings()
    message = f'takes a whole number of seconds, or "{BROWSER_DEFAULT}", not {shown(value)}.'
    hint = f"Write {words.setting(_MAX_AGE, '600')}, or 0 if browsers must not cache preflights."
    return 0, refused("wrong-type", words.name(_MAX_AGE), value, message, hint)


def with_places(found: Findings, table: Mapping[str, object], words: DocumentWords) -> Findings:
    """The findings, with the number of the entry that each one is about: ``allow_origins[2]``."""
    lists: dict[str, object] = {words.name(name): value for name, value in table.items()}

    def placed(problem: Problem) -> Problem:
        entries = lists.get(problem.option)
        at = _index(problem.value, cast("list[object]", entries)) if isinstance(entries, list) else None
        return problem if at is None else replace(problem, option=f"{problem.option}[{at}]")

    return Findings(tuple(map(placed, found.problems)), tuple(map(placed, found.warnings)))


def _index(value: object, entries: list[object]) -> int | None:
    return next((at for at, each in enumerate(entries) if type(each) is type(value) and each == value), None)


def key_path(*keys: str) -> str:
    """The path of a key as TOML has it.

    >>> key_path("resources", "/api/*", "max_age")
    'resources."/api/*".max_age'
    """
    return ".".join(key if _BARE_KEY.fullmatch(key) else json.dumps(key) for key in keys if key)


_BARE_KEY = re.compile("[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class DocumentWords:
    """What the reader of a document calls the options: ``resources."/api/*".allow_origins``.

    Attributes:
        place: the keys above the options, such as ``policy``; empty if there are none.
        syntax: how the document writes a key and its value.
    """

    place: str = ""
    syntax: Syntax = "python"

    def name(self, option: str) -> str:
        path = key_path(option)
        return f"{self.place}.{path}" if self.place else path

    def setting(self, option: str, value: str) -> str:
        text = value if self.syntax == "python" else _in_syntax(value, self.syntax)
        return f"{option} = {text}" if self.syntax == "toml" else f'"{option}": {text}'

    def expressions(self, found: Expressions) -> str:
        return found.beside_origins(self.setting(_REGEX, found.joined))

    def everyone(self) -> Everyone:
        name = self.name("allow_origins")
        return Everyone(name, f'"{ANY}" in {name}')

    def nothing(self, option: str) -> str:
        return KEYWORDS.nothing(option)


def _in_syntax(code: str, syntax: Syntax) -> str:
    """A value that is written in Python, as the document writes it.

    >>> _in_syntax("True", "json"), _in_syntax(r'[..., r"https://\\d"]', "toml")
    ('true', "[..., 'https://\\\\d']")
    """
    try:
        return written(ast.literal_eval(code), syntax)
    except (ValueError, SyntaxError):
        return code


def written(value: object, syntax: Syntax) -> str:
    """A plain value in TOML or JSON."""
    if value is ...:
        return "..."
    if isinstance(value, list):
        return f"[{', '.join(written(each, syntax) for each in cast('list[object]', value))}]"
    is_raw = (
        syntax == "toml" and isinstance(value, str) and "\\" in value and _HAS_NO_RAW.search(value) is None
    )
    return f"'{value}'" if is_raw else json.dumps(value)


_HAS_NO_RAW = re.compile("['\x00-\x1f\x7f]")
