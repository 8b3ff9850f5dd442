"""Findings as values, and readers for values that several options have in common.

Nothing in here raises or warns. A reader returns the value in its final form, and what it found. Public
constructors raise and warn (policy.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard, cast

from crosscors.core.errors import Problem, shown
from crosscors.core.standard import is_token
from crosscors.core.words import Words

ANY = "*"

_SEPARATORS = re.compile(r"[\s,;]+")


@dataclass(frozen=True)
class Findings:
    """What a reader found: problems, and warnings about what is legal but surely a mistake.

    >>> (Findings() + Findings(warnings=())).problems
    ()
    """

    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    def __add__(self, other: Findings) -> Findings:
        return Findings(self.problems + other.problems, self.warnings + other.warnings)


def refused(code: str, option: str, value: object, message: str, hint: str) -> Findings:
    """One problem."""
    return Findings(problems=(Problem(code, option, value, message, hint),))


def warned(code: str, option: str, value: object, message: str, hint: str = "Leave it out.") -> Findings:
    """One warning. The message begins with the value."""
    return Findings(warnings=(Problem(code, option, value, f"{shown(value)} {message}", hint),))


def collected(findings: Iterable[Findings]) -> Findings:
    """All the findings as one, in order."""
    each = list(findings)
    return Findings(
        tuple(problem for found in each for problem in found.problems),
        tuple(warning for found in each for warning in found.warnings),
    )


def is_several(value: object) -> TypeGuard[Iterable[object]]:
    """Whether the value is a collection. A string counts, too; the caller knows whether it is one entry."""
    return isinstance(value, Iterable) and not isinstance(value, (bytes, Mapping))


def is_text_pattern(value: object) -> TypeGuard[re.Pattern[str]]:
    """Whether the value is a regular expression compiled from a str."""
    return isinstance(value, re.Pattern) and isinstance(cast("Any", value).pattern, str)


def read_bool(option: str, value: object, words: Words) -> tuple[bool, Findings]:
    """True or False. Nothing that only looks like one of them is accepted."""
    if isinstance(value, bool):
        return value, Findings()
    message = f"takes True or False, not {shown(value)}."
    return False, refused(
        "wrong-type", words.name(option), value, message, f"Write {words.setting(option, 'False')}."
    )


def read_strings(
    option: str, value: object, example: str, words: Words, *, regex_option: str | None = None
) -> tuple[list[str], Findings]:
    """The entries of an option that takes one string or several. A set is sorted, to be stable.

    Args:
        example: a value of the option, for hints.
        regex_option: the option for compiled regular expressions, if they are a likely mistake.
    """
    if isinstance(value, str):
        return [value], Findings()
    name = words.name(option)

    def hint(found: object) -> str:
        if regex_option is not None and is_text_pattern(found):
            return f"Write {words.setting(regex_option, 're.compile(...)')}."
        return f"Write {words.setting(option, example)}."

    if not is_several(value):
        message = f"takes a string or a list of strings, not {shown(value)}."
        return [], refused("wrong-type", name, value, message, hint(value))
    strings: list[str] = []
    others: list[Findings] = []
    for entry in value:
        if isinstance(entry, str):
            strings.append(entry)
        else:
            message = f"takes strings, not {shown(entry)}."
            others.append(refused("wrong-type", name, entry, message, hint(entry)))
    return (sorted(strings) if isinstance(value, (set, frozenset)) else strings), collected(others)


def read_tokens(
    option: str, value: object, example: str, kind: str, words: Words
) -> tuple[list[str], Findings]:
    """The entries of an option that takes tokens (RFC 9110, section 5.6.2), such as names of headers.

    Args:
        kind: what each entry is, for messages.
    """
    entries, found = read_strings(option, value, example, words)
    faults = (
        _not_a_token(option, entry, kind, words, is_only=entries == [entry])
        for entry in entries
        if not is_token(entry)
    )
    return [entry for entry in entries if is_token(entry)], found + collected(faults)


def _not_a_token(option: str, entry: str, kind: str, words: Words, *, is_only: bool) -> Findings:
    pieces = ", ".join(f'"{piece}"' for piece in tokens_in(entry))
    instead = words.setting(option, f"[{pieces}]") if is_only else pieces
    hint = f"Write {instead}." if pieces else "Leave it out."
    return refused("not-a-token", words.name(option), entry, f"{shown(entry)} is not a valid {kind}.", hint)


def tokens_in(text: str) -> list[str]:
    """The tokens in a text that was surely meant as a list."""
    return [piece for piece in _SEPARATORS.split(text) if is_token(piece)]


def without_repeats(
    option: str, entries: Iterable[str], words: Words, key: Callable[[str], str] = str
) -> tuple[tuple[str, ...], Findings]:
    """The entries, each once, and a warning for each that is listed again."""
    kept: dict[str, str] = {}
    repeated: list[str] = []
    for entry in entries:
        if key(entry) in kept:
            repeated.append(entry)
        kept.setdefault(key(entry), entry)
    name = words.name(option)
    return tuple(kept.values()), collected(
        warned("listed-twice", name, entry, "is listed twice.", "Leave one of them out.")
        for entry in repeated
    )


def covered_by_any(option: str, entries: Iterable[str], words: Words) -> Findings:
    """A warning for each entry that ``"*"`` covers already."""
    name = words.name(option)
    return collected(
        warned("already-covered", name, entry, 'is already covered by "*".') for entry in entries
    )
