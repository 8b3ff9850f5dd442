"""What environment variables, .env files and templates make of origins.

A variable that nobody set becomes a word, Docker keeps the quotes of an .env file, an editor adds a byte
order mark, and a list becomes one string. Nothing in here knows what an origin is.
"""

from __future__ import annotations

import re
import unicodedata

# As they are, as Latin-1 reads them, and as Python reads them in the C locale (PEP 383).
_BYTE_ORDER_MARKS = ("\ufeff", "\u00ef\u00bb\u00bf", "\udcef\udcbb\udcbf")
_JOINERS = "\u200c\u200d"  # invisible, but part of some names
_QUOTES = "\"'`\u00b4\u00ab\u00bb\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2039\u203a"
_AROUND_TEXT = re.compile(rf"\A[bru]?(?:\\?[{_QUOTES}]\s*)+|(?:\s*\\?[{_QUOTES}])+\Z")
_LINK = re.compile(r"(?:\[[^\]]*\]\(|<)(https?://[^\s()<>]+)[)>]", re.IGNORECASE)
# A line of a .env or YAML file or of a script: "ORIGIN=https://a.example", "- https://a.example",
# "origin: https://a.example", "https://a.example # mine"
_BEFORE_VALUE = re.compile(
    r"(?:-\s+|(?:export\s+)?(?:[A-Za-z_]\w*)?\s*=\s*"
    r"|(?!(?:https?|blob|file|data|about|javascript):)[A-Za-z_][\w-]*:(?:\s+|(?=https?://)))(?=\S+\Z)",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"\s+(?:#|//\s).*", re.DOTALL)
_SEPARATOR = r"[,;](?![0-9]*\})"  # but not that of "{1,3}" in a regular expression
_is_list = re.compile(_SEPARATOR).search
# Also a line break that stayed two characters, and "&" between two origins.
_SEPARATORS = re.compile(rf"(?:\s+(?:and|or|&)\s+|\s|\\[rnt](?=https?://)|&(?=https?://)|{_SEPARATOR})+")
_PORTS = re.compile(r"(.+:)(?:\[([0-9*,\s-]+)\]|\{([0-9,\s-]+)\}|([0-9]+-[0-9]+))")
_MOST_PORTS = 16  # more are too many for a hint
# Digits in braces are a repeat in a regular expression, and "(?P<a>" is a group there. Two hexadecimal digits
# after "%" are a character.
_PLACEHOLDER = re.compile(
    r"\$\{[^{}]*\}|\$\([A-Za-z_]\w*\)|\$[A-Z_][A-Z0-9_]+|\#?\{\{?[%\s]*[A-Za-z_][^{},]*\}?\}"
    r"|\A\$[A-Za-z_]\w*\Z|\A%[A-Za-z_]\w*%\Z"
    r"|%(?:\([A-Za-z_]\w*\))?s|%(?![0-9A-Fa-f]{2}%)[A-Za-z_]\w+%|(?<!\?P)<[A-Za-z_][\w .-]*>"
)
_EVERYONE = frozenset({"all", "any", "anyone", "everyone", "everything", "all origins", "any origin"})


def visible(text: str) -> str:
    """The text without byte order mark and invisible characters."""
    kept = ""
    for letter in without_mark(text):
        is_in_name = letter in _JOINERS and not kept.isascii()
        if is_in_name or unicodedata.category(letter) != "Cf":
            kept += letter
    return kept


def without_mark(text: str) -> str:
    """The text without the byte order mark of the file that it was read from."""
    for mark in _BYTE_ORDER_MARKS:
        text = text.removeprefix(mark)
    return text


def invisible_in(text: str) -> str:
    """The first invisible character, as a reader can look it up: "U+200B ZERO WIDTH SPACE"."""
    first = next(letter for letter in text if visible(letter) == "")
    return f"U+{ord(first):04X} {unicodedata.name(first, '')}".rstrip()


def unquoted(text: str) -> str:
    """The text without quotes around it, of whatever kind, or at one end of it; of a link, the URL."""
    link = _LINK.fullmatch(text)
    return link[1] if link else _AROUND_TEXT.sub("", text)


def is_link(text: str) -> bool:
    """Whether the text is a link, as in Markdown or mail: ``[a.example](https://a.example)``."""
    return _LINK.fullmatch(text) is not None


def value_in_line(text: str) -> str:
    """The value, if the text is a whole line of a .env or YAML file; otherwise the text."""
    without_comment = _COMMENT.sub("", text)
    start = _BEFORE_VALUE.match(without_comment)
    return without_comment[start.end() :] if start else without_comment


def pieces(text: str) -> list[str] | None:
    """The entries of a list in one string, as they are written there; None if the text is not a list."""
    in_brackets = _in_brackets(text)
    if in_brackets is not None:
        return _split(in_brackets)
    found = _split(text)
    is_list = _is_list(text) or (len(found) > 1 and all("://" in piece for piece in found))
    return found if is_list else None


def _split(text: str) -> list[str]:
    return [piece for piece in _SEPARATORS.split(text) if unquoted(piece)]


def _in_brackets(text: str) -> str | None:
    """What stands between the brackets of a list in JSON or Python; None if the text is not one."""
    opening, inner, closing = text[:1], text[1:-1], text[-1:]
    # "[::1]" is an address, and parentheses without quotes are a group of a regular expression.
    if opening + closing == "[]" and ("[" not in inner or _is_quoted(inner.strip())):
        is_address = ":" in inner and re.fullmatch("[0-9A-Fa-f:.%]+", inner)
        return None if is_address else inner
    return inner if opening + closing in ("()", "{}") and any(quote in inner for quote in "\"'") else None


def _is_quoted(text: str) -> bool:
    return text[:1] in _QUOTES and text[-1:] in _QUOTES


def with_each_port(text: str) -> list[str] | None:
    """An entry for each port, if there are several or they stand in brackets; otherwise None.

    >>> with_each_port("http://localhost:[*]"), with_each_port("http://localhost:{8000-8001}")
    (['http://localhost:*'], ['http://localhost:8000', 'http://localhost:8001'])
    """
    match = _PORTS.fullmatch(text)
    if match is None:
        return None
    ports = [port for part in _split(match[2] or match[3] or match[4]) for port in _range(part)]
    return [match[1] + port for port in ports] if len(ports) <= _MOST_PORTS else None


def _range(part: str) -> list[str]:
    """All ports from the first to the last, if the part is a range."""
    first, dash, last = part.partition("-")
    is_range = dash and first.isdigit() and last.isdigit() and int(last) - int(first) < _MOST_PORTS
    return [str(port) for port in range(int(first), int(last) + 1)] if is_range else [part]


def placeholder_in(text: str) -> str | None:
    """What should have been replaced with a value: ``${URL}``, ``%URL%``, ``{{ url }}``."""
    match = _PLACEHOLDER.search(text)
    return match and match[0]


def means_everyone(text: str) -> bool:
    """Whether the text is a word for every origin."""
    return text.lower() in _EVERYONE
