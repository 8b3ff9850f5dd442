"""Two servers in threads of this process: uvicorn for the ASGI application, waitress for everything else."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from crosscors.cli.demo.api import is_no_crash
from crosscors.cli.demo.input import MOST_BYTES

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from crosscors.asgi import ASGIApp

_POLL_SECONDS = 0.1
_THREADS = 8


@dataclass(frozen=True)
class Server:
    """A server in a thread of its own."""

    name: str
    thread: threading.Thread
    stop: Callable[[], object]


@contextmanager
def running(*servers: Server) -> Generator[None]:
    """Run the servers while this lasts."""
    try:
        for each in servers:
            each.thread.start()
        yield
    finally:
        for each in servers:
            each.stop()
        for each in servers:
            if each.thread.ident is not None:
                each.thread.join()


def asgi_server(listener: socket.socket, app: ASGIApp) -> Server:
    """uvicorn with this application on this listening socket."""
    import uvicorn  # noqa: PLC0415  # it takes a while

    logging.getLogger("uvicorn.error").addFilter(is_no_crash)
    # h11, because httptools knows only some methods. Nothing is logged except what fails.
    config = uvicorn.Config(
        app, http="h11", ws="none", lifespan="off", log_config=None, log_level="warning", access_log=False
    )
    config.timeout_graceful_shutdown = 1
    server = uvicorn.Server(config)

    def stop() -> None:
        server.should_exit = True

    thread = threading.Thread(target=server.run, args=([listener],), name="uvicorn", daemon=True)
    return Server("uvicorn", thread, stop)


def wsgi_server(applications: Mapping[socket.socket, WSGIApplication]) -> Server:
    """waitress with an application for each of these listening sockets."""
    from waitress import create_server, wasyncore  # type: ignore[import-untyped]  # noqa: PLC0415  # it takes a while

    logging.getLogger("waitress").addFilter(is_no_crash)
    by_port = {listener.getsockname()[1]: app for listener, app in applications.items()}

    def by_address(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # waitress takes the port from the socket, not from Host.
        return by_port[int(environ["SERVER_PORT"])](environ, start_response)

    sockets: Any = {}  # what waitress waits for
    server = cast("Any", create_server)(
        by_address,
        sockets,
        sockets=[*applications],
        threads=_THREADS,
        max_request_body_size=2 * MOST_BYTES,
        max_request_header_size=MOST_BYTES,
        ident="waitress",
    )
    is_over = threading.Event()

    def serve() -> None:
        while not is_over.is_set():
            wasyncore.loop(timeout=_POLL_SECONDS, map=sockets, count=1)
        server.task_dispatcher.shutdown()
        wasyncore.close_all(sockets)

    return Server("waitress", threading.Thread(target=serve, name="waitress", daemon=True), is_over.set)
