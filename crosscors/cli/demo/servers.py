"""The two APIs: separate processes, on sockets that the demo has opened."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

from crosscors.cli.demo.host import PORT
from crosscors.cli.demo.policy import PAGE_ORIGIN

_MODULES = "crosscors.cli.demo"
# {} is the file descriptor of the listening socket.
UVICORN = (
    *("uvicorn", "--factory", f"{_MODULES}.asgi_api:create_app", "--fd", "{}"),
    *("--workers", "1", "--lifespan", "off", "--no-access-log", "--log-level", "warning"),
)
GUNICORN = (
    *("gunicorn", f"{_MODULES}.wsgi_api:create_app()", "--bind", "fd://{}"),
    *("--config", f"python:{_MODULES}.gunicorn_settings"),
)

# A server that has not stopped after this many seconds is killed.
GRACE_SECONDS = 5.0


@dataclass(frozen=True)
class Server:
    """A server and its process."""

    name: str
    port: int
    process: subprocess.Popen[bytes]

    def has_ended(self) -> bool:
        """Whether the process has ended."""
        return self.process.poll() is not None

    def answers(self) -> bool:
        """Whether the server answers a request."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            connection.request("GET", "/items")
            connection.getresponse().read()
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()
        return True


@contextmanager
def api_servers(asgi: socket.socket, wsgi: socket.socket, page_origin: str) -> Generator[tuple[Server, ...]]:
    """Run both APIs on these listening sockets while the context lasts."""
    servers: list[Server] = []
    try:
        servers.append(start("uvicorn", UVICORN, asgi, page_origin))
        servers.append(start("gunicorn", GUNICORN, wsgi, page_origin))
        yield tuple(servers)
    finally:
        stop(servers)


def start(name: str, module: Sequence[str], listener: socket.socket, page_origin: str) -> Server:
    """Start a server with these arguments of ``python -m``, and give it the listening socket."""
    arguments = [argument.format(listener.fileno()) for argument in module]
    port: int = listener.getsockname()[1]
    process = subprocess.Popen(  # noqa: S603  # the commands are written above
        [sys.executable, "-m", *arguments],
        stdin=subprocess.DEVNULL,
        pass_fds=[listener.fileno()],
        env={**os.environ, PAGE_ORIGIN: page_origin, PORT: str(port)},
        # Ctrl-C in a terminal goes to the whole session, but the demo decides when servers stop.
        start_new_session=True,
    )
    # Only the server has the socket now. If it ends, connections are refused and do not hang.
    listener.close()
    return Server(name, port, process)


def stop(servers: Iterable[Server], grace_seconds: float = GRACE_SECONDS) -> None:
    """Stop the servers and all their processes."""
    servers = tuple(servers)
    for server in servers:
        server.process.terminate()
    for server in servers:
        _await_end(server.process, grace_seconds)


def _await_end(process: subprocess.Popen[bytes], grace_seconds: float) -> None:
    try:
        process.wait(grace_seconds)
    except subprocess.TimeoutExpired:
        # The process leads the group of its workers; see start().
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
