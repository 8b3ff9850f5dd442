"""Regular expressions among the origins, where Flask-CORS's users write them, compiled or as strings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeGuard

from crosscors._adapter.alternatives import any_of
from crosscors.core.errors import shown
from crosscors.core.origins.patterns import is_entry
from crosscors.core.values import ANY, Findings, collected, is_text_pattern, refused
from crosscors.core.values import is_several as has_entries
from crosscors.core.words import Words


def is_several(value: object) -> TypeGuard[Iterable[object]]:
    """Whether an option has several values."""
    return has_entries(value) and not isinstance(value, str)


def listed(value: object) -> list[object]:
    """The values of an option that has one or several."""
    return list(value) if is_several(value) else [value]


def parted(origins: object, regex: object, words: Words) -> tuple[object, object, Findings]:
    """The origins without the expressions among them, and the expression that matches what any of them does.

    Strings that are expressions are refused.

    Args:
        regex: the expression that is given for itself, if one is.
    """
    entries = listed(origins)
    expressions = [entry for entry in entries if is_text_pattern(entry)]
    disguised = [entry for entry in entries if _is_disguised(entry)]
    if not expressions and not disguised:
        return origins, regex, Findings()
    others = [entry for entry in entries if not is_text_pattern(entry) and entry not in disguised]
    found = collected(_refused(entry, words) for entry in disguised)
    if not expressions or not (regex is None or isinstance(regex, str) or is_text_pattern(regex)):
        return others, regex, found
    try:
        return others, any_of([*expressions, *([] if regex is None else [regex])]), found
    except re.error as error:
        message = f"the expressions cannot be used side by side: {error}."
        name, hint = words.name("allow_origins"), 'Write one, joined with "|".'
        return others, regex, found + refused("invalid-regex", name, origins, message, hint)


def among_headers(headers: object, words: Words) -> Findings:
    """Expressions among the names of headers: most of their signs may stand in a name, too."""
    name, hint = words.name("allow_headers"), 'List the names, or write "*".'
    return collected(
        refused(
            "header-regex",
            name,
            each,
            f"{shown(each)} is a regular expression, but names are compared as they are.",
            hint,
        )
        for each in listed(headers)
        if isinstance(each, str) and each != ANY and ANY in each
    )


# Signs that no origin has, and no path, whatever else may be wrong with it.
REGEX_SIGNS = re.compile(r"[\\^$|()]|(?:^|//)\.[*+]|\.\+|\[[^:\]]*\]|s\?:")


def _is_disguised(entry: object) -> TypeGuard[str]:
    return isinstance(entry, str) and not is_entry(entry) and REGEX_SIGNS.search(entry) is not None


def _refused(expression: str, words: Words) -> Findings:
    name = words.name("allow_origins")
    try:
        re.compile(expression)
    except re.error as error:
        message = f"{shown(expression)} is neither an origin nor a valid regular expression: {error}."
        return refused("invalid-regex", name, expression, message, "Write what browsers send.")
    quoted = f"'{expression}'" if '"' in expression else f'"{expression}"'
    entry = _as_entry(expression)
    instead = f'"{entry}", or ' if entry else ""
    message = f"{shown(expression)} is a regular expression, but strings are compared as they are."
    hint = f"Write {instead}re.compile(r{quoted}), which has to match the whole origin."
    return refused("origin-regex", name, expression, message, hint)


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
