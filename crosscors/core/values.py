"""Findings as values, and readers for values that several options have in common.

Nothing in here raises or warns. A reader returns the value in its final form, and what it found. Public
constructors raise and warn (policy.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeGuard, cast

from crosscors.core.errors import Problem, shown
from crosscors.core.standard import is_token
from crosscors.core.words import LEAVE_OUT, Words

ANY = "*"


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


def warned(code: str, option: str, value: object, message: str, hint: str = LEAVE_OUT) -> Findings:
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
    return isinstance(value, Iterable) and not isinstance(value, (bytes, bytearray, memoryview, Mapping))


def as_list(value: object) -> list[object]:
    """The values of an option that takes one or several. A string is one.

    >>> as_list("https://a.example"), as_list(("a", "b"))
    (['https://a.example'], ['a', 'b'])
    """
    return list(value) if is_several(value) and not isinstance(value, str) else [value]


def is_text_pattern(value: object) -> TypeGuard[re.Pattern[str]]:
    """Whether the value is a regular expression compiled from a str."""
    return isinstance(value, re.Pattern) and isinstance(cast("Any", value).pattern, str)


def read_bool(option: str, value: object, words: Words) -> tuple[bool, Findings]:
    """True or False. Nothing that only looks like one of them is accepted."""
    return (
        (value, Findings())
        if isinstance(value, bool)
        else (False, not_a_bool(option, value, meant_bool(value), words))
    )


def not_a_bool(option: str, value: object, meant: bool | None, words: Words) -> Findings:
    """The problem of a value that should be True or False. The hint is what was meant, or else False."""
    message = f"takes True or False, not {shown(value)}."
    hint = f"Write {words.setting(option, str(bool(meant)))}."
    return refused("wrong-type", words.name(option), value, message, hint)


def meant_bool(value: object) -> bool | None:
    """True or False, if the value is a word or number for one of them, as environment variables have it.

    It may also be the only entry of a list.

    >>> meant_bool("yes"), meant_bool(0), meant_bool("maybe")
    (True, False, None)
    """
    if isinstance(value, (list, tuple)):  # env.list("CREDENTIALS")
        entries = cast("Sequence[object]", value)
        return meant_bool(entries[0]) if len(entries) == 1 and not is_several(entries[0]) else None
    if isinstance(value, (bytes, bytearray)):
        value = value.decode(errors="replace")
    if not isinstance(value, (str, int, float)):
        return None
    word = str(value).strip(_AROUND_WORDS).lower()
    return True if word in _TRUE else False if word in _FALSE else None


_AROUND_WORDS = " \t\r\n\"'"
_TRUE = frozenset({"true", "t", "yes", "y", "on", "1", "1.0", "enable", "enabled"})
_FALSE = frozenset({"false", "f", "no", "n", "off", "0", "0.0", "disable", "disabled"})


def means_unset(text: str) -> bool:
    """Whether the text is what becomes of a variable that nobody set."""
    return text.lower() in _UNSET


_UNSET = frozenset({"undefined", "none", "nil", "nan", "null", "unset"})
UNSET_VARIABLE = "An environment variable that is not set can cause this."


def at_run_time(text: str, meant: tuple[str, ...]) -> str:
    """How to make the list at run time, if that gives exactly what was meant. Otherwise empty."""
    code = '[each.strip() for each in text.split(",")]'
    if tuple(each.strip() for each in text.split(",")) != meant:
        code = "json.loads(text)"
        if "[" + ",".join(f'"{each}"' for each in meant) + "]" != re.sub(r"\s", "", text):
            return ""
    return f" If the text comes from an environment variable: {code}."


def _no_special_hint(_: object) -> str | None:
    return None


def read_strings(
    option: str,
    value: object,
    example: str,
    words: Words,
    *,
    instead_of: Callable[[object], str | None] = _no_special_hint,
) -> tuple[list[str], Findings]:
    """The entries of an option that takes one string or several. A set is sorted, to be stable.

    Args:
        example: a value of the option, for hints.
        instead_of: the hint for a value that is not a string, if its author's meaning is known.
    """
    if isinstance(value, str):
        return [value], Findings()
    name = words.name(option)

    def hint(found: object) -> str:
        return instead_of(found) or f"Write {words.setting(option, example)}."

    if not is_several(value):
        message = f"takes a string or a list of strings, not {shown(value)}."
        return [], refused("wrong-type", name, value, message, hint(value))
    strings: list[str] = []
    is_only = len(list(value)) == 1
    others: list[Findings] = []
    for entry in value:
        if isinstance(entry, str):
            strings.append(entry)
        elif entry is None:
            instead = words.nothing(option) if is_only else LEAVE_OUT
            others.append(
                refused("wrong-type", name, entry, "takes strings, not None.", f"{instead} {UNSET_VARIABLE}")
            )
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
        _not_a_token(option, entry, kind, words, is_only={*entries} == {entry})
        for entry in entries
        if not is_token(entry)
    )
    return [entry for entry in entries if is_token(entry)], found + collected(faults)


def _not_a_token(option: str, entry: str, kind: str, words: Words, *, is_only: bool) -> Findings:
    meant = tokens_in(entry)
    pieces = ", ".join(f'"{piece}"' for piece in meant)
    instead = words.setting(option, f"[{pieces}]") if is_only else pieces
    is_list = is_only and (len(meant) > 1 or "[" in entry)
    hint = f"Write {instead}.{at_run_time(entry, tuple(meant)) if is_list else ''}"
    if not meant:
        is_empty_list = entry.strip() in ("[]", "()", "{}")
        of_nothing = f"Write {words.setting(option, '[]')}." if is_empty_list else words.nothing(option)
        hint = of_nothing if is_only else LEAVE_OUT
    return refused("not-a-token", words.name(option), entry, f"{shown(entry)} is not a valid {kind}.", hint)


def tokens_in(text: str) -> list[str]:
    """The tokens in a text that was surely meant as a list: joined, in JSON, or in a regular expression.

    >>> tokens_in('["GET", "POST"]'), tokens_in("(GET|POST)"), tokens_in("X-Token: 1")
    (['GET', 'POST'], ['GET', 'POST'], ['X-Token'])
    """
    if _TEMPLATE.search(text):
        return []
    without_values = (each.partition(":")[0] for each in re.split(r"[,;\n]", text.replace("(?:", "(")))
    pieces = list(chain.from_iterable(map(_AROUND_TOKENS.split, without_values)))
    if "(" in text:
        pieces = [part for piece in pieces for part in piece.strip("^$").split("|")]
    return [piece.strip("'") for piece in pieces if is_token(piece.strip("'"))]


_AROUND_TOKENS = re.compile(r"""[\s\[\](){}<>"\ufeff\u200b]+""")
_TEMPLATE = re.compile(r"\$[({]|\{\{|%[({]|<[A-Za-z]")


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
