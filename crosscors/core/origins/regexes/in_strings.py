"""Regular expressions in strings among the origins, where strings are compared as they are."""

from __future__ import annotations

import re
from contextlib import suppress

from crosscors.core.origins.public_suffixes import SuffixListError
from crosscors.core.origins.regexes.mending import (
    TOO_NARROW,
    TOO_WIDE,
    UNSAFE,
    Meant,
    compiled_or_none,
    is_pasteable,
    mended,
)
from crosscors.core.origins.regexes.sites import sites_of
from crosscors.core.origins.regexes.soundness import is_narrow, is_sound, keeps_loopback
from crosscors.core.origins.regexes.too_wide import is_for_everyone, is_open
from crosscors.core.origins.regexes.wrappings import unwrapped


def to_write(text: str, accepted: tuple[str, ...] | None) -> Meant | None:
    """The expression that was meant; None if it is not proved to let in only who was meant.

    Args:
        text: the expression in the string.
        accepted: the dangers that are accepted, if the origins get credentials; otherwise None.

    >>> str(to_write("https://a.example.com|https://b.example.com", None))
    'r"https://a\\\\.example\\\\.com|https://b\\\\.example\\\\.com"'
    """
    regex = compiled_or_none(unwrapped(text))
    return None if regex is None else meant_by(regex, accepted)


def meant_by(regex: re.Pattern[str], accepted: tuple[str, ...] | None) -> Meant | None:
    """The expression that was meant; None if it is not proved to let in only who was meant.

    Args:
        accepted: the dangers that are accepted, if the origins get credentials; otherwise None.
    """

    def is_acceptable(tried: re.Pattern[str]) -> bool:
        is_proved = is_narrow(tried) if accepted is None else is_sound(tried, accepted)
        return is_proved and keeps_loopback(tried, sites_of(regex))

    with suppress(SuffixListError):  # without the list, nothing is proved
        if is_pasteable(regex.pattern) and (is_acceptable(regex) or (accepted is None and _means_all(regex))):
            return Meant(regex)
        return mended(regex, is_acceptable, (*TOO_NARROW, *(TOO_WIDE if accepted is None else UNSAFE)))
    return None


def _means_all(regex: re.Pattern[str]) -> bool:
    """Whether the author means everyone of a kind, such as all sites with https."""
    return is_open(regex) and not is_for_everyone(regex.pattern)
