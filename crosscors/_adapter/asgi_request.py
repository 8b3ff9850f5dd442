"""Reading: requests as ASGI scopes.

Standard: ASGI, "HTTP Connection Scope".
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from functools import partial

from crosscors._adapter.asgi_types import Scope
from crosscors._adapter.decider import Headers
from crosscors._adapter.raw_headers import raw_headers
from crosscors._adapter.reporting import ReadRequest
from crosscors.core.lazy import lazy
from crosscors.core.protection import Sender, is_bearer, make_sender
from crosscors.core.request import CORSRequest
from crosscors.core.token_lists import MAX_REQUEST_HEADERS_LENGTH


class UnusualHeadersError(Exception):
    """A request has headers in a form that servers do not use. They have to be converted first."""


_PLACE = "the scope"
LISTS: frozenset[type] = frozenset({list, tuple})  # which can be read twice
UNUSUAL = (UnusualHeadersError, TypeError, AttributeError, LookupError)


def with_usual_headers(scope: Scope) -> Scope:
    """A copy of the scope with headers as servers give them."""
    return {**scope, "headers": raw_headers(scope.get("headers"), _PLACE, lower=True)}


def check_usual(headers: Sequence[tuple[bytes, bytes]], origin: object) -> None:
    """Check the form of the headers. If Origin was not found, it may be there in another spelling.

    Raises:
        UnusualHeadersError: if Origin is not bytes, or if the first or last name is not lower-case bytes.
        TypeError: if the first and last names have different types.
    """
    if origin is not None:
        if type(origin) is not bytes:
            raise UnusualHeadersError
    elif headers:
        first = headers[0]
        names = first[0] + headers[-1][0]
        is_bytes = type(names) is type(first[1]) is bytes
        if not is_bytes or not (names.islower() or names == names.lower()):
            raise UnusualHeadersError


def joined(first: bytes, second: bytes) -> bytes:
    """Two headers of one name as one list (RFC 9110, section 5.3)."""
    return (first + b", " + second)[:_MOST_READ]


def preflight_headers(headers: Sequence[tuple[bytes, bytes]]) -> Headers:
    """The headers that a preflight asks with, read in one pass.

    Raises:
        UnusualHeadersError, TypeError, LookupError: if the headers have a form that servers do not use.
    """
    read: dict[bytes, str] = {}
    for pair in headers:
        name = pair[0]
        if name in _ASKING:
            value = pair[1][:_MOST_READ].decode("latin-1")
            if name not in read:
                read[name] = value
            elif len(read[name]) < _MOST_READ:
                read[name] = f"{read[name]}, {value}"
    get = read.get
    if b"origin" not in read:
        check_usual(headers, None)
    return (
        get(b"origin"),
        get(b"access-control-request-method"),
        get(b"access-control-request-headers"),
        get(b"access-control-request-private-network"),
    )


def read_guarded(
    headers: Sequence[tuple[bytes, bytes]], unguarded_sites: Container[str | bytes | None]
) -> tuple[bytes | None, bool | None]:
    """Origin, and whether the request is plainly one of a script (``CrossOriginProtection.admits``).

    The latter is None if Sec-Fetch-Site is one of ``unguarded_sites``, because then nothing else matters.

    Raises:
        UnusualHeadersError, TypeError, AttributeError, LookupError: if the headers have a form that servers
            do not use.
    """
    about = _about_sender(headers)
    get, origin = about.get, about.get(b"origin")
    if type(origin) is not bytes:
        check_usual(headers, origin)
    if get(b"sec-fetch-site") in unguarded_sites:
        return origin, None
    if origin is None:  # such a request is served, so it must be certain
        names = b"".join([pair[0] for pair in headers])
        if not (names.islower() or names == names.lower()):
            raise UnusualHeadersError
    authorization = get(b"authorization")
    is_plain = (
        get(b"sec-fetch-mode") == b"cors"
        and b"cookie" not in about
        and (authorization is None or is_bearer(authorization.decode("latin-1")))
    )
    return origin, is_plain


def _about_sender(headers: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    about: dict[bytes, bytes] = {}
    for pair in headers:  # a comprehension, and another one for repeated headers, take 0.2 microseconds more
        name = pair[0]
        if name in _ABOUT_SENDER:
            about[name] = pair[1] if name not in about else joined(about[name], pair[1])
    return about


def _sender_of(about: dict[bytes, bytes], scope: Scope) -> Sender:
    get, origin = about.get, about.get(b"origin")
    return make_sender(
        (
            scope.get("method", "GET"),  # a WebSocket has none
            scope["type"] == "websocket",
            get(b"sec-fetch-site", b"").decode("latin-1"),
            None if origin is None else origin.decode("latin-1"),
            get(b"host", b"").decode("latin-1"),
            get(b"sec-fetch-mode", b"").decode("latin-1"),
            None if b"cookie" not in about else "",
            get(b"authorization", b"").decode("latin-1"),
        )
    )


class ScopeReader:
    """Reads requests from scopes whose headers have the usual form.

    Args:
        app: the application, which may be FastAPI's.
    """

    bridge = "wsgi_environ"  # a2wsgi keeps it there
    is_raw = True

    def __init__(self, app: object) -> None:
        self._fastapi = _fastapi_in(app)

    def headers(self, scope: Scope) -> Headers:
        headers = preflight_headers(scope["headers"])
        return headers if scope.get("method") == "OPTIONS" else (headers[0], None, None, None)

    def path(self, scope: Scope) -> tuple[str, str]:
        root_path = scope.get("root_path", "")
        if self._fastapi is not None:
            root_path = self.root_path_of_fastapi() or root_path
        return scope["path"] or "/", root_path

    def root_path_of_fastapi(self) -> str:
        """The root path of FastAPI(root_path=...), which replaces the server's; empty if there is none."""
        root_path: str = getattr(self._fastapi, "root_path", "")
        return root_path

    def sender(self, scope: Scope) -> Sender:
        try:
            return _sender_of(_about_sender(scope["headers"]), scope)
        except UNUSUAL:  # text as a value
            return self.sender(with_usual_headers(scope))

    def keep(self, scope: Scope) -> ReadRequest:
        return partial(_request, dict(scope))  # routers and middleware change paths in the scope


def _request(scope: Scope) -> CORSRequest:
    read: dict[bytes, list[bytes]] = {}
    for pair in scope["headers"]:
        if pair[0] in _NAMES:
            read.setdefault(pair[0], []).append(pair[1])
    values = {_NAMES[name]: b", ".join(parts).decode("latin-1") for name, parts in read.items()}
    method: str = scope.get("method", "GET")  # a WebSocket has none
    return CORSRequest(method, path=path_of(scope), headers=_Headers(scope["headers"]), **values)


# A longer header is refused unread, so there is no need to decode a megabyte.
_MOST_READ = MAX_REQUEST_HEADERS_LENGTH + 1


# The path, root_path and app_root_path that a request came with, because applications write into their scope.
# Starlette's mounts keep the root path of the application in app_root_path.
Arrival = tuple[str, str, "str | None"]


def root_path_now(scope: Scope, arrival: Arrival) -> str:
    """The root path of the application, without the parts that Starlette's mounts have added to it."""
    _, root_path_before, app_root_path_before = arrival
    root_path: str = scope.get("root_path", "")
    app_root_path: str | None = scope.get("app_root_path")
    if app_root_path is None:
        return root_path
    if app_root_path_before is None:
        return app_root_path
    return root_path_before if root_path.startswith(root_path_before) else root_path


def _fastapi_in(app: object) -> object:
    """The FastAPI application that this is or wraps, if any. Middleware keeps what it wraps as ``app``."""
    for _ in range(_MOST_WRAPPED):
        if isinstance(getattr(app, "root_path_in_servers", None), bool):  # only FastAPI has this
            return app
        app = getattr(app, "app", None)
    return None


_MOST_WRAPPED = 50


def path_of(scope: Scope) -> str:
    """The path as the application's router sees it, without the root path."""
    path: str = scope["path"]
    root_path: str = scope.get("root_path", "")
    below = path.removeprefix(root_path)
    is_below = bool(root_path) and (not below or below.startswith("/"))
    return (below if is_below else path) or "/"


_NAMES = {
    b"origin": "origin",
    b"host": "host",
    b"access-control-request-method": "request_method",
    b"access-control-request-headers": "request_headers",
    b"access-control-request-private-network": "request_private_network",
}
_ASKING = frozenset(_NAMES) - {b"host"}
_ABOUT_SENDER = frozenset(
    {b"sec-fetch-site", b"origin", b"host", b"sec-fetch-mode", b"cookie", b"authorization"}
)


class _Headers(Mapping[str, str]):
    """The headers of a scope, decoded when they are read."""

    def __init__(self, raw: Sequence[tuple[bytes, bytes]]) -> None:
        self._raw = raw

    @lazy
    def _decoded(self) -> dict[str, str]:
        read: dict[str, list[str]] = {}
        for name, value in raw_headers(self._raw, _PLACE, lower=True):
            read.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
        return {name: ", ".join(parts) for name, parts in read.items()}

    def __getitem__(self, name: str) -> str:
        name = name.lower()
        return self._found(name.encode("latin-1", "replace")) or self._decoded[name]

    def _found(self, name: bytes) -> str:
        """One header, which takes 1 microsecond. To decode all of them takes 30."""
        try:
            return b", ".join([pair[1] for pair in self._raw if pair[0] == name]).decode("latin-1")
        except UNUSUAL:
            return ""

    def __iter__(self) -> Iterator[str]:
        return iter(self._decoded)

    def __len__(self) -> int:
        return len(self._decoded)
