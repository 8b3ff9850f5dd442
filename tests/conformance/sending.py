"""Send a request to an application over its protocol, as a server would."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tests.clients import Answer, http_scope, wsgi_environ

from .table import Request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

    from crosscors.asgi import ASGIApp, Message

# None: an exception left the application before it answered, so that a server has to answer.
Ask = Callable[[Request], "Answer | None"]


class UnhandledError(Exception):
    """What an application raises, and does not handle."""


@contextlib.contextmanager
def over_asgi(app: ASGIApp) -> Iterator[Ask]:
    # One loop for all requests: to make one takes longer than a request does.
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        yield lambda request: loop.run_until_complete(_ask_asgi(app, request))


@contextlib.contextmanager
def over_asgi_in_threads(app: ASGIApp) -> Iterator[Ask]:
    """The same for several threads, of which each request has a loop of its own."""
    yield lambda request: asyncio.run(_ask_asgi(app, request))


async def _ask_asgi(app: ASGIApp, request: Request) -> Answer | None:
    received: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]
    sent: list[Message] = []

    async def receive() -> Message:
        if received:
            return received.pop()
        await asyncio.Event().wait()  # the client stays
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    # What was percent-encoded bytes, as servers decode it.
    raw_path = (request.root + request.path).encode("utf-8", "surrogateescape")
    scope = http_scope(
        request.method,
        raw_path.decode("utf-8", "replace"),
        [("Host", "localhost"), *request.fields],
        asgi={"version": "3.0", "spec_version": "2.4"},
        http_version="1.1",
        scheme="http",
        root_path=request.root,
        raw_path=quote(raw_path).encode(),
        client=("127.0.0.1", 50000),
        server=("localhost", 80),
    )
    try:
        await app(scope, receive, send)
    except UnhandledError:
        if not sent:
            return None  # after an answer, a framework raises the exception again for the server's log
    assert [message["type"] for message in sent] == [
        "http.response.start",
        *["http.response.body"] * (len(sent) - 1),
    ]
    start, *bodies = sent
    headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in start["headers"]]
    return Answer(start["status"], headers, b"".join(message.get("body", b"") for message in bodies))


@contextlib.contextmanager
def over_wsgi(app: WSGIApplication) -> Iterator[Ask]:
    yield lambda request: _ask_wsgi(app, request)


def _ask_wsgi(app: WSGIApplication, request: Request) -> Answer | None:
    started: list[tuple[str, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
        assert exc_info or not started
        started.append((status, headers))
        return written.append

    start: StartResponse = start_response
    # PEP 3333, "Unicode Issues": the bytes of the path, each as one latin-1 character.
    path = request.path.encode("utf-8", "surrogateescape").decode("latin-1")
    environ = wsgi_environ(request.method, path, [("Host", "localhost"), *request.fields])
    environ["SCRIPT_NAME"] = request.root.encode().decode("latin-1")
    try:
        parts: Iterable[bytes] = app(environ, start)
        try:
            written.extend(parts)
        finally:
            getattr(parts, "close", lambda: None)()
    except UnhandledError:
        return None
    status, headers = started[-1]
    return Answer(
        int(status.split()[0]), [(name.lower(), value) for name, value in headers], b"".join(written)
    )
