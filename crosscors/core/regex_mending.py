"""What a regular expression was surely meant to be, where what it says is something else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import combinations

_Mending = tuple[re.Pattern[str], str]

# What people write, and what they mean by it.
_MENDINGS: tuple[_Mending, ...] = tuple(
    (re.compile(wrong), right)
    for wrong, right in (
        # a dot without a backslash
        (r"(?<![\\\[^])\.(?![*+?{\]])", r"\\."),
        # http beside https
        (r"\(\?:https\?\)|\((?:\?:)?https?\|https?\)|https\?|http(?=:)", "https"),
        # a name that may begin with anything
        (r"(?<=//)(\(\?:|\()?\.[*+]\??(?(1)\))\??(?=[a-z0-9(])", r"([a-z0-9-]+\\.)*"),
        # an end left open
        (r"(?<=[a-z0-9)])(\(\?:|\()?:?\.[*+]\??(?(1)\))\??\Z", r"(:\\d+)?"),
        # an optional last letter
        (r"(?<=[a-z])\?\Z", ""),
    )
)


def mended(regex: re.Pattern[str], is_sound: Callable[[re.Pattern[str]], bool]) -> str | None:
    """The expression as it was surely meant; None if that is anyone's guess.

    Args:
        regex: what was written.
        is_sound: whether an expression is as it has to be, so that no hint opens a hole.

    >>> mended(re.compile("https://a.com"), lambda regex: regex.fullmatch("https://axcom") is None)
    'https://a\\\\.com'
    """
    pattern = regex.pattern.removeprefix("^")
    pattern = pattern if pattern.endswith(r"\$") else pattern.removesuffix("$")
    tried = (
        _with(mendings, pattern)
        for count in range(1, len(_MENDINGS) + 1)
        for mendings in combinations(_MENDINGS, count)
    )
    for text in dict.fromkeys(tried):
        if text != pattern and _is_sound(text, regex.flags, is_sound):
            return text
    return None


def _with(mendings: Iterable[_Mending], pattern: str) -> str:
    for wrong, right in mendings:
        pattern = wrong.sub(right, pattern)
    return pattern


def _is_sound(text: str, flags: int, is_sound: Callable[[re.Pattern[str]], bool]) -> bool:
    try:
        return is_sound(re.compile(text, flags))
    except re.error:  # a look-behind that has no fixed width any more
        return False
