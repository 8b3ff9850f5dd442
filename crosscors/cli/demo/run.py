"""The demo from start to stop."""

from __future__ import annotations

import queue
import signal
import socket
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from crosscors.cli.demo.documents import JAVASCRIPT, application, not_found, packaged, sender
from crosscors.cli.demo.endpoint import Endpoint
from crosscors.cli.demo.hosts import asgi_at, wsgi_at
from crosscors.cli.demo.origins import Ports, page_origins
from crosscors.cli.demo.playground import Playground
from crosscors.cli.demo.records import log_heard, recorded_asgi, recorded_wsgi
from crosscors.cli.demo.servers import Server, asgi_server, running, wsgi_server
from crosscors.cli.demo.stacks import ASGI

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_LOOPBACK = "127.0.0.1"
_POLL_SECONDS = 0.1

# SimpleQueue, because its put() is safe in a signal handler.
Signals = queue.SimpleQueue[int]


@dataclass(frozen=True)
class Listeners:
    """The listening sockets.

    Attributes:
        page: for the page of the playground.
        senders: for the pages that send requests.
        stacks: for each stack that is installed, by its id.
    """

    page: socket.socket
    senders: tuple[socket.socket, socket.socket]
    stacks: Mapping[str, socket.socket]

    @property
    def addresses(self) -> dict[str, str]:
        """The address of each stack."""
        return {name: f"http://{_host(listener)}" for name, listener in self.stacks.items()}


class ServerEndedError(Exception):
    """A server has ended by itself."""


def listen(port: int) -> socket.socket:
    """A socket that listens on this port of 127.0.0.1, or on a free one if the port is 0.

    It listens at once, so that no other program can take the port before the server is ready.

    Raises:
        OSError: if the port is in use or reserved for the system.
    """
    return socket.create_server((_LOOPBACK, port))


def run(listeners: Listeners, announce: Callable[[str], object], show: Callable[[str, str], object]) -> None:
    """Run the demo until SIGINT, SIGTERM or SIGHUP.

    Args:
        listeners: the sockets to serve on.
        announce: called with the address of the page, as soon as it can be opened.
        show: called with the id of a stack and a line of its log.

    Raises:
        ServerEndedError: if one of the servers ends.
    """
    with stop_signals() as signals, log_heard(show), serving(listeners) as servers:
        announce(f"http://{_host(listeners.page)}")
        wait(servers, signals)


@contextmanager
def serving(listeners: Listeners) -> Generator[tuple[Server, ...]]:
    """Serve the page, the senders and the stacks while this lasts."""
    playground = Playground(listeners.addresses)
    records = playground.records
    stacks = {
        listener: wsgi_at(_host(listener), recorded_wsgi(partial(playground.find, name), name, records))
        for name, listener in listeners.stacks.items()
        if name != ASGI
    }
    senders = {listener: _senders(listeners) for listener in listeners.senders}
    asgi = listeners.stacks[ASGI]
    over_asgi = recorded_asgi(partial(playground.find, ASGI), ASGI, records)
    servers = (
        wsgi_server({listeners.page: _page(listeners, playground), **senders, **stacks}),
        asgi_server(asgi, asgi_at(_host(asgi), over_asgi)),
    )
    with running(*servers):
        yield servers


def _page(listeners: Listeners, playground: Playground) -> WSGIApplication:
    host = _host(listeners.page)
    endpoint = Endpoint(playground, page_origins(_ports(listeners)))
    return application(endpoint.respond, [host], [f"http://{host}"])


def _senders(listeners: Listeners) -> WSGIApplication:
    own = [*dict.fromkeys(each.address for each in page_origins(_ports(listeners)))]
    documents = {
        "/": sender(f"http://{_host(listeners.page)}", own, listeners.addresses.values()),
        "/sender.js": packaged("sender/sender.js", JAVASCRIPT),
    }
    hosts = [each.removeprefix("http://") for each in own]
    return application(lambda environ: documents.get(environ["PATH_INFO"]) or not_found(), hosts, own)


def _ports(listeners: Listeners) -> Ports:
    first, second = listeners.senders
    return Ports(first.getsockname()[1], second.getsockname()[1])


def _host(listener: socket.socket) -> str:
    host, port = listener.getsockname()
    return f"{host}:{port}"


@contextmanager
def stop_signals() -> Generator[Signals]:
    """A queue of the signals that stop the demo. While this lasts, they do nothing else.

    An exception such as KeyboardInterrupt could come while a server is being stopped.
    """
    signals: Signals = queue.SimpleQueue()
    names = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, lambda got, _: signals.put(got)) for number in numbers}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def wait(servers: Iterable[Server], signals: Signals) -> None:
    """Wait until a signal comes.

    Raises:
        ServerEndedError: if a server ends.
    """
    servers = tuple(servers)
    while all(server.thread.is_alive() for server in servers):
        with suppress(queue.Empty):
            signals.get(timeout=_POLL_SECONDS)
            return
    ended = next(server for server in servers if not server.thread.is_alive())
    raise ServerEndedError(f"{ended.name} ended by itself.")
