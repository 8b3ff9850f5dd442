"""A request as a script makes it: JavaScript's ``new Request(url, init)`` (Fetch, "Request class")."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar, get_args

from crosscors.core.standard import SAFELISTED_METHODS
from crosscors.testing.request_headers import NO_CORS_NAMES, is_safelisted, read_headers, read_method
from crosscors.testing.urls import URL, parse

if TYPE_CHECKING:
    from crosscors.testing.engines import Engine
    from crosscors.testing.request_headers import HeaderList

Credentials = Literal["omit", "same-origin", "include"]
Mode = Literal["cors", "same-origin", "no-cors"]
# A form leads the user to another page, and a script opens a WebSocket. CORS has no say in either.
AnyMode = Mode | Literal["navigate", "websocket"]
Redirect = Literal["follow", "error", "manual"]
T = TypeVar("T")

__tracebackhide__ = True  # pytest then shows the line of the test

NO_BASE_URL = "There is no base URL: write httpx.Client(base_url='http://localhost:8000')."
# Options of other clients, and what to write instead.
_ELSEWHERE = {
    "json": "write body=json.dumps(...), headers={'Content-Type': 'application/json'}",
    "data": "write body=urllib.parse.urlencode(...), and set Content-Type in headers",
    "files": "write body=..., and set Content-Type in headers",
    "params": "write them in the URL",
    "cookies": "let the server set them, or put them into the client",
    **dict.fromkeys(
        ("cache", "integrity", "keepalive", "priority", "referrer", "referrerPolicy", "signal"),
        "JavaScript's fetch() does, but it does not affect CORS: leave it out",
    ),
}


class RequestInit(TypedDict, total=False):
    """The options of ``fetch()`` with JavaScript's names, and the standard's flag `use_cors_preflight`."""

    method: str
    headers: Mapping[str, str] | Iterable[tuple[str, str]] | None
    body: bytes | str | None
    credentials: Credentials
    mode: Mode
    redirect: Redirect
    use_cors_preflight: bool


@dataclass
class Request:
    """A request (section "Requests"). The origin is serialized; "null" equals no other origin."""

    method: str
    urls: list[URL]
    headers: HeaderList
    body: bytes | None
    origin: str
    credentials: Credentials
    mode: AnyMode
    redirect: Redirect
    use_cors_preflight: bool = False
    tainting: Literal["basic", "cors", "opaque"] = "basic"

    @property
    def url(self) -> URL:
        """The current URL."""
        return self.urls[-1]

    @property
    def with_credentials(self) -> bool:
        return self.credentials == "include"

    @property
    def sends_credentials(self) -> bool:
        """Whether cookies go with the request ("HTTP-network-or-cache fetch", includeCredentials)."""
        return self.with_credentials or (self.credentials == "same-origin" and self.tainting == "basic")

    @property
    def serialized_origin(self) -> str:
        """The origin to send ("Serializing a request origin"): "null" if there is a "redirect-taint"."""
        for last, url in zip(self.urls, self.urls[1:], strict=False):
            if last.origin not in {url.origin, self.origin}:
                return "null"
        return self.origin


def new_request(url: str, origin: str, init: RequestInit, base_url: str | None, engine: Engine) -> Request:
    """The request that a page of that origin makes. Raises TypeError where JavaScript does."""
    _check_names(init)
    parsed = read_url(url, base_url)
    method = read_method(init.get("method", "GET"))
    headers = read_headers(init.get("headers", ()), engine)
    mode: Mode = one_of(Mode, "mode", init.get("mode", "cors"))
    if mode == "no-cors":
        if method not in SAFELISTED_METHODS:
            raise TypeError(f"{method} cannot be used in mode 'no-cors'.")
        headers = _of_no_cors(headers, engine)
    body = _read_body(init.get("body"), method, headers)
    if not any(name.lower() == "accept" for name, _ in headers):
        headers.append(("Accept", "*/*"))
    return Request(
        method=method,
        urls=[parsed],
        headers=headers,
        body=body,
        origin=origin,
        credentials=one_of(Credentials, "credentials", init.get("credentials", "same-origin")),
        mode=mode,
        redirect=one_of(Redirect, "redirect", init.get("redirect", "follow")),
        use_cors_preflight=init.get("use_cors_preflight", False)
        and not (body is None and engine.does("no-preflight-for-an-empty-upload")),
    )


def read_url(url: str, base_url: str | None) -> URL:
    """The URL, relative to the base. Raises TypeError if it cannot be fetched."""
    try:
        parsed = parse(url, base_url)
    except (AttributeError, TypeError, ValueError):
        hint = f" {NO_BASE_URL}" if base_url is None else ""
        raise TypeError(f"{url!r} is not a URL that can be fetched.{hint}") from None
    if parsed.has_credentials:
        raise TypeError(f"{url!r} contains a user name and password. A script cannot fetch such a URL.")
    return parsed


def _of_no_cors(headers: HeaderList, engine: Engine) -> HeaderList:
    """The headers allowed without CORS: each value must be safe with those before it (Headers, "append")."""
    kept: HeaderList = []
    for name, value in headers:
        joined = ", ".join([each for key, each in kept if key.lower() == name.lower()] + [value])
        if name.lower() in NO_CORS_NAMES and is_safelisted(name, joined, engine):
            kept.append((name, value))
    return kept


def _check_names(init: RequestInit) -> None:
    known = RequestInit.__annotations__
    for name in init.keys() - known.keys():
        nearest = difflib.get_close_matches(name, known, 1)
        hint = _ELSEWHERE.get(name) or (
            f"write {nearest[0]}=..." if nearest else f"the options are {', '.join(known)}"
        )
        raise TypeError(f"fetch() has no option {name!r}; {hint}.")


def one_of(choices: Any, option: str, value: T) -> T:
    if value not in get_args(choices):
        raise TypeError(f"{option}={value!r}: write one of {', '.join(map(repr, get_args(choices)))}.")
    return value


def _read_body(body: bytes | str | None, method: str, headers: HeaderList) -> bytes | None:
    """The body as bytes. A string also sets Content-Type ("extract a body")."""
    if body is None:
        return None
    if method in {"GET", "HEAD"}:
        raise TypeError(f"A {method} request cannot have a body.")
    if isinstance(body, bytes):
        return body
    if not isinstance(body, str):  # pyright: ignore[reportUnnecessaryIsInstance] (tests are often untyped)
        raise TypeError(
            f"The body is a {type(body).__name__}; write bytes or str. For JSON, write"
            " body=json.dumps(...), headers={'Content-Type': 'application/json'}."
        )
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "text/plain;charset=UTF-8"))
    return body.encode()
