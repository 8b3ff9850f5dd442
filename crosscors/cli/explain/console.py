"""A pasted sentence from a browser's console: which engine says it, about which URL and origin, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from crosscors.cli.explain.console_words import (
    LAST_REASONS,
    PLACES,
    PREFLIGHT,
    REASONS,
    STATUS,
    ConsoleReason,
    Words,
)
from crosscors.testing.engines import EngineName
from crosscors.testing.urls import is_url


class ConsoleError(ValueError):
    """A text in which no engine blocks a request. The message says so, and `hint` says what to paste."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class ConsoleSentence:
    """What a sentence says. Firefox never names the origin. WebKit names the URL in another line.

    Attributes:
        engine: the engine whose words these are.
        reason: the code of the reason; None if the sentence does not tell it.
        others: codes of other reasons for which the engine has the same words.
        url: the URL that was blocked.
        redirected_from: the URL that the script asked for, if Chromium says that it was another one.
        origin: the origin of the page.
        method: the method that is not allowed.
        header: the request header that is not allowed.
        value: the value that the server sent, or the address space that the request was for.
        status: the status of the response.
        is_preflight: whether the preflight failed; None if the sentence does not tell it.
    """

    engine: EngineName
    reason: ConsoleReason | None
    others: tuple[ConsoleReason, ...] = ()
    url: str | None = None
    redirected_from: str | None = None
    origin: str | None = None
    method: str | None = None
    header: str | None = None
    value: str | None = None
    status: int | None = None
    is_preflight: bool | None = None

    @property
    def needs_credentials(self) -> bool:
        """Whether the reason exists only for requests with credentials."""
        return self.reason in {"allow-origin-wildcard-with-credentials", "allow-credentials-not-true"}


def read_console(text: str) -> ConsoleSentence:
    """What the console says. Of several sentences, the first that has a reason counts.

    Raises:
        ConsoleError: if the text has no sentence about a request that was blocked.

    >>> sentence = read_console("[Error] Method PUT is not allowed by Access-Control-Allow-Methods.")
    >>> sentence.engine, sentence.reason, sentence.method
    ('webkit', 'method-not-allowed', 'PUT')
    """
    line = _in_one_line(text)
    places = [place for place in _all(PLACES, line) if "://" in place.names["url"]]
    said = next(iter(_all(REASONS, line) or _all(LAST_REASONS, line)), None)
    if said is None and not places:
        raise _error(line)
    if said is None:
        return ConsoleSentence(places[0].words.engine, None, **places[0].names)
    place = _nearest(said, [place for place in places if place.words.engine == said.words.engine])
    names = {**(place.names if place else {}), **said.names}
    reason, others = _reasons(said, line)
    return ConsoleSentence(
        said.words.engine,
        reason,
        others,
        **names,
        status=_status(said, line),
        is_preflight=_is_preflight(reason, said, place, line),
    )


@dataclass(frozen=True)
class _Found:
    """Words in the text, and where they are."""

    words: Words
    start: int
    end: int
    names: dict[str, Any]  # fields of the sentence


# Consoles and web pages make typographic quotes of plain ones; Firefox has its own.
_PLAIN_QUOTES = {
    **dict.fromkeys(map(ord, "\u2018\u2019\u201a\u201b"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f"), '"'),
}


_MOST_CHARACTERS = 20_000


def _in_one_line(text: str) -> str:
    return " ".join(text[:_MOST_CHARACTERS].translate(_PLAIN_QUOTES).split())


def _all(words: Iterable[Words], line: str) -> list[_Found]:
    """Where these words are, in the order of the text."""
    found = [
        _Found(each, match.start(), match.end(), {k: v.strip("'") for k, v in match.groupdict().items()})
        for each in words
        for match in re.finditer(each.form, line)
    ]
    return sorted(found, key=lambda each: each.start)


def _nearest(said: _Found, places: list[_Found]) -> _Found | None:
    """The place that belongs to the reason. In WebKit, it comes in the line after the reason."""
    before = [place for place in places if place.start < said.start]
    after = [place for place in places if place.start >= said.start]
    if said.words.engine == "webkit":
        return next(iter(after + before[::-1]), None)
    return next(iter(before[::-1] + after), None)


def _reasons(said: _Found, line: str) -> tuple[ConsoleReason | None, tuple[ConsoleReason, ...]]:
    """The reason, and others for which the engine has the same words."""
    engine, reason = said.words.engine, said.words.reason
    if engine == "firefox" and reason == "allow-origin-mismatch":
        return _mismatch(said.names["value"]), ()
    if engine == "webkit" and reason == "allow-origin-missing":
        return reason, ("allow-origin-mismatch", "allow-origin-invalid")
    if engine == "webkit" and reason == "preflight-status":
        is_redirect = _status(said, line) in range(300, 400)
        # WebKit looks at the status before it looks at the headers.
        return ("preflight-redirect", ()) if is_redirect else (reason, ("allow-origin-missing",))
    return reason, ()


def _mismatch(value: str) -> ConsoleReason:
    """What is wrong with a value for which Firefox always has the same words."""
    if " " in value or "," in value:
        return "allow-origin-multiple"
    return "allow-origin-mismatch" if value == "null" or is_url(value) else "allow-origin-invalid"


def _status(said: _Found, line: str) -> int | None:
    found = STATUS.match(line, said.end)
    return int(found[1]) if found else None


_OF_PREFLIGHTS = frozenset(
    {
        *("preflight-redirect", "preflight-status", "allow-methods-invalid", "allow-headers-invalid"),
        *("method-not-allowed", "header-not-allowed"),
    }
)


def _is_preflight(reason: ConsoleReason | None, said: _Found, place: _Found | None, line: str) -> bool | None:
    if reason in _OF_PREFLIGHTS or PREFLIGHT in line[place.end if place else 0 : said.start]:
        return True
    # Chromium says so if it was the preflight.
    is_told = said.words.engine == "chromium" and place is not None
    return False if is_told else None


# What a script sees in each engine.
_SEEN_BY_SCRIPT = re.compile(
    "Failed to fetch|NetworkError when attempting|Load failed|Network ?Error|ERR_FAILED"
)


def _error(line: str) -> ConsoleError:
    if _SEEN_BY_SCRIPT.search(line):
        return ConsoleError(
            "This sentence does not say why the request failed.",
            "The reason is in another line of the console, near this one. Paste that line.",
        )
    return ConsoleError(
        "This is not a sentence of Chromium, Firefox or Safari about a blocked request.",
        "Paste the whole line from the console, in English. It begins with 'Access to fetch at',"
        " 'Cross-Origin Request Blocked' or 'Origin'.",
    )
