"""Expressions that came out of an environment variable, and so match nothing."""

from __future__ import annotations

from crosscors.core.errors import shown
from crosscors.core.origins import environment, faults
from crosscors.core.origins.dangers import is_safe_entry
from crosscors.core.origins.regexes.in_strings import to_write
from crosscors.core.origins.regexes.joining import joined
from crosscors.core.origins.regexes.mending import Meant
from crosscors.core.origins.regexes.too_narrow import OPTION, hint_instead, without_backslashes
from crosscors.core.origins.regexes.wrappings import first_around, unwrapped
from crosscors.core.values import ANY, meant_bool
from crosscors.core.words import Words

_EXAMPLE = r'r"https://app\.example\.com"'


def fault_of(
    text: str, accepted: tuple[str, ...] | None, words: Words
) -> tuple[str, str, Meant | None] | None:
    """What is wrong with the text, what to write instead, and what that is; None if nothing looks wrong.

    Args:
        text: an expression that matches nothing, or is not valid.
        accepted: the dangers that are accepted, if the origins get credentials; otherwise None.
    """
    plain = unwrapped(text)
    if not plain:
        cause = 'An unset environment variable can cause this: "".split(",") is [""].'
        return "is empty, so it matches no origin.", f"Leave it out. {cause}", None
    placeholder = environment.placeholder_in(plain) or environment.placeholder_in(text)
    if placeholder is not None:
        message = f"is a template: nothing replaced {shown(placeholder)} with a value."
        return message, f"Give it its value, or write {words.setting(OPTION, _EXAMPLE)}.", None
    return _word_fault(plain, accepted, words) or _fault_around(text, accepted, words)


def _word_fault(word: str, accepted: tuple[str, ...] | None, words: Words) -> tuple[str, str, None] | None:
    if environment.means_unset(word) and word.lower() != "null":
        cause = "An environment variable that is not set can cause this."
        return "is only a word, so it matches no origin.", f"Leave it out. {cause}", None
    is_for_everyone = environment.means_everyone(word)
    if not is_for_everyone and meant_bool(word) is None:
        return None
    kind = "number" if word.isdigit() else "word"
    hint = f"Write {words.setting(OPTION, _EXAMPLE)}."
    if is_for_everyone and accepted is None:
        everyone = words.setting("allow_origins", '"*"')
        hint = f"To allow every origin, write {everyone}."
    return f"is only a {kind}, so it matches no origin.", hint, None


def _fault_around(
    text: str, accepted: tuple[str, ...] | None, words: Words
) -> tuple[str, str, Meant | None] | None:
    """Something around the expression, or a list of expressions in one string."""
    plain = unwrapped(text)
    pieces = environment.pieces(plain)
    message = first_around(text) if pieces is None else "is a list in one string."
    if message is None:
        return None
    if pieces == []:
        return "is an empty list in one string.", "Leave it out.", None
    parts = [to_write(piece, accepted) for piece in pieces or [plain]]
    known = [part for part in parts if part is not None]
    meant = joined(known) if len(known) == len(parts) else None
    entries = faults.entries_meant(plain) if meant is None else ()
    if entries and all(is_safe_entry(entry, accepted, words) for entry in entries):
        listed = ", ".join(f'"{entry}"' for entry in entries)
        everyone = '"*"' if ANY in entries else f"[{listed}]"
        return message, f"Write {words.setting('allow_origins', everyone)}.", None
    as_entry = without_backslashes(plain) if pieces is None else ""
    return message, hint_instead(as_entry, meant, words), meant
