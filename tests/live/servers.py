"""A Redis of the test's own: on loopback, on a free port, in a folder of its own."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from redis import Redis

SECONDS = 20


class RedisServer:
    """``redis-server``, or another one that takes its options, such as ``valkey-server``.

    It keeps nothing on the disk: it has lost its data when it starts again.
    """

    def __init__(self, folder: Path, command: str = "redis-server", *options: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self._command = [command, "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(folder)]
        self._command += ["--save", "", "--appendonly", "no", *options]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        eventually(self._accepts)

    def _accepts(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "Redis ended"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(SECONDS)
            self._process = None

    def connections(self) -> int:
        """How many others are connected now."""
        with self.client() as client:
            return len(client.client_list()) - 1

    def client(self) -> Redis:
        from redis import Redis  # noqa: PLC0415  # redis_running skips the test if it is missing

        return Redis(port=self.port)


@contextlib.contextmanager
def redis_running(folder: Path, command: str = "redis-server", *options: str) -> Iterator[RedisServer]:
    pytest.importorskip("redis")
    if shutil.which(command) is None:
        pytest.skip(f"{command} is not installed")
    server = RedisServer(folder, command, *options)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def eventually(is_so: Callable[[], bool]) -> None:
    """Wait until it is so. No time is asserted: the deadline is only for what never comes."""
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)
