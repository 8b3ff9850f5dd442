"""Requests as CGI variables, which are ``environ`` in WSGI and ``META`` in Django."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crosscors._adapter.decider import Headers
from crosscors.core import request
from crosscors.core.protection import Sender, is_bearer, make_sender
from crosscors.core.request import CORSRequest


def cors_request(environ: Mapping[str, Any], method: str, path: str) -> CORSRequest:
    """The request as plain data. The server or framework gives its method and its decoded path."""
    origin, request_method, request_headers, request_private_network = preflight_headers(environ)
    return CORSRequest(
        method,
        origin=origin,
        path=path,
        host=environ.get("HTTP_HOST", ""),
        request_method=request_method,
        request_headers=request_headers,
        request_private_network=request_private_network,
        headers=_Headers(environ),
    )


def preflight_headers(environ: Mapping[str, Any]) -> Headers:
    """The headers that a preflight asks with."""
    get = environ.get
    return (
        get("HTTP_ORIGIN"),
        get("HTTP_ACCESS_CONTROL_REQUEST_METHOD"),
        get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"),
        get("HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK"),
    )


def is_preflight(environ: Mapping[str, Any]) -> bool:
    """Whether the request is a preflight."""
    origin, method, *_ = preflight_headers(environ)
    return request.is_preflight(environ["REQUEST_METHOD"], origin, method)


def sender_of(environ: Mapping[str, Any], method: str) -> Sender:
    """What the request says about where it comes from."""
    get = environ.get
    return make_sender(
        (
            method,
            method in _HANDSHAKES and _opens_websocket(environ, method),
            get("HTTP_SEC_FETCH_SITE"),
            get("HTTP_ORIGIN"),
            get("HTTP_HOST"),
            get("HTTP_SEC_FETCH_MODE"),
            get("HTTP_COOKIE"),
            get("HTTP_AUTHORIZATION"),
        )
    )


def is_plain(environ: Mapping[str, Any]) -> bool:
    """Whether the request is plainly one of a script (``CrossOriginProtection.admits``)."""
    return (
        environ.get("HTTP_SEC_FETCH_MODE") == "cors"
        and "HTTP_COOKIE" not in environ
        and ("HTTP_AUTHORIZATION" not in environ or is_bearer(environ["HTTP_AUTHORIZATION"]))
    )


def _opens_websocket(environ: Mapping[str, Any], method: str) -> bool:
    """Whether this is the handshake of a WebSocket (RFC 6455, section 4.1; RFC 8441, section 4)."""
    return method == "CONNECT" or "websocket" in environ.get("HTTP_UPGRADE", "").lower()


_HANDSHAKES = frozenset({"GET", "CONNECT"})


class _Headers(Mapping[str, str]):
    """The headers of a request, read from its variables (PEP 3333, "environ Variables")."""

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        variable = name.upper().replace("-", "_")
        try:
            value: str = self._environ[variable if variable in _UNPREFIXED else f"HTTP_{variable}"]
        except KeyError:
            raise KeyError(name) from None
        return value

    def __iter__(self) -> Iterator[str]:
        for variable in self._environ:
            if variable.startswith("HTTP_") or variable in _UNPREFIXED:
                yield variable.removeprefix("HTTP_").replace("_", "-").lower()

    def __len__(self) -> int:
        return len(list(iter(self)))


_UNPREFIXED = frozenset({"CONTENT_TYPE", "CONTENT_LENGTH"})
