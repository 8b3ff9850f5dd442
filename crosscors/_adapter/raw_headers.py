"""ASGI's headers as a list of pairs of bytes, in whatever form they are given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from crosscors.core.errors import shown


def raw_headers(headers: object, place: str, *, lower: bool = False) -> list[tuple[bytes, bytes]]:
    """The headers as a list of tuples of bytes.

    Any iterable of pairs is accepted, and a mapping, and None for no headers. Text is encoded.

    Args:
        headers: the headers as they are given.
        place: where they are given, for the message.
        lower: whether to write names in lower case, as in ASGI's requests. Default: False.

    Raises:
        TypeError: if the headers have another form.

    >>> raw_headers(iter([["Accept", b"text/css"]]), "the scope", lower=True)
    [(b'accept', b'text/css')]

    Standard: ASGI, "HTTP Connection Scope", headers.
    """
    given: Any = () if headers is None else headers
    if isinstance(given, Mapping):
        given = cast("Mapping[object, object]", given).items()
    if isinstance(given, _TEXT) or not isinstance(given, Iterable):
        raise _error(place, given)
    pairs = [_raw_pair(pair, place) for pair in cast("Iterable[object]", given)]
    return [(name.lower(), value) for name, value in pairs] if lower else pairs


_TEXT = (str, bytes, bytearray)  # these are iterable, too


def _raw_pair(pair: object, place: str) -> tuple[bytes, bytes]:
    if isinstance(pair, _TEXT) or not isinstance(pair, Iterable):
        raise _error(place, pair)
    items = [*cast("Iterable[object]", pair)]
    try:
        name, value = items
    except ValueError:
        raise _error(place, items) from None
    return _raw(name, place), _raw(value, place)


def _raw(text: object, place: str) -> bytes:
    if isinstance(text, (bytes, bytearray)):
        return bytes(text)
    try:
        return cast("str", text).encode("latin-1")
    except (AttributeError, UnicodeEncodeError):
        raise _error(place, text) from None


def _error(place: str, found: object) -> TypeError:
    return TypeError(
        f"the headers of {place} are not pairs of bytes: {shown(found)}. "
        'Write a list such as [(b"content-type", b"text/plain")].'
    )
