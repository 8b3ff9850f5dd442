"""Expressions that came out of an environment variable, and so match nothing."""

from __future__ import annotations

from typing import NamedTuple

from crosscors.core.errors import shown
from crosscors.core.origins import environment, faults
from crosscors.core.origins.dangers import is_safe_entry
from crosscors.core.origins.expressions import Surroundings
from crosscors.core.origins.regexes.in_strings import to_write
from crosscors.core.origins.regexes.joining import joined
from crosscors.core.origins.regexes.mending import Meant
from crosscors.core.origins.regexes.too_narrow import OPTION, hint_instead, without_backslashes
from crosscors.core.origins.regexes.wrappings import first_around, unwrapped
from crosscors.core.origins.serialized import NULL
from crosscors.core.values import ANY, UNSET_VARIABLE, means_unset, meant_bool
from crosscors.core.words import Words

_EXAMPLE = r'r"https://app\.example\.com"'


class Fault(NamedTuple):
    """What is wrong with a text that should be an expression.

    Attributes:
        message: the end of a sentence that begins with the text.
        hint: what to write instead.
        meant: the expression that was meant, if that is known.
    """

    message: str
    hint: str
    meant: Meant | None = None


def fault_of(text: str, among: Surroundings) -> Fault | None:
    """What is wrong with an expression that matches nothing, or is not valid; None if nothing looks wrong."""
    plain = unwrapped(text)
    if not plain:
        cause = 'An unset environment variable can cause this: "".split(",") is [""].'
        return Fault("is empty, so it matches no origin.", f"{among.words.nothing(OPTION)} {cause}")
    placeholder = environment.placeholder_in(plain) or environment.placeholder_in(text)
    if placeholder is not None:
        message = f"is a template: nothing replaced {shown(placeholder)} with a value."
        return Fault(message, f"Give it its value, or write {among.words.setting(OPTION, _EXAMPLE)}.")
    return _word_fault(plain, among) or _fault_around(text, plain, among)


def leave_it_out(words: Words) -> str:
    """The hint for an expression for everyone where everyone is allowed already."""
    return f"Leave it out: {words.everyone().text} already allows every origin."


def _word_fault(word: str, among: Surroundings) -> Fault | None:
    message = f"is only a {'number' if word.isdigit() else 'word'}, so it matches no origin."
    if means_unset(word) and word.lower() != NULL:
        return Fault(message, f"{among.words.nothing(OPTION)} {UNSET_VARIABLE}")
    if environment.means_everyone(word) and among.is_everyone_given:
        return Fault(message, leave_it_out(among.words))
    if environment.means_everyone(word) and among.accepted is None:
        everyone = among.words.setting("allow_origins", f'"{ANY}"')
        return Fault(message, f"To allow every origin, write {everyone}.")
    if environment.means_everyone(word) or meant_bool(word) is not None:
        return Fault(message, f"Write {among.words.setting(OPTION, _EXAMPLE)}.")
    return None


def _fault_around(text: str, plain: str, among: Surroundings) -> Fault | None:
    """Something around the expression, or a list of expressions in one string."""
    pieces = environment.pieces(plain)
    if pieces == []:
        return Fault("is an empty list in one string.", among.words.nothing(OPTION))
    message = first_around(text) if pieces is None else "is a list in one string."
    if message is None:
        return None
    meant = _meant(pieces or [plain], among)
    entries = _entries(plain, among) if meant is None else ()
    if not entries:
        as_entry = without_backslashes(plain) if pieces is None else ""
        return Fault(message, hint_instead(as_entry, meant, among.words), meant)
    if ANY in entries and among.is_everyone_given:
        return Fault(message, leave_it_out(among.words))
    listed = ", ".join(f'"{entry}"' for entry in entries)
    everyone_or_some = f'"{ANY}"' if ANY in entries else f"[{listed}]"
    return Fault(message, f"Write {among.words.setting('allow_origins', everyone_or_some)}.")


def _meant(pieces: list[str], among: Surroundings) -> Meant | None:
    """All expressions as one; None if one of them cannot be guessed."""
    known = [part for part in (to_write(piece, among.accepted) for piece in pieces) if part is not None]
    return joined(known) if len(known) == len(pieces) else None


def _entries(text: str, among: Surroundings) -> tuple[str, ...]:
    """The entries of ``allow_origins`` that were meant, if all of them are safe."""
    entries = faults.entries_meant(text)
    return entries if all(is_safe_entry(each, among.accepted, among.words) for each in entries) else ()
