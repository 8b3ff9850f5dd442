"""The demo from start to stop."""

from __future__ import annotations

import queue
import signal
import socket
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from crosscors.cli.demo.pages import page_documents, page_server
from crosscors.cli.demo.policy import demo_policy
from crosscors.cli.demo.servers import Server, api_servers

_POLL_SECONDS = 0.1

# SimpleQueue, because its put() is safe in a signal handler.
Signals = queue.SimpleQueue[int]


@dataclass(frozen=True)
class Listeners:
    """The four listening sockets."""

    page: socket.socket
    refused: socket.socket
    asgi: socket.socket
    wsgi: socket.socket


@dataclass(frozen=True)
class Addresses:
    """The addresses of the two page origins and the two APIs."""

    page: str
    refused: str
    asgi: str
    wsgi: str


class ServerEndedError(Exception):
    """A server has ended by itself."""


def listen(port: int) -> socket.socket:
    """A socket that listens on this port of 127.0.0.1, or on a free one if the port is 0.

    It listens at once, so that no other program can take the port before the server is ready.

    Raises:
        OSError: if the port is in use or reserved for the system.
    """
    return socket.create_server(("127.0.0.1", port))


def run(listeners: Listeners, announce: Callable[[Addresses], object]) -> None:
    """Run the demo until SIGINT, SIGTERM or SIGHUP.

    Args:
        listeners: the sockets to serve on.
        announce: called with the addresses as soon as all servers answer.

    Raises:
        ServerEndedError: if one of the APIs ends.
    """
    addresses = Addresses(
        _origin(listeners.page), _origin(listeners.refused), _origin(listeners.asgi), _origin(listeners.wsgi)
    )
    documents = page_documents(_facts(addresses))
    with ExitStack() as stack:
        signals = stack.enter_context(stop_signals())
        stack.enter_context(page_server(listeners.page, documents))
        stack.enter_context(page_server(listeners.refused, documents))
        servers = stack.enter_context(api_servers(listeners.asgi, listeners.wsgi, addresses.page))
        if wait(servers, signals, lambda: all(server.answers() for server in servers)):
            announce(addresses)
            wait(servers, signals, lambda: False)


@contextmanager
def stop_signals() -> Generator[Signals]:
    """A queue of the signals that stop the demo. In this context, they do nothing else.

    An exception such as KeyboardInterrupt could come after a server has started but before the demo knows
    it, or while a server is being stopped.
    """
    signals: Signals = queue.SimpleQueue()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda got, _: signals.put(got)) for number in numbers}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def wait(servers: Iterable[Server], signals: Signals, is_over: Callable[[], bool]) -> bool:
    """Wait until it is over, or until a signal comes.

    Returns:
        True if it is over, False if a signal came.

    Raises:
        ServerEndedError: if a server ends.
    """
    servers = tuple(servers)
    while not is_over():
        for server in servers:
            if server.has_ended():
                raise ServerEndedError(
                    f"{server.name} ended by itself, with exit status {server.process.returncode}."
                )
        with suppress(queue.Empty):
            signals.get(timeout=_POLL_SECONDS)
            return False
    return True


def _origin(listener: socket.socket) -> str:
    host, port = listener.getsockname()
    return f"http://{host}:{port}"


def _facts(addresses: Addresses) -> dict[str, object]:
    return {
        "page": addresses.page,
        "refused": addresses.refused,
        "apis": [
            {"id": "asgi", "name": "uvicorn (ASGI)", "address": addresses.asgi},
            {"id": "wsgi", "name": "gunicorn (WSGI)", "address": addresses.wsgi},
        ],
        "policy": repr(demo_policy(addresses.page)),
    }
