"""Regular expressions among the origins, where Flask-CORS's users write them, compiled or as strings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeGuard

from crosscors._adapter.alternatives import any_of, each_alone
from crosscors.core.errors import shown
from crosscors.core.origins import dangers
from crosscors.core.origins.patterns import is_entry
from crosscors.core.origins.regexes.in_strings import to_write
from crosscors.core.values import ANY, Findings, collected, is_text_pattern, refused
from crosscors.core.values import is_several as has_entries
from crosscors.core.words import Words


def is_several(value: object) -> TypeGuard[Iterable[object]]:
    """Whether an option has several values."""
    return has_entries(value) and not isinstance(value, str)


def listed(value: object) -> list[object]:
    """The values of an option that has one or several."""
    return list(value) if is_several(value) else [value]


def parted(options: Mapping[str, object], words: Words) -> tuple[object, object, Findings]:
    """The origins without the expressions among them, and the expression that matches what any of them does.

    Strings that are expressions are refused.

    Args:
        options: those of the policy, by the core's names.
    """
    origins, regex = options["allow_origins"], options.get("allow_origin_regex")
    entries = listed(origins)
    expressions = [entry for entry in entries if is_text_pattern(entry)]
    disguised = [entry for entry in entries if _is_disguised(entry)]
    if not expressions and not disguised:
        return origins, regex, Findings()
    others = [entry for entry in entries if not is_text_pattern(entry) and entry not in disguised]
    found = collected(_refused(entry, _accepted(options, words), words) for entry in disguised)
    if not expressions or not (regex is None or isinstance(regex, str) or is_text_pattern(regex)):
        return others, regex, found
    every = [*expressions, *([] if regex is None else [regex])]
    try:
        together = any_of(every)
    except re.error as error:
        message = f"the expressions cannot be used side by side: {error}."
        name, hint = words.name("allow_origins"), 'Write one, joined with "|".'
        return others, regex, found + refused("invalid-regex", name, origins, message, hint)
    of_each = each_alone(every, options, words) if len(every) > 1 else Findings()
    return others, None if of_each.problems else together, found + of_each


def _accepted(options: Mapping[str, object], words: Words) -> tuple[str, ...] | None:
    """The dangers that are accepted, if the origins get credentials; otherwise None."""
    accepted, _ = dangers.read(options.get("dangerously_allow", ()), words)
    return accepted if options.get("allow_credentials") is True else None


# Signs that no origin has, and no path, whatever else may be wrong with it.
REGEX_SIGNS = re.compile(r"[\\^$|()]|(?:^|//)\.[*+]|\.\+|\[[^:\]]*\]|s\?:")


def _is_disguised(entry: object) -> TypeGuard[str]:
    return isinstance(entry, str) and not is_entry(entry) and REGEX_SIGNS.search(entry) is not None


def _refused(expression: str, accepted: tuple[str, ...] | None, words: Words) -> Findings:
    name = words.name("allow_origins")
    try:
        re.compile(expression)
    except re.error as error:
        message = f"{shown(expression)} is neither an origin nor a valid regular expression: {error}."
        return refused("invalid-regex", name, expression, message, "Write what browsers send.")
    entry, meant = _as_entry(expression), to_write(expression, accepted)
    instead = [
        *([f'"{entry}"'] if entry is not None and dangers.is_safe_entry(entry, accepted, words) else []),
        *([f"re.compile({meant}), which has to match the whole origin"] if meant is not None else []),
    ]
    message = f"{shown(expression)} is a regular expression, but strings are compared as they are."
    hint = f"Write {', or '.join(instead)}." if instead else _LIST
    return refused("origin-regex", name, expression, message, hint)


_LIST = 'List each origin, or write a pattern such as "https://*.example.com".'


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
