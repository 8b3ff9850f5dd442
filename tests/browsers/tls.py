"""An https address for a server on loopback: a relay takes TLS off, as a proxy in front of it would."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from urllib.parse import urlsplit

import trustme

CHUNK = 65536


@contextmanager
def over_tls(address: str) -> Iterator[str]:
    """The https address of the server at this http address. Its certificate is one that nobody trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    relay = Relay(urlsplit(address).port or 0, context)
    thread = threading.Thread(target=asyncio.run, args=(relay.run(),))
    thread.start()
    try:
        yield f"https://localhost:{relay.port.get()}"
    finally:
        relay.stop()
        thread.join()


class Relay:
    """Passes on what comes over TLS, byte by byte, so that Host stays as it is."""

    def __init__(self, server_port: int, context: ssl.SSLContext) -> None:
        self.port: SimpleQueue[int] = SimpleQueue()
        self._server_port = server_port
        self._context = context

    async def run(self) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        relay = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        self.port.put(relay.sockets[0].getsockname()[1])
        await self._stopped.wait()
        relay.close()  # ``asyncio.run`` cancels what still runs

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)

    async def _serve(self, browser: asyncio.StreamReader, to_browser: asyncio.StreamWriter) -> None:
        with suppress(OSError):  # one of the two hung up
            server, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
            try:
                await asyncio.gather(pass_on(browser, to_server), pass_on(server, to_browser))
            finally:
                to_server.transport.abort()
                to_browser.transport.abort()


async def pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while chunk := await source.read(CHUNK):
        target.write(chunk)
        await target.drain()
    target.close()
