"""httpx's clients, including Starlette's TestClient: live URLs, and everything behind a transport."""

from __future__ import annotations

import copy
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakSet

from crosscors.testing.blocked import NetworkError, NoAnswerError
from crosscors.testing.cookies import Cookie, read_same_site
from crosscors.testing.exchange import ReceivedResponse, SentRequest
from crosscors.testing.limits import AbandonedError, Body, ClientGoneError, Limits
from crosscors.testing.servers.asgi import ASGIServer
from crosscors.testing.servers.server import answer_to_exception, is_async_client, must_be_awaited

# With these, Starlette's TestClient and httpx's transports raise what the application raised.
_RAISES = ("raise_server_exceptions", "raise_app_exceptions")
# How much is decompressed at once: the result is small, however high the compression.
_SLICE = 64  # bytes
_GRACE = 0.5  # seconds


@dataclass
class _Connections:
    """The connections to this server, as httpx reports them (its "trace" extension)."""

    _streams: WeakSet[Any] = field(default_factory=WeakSet[Any])

    def trace(self, event: str, info: dict[str, Any]) -> None:
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._streams.add(info["return_value"])

    def shut_down(self) -> None:
        for stream in [*self._streams]:
            with suppress(OSError):  # it is already closed, or TLS has taken it over
                stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True)
class HTTPXServer:
    """Sends requests through a client's transport. Uses only the client's cookies, not its other settings."""

    client: Any  # Client or AsyncClient of httpx or httpx2; neither is a dependency
    given_base_url: str | None
    _connections: _Connections = field(default_factory=_Connections, repr=False, compare=False)

    @property
    def is_live(self) -> bool:
        """Whether it connects to servers, not to an application in this process."""
        return not hasattr(self._transport, "app")

    @property
    def base_url(self) -> str | None:
        address = self.given_base_url or str(self.client.base_url)
        # The network has no server with that name. Everywhere else, this is its name.
        return address or (None if _is_networked(self._transport) else "https://testserver")

    def cookies(self) -> Iterable[Cookie]:
        self.client.cookies.jar.clear_expired_cookies()
        return [self._cookie(cookie) for cookie in self.client.cookies.jar]

    def send(self, request: SentRequest, limits: Limits) -> ReceivedResponse:
        if is_async_client(self.client):
            raise must_be_awaited(self.client)
        application = self._websocket_application(request)
        if application is not None:
            return application.send(request, limits)
        transport, course = self._transport_for(request, limits)

        def ask() -> ReceivedResponse:
            built = self._request(request, limits)
            built.extensions["trace"] = self._connections.trace
            response = transport.handle_request(built)
            is_read = response.is_stream_consumed  # true of mocks
            body = Body(limits)
            try:
                _read([response.content] if is_read else response.iter_raw(), body)
            except self._module.RequestError:
                if not limits.may_cut_bodies:
                    raise
                body.is_cut = True
            finally:
                response.close()
            body = body if is_read else self._decompressed(response, body, limits)
            return _received(request, response, body, course)

        is_timed = limits.timeout is not None and _is_networked(transport)
        try:
            return self._in_time(ask, request, limits) if is_timed else ask()
        except Exception as error:  # noqa: BLE001 (as servers do)
            return self._failed(error, request, limits)

    async def asend(self, request: SentRequest, limits: Limits) -> ReceivedResponse:
        if not is_async_client(self.client):
            return self.send(request, limits)
        application = self._websocket_application(request)
        if isinstance(application, ASGIServer):  # Starlette's TestClient is not async
            return await application.asend(request, limits)
        import anyio  # noqa: PLC0415 (installed with httpx)

        transport, course = self._transport_for(request, limits)
        response, body, is_read = None, Body(limits), False
        try:
            with anyio.move_on_after(limits.seconds_left()) as time:
                response = await transport.handle_async_request(self._request(request, limits))
                is_read = response.is_stream_consumed
                try:
                    if is_read:
                        _read([response.content], body)
                    else:
                        with suppress(ClientGoneError):
                            async for part in response.aiter_raw():
                                body.add(part)
                except self._module.RequestError:
                    if not limits.may_cut_bodies:
                        raise
                    body.is_cut = True
                finally:
                    await response.aclose()
            if time.cancelled_caught:
                if response is None or not limits.may_cut_bodies:
                    raise limits.too_late(request.url)
                body.is_cut = True
            body = body if is_read else self._decompressed(response, body, limits)
            return _received(request, response, body, course)
        except Exception as error:  # noqa: BLE001 (as servers do)
            return self._failed(error, request, limits)

    def _in_time(
        self, ask: Callable[[], ReceivedResponse], request: SentRequest, limits: Limits
    ) -> ReceivedResponse:
        """Sends the request in a thread, and waits no longer than the limits allow.

        The timeouts of httpx are for single reads: a server that sends a byte now and then never exceeds one.
        """
        future: Future[ReceivedResponse] = Future()

        def run() -> None:
            try:
                future.set_result(ask())
            except BaseException as error:  # noqa: BLE001 (raised again by the waiting thread)
                future.set_exception(error)

        threading.Thread(target=copy_context().run, args=(run,), daemon=True).start()
        left = limits.seconds_left()
        # At the next part of a body, the thread itself sees that it is too late.
        grace = _GRACE if limits.may_cut_bodies else 0
        if not wait([future], None if left is None else left + grace).done:
            self._connections.shut_down()  # so that the thread ends, too
            raise limits.too_late(request.url)
        return future.result()

    def _failed(self, error: Exception, request: SentRequest, limits: Limits) -> ReceivedResponse:
        if isinstance(error, NetworkError):
            raise error
        if not isinstance(error, self._module.RequestError):
            if _is_networked(self._transport):  # a name that DNS cannot have
                raise NoAnswerError(f"{request.url} cannot be reached: {error}") from error
            return answer_to_exception(error)
        if limits.is_over():
            raise limits.too_late(request.url) from error
        if isinstance(error, self._module.DecodingError):
            raise NetworkError(f"{request.url} sent a body that cannot be decompressed: {error}") from error
        if isinstance(error, self._module.RemoteProtocolError) and not _is_silence(error):
            raise NetworkError(f"{request.url} did not send valid HTTP: {error}") from error
        what = "did not send valid HTTP" if _is_silence(error) else "cannot be reached"
        raise NoAnswerError(f"{request.url} {what}: {error}") from error

    def _decompressed(self, response: Any, body: Body, limits: Limits) -> Body:
        """The decompressed body, within the limits."""
        codings = response.headers.get("content-encoding")
        if codings is None or body.is_cut:
            return body
        content, decompressed = body.content(), Body(limits)
        slices = (content[start : start + _SLICE] for start in range(0, len(content), _SLICE))
        again = self._module.Response(200, headers=[("Content-Encoding", codings)], content=slices)
        _read(again.iter_bytes(), decompressed)
        return decompressed

    def _transport_for(self, request: SentRequest, limits: Limits) -> tuple[Any, _Course]:
        """The transport that sends the request, and the course of the application behind it.

        The client's own send() would add headers, cookies, hooks and redirects.
        """
        transport = self.client._transport_for_url(self._module.URL(request.url))
        course = _Course(Body(limits))
        options = [option for option in _RAISES if hasattr(transport, option)]
        if options:
            transport = copy.copy(transport)
            for option in options:
                setattr(transport, option, False)
            if not _is_wsgi(transport):
                transport.app = course.following(transport.app)
        return transport, course

    def _websocket_application(self, request: SentRequest) -> ASGIServer | _PortalServer | None:
        """The ASGI application of a handshake. The transports of httpx would send it a plain request."""
        transport = self.client._transport_for_url(self._module.URL(request.url))
        if not request.is_websocket or not hasattr(transport, "app") or _is_wsgi(transport):
            return None
        if hasattr(transport, "portal_factory"):
            return _PortalServer(transport)
        return ASGIServer(transport.app, request.url)

    def _request(self, request: SentRequest, limits: Limits) -> Any:
        left = limits.seconds_left()
        timeouts: dict[str, float | None] = {
            of: min((each for each in (seconds, left) if each is not None), default=None)
            for of, seconds in self.client.timeout.as_dict().items()
        }
        built = self._module.Request(
            request.method,
            request.url,
            headers=[(name, value.encode("latin-1")) for name, value in request.headers],
            content=request.body,
            extensions={"timeout": timeouts},
        )
        built.method = request.method  # Request changes it to upper case
        return built

    def _cookie(self, cookie: Any) -> Cookie:
        domain: str = cookie.domain.removeprefix(".")
        # CookieJar appends ".local" to hosts without a dot.
        if domain.removesuffix(".local") == self.client.base_url.host:
            domain = domain.removesuffix(".local")
        return Cookie(
            cookie.name,
            cookie.value or "",
            domain=domain,
            host_only=not cookie.domain_specified or not domain,
            path=cookie.path,
            secure=cookie.secure,
            same_site=read_same_site(cookie.get_nonstandard_attr("SameSite")),
        )

    @property
    def _transport(self) -> object:
        return getattr(self.client, "_transport", None)

    @property
    def _module(self) -> Any:
        """The client's module: httpx or httpx2."""
        names = (each.__module__.partition(".")[0] for each in type(self.client).__mro__)
        return sys.modules[next(name for name in names if name in {"httpx", "httpx2"})]


@dataclass(frozen=True)
class _PortalServer:
    """The application of Starlette's TestClient, called in the event loop of its lifespan."""

    transport: Any

    def send(self, request: SentRequest, limits: Limits) -> ReceivedResponse:
        with self.transport.portal_factory() as portal:
            received: ReceivedResponse = portal.call(
                ASGIServer(self._app, request.url).asend, request, limits
            )
        return received

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        transport = self.transport
        state = {**transport.app_state}
        await transport.app({**scope, "root_path": transport.root_path, "state": state}, receive, send)


@dataclass
class _Course:
    """How an ASGI application ended, which the clients do not report."""

    body: Body
    raised: Exception | None = None
    has_ended: bool = False

    def following(self, app: Any) -> Any:
        async def followed(scope: Any, receive: Any, send: Any) -> None:
            async def send_on(message: Any) -> None:
                if message["type"] == "http.response.body":
                    try:
                        self.body.add(message.get("body", b""))
                    except ClientGoneError:
                        # The client stops waiting, and the application sees that it has gone.
                        await send({"type": "http.response.body"})
                        raise
                    self.has_ended = not message.get("more_body", False)
                await send(message)

            try:
                await app(scope, receive, send_on)
            except AbandonedError:
                return
            except Exception as error:
                if self.body.is_cut:
                    return
                self.raised = error
                raise

        return followed


def _is_silence(error: Exception) -> bool:
    """Whether the server closed the connection without a word. httpx says so in a sentence only."""
    return "without sending a response" in str(error)


def _is_wsgi(transport: object) -> bool:
    return type(transport).__name__.startswith("WSGI")


def _is_networked(transport: object) -> bool:
    return any(each.__name__.endswith("HTTPTransport") for each in type(transport).__mro__)


def _read(parts: Iterable[bytes], body: Body) -> None:
    """Reads to the end, or until the body is cut off."""
    with suppress(ClientGoneError):
        for part in parts:
            body.add(part)


def _received(request: SentRequest, response: Any, body: Body, course: _Course) -> ReceivedResponse:
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw)
    received = ReceivedResponse(response.status_code, headers, body.content(), course.raised)
    for each in (course.body, body):
        if each.is_cut:
            return each.cut_off(request, received)
    was_cut = course.raised is not None and not course.has_ended and received.body
    return replace(received, is_complete=not was_cut)
