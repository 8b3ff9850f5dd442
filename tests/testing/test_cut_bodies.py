"""``Browser(..., may_cut_bodies=True)``: a body beyond the limits does not fail the fetch."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest

from crosscors.testing import Browser, NetworkError
from crosscors.testing.blocked import NoAnswerError, TooLateError
from tests.tables import table

from .servers import PAGE

HEAD = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"access-control-allow-origin", b"*")],
}


def wsgi(environ: Any, start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", [("Access-Control-Allow-Origin", "*")])
    while True:
        yield b"x" * 100


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    await send(HEAD)
    while True:
        await send({"type": "http.response.body", "body": b"x" * 100, "more_body": True})


async def asgi_waiting(scope: Any, receive: Any, send: Any) -> None:
    await send(HEAD)
    await asyncio.Event().wait()


async def asgi_silent(scope: Any, receive: Any, send: Any) -> None:
    await asyncio.Event().wait()


async def asgi_giving_up(scope: Any, receive: Any, send: Any) -> None:
    raise asyncio.TimeoutError


def browser_of(server: Any, url: str | None = None, *, seconds: float = 30, may_cut: bool = True) -> Browser:
    return Browser(server, url, max_body_bytes=1000, timeout=seconds, may_cut_bodies=may_cut)


@table(
    "server, seconds",
    ("a WSGI application sends too much", wsgi, 30),
    ("an ASGI application sends too much", asgi, 30),
    ("an ASGI application sends its headers and waits", asgi_waiting, 1),
)
def test_the_page_gets_the_response_and_not_the_body(server: Any, seconds: float) -> None:
    response = browser_of(server, seconds=seconds).page(PAGE).fetch("/")
    assert response.status == 200
    with pytest.raises(NetworkError, match="cut off"):
        response.text()


def test_an_application_that_does_not_answer_is_too_late() -> None:
    with pytest.raises(TooLateError):
        browser_of(asgi_silent, seconds=0.2).page(PAGE).fetch("/")
    with pytest.raises(TooLateError):
        browser_of(asgi_silent, seconds=0.2).page(PAGE).websocket("/")


def test_an_application_has_time_limits_of_its_own() -> None:
    exchange = browser_of(asgi_giving_up).page("https://testserver").fetch("/").exchanges[0]
    assert isinstance(exchange.response.raised, asyncio.TimeoutError)


@pytest.fixture
def live(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server that sends this to each connection, and then nothing."""
    listener = socket.create_server(("127.0.0.1", 0))
    connections: list[socket.socket] = []

    def run() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connections.append(connection)
                connection.recv(65536)
                connection.sendall(request.param)

    threading.Thread(target=run, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    for each_socket in (listener, *connections):
        each_socket.close()


ANSWER = b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\n\r\n"
LIVE = pytest.mark.parametrize("live", [ANSWER, ANSWER + b"x" * 2000], indirect=True, ids=["nothing", "much"])


@LIVE
@table(
    "client_seconds, seconds",
    ("the client gives up before the browser", 0.5, 30),
    ("the browser gives up", None, 2),
)
def test_a_live_server_that_does_not_end(live: str, client_seconds: float | None, seconds: float) -> None:
    with httpx.Client(timeout=client_seconds) as client:
        assert browser_of(client, live, seconds=seconds).page(PAGE).fetch("/").status == 200


@LIVE
@table(
    "client_seconds, seconds",
    ("the client gives up before the browser", 0.5, 30),
    ("the browser gives up", None, 2),
)
def test_a_live_server_that_does_not_end_and_an_asynchronous_client(
    live: str, client_seconds: float | None, seconds: float
) -> None:
    async def fetch() -> int:
        async with httpx.AsyncClient(timeout=client_seconds) as client:
            return (await browser_of(client, live, seconds=seconds).page(PAGE).afetch("/")).status

    assert asyncio.run(fetch()) == 200


@pytest.mark.parametrize("live", [ANSWER], indirect=True)
def test_without_the_option_the_fetch_fails(live: str) -> None:
    async def fetch() -> None:
        async with httpx.AsyncClient(timeout=0.1) as client:
            await browser_of(client, live, may_cut=False).page(PAGE).afetch("/")

    with pytest.raises(NoAnswerError):
        asyncio.run(fetch())
    with httpx.Client(timeout=0.1) as client, pytest.raises(NoAnswerError):
        browser_of(client, live, may_cut=False).page(PAGE).fetch("/")


@pytest.mark.parametrize("live", [b""], indirect=True)
def test_a_live_server_that_does_not_answer(live: str) -> None:
    async def fetch() -> None:
        async with httpx.AsyncClient(timeout=None) as client:  # noqa: S113 (the browser has one)
            await browser_of(client, live, seconds=0.3).page(PAGE).afetch("/")

    with pytest.raises(TooLateError):
        asyncio.run(fetch())
