"""Several regular expressions as one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from crosscors.core.origins.regexes.mending import Meant, bare, compiled_or_none, is_pasteable

_FLAGS = {re.ASCII: "a", re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s", re.VERBOSE: "x"}
_REFERENCE = re.compile(r"\\[1-9]|\(\?\(\d")
# Flags at the beginning apply to a whole expression, and are only valid there.
_INLINE_FLAGS = re.compile(r"\A(?:\(\?[aimsux]+\))+")


def joined(expressions: Iterable[Meant]) -> Meant | None:
    """The text to paste for all of them; None if they cannot be one, or not in one line.

    >>> str(joined([Meant(re.compile("^https://a$")), Meant(re.compile("https://b", re.IGNORECASE))]))
    'r"https://a|(?i:https://b)"'
    """
    each = list(dict.fromkeys(expressions))
    if len(each) == 1:
        return each[0]
    if any(refers_by_number(one.regex) for one in each):
        return None
    text = "|".join(grouped(one.regex) if _flags(one.regex) else bare(one.regex.pattern) for one in each)
    together = compiled_or_none(text)
    return Meant(together) if together is not None and is_pasteable(text) else None


def refers_by_number(expression: re.Pattern[str]) -> bool:
    """Whether it refers to a group by number, which would be another group in a longer expression."""
    return _REFERENCE.search(expression.pattern) is not None


def grouped(expression: re.Pattern[str]) -> str:
    """The expression as a part of another one, with its flags for this part only."""
    # A verbose expression may end in a comment, which would swallow the parenthesis.
    end = "\n)" if expression.flags & re.VERBOSE else ")"
    return f"(?{_flags(expression)}:{_INLINE_FLAGS.sub('', expression.pattern)}{end}"


def with_flags_inline(expression: re.Pattern[str]) -> str:
    """The text of the expression, with the flags that it was compiled with.

    >>> with_flags_inline(re.compile("https://a", re.IGNORECASE)), with_flags_inline(re.compile("(?i)a"))
    ('(?i)https://a', '(?i)a')
    """
    text, flags = expression.pattern, _flags(expression)
    inline = "".join(_INLINE_FLAGS.findall(text))
    return text if set(flags) <= set(inline) else f"(?{flags}){_INLINE_FLAGS.sub('', text)}"


def _flags(expression: re.Pattern[str]) -> str:
    return "".join(letter for flag, letter in _FLAGS.items() if expression.flags & flag)
