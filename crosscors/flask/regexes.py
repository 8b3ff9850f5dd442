"""Regular expressions among the origins, where Flask-CORS's users write them, compiled or as strings."""

from __future__ import annotations

import re
from collections.abc import Mapping

from crosscors._adapter.alternatives import any_of, each_alone
from crosscors.core.errors import shown
from crosscors.core.origins import dangers, faults
from crosscors.core.origins.expressions import Surroundings
from crosscors.core.origins.patterns import is_entry
from crosscors.core.origins.regexes.in_strings import to_write
from crosscors.core.values import ANY, Findings, as_list, collected, is_text_pattern, refused
from crosscors.core.words import Words


def split_origins(options: Mapping[str, object], words: Words) -> tuple[object, object, Findings]:
    """The origins without compiled expressions, and one expression for all that are given.

    Strings that are expressions are refused.

    Args:
        options: those of the policy, by the core's names.
        words: how the reader calls the options.
    """
    origins, regex = options["allow_origins"], options.get("allow_origin_regex")
    accepted = _accepted_for_all(options, words)
    entries = as_list(origins)
    compiled = [entry for entry in entries if is_text_pattern(entry)]
    strings = [
        entry for entry in entries if isinstance(entry, str) and _is_expression(entry, accepted, words)
    ]
    if not compiled and not strings:
        return origins, regex, Findings()
    others = [entry for entry in entries if not is_text_pattern(entry) and entry not in strings]
    found = collected(_refuse_expression(entry, accepted, words) for entry in strings)
    if not compiled or not (regex is None or isinstance(regex, str) or is_text_pattern(regex)):
        return others, regex, found
    every = [*compiled, *([] if regex is None else [regex])]
    try:
        together = any_of(every)
    except re.error as error:
        message = f"the regular expressions cannot be combined: {error}."
        name, hint = words.name("allow_origins"), 'Write a single one, with "|" between the alternatives.'
        return others, regex, found + refused("invalid-regex", name, origins, message, hint)
    of_each = each_alone(every, options, words) if len(every) > 1 else Findings()
    return others, None if of_each.problems else together, found + of_each


def _accepted_for_all(options: Mapping[str, object], words: Words) -> tuple[str, ...] | None:
    """The dangers that are accepted, if every origin gets credentials; otherwise None."""
    accepted, _ = dangers.read(options.get("dangerously_allow", ()), words)
    return accepted if options.get("allow_credentials") is True else None


# Signs that appear in no origin and no path, not even in one that is not valid.
REGEX_SIGNS = re.compile(r"[\\^$|()]|(?:^|//)\.[*+]|\.\+|\[[^:\]]*\]|s\?:")


def _is_expression(entry: str, accepted: tuple[str, ...] | None, words: Words) -> bool:
    """Whether that is what is wrong with the entry. A list in a string, for one, has brackets, too."""
    if entry == ANY or is_entry(entry):
        return False
    problems = faults.problems_of(entry, Surroundings("allow_origins", accepted, words))
    return any(problem.code == "origin-regex" for problem in problems)


def _refuse_expression(expression: str, accepted: tuple[str, ...] | None, words: Words) -> Findings:
    name = words.name("allow_origins")
    try:
        re.compile(expression)
    except re.error as error:
        message = f"{shown(expression)} is neither an origin nor a valid regular expression: {error}."
        hint = 'Write an origin, such as "https://app.example.com".'
        return refused("invalid-regex", name, expression, message, hint)
    entry, meant = _as_entry(expression), to_write(expression, accepted)
    instead = [
        *([f'"{entry}"'] if entry is not None and dangers.is_safe_entry(entry, accepted, words) else []),
        *([f"re.compile({meant}), which has to match the whole origin"] if meant is not None else []),
    ]
    message = f"{shown(expression)} is a regular expression, but strings are compared as they are."
    hint = f"Write {', or '.join(instead)}." if instead else faults.LIST_EACH_ORIGIN
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
