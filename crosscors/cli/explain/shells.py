"""Splitting a command line into words, as the shells do that "Copy as cURL" of browsers writes for.

``shlex`` knows neither the ``$'...'`` of bash nor the ``^`` of Windows. Nothing is ever executed or expanded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator


class WordsError(ValueError):
    """A command line that cannot be split. The message says why, and what to do."""


def split_words(command: str) -> list[str]:
    """The words of the command, in the quoting of bash or of Windows, whichever it has.

    Raises:
        WordsError: if a quote is not closed, if the shell would have to expand something, or if there are
            several commands.

    >>> split_words("curl 'https://a.example' --data-raw $'it\\\\'s'")
    ['curl', 'https://a.example', '--data-raw', "it's"]
    >>> split_words('curl ^"https://a.example^" --data-raw ^"^{^\\\\^"a^\\\\^":1^}^"')
    ['curl', 'https://a.example', '--data-raw', '{"a":1}']
    """
    text = command.replace("\r\n", "\n").strip()
    return list(_words_of_windows(_without_carets(text)) if _is_of_windows(text) else _words_of_bash(text))


def _is_of_windows(text: str) -> bool:
    """Whether the first quote has a caret, or the lines of a command with double quotes end with one."""
    first = _FIRST_QUOTE.search(text)
    quote = first[0] if first else '"'
    return quote == '^"' or (quote == '"' and _CARET_AT_END.search(text) is not None)


_FIRST_QUOTE = re.compile(r"""\^"|["']""")
_CARET_AT_END = re.compile(r"[ \t]\^[ \t]*(?:\n|\Z)")

# Windows.


def _without_carets(text: str) -> str:
    """What cmd.exe passes on: outside of quotes, a caret makes the next character an ordinary one.

    Line ends that are part of a word become U+E000, because all others separate words.
    """
    passed: list[str] = []
    is_quoted = False
    characters = iter(text)
    for character in characters:
        if character == "^" and not is_quoted:
            passed.append(_escaped_by_caret(characters))
        elif character in "&|<>" and not is_quoted:
            raise WordsError(_SEVERAL)
        else:
            is_quoted ^= character == '"'
            passed.append(character)
    return "".join(passed)


_LINE_END = "\ue000"


def _escaped_by_caret(characters: Iterator[str]) -> str:
    following = next(characters, "")
    if following != "\n":
        return following
    # A caret at the end of a line joins the lines, and makes the first character of the next one ordinary.
    following = next(characters, "")
    return _LINE_END if following == "\n" else following


def _words_of_windows(text: str) -> Iterator[str]:
    """The words as programs on Windows take their command line apart (C runtime, "Parsing C arguments")."""
    word: list[str] | None = None
    is_quoted = False
    at = 0
    while at < len(text):
        character = text[at]
        if character == "\\":
            end = _end_of_run(text, at)
            is_before_quote = text[end : end + 1] == '"'
            count = end - at
            word = [*(word or []), "\\" * (count // 2 if is_before_quote else count)]
            at = end
            if is_before_quote and count % 2:
                word.append('"')
                at += 1
            continue
        if character == '"':
            word = word or []
            if is_quoted and text[at + 1 : at + 2] == '"':
                word.append('"')
                at += 1
            else:
                is_quoted = not is_quoted
        elif character in " \t\n" and not is_quoted:
            if word is not None:
                yield _joined(word)
            word = None
        else:
            word = [*(word or []), character]
        at += 1
    if is_quoted:
        raise WordsError(_OPEN_QUOTE)
    if word is not None:
        yield _joined(word)


def _end_of_run(text: str, at: int) -> int:
    while at < len(text) and text[at] == "\\":
        at += 1
    return at


def _joined(word: list[str]) -> str:
    return "".join(word).replace(_LINE_END, "\n")


# Bash.

_BASH = re.compile(
    r"""
    (?P<blank>(?:[ \t\n]|\\\n)+)
    | \$'(?P<ansi>(?:[^'\\]|\\.)*)'
    | '(?P<literal>[^']*)'
    | \$?"(?P<double>(?:[^"\\]|\\.)*)"
    | \\(?P<escaped>.)
    | (?P<several>[;&|<>\n])
    | (?P<expanded>\$|`)
    | (?P<plain>[^\s'"\\$`;&|<>]+)
    """,
    re.VERBOSE | re.DOTALL,
)


def _words_of_bash(text: str) -> Iterator[str]:
    """The words as bash takes a command apart (Bash Reference Manual, "Quoting")."""
    word: list[str] | None = None
    at = 0
    text = text.rstrip("; \t\n")
    while at < len(text):
        found = _BASH.match(text, at)
        if found is None:
            raise WordsError(_OPEN_QUOTE)
        at = found.end()
        if found.lastgroup == "several":
            raise WordsError(_SEVERAL)
        if found.lastgroup == "blank":
            if word is not None:
                yield "".join(word)
            word = None
        else:
            word = [*(word or []), _unquoted(found.lastgroup or "", found[found.lastgroup or 0])]
    if word is not None:
        yield "".join(word)


def _unquoted(kind: str, text: str) -> str:
    if kind == "ansi":
        return _ANSI_ESCAPE.sub(_unescaped, text)
    if kind == "double":
        if re.search(r"(?<!\\)(?:\\\\)*[$`]", text):
            raise WordsError(_EXPANDED)
        return re.sub(r'\\([$`"\\\n])', lambda found: "" if found[1] == "\n" else found[1], text)
    if kind == "expanded":
        raise WordsError(_EXPANDED)
    return text


_ANSI_ESCAPE = re.compile(
    r"\\(?:x(?P<x>[0-9A-Fa-f]{1,2})|u(?P<u>[0-9A-Fa-f]{1,4})|U(?P<U>[0-9A-Fa-f]{1,8})"
    r"|(?P<octal>[0-7]{1,3})|c(?P<control>.)|(?P<one>.))",
    re.DOTALL,
)
_ONE = {"a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def _unescaped(found: re.Match[str]) -> str:
    """One escape of ``$'...'`` (Bash Reference Manual, "ANSI-C Quoting")."""
    kind, value = found.lastgroup, found[found.lastgroup or 0]
    if kind in ("x", "u", "U"):
        code = int(value, 16)
        return chr(code) if code <= _LAST_CODE_POINT else "\ufffd"
    if kind == "octal":
        return chr(int(value, 8) & 0xFF)
    if kind == "control":
        return chr(ord(value) & 0x1F)
    return _ONE.get(value, value if value in "\\'\"?" else f"\\{value}")


_LAST_CODE_POINT = 0x10FFFF

_OPEN_QUOTE = "a quote is not closed. Copy the whole command."
_SEVERAL = "there is more than one command, or a redirection. Paste one curl command."
_EXPANDED = "it contains a variable or a command for the shell ($ or `). Write the value itself."
