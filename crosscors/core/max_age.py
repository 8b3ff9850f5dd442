"""``max_age``: how long a browser may cache the response to a preflight.

Header: Access-Control-Max-Age, on preflights that are allowed.
"""

from __future__ import annotations

from datetime import timedelta

from crosscors.core import standard
from crosscors.core.errors import shown
from crosscors.core.response_headers import Pairs
from crosscors.core.values import Findings, refused, warned
from crosscors.core.words import Words

OPTION = "max_age"

# No browser caches a preflight for longer than a day (Firefox). Chromium caches it for two hours.
_LONGEST_USEFUL = 86400
_LONGEST_POSSIBLE = 2**31 - 1


def read(value: object, words: Words) -> tuple[int | None, Findings]:
    """The option in seconds; None means the browser's default."""
    seconds = value
    if isinstance(value, timedelta) and not value % timedelta(seconds=1):
        seconds = value // timedelta(seconds=1)
    if seconds is None:
        return None, Findings()
    name, set_to = words.name(OPTION), words.setting
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        message = f"takes a whole number of seconds, as an int or a timedelta, not {shown(value)}."
        hint = (
            f"Write {set_to(OPTION, '600')}, or 0 if browsers must not cache preflights, or None for the "
            "browser's default."
        )
        return None, refused("wrong-type", name, value, message, hint)
    found = Findings()
    at_most = f"Write {set_to(OPTION, str(_LONGEST_USEFUL))} or less."
    if seconds < 0:
        hint = f"Write {set_to(OPTION, '0')} if browsers must not cache preflights."
        found = refused("negative-max-age", name, value, f"{shown(value)} is negative.", hint)
    elif seconds > _LONGEST_POSSIBLE:
        message = f"{shown(value)} is more seconds than browsers can count."
        found = refused("long-max-age", name, value, message, at_most)
    elif seconds > _LONGEST_USEFUL:
        message = "is longer than any browser caches a preflight (Firefox: one day, Chromium: two hours)."
        found = warned("long-max-age", name, value, message, at_most)
    return int(seconds), found  # an IntEnum would print its name


def header(seconds: int | None) -> Pairs:
    """Access-Control-Max-Age."""
    return () if seconds is None else ((standard.MAX_AGE, str(seconds)),)
