"""A browser in Python: pages that fetch, and are blocked by CORS where a real browser's would be."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from crosscors.testing.cookies import CookieStore
from crosscors.testing.engines import ENGINES, STANDARD
from crosscors.testing.fetch import Fetch
from crosscors.testing.limits import MAX_BODY_BYTES, TIMEOUT, Limits, check_limits
from crosscors.testing.preflight_cache import PreflightCache
from crosscors.testing.request import NO_BASE_URL, new_request
from crosscors.testing.servers import read_servers
from crosscors.testing.urls import parse

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from crosscors.testing.engines import EngineName
    from crosscors.testing.exchange import Exchange, ReceivedResponse, SentRequest
    from crosscors.testing.request import RequestInit
    from crosscors.testing.response import Response
    from crosscors.testing.servers import AnyServer, Server

T = TypeVar("T")

__tracebackhide__ = True  # pytest then shows the line of the test

same_origin: Final = "same-origin"
"""The origin of a page that the server itself has served: ``browser.page(same_origin)``."""

SendTo = Callable[["Server", "SentRequest", Limits], Awaitable["ReceivedResponse"]]


class Browser:
    """A browser whose pages talk to the given server, as the Fetch standard says.

    Args:
        server: an ASGI or WSGI application, a Flask application or test client, Django's test ``Client`` or
            ``AsyncClient``, Starlette's ``TestClient``, ``httpx.Client`` or ``AsyncClient`` (for a live URL),
            or a dict of these by origin, where several take part.
        base_url: the address of the server, against which relative URLs are read; default: the client's own,
            else ``https://testserver``.
        engine: ``"chromium"``, ``"firefox"`` or ``"webkit"``, to depart from the standard where that engine
            does (``crosscors.testing.DEPARTURES``); default: the standard.
        clock: gives seconds, by which cookies and cached preflights age.
        max_body_bytes: how much is read of each body, as it comes and decompressed; default 32 MiB. A longer
            body is a NetworkError, and the application behind it is told that the client has gone.
        timeout: how many seconds a whole fetch may take, with its preflights and redirects; default 60,
            None for no limit. Then it is a NetworkError. Live servers are left at once. An application in
            this process is left when it next sends something.

    Raises TypeError for a server of no known kind, ValueError for an unknown engine or a URL that is none;
    either for what cannot be a limit.

    All pages share the cookies and the preflight cache, and belong to one thread. What else keeps a browser
    from fetching (mixed content, Content-Security-Policy, access to the local network) is not part of it, nor
    is its HTTP cache.

    >>> def application(environ, start_response):
    ...     start_response("200 OK", [("Access-Control-Allow-Origin", "*"), ("Content-Type", "text/plain")])
    ...     return [b"Hello"]
    >>> browser = Browser(application)
    >>> browser.page("https://app.example.com").fetch("/greeting").text()
    'Hello'
    """

    def __init__(
        self,
        server: AnyServer,
        base_url: str | None = None,
        *,
        engine: EngineName | None = None,
        clock: Callable[[], float] = time.monotonic,
        max_body_bytes: int = MAX_BODY_BYTES,
        timeout: float | None = TIMEOUT,
    ) -> None:
        if engine is not None and (not isinstance(engine, str) or engine not in ENGINES):  # pyright: ignore[reportUnnecessaryIsInstance] (tests are often untyped)
            raise ValueError(
                f"{engine!r} is no engine; write one of {', '.join(map(repr, ENGINES))}, or None."
            )
        check_limits(max_body_bytes, timeout)
        self._max_body_bytes, self._timeout = max_body_bytes, timeout
        self._servers = read_servers(server, base_url)
        self._engine = ENGINES[engine] if engine else STANDARD
        self._cookies = CookieStore(self._engine, clock)
        self._preflights = PreflightCache(clock, self._engine)
        self.exchanges: list[Exchange] = []
        """Everything that went over the wire, in order."""

    @property
    def origin(self) -> str:
        """The server's own origin; the first one's, of several. Raises ValueError when there is none."""
        if self._servers.base_url is None:
            raise ValueError(NO_BASE_URL)
        return parse(self._servers.base_url).origin

    def page(self, origin: str) -> Page:
        """A page of ``"https://app.example.com"``, of ``"null"`` (a sandboxed frame), or of `same_origin`.

        Pages of apps have origins like ``"capacitor://localhost"``, and some send ``"file://"``.

        Raises ValueError for what is no origin as browsers write it.

        >>> Browser(lambda environ, start_response: []).page("https://app.example.com/")
        Traceback (most recent call last):
        ...
        ValueError: 'https://app.example.com/' is no origin; write 'https://app.example.com'.
        """
        if not isinstance(origin, str):  # pyright: ignore[reportUnnecessaryIsInstance] (tests are often untyped)
            raise TypeError(
                f"{origin!r} is no origin; write 'https://app.example.com', 'null', or same_origin."
            )
        if origin == same_origin:
            return Page(self.origin, self._fetch)
        if origin not in {"null", "file://"} and not _OF_APP.fullmatch(origin):
            _check_origin(origin)
        return Page(origin, self._fetch)

    def clear_preflight_cache(self) -> None:
        """Forgets which preflights were answered, as a browser that is started anew."""
        self._preflights.clear()

    async def _fetch(self, origin: str, url: str, init: RequestInit, send: SendTo) -> Response:
        request = new_request(url, self._servers.base_url, origin, init, self._engine)
        limits = Limits(self._max_body_bytes, self._timeout)
        for address, cookies in self._servers.cookies():
            self._cookies.take_over(parse(address), cookies)

        def send_to_server(sent: SentRequest) -> Awaitable[ReceivedResponse]:
            return send(self._servers.at(parse(sent.url).origin), sent, limits)

        fetch = Fetch(request, send_to_server, self._engine, self._cookies, self._preflights, limits)
        try:
            return await fetch.run()
        finally:
            self.exchanges += fetch.exchanges


@dataclass(frozen=True)
class Page:
    """A page of an origin, whose script fetches. Made by ``Browser.page()``."""

    origin: str
    _fetch: Callable[[str, str, RequestInit, SendTo], Coroutine[Any, Any, Response]] = field(repr=False)

    def fetch(self, url: str, **init: Unpack[RequestInit]) -> Response:
        """Fetches as JavaScript's ``fetch()`` does, with its options and its defaults.

        Args:
            url: relative URLs are read against the server's, not the page's.
            method: default ``"GET"``. ``"delete"`` and its like are upper-cased, ``"patch"`` is not.
            headers: a mapping, or pairs. Those that no script may set (``Cookie``, ``Sec-...``) are dropped.
            body: ``str`` brings ``Content-Type: text/plain;charset=UTF-8``, ``bytes`` brings none.
            credentials: ``"same-origin"`` (default), ``"include"`` (cookies across origins, too), ``"omit"``.
            mode: ``"cors"`` (default), ``"same-origin"`` or ``"no-cors"``.
            redirect: ``"follow"`` (default), ``"error"`` or ``"manual"``.
            use_cors_preflight: a preflight in any case, as for an XMLHttpRequest with upload listeners.

        Raises BlockedByCORS when the browser refuses because of CORS, NetworkError when it refuses for
        another reason, TypeError for arguments with which JavaScript's ``fetch()`` sends nothing.
        """
        return _run(self._fetch(self.origin, url, init, _send))

    async def afetch(self, url: str, **init: Unpack[RequestInit]) -> Response:
        """The same as `fetch`, for asynchronous tests and clients."""
        return await self._fetch(self.origin, url, init, _asend)


async def _send(server: Server, request: SentRequest, limits: Limits) -> ReceivedResponse:
    return server.send(request, limits)


async def _asend(server: Server, request: SentRequest, limits: Limits) -> ReceivedResponse:
    return await server.asend(request, limits)


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine that never waits, which needs no event loop."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        value: T = end.value
        return value
    coroutine.close()
    raise RuntimeError("A synchronous fetch cannot wait.")


# URL, "opaque host": those of schemes that are not special stay as they are, upper case and all.
_OF_APP = re.compile(
    r"(?!(?:https?|wss?|ftp|file|data|blob|about|javascript):)[a-z][a-z0-9+.-]*://[\w.~-]+", re.ASCII
)


def _check_origin(origin: str) -> None:
    try:
        serialized = parse(origin).origin
    except ValueError:
        raise ValueError(
            f"{origin!r} is no origin; write scheme and host, and a port that is not the default one:"
            " 'https://app.example.com', 'http://localhost:5173'; or 'null'."
        ) from None
    if serialized != origin:
        raise ValueError(f"{origin!r} is no origin; write {serialized!r}.")
    if "*" in origin:
        raise ValueError(f"{origin!r} is a pattern; a page has one origin.")
