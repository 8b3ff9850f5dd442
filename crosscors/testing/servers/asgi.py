"""An ASGI application, called in this process (ASGI's HTTP specification, version 2.4)."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Iterable, MutableMapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from crosscors.testing.exchange import ReceivedResponse
from crosscors.testing.limits import AbandonedError, Body
from crosscors.testing.servers.asgi_websocket import Handshake, websocket_scope
from crosscors.testing.servers.server import answer_to_exception
from crosscors.testing.urls import DEFAULT_PORTS, parse

if TYPE_CHECKING:
    from crosscors.testing.cookies import Cookie
    from crosscors.testing.exchange import SentRequest
    from crosscors.testing.limits import Limits

Message = MutableMapping[str, Any]
ASGIApp = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]


class _Loop:
    """One event loop for all requests to an application, so that objects bound to the loop stay usable.

    The thread's current event loop, which tests may have set, does not change.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self, coroutine: Coroutine[Any, Any, ReceivedResponse]) -> ReceivedResponse:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            weakref.finalize(self, _close, self._loop)
        return self._loop.run_until_complete(coroutine)


def _close(loop: asyncio.AbstractEventLoop) -> None:
    """Cancels the tasks that the application has left running."""
    for task in asyncio.all_tasks(loop):
        task.cancel()
    # Another loop may be running during garbage collection, and loops cannot be nested.
    if not _has_loop():
        loop.run_until_complete(asyncio.sleep(0))  # lets the tasks see the cancellation
    loop.close()


def _has_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


@dataclass(frozen=True)
class ASGIServer:
    """Serves an application at one origin. It does not run the lifespan; a test client can."""

    app: ASGIApp
    base_url: str
    is_live: bool = False
    _loop: _Loop = field(default_factory=_Loop, repr=False, compare=False)

    def cookies(self) -> Iterable[Cookie]:
        return ()

    def send(self, request: SentRequest, limits: Limits) -> ReceivedResponse:
        if _has_loop():
            raise TypeError(
                "fetch() cannot call ASGI applications from asynchronous code: write await page.afetch(...)."
            )
        return self._loop.run(self.asend(request, limits))

    async def asend(self, request: SentRequest, limits: Limits) -> ReceivedResponse:
        if not _has_loop():
            raise TypeError("ASGI applications run only with asyncio, but no asyncio event loop is running.")
        connection: _Connection | Handshake = _Connection(request, Body(limits))
        scope = scope_of(request)
        if request.is_websocket:
            connection, scope = Handshake(request, Body(limits)), websocket_scope(scope)
        call = self.app(scope, connection.receive, connection.send)
        try:
            # Without a body to read, there is nothing to wait for after the headers.
            await (asyncio.wait_for(call, limits.seconds_left()) if limits.may_cut_bodies else call)
        except (Exception, AbandonedError) as error:  # noqa: BLE001 (as servers do)
            is_late = isinstance(error, asyncio.TimeoutError) and limits.may_cut_bodies and limits.is_over()
            if is_late and not connection.has_begun:
                raise limits.too_late(request.url) from None
            connection.body.is_cut |= is_late
            if not connection.body.is_cut:
                return connection.received(error)
        if connection.body.is_cut:
            for _ in range(2):  # event loops need two turns to close generators
                await asyncio.sleep(0)
        return connection.received()


@dataclass
class _Connection:
    request: SentRequest
    body: Body
    start: Message | None = None
    asked: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def has_begun(self) -> bool:
        return self.start is not None

    async def receive(self) -> Message:
        if self.asked:
            # The client stays until it has the whole response, or stops reading.
            await self.ended.wait()
            return {"type": "http.disconnect"}
        self.asked = True
        return {"type": "http.request", "body": self.request.body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        elif message["type"] == "http.response.body":
            try:
                self.body.add(message.get("body", b""))
            finally:
                if self.body.is_cut or not message.get("more_body", False):
                    self.ended.set()

    def received(self, raised: BaseException | None = None) -> ReceivedResponse:
        """The response that a server would send. A breach of the protocol counts as an exception."""
        if self.start is None:
            return answer_to_exception(
                raised or RuntimeError("The ASGI application ended without a response.")
            )
        try:
            headers = tuple(
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in self.start.get("headers", ())
            )
            received = ReceivedResponse(int(self.start["status"]), headers, self.body.content())
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            return answer_to_exception(error)
        if self.body.is_cut:
            return self.body.cut_off(self.request, received)
        return replace(received, raised=raised, is_complete=self.ended.is_set())


def scope_of(request: SentRequest) -> dict[str, Any]:
    """The connection scope of the request."""
    url = parse(request.url)
    headers = [("host", url.netloc), *request.headers]
    if request.content_length is not None:
        headers.append(("content-length", str(request.content_length)))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": unquote(url.path),
        "raw_path": url.path.encode("ascii"),
        "query_string": (url.query or "").encode("ascii"),
        "root_path": "",
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        "client": ("127.0.0.1", 50000),
        "server": (url.host, url.port or DEFAULT_PORTS[url.scheme]),
    }
