"""Forms: what a page sends if the user submits one (HTML, "Form submission").

A form can be sent to every server, with cookies, and CORS does not stop it. What differs from a script is who
gets the response: not the page, but the user.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal, cast
from urllib.parse import urlencode

from crosscors.testing.request import Request, one_of, read_url

FormData = Mapping[str, str] | Iterable[tuple[str, str]]
FormMethod = Literal["GET", "POST"]
FormEncoding = Literal["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"]

__tracebackhide__ = True  # pytest then shows the line of the test

URLENCODED: FormEncoding = "application/x-www-form-urlencoded"
_ACCEPT = ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
_DATA_HINT = "write data={'name': 'value'}, or pairs, both as str."


def form_request(
    url: str,
    origin: str,
    data: FormData,
    method: FormMethod,
    enctype: FormEncoding,
    base_url: str | None,
) -> Request:
    """The request of a form on a page of that origin. Raises TypeError if there can be no such form."""
    target, entries = read_url(url, base_url), read_entries(data)
    content_type, body = encoded(entries, one_of(FormEncoding, "enctype", enctype))
    if one_of(FormMethod, "method", method) == "GET":
        target = replace(target, query=urlencoded(entries))
        return Request(method, [target], [_ACCEPT], None, origin, "include", "navigate", "follow")
    headers = [_ACCEPT, ("Content-Type", content_type)]
    return Request(method, [target], headers, body, origin, "include", "navigate", "follow")


def read_entries(data: FormData) -> list[tuple[str, str]]:
    """Names and values, with line breaks as they are sent ("Constructing the entry list")."""
    if not isinstance(data, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance] (untyped tests)
        raise TypeError(f"data={data!r}: {_DATA_HINT}")
    pairs = cast("Iterable[Any]", data.items() if isinstance(data, Mapping) else data)
    return [(_with_crlf(name), _with_crlf(value)) for name, value in map(_name_and_value, pairs)]


def _name_and_value(pair: Any) -> tuple[str, str]:
    match pair:
        case (str() as name, str() as value):
            return name, value
        case _:
            raise TypeError(f"{pair!r} is not an entry of a form: {_DATA_HINT}")


def _with_crlf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")


def encoded(entries: list[tuple[str, str]], enctype: FormEncoding) -> tuple[str, bytes]:
    """Content-Type and body."""
    if enctype == URLENCODED:
        return enctype, urlencoded(entries).encode()
    if enctype == "text/plain":
        return enctype, "".join(f"{name}={value}\r\n" for name, value in entries).encode()
    text = "".join(f"{name}{value}" for name, value in entries)
    boundary = "----FormBoundary"
    while boundary in text:
        boundary += "x"
    parts = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{_escaped(name)}"\r\n\r\n{value}\r\n'
        for name, value in entries
    )
    return f"{enctype}; boundary={boundary}", f"{''.join(parts)}--{boundary}--\r\n".encode()


def urlencoded(entries: Iterable[tuple[str, str]]) -> str:
    """The entries in a query or body (URL, "application/x-www-form-urlencoded serializing").

    >>> urlencoded([("a~*", "1 2")])
    'a%7E*=1+2'
    """
    return urlencode(list(entries), safe="*").replace("~", "%7E")


def _escaped(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
