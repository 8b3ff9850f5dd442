"""Small servers on loopback: one that does CORS well, and what makes it another one."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref import simple_server

from crosscors.cli.probe.requests import ROUNDS
from crosscors.testing.limits import Limits
from crosscors.testing.servers import read_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from crosscors.cli.probe.target import Target
    from crosscors.testing.exchange import ReceivedResponse, SentRequest

APP = "https://app.example.com"
OTHER = "https://other.example.com"
ORIGIN, CREDENTIALS = "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"
METHODS, HEADERS, AGE = (
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Max-Age",
)

Fields = list[tuple[str, str]]


@dataclass(frozen=True)
class Written:
    """A response as the good server writes it."""

    environ: WSGIEnvironment
    status: int
    fields: Fields

    @property
    def method(self) -> str:
        return str(self.environ["REQUEST_METHOD"])

    @property
    def origin(self) -> str | None:
        return self.environ.get("HTTP_ORIGIN")

    @property
    def is_preflight(self) -> bool:
        return is_preflight(self.environ)

    @property
    def is_allowed(self) -> bool:
        return ORIGIN in dict(self.fields)

    def without(self, *names: str) -> Fields:
        return [each for each in self.fields if each[0] not in names]

    def put(self, name: str, value: str) -> Fields:
        return [(each, value if each == name else old) for each, old in self.fields]


Change = Callable[[Written], "tuple[int, Fields]"]


def unchanged(written: Written) -> tuple[int, Fields]:
    return written.status, written.fields


def is_preflight(environ: WSGIEnvironment) -> bool:
    return environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ


def fields(change: Callable[[Written], Fields]) -> Change:
    return lambda written: (written.status, change(written))


def server(
    allows: Callable[[str], object] = APP.__eq__, change: Change = unchanged, *, credentials: bool = True
) -> WSGIApplication:
    """A server that does CORS well for the origins that are allowed, and then changes its responses."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        origin = environ.get("HTTP_ORIGIN")
        found: Fields = [("Vary", "Origin")]
        if origin is not None and allows(origin):
            found += [(ORIGIN, origin), *([(CREDENTIALS, "true")] if credentials else [])]
        status = 200 if environ["PATH_INFO"] == "/items" else 404
        if is_preflight(environ):
            status = 204
            if ORIGIN in dict(found):
                found += [(METHODS, "GET, POST, PUT"), (AGE, "600")]
        status, found = change(Written(environ, status, found))
        start_response(f"{status} Status", found)
        return []

    return application


def answers_of(application: Any, target: Target) -> dict[SentRequest, ReceivedResponse]:
    """All that a probe gets from an ASGI or WSGI application, without a server."""
    running = read_server(application, target.own_origin)
    answers: dict[SentRequest, ReceivedResponse] = {}
    for make_round in ROUNDS:
        for request in make_round(target, answers):
            answers[request] = running.send(request, Limits())
    return answers


class _Server(ThreadingMixIn, simple_server.WSGIServer):
    daemon_threads = True


class _Silent(simple_server.WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 (its name there)


@contextlib.contextmanager
def serving(application: WSGIApplication) -> Iterator[str]:
    """The URL of the application's items, until the block ends."""
    with simple_server.make_server("127.0.0.1", 0, application, _Server, _Silent) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}/items"
        finally:
            running.shutdown()
            thread.join()


@contextlib.contextmanager
def answering(*parts: bytes, times: int | None = None) -> Iterator[str]:
    """The URL of a server that sends these bytes to whoever connects, whatever is asked.

    The connection stays open until the client closes it. After so many connections, others are closed.
    """
    ended = threading.Event()

    def talk(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(65_536)
            for part in parts:
                connection.sendall(part)
            while connection.recv(65_536):
                pass

    def accept(listener: socket.socket) -> None:
        talks: list[threading.Thread] = []
        while not ended.is_set():
            connection, _ = listener.accept()
            if ended.is_set() or (times is not None and len(talks) >= times):
                connection.close()
                continue
            talks.append(threading.Thread(target=talk, args=(connection,)))
            talks[-1].start()
        for each in talks:
            each.join()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        address: tuple[str, int] = listener.getsockname()
        thread = threading.Thread(target=accept, args=(listener,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{address[1]}/"
        finally:
            ended.set()
            socket.create_connection(address).close()
            thread.join()
