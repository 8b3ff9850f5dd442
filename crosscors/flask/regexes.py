"""Regular expressions among the origins, where Flask-CORS's users write them, compiled or as strings."""

from __future__ import annotations

import re

from crosscors._adapter.alternatives import any_of
from crosscors.core.errors import shown
from crosscors.core.origins.patterns import is_entry
from crosscors.core.values import ANY, Findings, collected, is_several, is_text_pattern, refused
from crosscors.core.words import Words


def as_list(value: object) -> list[object]:
    """The values of an option that takes one or several. A string is one."""
    return list(value) if is_several(value) and not isinstance(value, str) else [value]


def split_origins(origins: object, regex: object, words: Words) -> tuple[object, object, Findings]:
    """The origins without compiled expressions, and one expression for all that are given.

    Strings that are expressions are refused.

    Args:
        origins: the value of ``origins``.
        regex: the value of ``allow_origin_regex``; None if it is not given.
        words: how the reader calls the options.
    """
    entries = as_list(origins)
    compiled = [entry for entry in entries if is_text_pattern(entry)]
    strings = [entry for entry in entries if isinstance(entry, str) and _is_expression(entry)]
    if not compiled and not strings:
        return origins, regex, Findings()
    others = [entry for entry in entries if not is_text_pattern(entry) and entry not in strings]
    found = collected(_refuse_expression(entry, words) for entry in strings)
    if not compiled or not (regex is None or isinstance(regex, str) or is_text_pattern(regex)):
        return others, regex, found
    try:
        return others, any_of([*compiled, *([] if regex is None else [regex])]), found
    except re.error as error:
        message = f"the regular expressions cannot be combined: {error}."
        name, hint = words.name("allow_origins"), 'Write a single one, with "|" between the alternatives.'
        return others, regex, found + refused("invalid-regex", name, origins, message, hint)


def check_headers(headers: object, words: Words) -> Findings:
    """Refuse expressions among the names of headers.

    Only ``*`` gives them away. Most other signs of regular expressions are also allowed in a name.
    """
    name, hint = words.name("allow_headers"), 'List the names, or write "*".'
    return collected(
        refused(
            "header-regex",
            name,
            each,
            f"{shown(each)} is a pattern, but header names are compared as they are.",
            hint,
        )
        for each in as_list(headers)
        if isinstance(each, str) and each != ANY and ANY in each
    )


# Signs that appear in no origin and no path, not even in one that is not valid.
REGEX_SIGNS = re.compile(r"[\\^$|()]|(?:^|//)\.[*+]|\.\+|\[[^:\]]*\]|s\?:")


def _is_expression(entry: str) -> bool:
    return not is_entry(entry) and REGEX_SIGNS.search(entry) is not None


def _refuse_expression(expression: str, words: Words) -> Findings:
    name = words.name("allow_origins")
    try:
        re.compile(expression)
    except re.error as error:
        message = f"{shown(expression)} is neither an origin nor a valid regular expression: {error}."
        hint = 'Write an origin, such as "https://app.example.com".'
        return refused("invalid-regex", name, expression, message, hint)
    quoted = f"'{expression}'" if '"' in expression else f'"{expression}"'
    entry = _as_entry(expression)
    instead = f'"{entry}", or ' if entry else ""
    message = f"{shown(expression)} is a regular expression, but strings are compared as they are."
    hint = f"Write {instead}re.compile(r{quoted}), which has to match the whole origin."
    return refused("origin-regex", name, expression, message, hint)


def _as_entry(expression: str) -> str | None:
    """The entry that means the same. None if the expression is not as simple as most of them are."""
    text = expression.removeprefix("^").removesuffix("$")
    if text == ".*":
        return ANY
    text = text.replace(r"\/", "/")
    text = re.sub(r"(?<=://)\.[*+]\\\.", "*.", text)
    text = re.sub(r"(?::\\d[*+]|:\[0-9\][*+]|\(:\\d\+\)\?|\(:\[0-9\]\+\)\?)\Z", ":*", text)
    text = re.sub(r"\\([./-])", r"\1", text)
    return text if is_entry(text) else None
