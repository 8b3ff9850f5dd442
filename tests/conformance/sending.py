"""Send a request of the table to an application over its protocol, as a server would."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
from collections.abc import Callable, Iterator
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from aiohttp import HttpVersion11, web
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from tests.aws_lambda import gateway
from tests.clients import Answer, Attempt, Run, attempt_asgi, attempt_wsgi, http_scope

from .table import Request

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from crosscors.asgi import ASGIApp, Message, Scope

# None: an exception left the application before it answered, so that a server has to answer.
Ask = Callable[[Request], "Answer | None"]


class UnhandledError(Exception):
    """What an application raises, and does not handle."""


def _answer(attempt: Attempt) -> Answer | None:
    # After an answer, a framework raises the exception again for the server's log.
    return attempt.answer if isinstance(attempt.error, UnhandledError) else attempt.get()


@contextlib.contextmanager
def over_asgi(app: ASGIApp) -> Iterator[Ask]:
    # One loop for all requests: to make one takes longer than a request does.
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        yield lambda request: _answer(_over_asgi(app, request, loop.run_until_complete))


@contextlib.contextmanager
def over_asgi_in_threads(app: ASGIApp) -> Iterator[Ask]:
    """The same for several threads, of which each request has a loop of its own."""
    yield lambda request: _answer(_over_asgi(app, request, asyncio.run))


def _over_asgi(app: ASGIApp, request: Request, run: Run) -> Attempt:
    # What was percent-encoded bytes, as servers decode it.
    raw_path = (request.root + request.path).encode("utf-8", "surrogateescape")
    scope: dict[str, Any] = {
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "root_path": request.root,
        "raw_path": quote(raw_path).encode(),
        "client": ("127.0.0.1", 50000),
        "server": ("localhost", 80),
    }
    path = raw_path.decode("utf-8", "replace")
    headers = [("Host", "localhost"), *request.fields]
    if request.is_handshake:
        scope |= {"type": "websocket", "scheme": "ws", "extensions": {"websocket.http.response": {}}}
        return _shaken(app, http_scope("GET", path, headers, **scope), run)
    return attempt_asgi(app, request.method, path, headers, run=run, **scope)


def _shaken(app: ASGIApp, scope: Scope, run: Run) -> Attempt:
    """The answer to a handshake; 101 if the application accepts it (RFC 6455, section 4.2.2)."""
    del scope["method"]
    received = [{"type": "websocket.connect"}]
    sent: list[Message] = []

    async def receive() -> Message:
        return received.pop()

    async def send(message: Message) -> None:
        sent.append(message)

    async def serve() -> None:
        await app(scope, receive, send)

    run(serve())
    start, *rest = sent
    if start["type"] == "websocket.accept":
        return Attempt(Answer(101, [], b""), None)
    assert start["type"] == "websocket.http.response.start"
    (body,) = rest
    fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
    return Attempt(Answer(start["status"], fields, body["body"]), None)


@contextlib.contextmanager
def over_wsgi(app: WSGIApplication) -> Iterator[Ask]:
    yield lambda request: _answer(_over_wsgi(app, request))


def _over_wsgi(app: WSGIApplication, request: Request) -> Attempt:
    # PEP 3333, "Unicode Issues": the bytes of the path, each as one latin-1 character.
    path = request.path.encode("utf-8", "surrogateescape").decode("latin-1")
    root = request.root.encode().decode("latin-1")
    headers = [("Host", "localhost"), *request.fields]
    if request.is_handshake:
        headers += [("Connection", "Upgrade"), ("Upgrade", "websocket")]
    return attempt_wsgi(app, request.method, path, headers, SCRIPT_NAME=root)


@contextlib.contextmanager
def over_lambda(handler: gateway.Handler, form: str) -> Iterator[Ask]:
    yield lambda request: _over_lambda(handler, form, request)


def _over_lambda(handler: gateway.Handler, form: str, request: Request) -> Answer | None:
    headers = [("Host", "localhost"), *request.fields]
    if request.is_handshake:
        headers += [("Connection", "Upgrade"), ("Upgrade", "websocket")]
    path = quote(request.path.encode("utf-8", "surrogateescape"))
    sent = gateway.Request(request.method, path, headers=tuple(headers))
    # An API has a stage in front of its paths. Load balancers and function URLs have nothing.
    stage = request.root.removeprefix("/") if form in ("rest", "http") else ""
    try:
        result = handler(gateway.event_of(form, sent, stage=stage), None)
    except UnhandledError:
        return None
    response = gateway.response_of(form, result)
    return Answer(response.status, [(name.lower(), value) for name, value in response.headers], response.body)


# aiohttp. Its server gets requests as its parser makes them. The parser itself refuses some.


@contextlib.contextmanager
def over_aiohttp(make: Callable[[], web.Application]) -> Iterator[Ask]:
    """An application is part of the one around it, so each root that requests have gets its own."""
    runners = {"": _runner(make())}
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        loop.run_until_complete(runners[""].setup())

        async def ask(request: Request) -> Answer:
            root = request.root
            if root not in runners:
                around = web.Application()
                around.add_subapp(root, make())
                runners[root] = _runner(around)
                await runners[root].setup()
            return await _over_aiohttp(runners[root], request)

        yield lambda request: loop.run_until_complete(ask(request))
        for runner in runners.values():
            loop.run_until_complete(runner.cleanup())


def _runner(app: web.Application) -> web.AppRunner:
    silent = logging.getLogger("tests.silent")
    silent.disabled = True
    return web.AppRunner(app, access_log=None, logger=silent)


class _Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written = io.BytesIO()
        self.closed = asyncio.Event()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.write(data)

    def is_closing(self) -> bool:
        return self.closed.is_set()

    def close(self) -> None:
        self.closed.set()


class _Socket:
    def __init__(self, received: bytes) -> None:
        self._received = received

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._received)


async def _over_aiohttp(runner: web.AppRunner, request: Request) -> Answer:
    assert runner.server is not None
    transport, handler = _Transport(), runner.server()
    handler.connection_made(transport)
    # What its parser does with what it has read. There is no public way.
    private: Any = handler
    private._messages.append((_message(request), EMPTY_PAYLOAD))
    if private._waiter is not None:  # from Python 3.12 on, it waits already
        private._waiter.set_result(None)
    await transport.closed.wait()
    handler.connection_lost(None)
    received: Any = _Socket(transport.written.getvalue())
    response = HTTPResponse(received, method=request.method)
    response.begin()
    # Those that every server adds.
    fields = [(name.lower(), value) for name, value in response.getheaders() if name not in _OF_SERVERS]
    return Answer(response.status, fields, response.read())


_OF_SERVERS = ("Date", "Server", "Connection", "Transfer-Encoding")


def _message(request: Request) -> RawRequestMessage:
    path = quote((request.root + request.path).encode("utf-8", "surrogateescape"))
    fields = [("Host", "localhost"), *request.fields]
    if request.is_handshake:
        fields += [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
        fields += [("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]
    raw = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in fields)
    # As the parser decodes them.
    headers = CIMultiDict((name.decode(), value.decode("utf-8", "surrogateescape")) for name, value in raw)
    return RawRequestMessage(
        request.method,
        path,
        HttpVersion11,
        CIMultiDictProxy(headers),
        raw,
        should_close=True,
        compression=None,
        upgrade=request.is_handshake,
        chunked=False,
        url=URL.build(path=path, encoded=True),
    )
