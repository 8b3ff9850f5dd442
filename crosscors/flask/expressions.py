"""Regular expressions among the origins, where Flask-CORS's users write them, compiled or as strings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeGuard

from crosscors._adapter.alternatives import any_of
from crosscors.core.errors import Problem, shown
from crosscors.core.options import is_text_pattern
from crosscors.core.origins import ANY, is_entry


def is_several(value: object) -> TypeGuard[Iterable[object]]:
    """Whether an option has several values."""
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping))


def read_origins(options: dict[str, object]) -> list[Problem]:
    """Sort the expressions out of the origins, and find those that are spelled as strings."""
    origins = options["allow_origins"]
    entries = list(origins) if is_several(origins) else [origins]
    expressions = [entry for entry in entries if is_text_pattern(entry)]
    disguised = [entry for entry in entries if _is_disguised(entry)]
    if not expressions and not disguised:
        return []
    options["allow_origins"] = [
        entry for entry in entries if not is_text_pattern(entry) and entry not in disguised
    ]
    problems = [_disguised_problem(entry) for entry in disguised]
    given = options.get("allow_origin_regex")
    if expressions and (given is None or isinstance(given, str) or is_text_pattern(given)):
        try:
            options["allow_origin_regex"] = any_of([*expressions, *([] if given is None else [given])])
        except re.error as error:
            message = f"the expressions cannot be used side by side: {error}."
            problems.append(
                Problem("invalid-regex", "allow_origins", origins, message, 'Write one, joined with "|".')
            )
    return problems


def header_problems(headers: object) -> Iterator[Problem]:
    """Expressions among the header names: most of their signs may stand in a name, too."""
    for name in headers if is_several(headers) else [headers]:
        if isinstance(name, str) and name != ANY and ANY in name:
            message = f"{shown(name)} is a regular expression, but names are compared as they are."
            yield Problem("header-regex", "allow_headers", name, message, 'List the names, or write "*".')


# Signs that no origin has, and no path, whatever else may be wrong with it.
REGEX_SIGNS = re.compile(r"[\\^$|()]|(?:^|//)\.[*+]|\.\+|\[[^:\]]*\]|s\?:")


def _is_disguised(entry: object) -> TypeGuard[str]:
    return isinstance(entry, str) and not is_entry(entry) and REGEX_SIGNS.search(entry) is not None


def _disguised_problem(expression: str) -> Problem:
    message = f"{shown(expression)} is a regular expression, but strings are compared as they are."
    try:
        re.compile(expression)
    except re.error as error:
        message = f"{shown(expression)} is neither an origin nor a valid regular expression: {error}."
        return Problem("invalid-regex", "allow_origins", expression, message, "Write what browsers send.")
    quoted = f"'{expression}'" if '"' in expression else f'"{expression}"'
    hints = [f"re.compile(r{quoted})"]
    entry = _as_entry(expression)
    if entry is not None:
        hints.insert(0, f'"{entry}"')
    return Problem(
        "origin-regex",
        "allow_origins",
        expression,
        message,
        f"Write {', or '.join(hints)}, which has to match the whole origin.",
    )


def _as_entry(expression: str) -> str | None:
    """The entry that means the same, if the expression is as simple as most of them are."""
    text = expression.removeprefix("^").removesuffix("$")
    if text == ".*":
        return ANY
    text = text.replace(r"\/", "/")
    text = re.sub(r"(?<=://)\.[*+]\\\.", "*.", text)
    text = re.sub(r"(?::\\d[*+]|:\[0-9\][*+]|\(:\\d\+\)\?|\(:\[0-9\]\+\)\?)\Z", ":*", text)
    text = re.sub(r"\\([./-])", r"\1", text)
    return text if is_entry(text) else None
