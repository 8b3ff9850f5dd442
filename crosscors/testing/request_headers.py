"""Which request headers and methods a script may use, and which of them need a preflight.

Section names in the comments are those of the Fetch standard (https://fetch.spec.whatwg.org/).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from crosscors.core.standard import FORBIDDEN_METHODS, is_forbidden_request_header, is_token
from crosscors.testing.exchange import by_name

if TYPE_CHECKING:
    from crosscors.testing.engines import Engine

HeaderList = list[tuple[str, str]]

__tracebackhide__ = True  # pytest then shows the line of the test

# "normalize" a method: these become upper case, all others stay as written.
_NORMALIZED_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"})
# "CORS non-wildcard request-header name"
NON_WILDCARD = "authorization"
# "no-CORS-safelisted request-header name"
NO_CORS_NAMES = frozenset({"accept", "accept-language", "content-language", "content-type"})
# "request-body-header name": removed when a redirect removes the body.
BODY_HEADERS = frozenset({"content-encoding", "content-language", "content-location", "content-type"})

# "CORS-safelisted request-header": the longest single value, and the longest total.
_LONGEST_VALUE = 128
_LONGEST_VALUES = 1024
# "CORS-unsafe request-header byte"
_UNSAFE_BYTE = re.compile(r'[\x00-\x08\x0a-\x1f"():<>?@\[\\\]{}\x7f]')
_LANGUAGE = re.compile(r"[0-9A-Za-z *,\-.;=]*")
_SAFE_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"})
# "parse a single range header value", without white space, and with a start
_RANGE = re.compile(r"bytes=([0-9]+)-([0-9]*)")
# Chromium's cors.cc, IsCorsSafelistedHeader: the valid values of each client hint.
_INTEGER = re.compile("[0-9]+")
_DECIMAL = re.compile(r"[0-9]+(\.[0-9]+)?")
_CLIENT_HINTS = {
    "device-memory": _DECIMAL,
    "downlink": _DECIMAL,
    "dpr": _DECIMAL,
    "ect": re.compile("(slow-2|[234])g"),
    "intervention": re.compile(".*"),
    "rtt": _INTEGER,
    "save-data": re.compile("on", re.IGNORECASE),
    "viewport-width": _INTEGER,
    "width": _INTEGER,
}
# A script may not name a forbidden method in these.
_METHOD_OVERRIDES = frozenset({"x-http-method", "x-http-method-override", "x-method-override"})
# "get, decode, and split" does not split within quotes
_ELEMENT = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*"?)+')
_HEADERS_HINT = "write headers={'X-Name': 'value'}, or pairs, both as str."
_HTTP_WHITESPACE = "\t\n\r "


def read_method(method: str) -> str:
    """The method as it is sent ("normalize").

    Raises TypeError, like ``new Request()``, for an invalid method or one that scripts may not use.

    >>> read_method("delete"), read_method("patch")
    ('DELETE', 'patch')
    """
    if not isinstance(method, str) or not is_token(method):  # pyright: ignore[reportUnnecessaryIsInstance] (untyped tests)
        raise TypeError(f"{method!r} is not a valid HTTP method.")
    upper = method.upper()
    if upper in FORBIDDEN_METHODS:
        raise TypeError(f"{method!r} is a method that scripts may not use.")
    return upper if upper in _NORMALIZED_METHODS else method


def read_headers(headers: Mapping[str, str] | Iterable[tuple[str, str]] | None, engine: Engine) -> HeaderList:
    """The headers that a script set, without those it may not set (class Headers, guard "request").

    Raises TypeError for an invalid header name or value.

    >>> from crosscors.testing.engines import STANDARD
    >>> read_headers({"X-Token": " a ", "Cookie": "b"}, STANDARD)
    [('X-Token', 'a')]
    """
    read: HeaderList = []
    if not isinstance(headers, Iterable | None):  # pyright: ignore[reportUnnecessaryIsInstance] (untyped tests)
        raise TypeError(f"headers={headers!r}: {_HEADERS_HINT}")
    pairs = cast("Iterable[Any]", headers.items() if isinstance(headers, Mapping) else headers or ())
    for name, value in map(_name_and_value, pairs):
        normalized = value.strip(_HTTP_WHITESPACE)
        if not is_token(name):
            raise TypeError(f"{name!r} is not a valid header name.")
        if any(character in "\0\r\n" or ord(character) > 0xFF for character in normalized):  # noqa: PLR2004 (Latin-1)
            raise TypeError(f"{value!r} is not a valid value for the header {name}.")
        if not _is_forbidden(name, normalized, engine):
            read.append((name, normalized))
    return read


def _name_and_value(pair: Any) -> tuple[str, str]:
    match pair:
        case (str() as name, str() as value):
            return name, value
        case _:
            raise TypeError(f"{pair!r} is not a header: {_HEADERS_HINT}")


def _is_forbidden(name: str, value: str, engine: Engine) -> bool:
    """ "forbidden request-header" """
    if name.lower() == "user-agent":
        return engine.does("user-agent-is-forbidden")
    if name.lower() in _METHOD_OVERRIDES:
        return any(each.strip(" \t").upper() in FORBIDDEN_METHODS for each in _ELEMENT.findall(value))
    return is_forbidden_request_header(name)


def unsafe_names(headers: HeaderList, engine: Engine) -> list[str]:
    """The "CORS-unsafe request-header names": those that need a preflight."""
    judged = combined(headers) if engine.does("values-are-judged-joined") else headers
    unsafe = [name for name, value in judged if not is_safelisted(name, value, engine)]
    potentially_unsafe = [(name, value) for name, value in judged if is_safelisted(name, value, engine)]
    size = sum(len(value) for _, value in potentially_unsafe)
    if size > _LONGEST_VALUES and not engine.does("values-have-no-total-limit"):
        unsafe += [name for name, _ in potentially_unsafe]
    lowered = sorted(name.lower() for name in unsafe)
    return lowered if engine.does("names-are-asked-for-repeatedly") else list(dict.fromkeys(lowered))


def combined(headers: HeaderList) -> HeaderList:
    """The headers as browsers send them: values of the same name are joined."""
    spelled: dict[str, str] = {}
    for name, _ in headers:
        spelled.setdefault(name.lower(), name)
    return [(spelled[name], ", ".join(values)) for name, values in by_name(headers).items()]


def is_safelisted(name: str, value: str, engine: Engine) -> bool:
    """Whether the header is a "CORS-safelisted request-header"."""
    if len(value) > _LONGEST_VALUE:
        return False
    match name.lower():
        case "accept":
            return not _has_unsafe_byte(value, engine)
        case "accept-language" | "content-language":
            return _LANGUAGE.fullmatch(value) is not None
        case "content-type":
            return not _has_unsafe_byte(value, engine) and _essence(value) in _SAFE_TYPES
        case "range":
            found = _RANGE.fullmatch(value.lower() if engine.does("range-unit-in-any-case") else value)
            return found is not None and (not found[2] or int(found[1]) <= int(found[2]))
        case hint if hint in _CLIENT_HINTS and engine.does("client-hints-are-safelisted"):
            return _CLIENT_HINTS[hint].fullmatch(value) is not None
        case _:
            return False


def _has_unsafe_byte(value: str, engine: Engine) -> bool:
    if not value.isascii() and engine.does("bytes-outside-ascii-are-unsafe"):
        return True
    return _UNSAFE_BYTE.search(value) is not None


def _essence(content_type: str) -> str | None:
    """Type and subtype (MIME Sniffing, "parse a MIME type"), or None if parsing fails."""
    essence = content_type.strip(_HTTP_WHITESPACE).partition(";")[0].rstrip(_HTTP_WHITESPACE)
    kind, slash, subtype = essence.partition("/")
    return essence.lower() if slash and is_token(kind) and is_token(subtype) else None
