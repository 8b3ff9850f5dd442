"""Reading: requests as aiohttp's server gives them to middlewares and handlers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from urllib.parse import unquote

from aiohttp import hdrs, web
from multidict import CIMultiDictProxy, istr

from crosscors._adapter.decider import Headers
from crosscors._adapter.reporting import ReadRequest
from crosscors.core.lazy import lazy
from crosscors.core.protection import Sender, make_sender
from crosscors.core.request import CORSRequest, is_preflight
from crosscors.core.standard import REQUEST_PRIVATE_NETWORK

#: Names of headers that multidict need not put into lower case at each look-up.
SITE = istr("Sec-Fetch-Site")
_MODE = istr("Sec-Fetch-Mode")
_NETWORK = istr(REQUEST_PRIVATE_NETWORK)


def value_of(headers: CIMultiDictProxy[str], name: istr) -> str | None:
    """The value of a header. Repeated headers are one list (RFC 9110, section 5.3). None if there is none."""
    values = headers.getall(name, None)
    if values is None:
        return None
    value = values[0] if len(values) == 1 else ", ".join(values)
    return value if value.isascii() else _bytes_as_characters(value)


def _bytes_as_characters(value: str) -> str:
    """The bytes of the value, each as one character, as on the other stacks. aiohttp reads them as UTF-8."""
    return value.encode("utf-8", "surrogateescape").decode("latin-1")


def preflight_headers(request: web.Request) -> Headers:
    """The headers that a preflight asks with."""
    headers = request.headers
    return (
        value_of(headers, hdrs.ORIGIN),
        value_of(headers, hdrs.ACCESS_CONTROL_REQUEST_METHOD),
        value_of(headers, hdrs.ACCESS_CONTROL_REQUEST_HEADERS),
        value_of(headers, _NETWORK),
    )


def preflight_method(request: web.Request) -> str | None:
    """The method that a preflight asks for; None if the request is not a preflight."""
    origin, method, *_ = preflight_headers(request)
    return method if is_preflight(request.method, origin, method) else None


def _opens_websocket(request: web.Request) -> bool:
    """Whether this is the handshake of a WebSocket (RFC 6455, section 4.1)."""
    return request.method == "GET" and "websocket" in (value_of(request.headers, hdrs.UPGRADE) or "").lower()


class RequestReader:
    """Reads requests to an application.

    Args:
        app: the application, which may be part of another one.
    """

    bridge = ""  # no record of nested adapters comes from another protocol
    is_raw = False

    def __init__(self, app: web.Application) -> None:
        self._app = app
        self._prefix: str | None = None

    def headers(self, request: web.Request) -> Headers:
        if request.method == "OPTIONS":
            return preflight_headers(request)
        return (value_of(request.headers, hdrs.ORIGIN), None, None, None)

    def path(self, request: web.Request) -> tuple[str, str]:
        # Not ``request.path``: it leaves bytes percent-encoded that are not UTF-8.
        path = unquote(request.rel_url.raw_path) or "/"
        if self._prefix is None:  # it is known once the application is part of another one
            self._prefix = _prefix(request.match_info.apps[0], self._app)
        return path, self._prefix

    def sender(self, request: web.Request) -> Sender:
        headers = request.headers
        return make_sender(
            (
                request.method,
                _opens_websocket(request),
                value_of(headers, SITE),
                value_of(headers, hdrs.ORIGIN),
                value_of(headers, hdrs.HOST),
                value_of(headers, _MODE),
                value_of(headers, hdrs.COOKIE),
                value_of(headers, hdrs.AUTHORIZATION),
            )
        )

    def keep(self, request: web.Request) -> ReadRequest:
        return partial(self._request, request)

    def _request(self, request: web.Request) -> CORSRequest:
        origin, method, names, network = preflight_headers(request)
        path, prefix = self.path(request)
        return CORSRequest(
            request.method,
            origin=origin,
            path=path.removeprefix(prefix) or "/",
            host=value_of(request.headers, hdrs.HOST) or "",
            request_method=method,
            request_headers=names,
            request_private_network=network,
            headers=_Headers(request.headers),
        )


def _prefix(outermost: web.Application, app: web.Application) -> str:
    """The decoded path below which the application is mounted: empty for ``add_domain``."""
    for resource in outermost.router.resources():
        info = resource.get_info()
        part = info.get("app")
        if part is app:
            return unquote(info.get("prefix", ""))
        prefix = "" if part is None else _prefix(part, app)
        if prefix:
            return prefix
    return ""


class _Headers(Mapping[str, str]):
    """The headers of a request, with repeated ones as one list."""

    def __init__(self, headers: CIMultiDictProxy[str]) -> None:
        self._headers = headers

    @lazy
    def _names(self) -> dict[str, None]:
        return dict.fromkeys(name.lower() for name in self._headers)

    def __getitem__(self, name: str) -> str:
        value = value_of(self._headers, istr(name))
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
