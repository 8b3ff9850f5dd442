"""Reads the response headers of the CORS protocol, and hides other headers from scripts.

Section names in the comments are those of the Fetch standard (https://fetch.spec.whatwg.org/).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from crosscors.core.standard import (
    EXPOSE_HEADERS,
    FORBIDDEN_RESPONSE_HEADERS,
    MAX_AGE,
    SAFELISTED_RESPONSE_HEADERS,
    is_token,
)
from crosscors.testing.exchange import by_name
from crosscors.testing.urls import with_bytes_encoded

if TYPE_CHECKING:
    from crosscors.testing.engines import Engine
    from crosscors.testing.exchange import Fields, ReceivedResponse

# "CORS-preflight fetch": how long a preflight without a valid Access-Control-Max-Age is kept.
_DEFAULT_MAX_AGE = 5  # seconds
_DIGITS = re.compile("[0-9]+")
_SIGNED = re.compile("[+-][0-9]{1,18}")
_LONG = 18  # digits
_FOR_EVER = 10**_LONG
# "header value": bytes that no value can contain
_NOT_IN_VALUES = re.compile("[\0\r\n]")


class Headers(Mapping[str, str]):
    """The response headers that a script may read: names in any case; iteration is sorted, in lower case."""

    def __init__(self, fields: Fields, hidden: frozenset[str] = frozenset()) -> None:
        normalized = ((name, value.strip(" \t")) for name, value in fields)
        self._values = {name: ", ".join(values) for name, values in sorted(by_name(normalized).items())}
        self._hidden = hidden

    def __getitem__(self, name: str) -> str:
        if name.lower() in self._hidden:
            raise KeyError(
                f"The response has {name}, but scripts may read it only with '{EXPOSE_HEADERS}: {name}'"
            )
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(tuple(self._values.items()))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __repr__(self) -> str:
        return f"Headers({self._values!r})"


class Illegible(Exception):  # noqa: N818 (always caught, never seen by users)
    """A header is not a valid list of tokens. The one argument is its name."""


def malformed_header(response: ReceivedResponse) -> tuple[str, str] | None:
    """The first header with NUL, CR or LF in its name or value: it makes the response a network error."""
    for name, value in response.headers:
        if _NOT_IN_VALUES.search(name) or _NOT_IN_VALUES.search(value):
            return name, value
    return None


def read_location(response: ReceivedResponse) -> str | None:
    """The value of Location in ASCII, or None ("location URL").

    The standard does not say how its bytes become text (https://github.com/whatwg/fetch/issues/883). Chromium
    and Firefox percent-encode each byte outside ASCII, whatever the encoding.
    """
    value = response.header("Location")
    return None if value is None else with_bytes_encoded(value)


def token_list(response: ReceivedResponse, name: str) -> list[str] | None:
    """The elements of all headers with that name; None if there is none ("extract header list values").

    Raises Illegible if an element is not a token.
    """
    values = [value for key, value in response.headers if key.lower() == name.lower()]
    if not values:
        return None
    elements = [element.strip(" \t") for value in values for element in value.split(",")]
    tokens = [element for element in elements if element]  # RFC 9110, section 5.6.1.2: ignore empty elements
    if not all(map(is_token, tokens)):
        raise Illegible(name)
    return tokens


def max_age(response: ReceivedResponse, engine: Engine) -> int:
    """How many seconds a preflight is kept ("CORS-preflight fetch", steps 7.8 to 7.10)."""
    value = (response.header(MAX_AGE) or "").strip(" \t")
    if _DIGITS.fullmatch(value):
        # Such a long number is over every limit, and int() does not accept all of them.
        seconds = int(value.lstrip("0") or 0) if len(value.lstrip("0")) < _LONG else _FOR_EVER
    elif _SIGNED.fullmatch(value) and engine.does("max-age-may-be-signed"):
        seconds = max(int(value), 0)
    elif value and engine.does("illegible-max-age-is-zero"):
        seconds = 0
    else:
        seconds = _DEFAULT_MAX_AGE
    return seconds if engine.max_age_limit is None else min(seconds, engine.max_age_limit)


def readable_by_same_origin(response: ReceivedResponse) -> Headers:
    """The headers of a "basic filtered response"."""
    return Headers(
        tuple(field for field in _legible(response) if field[0].lower() not in FORBIDDEN_RESPONSE_HEADERS)
    )


def readable_across_origins(response: ReceivedResponse, with_credentials: bool) -> Headers:
    """The headers of a "CORS filtered response"."""
    try:
        exposed = {name.lower() for name in token_list(response, EXPOSE_HEADERS) or ()}
    except Illegible:
        exposed = set[str]()
    # "main fetch", step 14: with credentials, "*" is a name like any other.
    if "*" in exposed and not with_credentials:
        exposed = {name.lower() for name, _ in response.headers}
    readable = (exposed | SAFELISTED_RESPONSE_HEADERS) - FORBIDDEN_RESPONSE_HEADERS
    hidden = {name.lower() for name, _ in response.headers} - readable - FORBIDDEN_RESPONSE_HEADERS
    return Headers(
        tuple(field for field in _legible(response) if field[0].lower() in readable), frozenset(hidden)
    )


def _legible(response: ReceivedResponse) -> Fields:
    """The headers whose name is a token. Every engine leaves out the others."""
    return tuple(field for field in response.headers if is_token(field[0]))
