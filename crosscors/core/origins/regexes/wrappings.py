"""What files, shells and other languages put around a regular expression."""

from __future__ import annotations

import re

from crosscors.core.errors import shown
from crosscors.core.origins import environment

# "regex:" as in some configurations, "~" as in nginx
_PREFIX = re.compile(r"(?:(?:regexp?|re|pattern):(?!//)\s*|~\*?\s*)(?=\S)", re.IGNORECASE)
_CALL = re.compile(r"(?:re\.compile|(?:new\s+)?RegExp)\(\s*(.*?)\s*(?:,[^)]*)?\)", re.DOTALL)
_SLASHES = re.compile(r"/(?!/)(.+)/[dgimsuvy]*", re.DOTALL)


def unwrapped(text: str) -> str:
    """The expression alone.

    >>> unwrapped(r"regex:'/^https:\\/\\/a$/i' # mine")
    '^https://a$'
    """
    found = _without_one(text)
    while found is not None:
        text = found[1]
        found = _without_one(text)
    return text


def first_around(text: str) -> str | None:
    """What is wrong with the text, if something is around the expression."""
    found = _without_one(text)
    return found and found[0]


def _without_one(text: str) -> tuple[str, str] | None:  # noqa: PLR0911  # one return for each wrapping
    """The end of a message about what is around an expression, and the text without that."""
    if environment.without_mark(text) != text:
        return "begins with a byte order mark, which is invisible.", environment.without_mark(text)
    if environment.visible(text) != text:
        invisible = environment.invisible_in(text)
        return f"has an invisible character: {invisible}.", environment.visible(text)
    if text.strip() != text:
        return "begins or ends with white space.", text.strip()
    prefix, value = _PREFIX.match(text), environment.value_in_line(text)
    if prefix is not None:
        return f"has {shown(prefix[0].strip())} before the expression.", text[prefix.end() :]
    if value != text:
        more = shown(text.replace(value, "", 1).strip())
        return f"has more than the expression in it: {more}.", value
    if environment.unquoted(text) != text:
        message = "has quotes around it that are part of the text; Docker and some .env files keep them."
        return message, environment.unquoted(text)
    call, slashes = _CALL.fullmatch(text), _SLASHES.fullmatch(text)
    if call is not None:
        return "is code for an expression, in a string.", call[1]
    if slashes is not None:
        message = "has slashes around it, as expressions have in JavaScript."
        return message, re.sub(r"\\/", "/", slashes[1])
    return None
