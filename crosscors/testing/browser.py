"""A browser in Python: its pages fetch, and CORS blocks them where it would block them in a real browser."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from crosscors.testing.beacons import beacon_init
from crosscors.testing.blocked import NetworkError
from crosscors.testing.cookies import CookieStore
from crosscors.testing.engines import ENGINES, STANDARD
from crosscors.testing.fetch import Fetch
from crosscors.testing.forms import URLENCODED, form_request
from crosscors.testing.limits import MAX_BODY_BYTES, TIMEOUT, Limits, check_limits
from crosscors.testing.preflight_cache import PreflightCache
from crosscors.testing.request import NO_BASE_URL, new_request
from crosscors.testing.servers import read_servers
from crosscors.testing.urls import parse
from crosscors.testing.websockets import handshake_request

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from crosscors.testing.beacons import BeaconData
    from crosscors.testing.engines import Engine, EngineName
    from crosscors.testing.exchange import Exchange, ReceivedResponse, SentRequest
    from crosscors.testing.forms import FormData, FormEncoding, FormMethod
    from crosscors.testing.request import Request, RequestInit
    from crosscors.testing.response import Response
    from crosscors.testing.servers import AnyServer, Server

T = TypeVar("T")

__tracebackhide__ = True  # pytest then shows the line of the test

same_origin: Final = "same-origin"
"""The origin of a page that the server itself serves: ``browser.page(same_origin)``."""

SendTo = Callable[["Server", "SentRequest", Limits], Awaitable["ReceivedResponse"]]
MakeRequest = Callable[["str | None", "Engine"], "Request"]


class Browser:
    """A browser whose pages talk to the given server, as the Fetch standard says.

    Args:
        server: an ASGI or WSGI application, a Flask application or test client, Django's test ``Client`` or
            ``AsyncClient``, Starlette's ``TestClient``, or ``httpx.Client`` or ``AsyncClient`` (for a live
            URL). For several servers, a dict of these by origin.
        base_url: the address of the server; relative URLs are resolved against it. Default: the client's own,
            otherwise ``https://testserver`` (``https://localhost`` for Flask).
        engine: ``"chromium"``, ``"firefox"`` or ``"webkit"``, to depart from the standard where that engine
            does (``crosscors.testing.DEPARTURES``). Default: the standard.
        clock: returns the time in seconds. Cookies and cached preflights expire by it.
        max_body_bytes: the most bytes to read of each body, both as received and decompressed. Default: 32
            MiB. A longer body is a NetworkError, and the application learns that the client has disconnected.
        timeout: how many seconds a whole fetch may take, including preflights and redirects. Default: 60.
            None means no limit. After that time, the fetch is a NetworkError. The browser leaves a live
            server at once, and an application in this process when it next sends something.
        may_cut_bodies: if True, a body that exceeds a limit does not fail the fetch. The page gets the
            response, and only its body cannot be read.

    .. versionchanged:: 0.2 `may_cut_bodies`

    Raises TypeError for an unknown kind of server, ValueError for an unknown engine or an invalid URL, and
    one of the two for an invalid limit.

    All pages share the cookies and the preflight cache, and belong to one thread. The browser has no HTTP
    cache, and nothing else blocks its requests (mixed content, Content-Security-Policy, access to the local
    network).

    >>> def application(environ, start_response):
    ...     start_response("200 OK", [("Access-Control-Allow-Origin", "*"), ("Content-Type", "text/plain")])
    ...     return [b"Hello"]
    >>> browser = Browser(application)
    >>> browser.page("https://app.example.com").fetch("/greeting").text()
    'Hello'
    """

    def __init__(  # noqa: PLR0913 (the server, and options that are rarely given)
        self,
        server: AnyServer,
        base_url: str | None = None,
        *,
        engine: EngineName | None = None,
        clock: Callable[[], float] = time.monotonic,
        max_body_bytes: int = MAX_BODY_BYTES,
        timeout: float | None = TIMEOUT,
        may_cut_bodies: bool = False,
    ) -> None:
        if engine is not None and (not isinstance(engine, str) or engine not in ENGINES):  # pyright: ignore[reportUnnecessaryIsInstance] (tests are often untyped)
            raise ValueError(
                f"{engine!r} is not an engine; write one of {', '.join(map(repr, ENGINES))}, or None."
            )
        check_limits(max_body_bytes, timeout)
        self._max_body_bytes, self._timeout, self._may_cut = max_body_bytes, timeout, may_cut_bodies
        self._servers = read_servers(server, base_url)
        self._engine = ENGINES[engine] if engine else STANDARD
        self._cookies = CookieStore(self._engine, clock)
        self._preflights = PreflightCache(clock, self._engine)
        self.exchanges: list[Exchange] = []
        """Everything that went over the wire, in order."""

    @property
    def origin(self) -> str:
        """The server's own origin, or that of the first server. Raises ValueError if there is none."""
        if self._servers.base_url is None:
            raise ValueError(NO_BASE_URL)
        return parse(self._servers.base_url).origin

    def page(self, origin: str) -> Page:
        """A page of ``"https://app.example.com"``, of ``"null"`` (a sandboxed frame), or of `same_origin`.

        Pages of apps have origins like ``"capacitor://localhost"``, and some send ``"file://"``.

        Raises ValueError for text that is not an origin as browsers write it.

        >>> Browser(lambda environ, start_response: []).page("https://app.example.com/")
        Traceback (most recent call last):
        ...
        ValueError: 'https://app.example.com/' is not an origin; write 'https://app.example.com'.
        """
        if not isinstance(origin, str):  # pyright: ignore[reportUnnecessaryIsInstance] (tests are often untyped)
            raise TypeError(
                f"{origin!r} is not an origin; write 'https://app.example.com', 'null', or same_origin."
            )
        if origin == same_origin:
            return Page(self.origin, self._perform)
        if origin not in {"null", "file://"} and not _OF_APP.fullmatch(origin):
            _check_origin(origin)
        return Page(origin, self._perform)

    def clear_preflight_cache(self) -> None:
        """Forgets all cached preflights, as after a restart of the browser."""
        self._preflights.clear()

    async def _perform(self, make: MakeRequest, send: SendTo, run: Callable[[Fetch], Awaitable[T]]) -> T:
        request = make(self._servers.base_url, self._engine)
        limits = Limits(self._max_body_bytes, self._timeout, may_cut_bodies=self._may_cut)
        for address, cookies in self._servers.cookies():
            self._cookies.take_over(parse(address), cookies)

        def send_to_server(sent: SentRequest) -> Awaitable[ReceivedResponse]:
            return send(self._servers.at(parse(sent.url).origin), sent, limits)

        fetch = Fetch(request, send_to_server, self._engine, self._cookies, self._preflights, limits)
        try:
            return await run(fetch)
        finally:
            self.exchanges += fetch.exchanges


class Perform(Protocol):
    """How a page uses its browser."""

    def __call__(
        self, make: MakeRequest, send: SendTo, run: Callable[[Fetch], Awaitable[T]], /
    ) -> Coroutine[Any, Any, T]:
        """Makes a request, and runs it."""
        ...


@dataclass(frozen=True)
class Page:
    """A page of an origin, with a script that fetches. Created by ``Browser.page()``."""

    origin: str
    _perform: Perform = field(repr=False)

    def fetch(self, url: str, **init: Unpack[RequestInit]) -> Response:
        """Fetches like JavaScript's ``fetch()``, with the same options and defaults.

        Args:
            url: a relative URL is resolved against the server's URL, not the page's.
            method: default ``"GET"``. Browsers change ``"delete"`` to upper case, but not ``"patch"``.
            headers: a mapping or pairs. Those that scripts may not set (``Cookie``, ``Sec-...``) are dropped.
            body: ``str`` adds ``Content-Type: text/plain;charset=UTF-8``; ``bytes`` adds none.
            credentials: ``"same-origin"`` (default), ``"include"`` (cookies across origins, too), ``"omit"``.
            mode: ``"cors"`` (default), ``"same-origin"`` or ``"no-cors"``.
            redirect: ``"follow"`` (default), ``"error"`` or ``"manual"``.
            use_cors_preflight: always send a preflight, as for an XMLHttpRequest with upload listeners.

        Raises BlockedByCORS if CORS blocks the fetch, NetworkError if it fails for another reason, and
        TypeError for arguments that JavaScript's ``fetch()`` rejects before it sends anything.
        """
        return _run(self._fetch(url, init, _send))

    async def afetch(self, url: str, **init: Unpack[RequestInit]) -> Response:
        """Like `fetch`, for asynchronous tests and clients."""
        return await self._fetch(url, init, _asend)

    async def _fetch(self, url: str, init: RequestInit, send: SendTo) -> Response:
        return await self._perform(partial(new_request, url, self.origin, init), send, Fetch.run)

    def preflight(self, url: str, **init: Unpack[RequestInit]) -> Exchange | None:
        """Sends only the preflight that `fetch` would send, and checks its response.

        Returns the exchange, or None if `fetch` would send no preflight.

        Raises BlockedByCORS if the preflight does not allow the request, and otherwise what `fetch` raises.

        .. versionadded:: 0.2
        """
        return _run(self._preflight(url, init, _send))

    async def apreflight(self, url: str, **init: Unpack[RequestInit]) -> Exchange | None:
        """Like `preflight`, for asynchronous tests and clients."""
        return await self._preflight(url, init, _asend)

    async def _preflight(self, url: str, init: RequestInit, send: SendTo) -> Exchange | None:
        make = partial(new_request, url, self.origin, init)
        return await self._perform(make, send, Fetch.run_preflight)

    def submit_form(
        self,
        url: str,
        data: FormData = (),
        method: FormMethod = "POST",
        enctype: FormEncoding = URLENCODED,
    ) -> Exchange:
        """Submits a form that leads the user away from this page. Browsers let every page do that.

        Args:
            url: a relative URL is resolved against the server's URL, not the page's.
            data: names and values, as a mapping or pairs.
            method: ``"POST"`` (default) or ``"GET"``.
            enctype: ``"application/x-www-form-urlencoded"`` (default), ``"multipart/form-data"`` or
                ``"text/plain"``.

        Returns the last exchange, after redirects. The user sees its response. The page does not.

        Raises NetworkError if there is no response.

        >>> def application(environ, start_response):
        ...     start_response("403 Forbidden", [])
        ...     return []
        >>> Browser(application).page("https://evil.example").submit_form("/", {"a": "1"}).response.status
        403
        """
        return _run(self._submit_form(url, data, method, enctype, _send))

    async def asubmit_form(
        self,
        url: str,
        data: FormData = (),
        method: FormMethod = "POST",
        enctype: FormEncoding = URLENCODED,
    ) -> Exchange:
        """Like `submit_form`, for asynchronous tests and clients."""
        return await self._submit_form(url, data, method, enctype, _asend)

    async def _submit_form(
        self, url: str, data: FormData, method: FormMethod, enctype: FormEncoding, send: SendTo
    ) -> Exchange:
        def make(base_url: str | None, _: Engine) -> Request:
            return form_request(url, self.origin, data, method, enctype, base_url)

        return (await self._perform(make, send, Fetch.run)).exchanges[-1]

    def beacon(self, url: str, data: BeaconData = None) -> Exchange:
        """Sends data like JavaScript's ``navigator.sendBeacon()``, with cookies. The page gets no response.

        Args:
            url: a relative URL is resolved against the server's URL, not the page's.
            data: ``str`` is sent as ``text/plain``, a mapping as URLSearchParams, ``bytes`` without a type.

        Returns the last exchange, after redirects.

        Raises NetworkError if there is no response.
        """
        return _run(self._beacon(url, data, _send))

    async def abeacon(self, url: str, data: BeaconData = None) -> Exchange:
        """Like `beacon`, for asynchronous tests and clients."""
        return await self._beacon(url, data, _asend)

    async def _beacon(self, url: str, data: BeaconData, send: SendTo) -> Exchange:
        try:
            return (await self._fetch(url, beacon_init(data), send)).exchanges[-1]
        except NetworkError as error:
            if not error.exchanges:
                raise
            return error.exchanges[-1]  # the page does not learn that its response is hidden

    def websocket(self, url: str) -> Exchange:
        """Opens a WebSocket, with cookies, and closes it at once. Browsers let every page do that.

        Args:
            url: ``"wss://..."``; a relative URL is resolved against the server's URL, not the page's.

        Returns the handshake. If its response has status 101, the WebSocket was open.

        Over ASGI, the application gets a scope of the type ``websocket``. Over WSGI, it gets a GET request
        with ``Upgrade``, and no connection that it could take over.

        Raises NetworkError if there is no response.
        """
        return _run(self._websocket(url, _send))

    async def awebsocket(self, url: str) -> Exchange:
        """Like `websocket`, for asynchronous tests and clients."""
        return await self._websocket(url, _asend)

    async def _websocket(self, url: str, send: SendTo) -> Exchange:
        def make(base_url: str | None, _: Engine) -> Request:
            return handshake_request(url, self.origin, base_url)

        return (await self._perform(make, send, Fetch.run)).exchanges[-1]


async def _send(server: Server, request: SentRequest, limits: Limits) -> ReceivedResponse:
    return server.send(request, limits)


async def _asend(server: Server, request: SentRequest, limits: Limits) -> ReceivedResponse:
    return await server.asend(request, limits)


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine that never waits and so needs no event loop."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        value: T = end.value
        return value
    coroutine.close()
    raise RuntimeError("A synchronous fetch cannot wait.")


# URL, "opaque host": if the scheme is not special, the host stays as it is, even in upper case.
_OF_APP = re.compile(
    r"(?!(?:https?|wss?|ftp|file|data|blob|about|javascript):)[a-z][a-z0-9+.-]*://[\w.~-]+", re.ASCII
)


def _check_origin(origin: str) -> None:
    try:
        serialized = parse(origin).origin
    except ValueError:
        raise ValueError(
            f"{origin!r} is not an origin; write scheme and host, and a port that is not the default one:"
            " 'https://app.example.com', 'http://localhost:5173'; or 'null'."
        ) from None
    if serialized != origin:
        raise ValueError(f"{origin!r} is not an origin; write {serialized!r}.")
    if "*" in origin:
        raise ValueError(f"{origin!r} is a pattern, but a page has exactly one origin.")
