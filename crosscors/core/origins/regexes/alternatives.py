"""The alternatives of a regular expression, each alone in the text around it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple


class Alternative(NamedTuple):
    """One alternative.

    Attributes:
        text: the alternative.
        alone: the expression without the other alternatives of its group.
        is_whole: whether it is one of the whole expression, not of a group in it.
    """

    text: str
    alone: str
    is_whole: bool


def alternatives(pattern: str) -> Iterator[Alternative]:
    """All alternatives, from the inner groups to the outer.

    >>> [one.alone for one in alternatives("https://(a|b)")]
    ['https://(a)', 'https://(b)']
    """
    opened: list[list[int]] = [[-1]]  # for each open group: where each of its alternatives begins, less one
    for sign in _SIGNS.finditer(pattern):
        if sign[0].startswith("("):
            opened.append([sign.end() - 1])
        elif sign[0] == "|":
            opened[-1].append(sign.start())
        elif sign[0] == ")" and len(opened) > 1:
            yield from _of_group(pattern, [*opened.pop(), sign.start()], is_whole=False)
    yield from _of_group(pattern, [*opened[0], len(pattern)], is_whole=True)


def _of_group(pattern: str, bounds: list[int], *, is_whole: bool) -> Iterator[Alternative]:
    if len(bounds) == 2:  # noqa: PLR2004  # where it begins and ends: it has one alternative
        return
    for start, end in pairwise(bounds):
        text = pattern[start + 1 : end]
        yield Alternative(text, pattern[: bounds[0] + 1] + text + pattern[bounds[-1] :], is_whole)


# An escaped character and a set are read whole, so that their signs do not count.
_SIGNS = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?:\?(?:P?<\w+>|[aimsux-]*:|[=!>]|<[=!]))?|[|)]", re.DOTALL
)
