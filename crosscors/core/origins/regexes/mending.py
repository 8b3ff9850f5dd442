"""What a regular expression was surely meant to be, if it says something else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import combinations
from typing import NamedTuple

# What people write, and what they mean.
_PLAIN_OR_TLS = (
    r"\(\?:https\?\)|\((?:\?:)?https?\|https?\)|http\((?:\?:)?s(?:\)\?|\|\))|http\[s\]\?"
    r"|https(?:\?|\{0,1\})|http(?=:)"
)
_MENDINGS = tuple(
    (re.compile(wrong), right)
    for wrong, right in (
        # a dot without a backslash
        (r"(?<![\\\[^])\.(?![*+?{\]])", r"\\."),
        # http beside https
        (_PLAIN_OR_TLS, "https"),
        # a name that may begin with anything
        (r"(?<=//)(\(\?:|\()?\.[*+]\??(?(1)\))\??(?=[a-z0-9(])", r"([a-z0-9-]+\\.)*"),
        # an end left open
        (r"(?<=[a-z0-9)])(\(\?:|\()?:?\.[*+]\??(?(1)\))\??\Z", r"(:\\d+)?"),
        # an optional last letter
        (r"(?<=[a-z])\?\Z", ""),
        # names with and without a part: both must be spelled out
        (r"\((?:\?:)?((?:[a-z0-9|-]|\\[.-])+)\)\?", r"(|\1)"),
    )
)
_LONGEST = 200  # a longer one is too long for a hint
_INLINE = {re.IGNORECASE: "i", re.ASCII: "a", re.MULTILINE: "m", re.DOTALL: "s"}


class Meant(NamedTuple):
    """An expression, and the text to paste for it.

    >>> str(Meant(re.compile("https://a", re.IGNORECASE)))
    'r"(?i)https://a"'
    """

    regex: re.Pattern[str]

    def __str__(self) -> str:
        pattern = self.regex.pattern
        missing = self.regex.flags & ~re.compile(pattern).flags
        letters = "".join(letter for flag, letter in _INLINE.items() if missing & flag)
        text = f"(?{letters}){pattern}" if letters else pattern
        return f"r'{text}'" if '"' in text else f'r"{text}"'


def mended(regex: re.Pattern[str], is_sound: Callable[[re.Pattern[str]], bool]) -> Meant | None:
    """The expression as it was surely meant; None if it cannot be guessed.

    Args:
        regex: what was written.
        is_sound: whether an expression is acceptable.

    >>> mended(re.compile("https://a.com"), lambda regex: not regex.fullmatch("https://axcom"))
    Meant(regex=re.compile('https://a\\\\.com'))
    """
    pattern = regex.pattern.removeprefix("^")
    pattern = pattern if pattern.endswith(r"\$") else pattern.removesuffix("$")
    # A pattern with several lines, or with both kinds of quotes, cannot be pasted as one string.
    if len(pattern) > _LONGEST or not pattern.isprintable() or {*"\"'"} <= {*pattern}:
        return None
    if regex.flags & re.VERBOSE:
        return None
    tried = (
        _with(mendings, pattern)
        for count in range(1, len(_MENDINGS) + 1)
        for mendings in combinations(_MENDINGS, count)
    )
    for text in dict.fromkeys(tried):
        compiled = None if text == pattern else _compiled(text, regex.flags & ~re.DEBUG)
        if compiled is not None and is_sound(compiled):
            return Meant(compiled)
    return None


def _with(mendings: Iterable[tuple[re.Pattern[str], str]], pattern: str) -> str:
    for wrong, right in mendings:
        pattern = wrong.sub(right, pattern)
    return pattern


def _compiled(text: str, flags: int) -> re.Pattern[str] | None:
    try:
        return re.compile(text, flags)
    except re.error:  # a look-behind without a fixed width
        return None
