"""How much of a response is read and for how long it is waited for, whatever it comes from."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import math
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

import flask
import httpx
import httpx2
import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from crosscors.testing import BlockedByCORS, Browser, NetworkError, Response, same_origin, shared_cache
from crosscors.testing.servers import AnyServer

from .servers import ALLOW_ALL, PAGE, answer, answering, browser_of, redirect

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from crosscors.asgi import Receive, Scope, Send

MOST = 1000  # bytes
PART = b"x" * 100
MANY = 100_000  # parts, after which what should have been stopped ends by itself
TOO_LARGE = (
    r"^The body from https?://[^ ]+ is longer than 1000 bytes, .* Browser\(\.\.\., max_body_bytes=number\)"
)
TOO_LATE = (
    r"^The fetch took longer than [0-9.]+ seconds, and https?://[^ ]+ had not sent its whole response\."
)

Fetch = Callable[..., Response]


def fetch(server: AnyServer, url: str = "/", **init: Any) -> Response:
    return Browser(server, max_body_bytes=MOST).page(same_origin).fetch(url, **init)


def afetch(server: AnyServer, url: str = "/", **init: Any) -> Response:
    return asyncio.run(Browser(server, max_body_bytes=MOST).page(same_origin).afetch(url, **init))


class Seen:
    """How many parts an application was asked for, and how it ended."""

    def __init__(self) -> None:
        self.parts = 0
        self.ends: list[str] = []

    def stream(self) -> Iterator[bytes]:
        try:
            for _ in range(MANY):
                self.parts += 1
                yield PART
        finally:
            self.ends.append("closed")

    async def astream(self) -> AsyncIterator[bytes]:
        try:
            for _ in range(MANY):
                self.parts += 1
                yield PART
        finally:
            self.ends.append("closed")


class WSGIStream:
    """What an application returns, with a close() that is seen."""

    def __init__(self, seen: Seen) -> None:
        self._parts = seen.stream()
        self._seen = seen

    def __iter__(self) -> Iterator[bytes]:
        return self._parts

    def close(self) -> None:
        self._parts.close()  # type: ignore[attr-defined]


def wsgi_stream(seen: Seen) -> AnyServer:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", "5")])  # which is a lie
        return WSGIStream(seen)

    return app


def wsgi_generator(seen: Seen) -> AnyServer:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield from seen.stream()

    return app


def wsgi_write(seen: Seen) -> AnyServer:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        write = start_response("200 OK", [])
        for part in seen.stream():
            write(part)
        return []

    return app


def wsgi_write_that_goes_on(seen: Seen) -> AnyServer:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        write = start_response("200 OK", [])
        for part in seen.stream():
            with suppress(Exception):
                write(part)
        return []

    return app


def asgi_stream(seen: Seen, goes_on: bool = False) -> AnyServer:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        async for part in seen.astream():
            try:
                await send({"type": "http.response.body", "body": part, "more_body": True})
            except OSError:
                await receive()
                seen.ends.append((await receive())["type"])
                if not goes_on:
                    raise

    return app


def asgi_that_goes_on(seen: Seen) -> AnyServer:
    return asgi_stream(seen, goes_on=True)


def starlette_stream(seen: Seen) -> AnyServer:
    async def endpoint(request: Request) -> StreamingResponse:
        return StreamingResponse(seen.astream())

    return Starlette(routes=[Route("/", endpoint, methods=["GET", "HEAD"])])


def flask_stream(seen: Seen) -> AnyServer:
    app = flask.Flask(__name__)
    app.add_url_rule("/", view_func=lambda: flask.Response(seen.stream()))
    return app


def mocked(seen: Seen) -> AnyServer:
    class Stream(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield from seen.stream()

    return httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200, stream=Stream())))


SYNC: dict[str, Callable[[Seen], AnyServer]] = {
    "WSGI": wsgi_stream,
    "WSGI generator": wsgi_generator,
    "WSGI write()": wsgi_write,
    "WSGI write() that goes on": wsgi_write_that_goes_on,
    "ASGI": asgi_stream,
    "ASGI that goes on": asgi_that_goes_on,
    "Starlette": starlette_stream,
    "Flask": flask_stream,
    "Flask's client": lambda seen: flask_stream(seen).test_client(),
    "TestClient": lambda seen: TestClient(starlette_stream(seen)),
    "TestClient of ASGI": lambda seen: TestClient(asgi_stream(seen)),
    "TestClient of ASGI that goes on": lambda seen: TestClient(asgi_that_goes_on(seen)),
    "httpx to WSGI": lambda seen: httpx.Client(transport=httpx.WSGITransport(wsgi_stream(seen))),
    "httpx to a mock": mocked,
    "a cache": lambda seen: shared_cache(wsgi_stream(seen)),
}
ASYNC: dict[str, Callable[[Seen], AnyServer]] = {
    **{
        name: each
        for name, each in SYNC.items()
        if name in {"WSGI", "ASGI", "ASGI that goes on", "Starlette"}
    },
    "httpx to ASGI": lambda seen: httpx.AsyncClient(transport=httpx.ASGITransport(asgi_stream(seen))),
    "httpx to ASGI that goes on": lambda seen: httpx.AsyncClient(
        transport=httpx.ASGITransport(asgi_that_goes_on(seen))
    ),
    "httpx to Starlette": lambda seen: httpx.AsyncClient(
        transport=httpx.ASGITransport(starlette_stream(seen))
    ),
    "httpx2 to Starlette": lambda seen: httpx2.AsyncClient(
        transport=httpx2.ASGITransport(starlette_stream(seen))
    ),
}
ENDLESS = [
    *(pytest.param(each, fetch, id=name) for name, each in SYNC.items()),
    *(pytest.param(each, afetch, id=f"{name}, awaited") for name, each in ASYNC.items()),
]


@pytest.mark.parametrize(("make", "fetch_from"), ENDLESS)
def test_what_sends_too_much_is_stopped_and_closed(
    make: Callable[[Seen], AnyServer], fetch_from: Fetch
) -> None:
    seen = Seen()
    with pytest.raises(NetworkError, match=TOO_LARGE) as caught:
        fetch_from(make(seen))
    assert not isinstance(caught.value, BlockedByCORS)
    assert seen.parts <= MOST / len(PART) + 3
    assert "closed" in seen.ends


@pytest.mark.parametrize(("make", "fetch_from"), ENDLESS)
def test_what_sends_too_much_to_head_is_stopped_and_answers(
    make: Callable[[Seen], AnyServer], fetch_from: Fetch
) -> None:
    seen = Seen()
    response = fetch_from(make(seen), method="HEAD")
    assert (response.status, response.body) == (200, b"")
    assert seen.parts <= MOST / len(PART) + 3


@pytest.mark.parametrize("goes_on", [False, True])
def test_an_asgi_application_sees_its_client_go(goes_on: bool) -> None:
    seen = Seen()
    with pytest.raises(NetworkError, match=TOO_LARGE):
        fetch(asgi_stream(seen, goes_on))
    assert seen.ends[0] == "http.disconnect"


@pytest.mark.parametrize("status", [101, 204, 205, 304])
def test_the_body_of_a_response_that_has_none_is_not_too_large(status: int) -> None:
    seen = Seen()

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(f"{status} -", [])
        return seen.stream()

    response = fetch(app)
    assert (response.status, response.body) == (status, b"")
    assert seen.ends == ["closed"]


@pytest.mark.parametrize("size", [0, 1, MOST - 1, MOST])
def test_a_body_as_long_as_the_limit_is_read(size: int) -> None:
    async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * size})

    def wsgi(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [b"", b"x" * size, b""]

    assert len(fetch(asgi).body) == len(fetch(wsgi).body) == len(afetch(asgi).body) == size


def test_no_body_at_all_may_be_read() -> None:
    browser = Browser(
        lambda environ, start_response: [start_response("200 OK", []) and b""], max_body_bytes=0
    )
    assert browser.page(same_origin).fetch("/").body == b""
    with pytest.raises(NetworkError, match="longer than 0 bytes"):
        Browser(wsgi_stream(Seen()), max_body_bytes=0).page(same_origin).fetch("/")


@pytest.mark.parametrize("part", [1, 7, 64])
def test_many_small_parts_are_as_much_as_a_large_one(part: int) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return itertools.repeat(b"x" * part, MANY)

    with pytest.raises(NetworkError, match=TOO_LARGE):
        fetch(app)


@pytest.mark.parametrize("is_preflight", [False, True])
def test_preflights_and_redirects_have_the_same_limit(is_preflight: bool) -> None:
    large = answer(*ALLOW_ALL, body=b"x" * (MOST + 1))
    moved = redirect("/x", *ALLOW_ALL)
    moved = answer(*moved.headers, status=302, body=b"x" * (MOST + 1))
    script = answering(answer(*ALLOW_ALL), large) if is_preflight else answering(moved)
    browser = browser_of(script, max_body_bytes=MOST)
    with pytest.raises(NetworkError, match=TOO_LARGE):
        browser.page(PAGE).fetch("/", method="PUT" if is_preflight else "GET")


def test_what_went_before_is_told() -> None:
    browser = browser_of(answering(answer(body=b"x" * (MOST + 1)), answer(*ALLOW_ALL)), max_body_bytes=MOST)
    with pytest.raises(NetworkError, match=TOO_LARGE) as caught:
        browser.page(PAGE).fetch("/", method="PUT")
    [preflight] = caught.value.exchanges
    assert preflight.is_preflight


# Django


SEEN: list[Seen] = []


def django_stream(request: HttpRequest) -> StreamingHttpResponse:
    is_async = hasattr(request, "scope")
    return StreamingHttpResponse(SEEN[-1].astream() if is_async else SEEN[-1].stream())


def django_iterator(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(SEEN[-1].stream())


def django_large(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"x" * (MOST + 1))


urlpatterns = [path("", django_stream), path("iterator", django_iterator), path("large", django_large)]


DJANGO = [
    pytest.param(Client, fetch, id="sync"),
    pytest.param(Client, afetch, id="sync, awaited"),
    pytest.param(AsyncClient, afetch, id="async"),
]


@pytest.mark.parametrize(("client", "fetch_from"), DJANGO)
def test_django_is_stopped_and_closed(client: Any, fetch_from: Fetch) -> None:
    seen = Seen()
    SEEN.append(seen)
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[]):
        with pytest.raises(NetworkError, match=TOO_LARGE):
            fetch_from(client(), "/")
        assert seen.parts <= MOST / len(PART) + 3
        assert seen.ends == ["closed"]
        with pytest.raises(NetworkError, match=TOO_LARGE):
            fetch_from(client(), "/large")
        assert fetch_from(client(), "/", method="HEAD").body == b""


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")
def test_an_iterator_of_django_that_is_not_asynchronous_is_closed() -> None:
    """Django reads all of it before the first part is sent."""
    seen = Seen()
    SEEN.append(seen)
    with (
        override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[]),
        pytest.raises(NetworkError, match=TOO_LARGE),
    ):
        afetch(AsyncClient(), "/iterator")
    assert seen.ends == ["closed"]


# Compressed


def bomb(size: int) -> bytes:
    return gzip.compress(b"\0" * size)


def compressed(body: bytes, coding: str) -> AnyServer:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Encoding", coding)])
        return [body]

    return app


def asgi_compressed(body: bytes, coding: str) -> AnyServer:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-encoding", coding.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def through_httpx(body: bytes, coding: str) -> AnyServer:
    return httpx.Client(transport=httpx.WSGITransport(compressed(body, coding)))


def through_async_httpx(body: bytes, coding: str) -> AnyServer:
    return httpx.AsyncClient(transport=httpx.ASGITransport(asgi_compressed(body, coding)))


COMPRESSED = [
    pytest.param(compressed, fetch, id="WSGI"),
    pytest.param(asgi_compressed, fetch, id="ASGI"),
    pytest.param(through_httpx, fetch, id="httpx"),
    pytest.param(through_async_httpx, afetch, id="httpx, awaited"),
]
Compressed = Callable[[bytes, str], AnyServer]


@pytest.mark.parametrize(("make", "fetch_from"), COMPRESSED)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(bomb(MOST + 1), id="just too large"),
        pytest.param(bomb(300_000), id="300 times"),
    ],
)
def test_what_is_too_large_when_it_is_decompressed(make: Compressed, fetch_from: Fetch, body: bytes) -> None:
    with pytest.raises(NetworkError, match=TOO_LARGE):
        fetch_from(make(body, "gzip"))


@pytest.mark.parametrize(("make", "fetch_from"), COMPRESSED)
@pytest.mark.parametrize("coding", ["gzip", "GZIP", " gzip "])
def test_what_is_as_large_as_the_limit_when_it_is_decompressed(
    make: Compressed, fetch_from: Fetch, coding: str
) -> None:
    assert fetch_from(make(bomb(MOST), coding)).body == b"\0" * MOST


def test_the_members_of_gzip_count_together() -> None:
    body = gzip.compress(b"x" * 600) + gzip.compress(b"x" * 400)
    assert fetch(compressed(body, "gzip")).body == b"x" * MOST
    with pytest.raises(NetworkError, match=TOO_LARGE):
        fetch(compressed(body + gzip.compress(b"x"), "gzip"))


def test_a_deflated_bomb() -> None:
    assert fetch(through_httpx(zlib.compress(b"\0" * MOST), "deflate")).body == b"\0" * MOST
    with pytest.raises(NetworkError, match=TOO_LARGE):
        fetch(through_httpx(zlib.compress(b"\0" * 300_000), "deflate"))
    with pytest.raises(NetworkError, match=TOO_LARGE):
        fetch(through_httpx(zlib.compress(bomb(300_000)), "gzip, deflate"))


def test_a_bomb_is_not_decompressed_further_than_the_limit() -> None:
    body = bomb(2**26)
    for server in (compressed(body, "gzip"), through_httpx(body, "gzip")):
        browser = Browser(server, max_body_bytes=2**17)
        tracemalloc.start()
        with pytest.raises(NetworkError, match="is longer than 131072 bytes"):
            browser.page(same_origin).fetch("/")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 2**22


@pytest.mark.parametrize(("make", "fetch_from"), COMPRESSED)
def test_a_bomb_that_nobody_reads_does_no_harm(make: Compressed, fetch_from: Fetch) -> None:
    assert fetch_from(make(bomb(300_000), "gzip"), method="HEAD").body == b""


@pytest.mark.parametrize(
    "body", [bomb(10)[:-1], bomb(10)[:12], bomb(10) + b"x", b"\x1f\x8b\x08" + b"\0" * 20, b"\x1f\x8b"]
)
def test_what_only_begins_like_gzip_is_a_network_error(body: bytes) -> None:
    with pytest.raises(NetworkError, match=r"^The body from https://testserver/ is not valid gzip: "):
        fetch(compressed(body, "gzip"))


# Time


class Clock:
    """Sleeps as long as it takes: an application that sends a little now and then."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def wsgi(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("Access-Control-Allow-Origin", "*")])
        for _ in range(200):
            time.sleep(self.seconds)
            yield b"x"

    async def asgi(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(200):
            await asyncio.sleep(self.seconds)
            await send({"type": "http.response.body", "body": b"x", "more_body": True})


@pytest.mark.parametrize(
    ("server", "is_async"),
    [
        pytest.param(Clock(0.05).wsgi, False, id="WSGI"),
        pytest.param(Clock(0.05).asgi, False, id="ASGI"),
        pytest.param(Clock(0.05).asgi, True, id="ASGI, awaited"),
        pytest.param(TestClient(cast("Any", Clock(0.05).asgi)), False, id="TestClient"),
        pytest.param(
            httpx.AsyncClient(transport=httpx.ASGITransport(cast("Any", Clock(0.05).asgi))), True, id="httpx"
        ),
        pytest.param(
            httpx.Client(transport=httpx.WSGITransport(Clock(0.05).wsgi)), False, id="httpx to WSGI"
        ),
    ],
)
def test_an_application_that_never_ends_is_left(server: AnyServer, is_async: bool) -> None:
    page = Browser(server, timeout=0.2).page(same_origin)
    with pytest.raises(NetworkError, match=TOO_LATE):
        _ = asyncio.run(page.afetch("/")) if is_async else page.fetch("/")


def test_the_time_is_for_all_of_a_fetch() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        time.sleep(0.05)
        start_response("302 Found", [("Location", "/again")])
        return []

    with pytest.raises(NetworkError, match=TOO_LATE) as caught:
        Browser(app, timeout=0.2).page(same_origin).fetch("/")
    assert caught.value.exchanges


# Live servers


CHUNK = b"64\r\n" + PART + b"\r\n"
CLOSED = b""
OK = b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\n"


def repeat(data: bytes, seconds: float = 0.0) -> Iterator[bytes]:
    """The data again and again, until it must have been noticed."""
    for _ in range(400 if seconds else MANY):
        yield data
        time.sleep(seconds)


@contextmanager
def serving(*responses: Callable[[], Iterable[bytes]]) -> Iterator[str]:
    """The address of a server that sends these bytes to one connection after another.

    At the end everything that it has begun has to end as well.
    """
    workers: list[threading.Thread] = []

    def handle(connection: socket.socket, response: Callable[[], Iterable[bytes]]) -> None:
        with connection, suppress(OSError):
            while connection.recv(65536):
                for data in response():
                    if data is CLOSED:
                        return
                    connection.sendall(data)

    def accept(listener: socket.socket) -> None:
        with suppress(OSError):
            for response in itertools.chain(responses, itertools.repeat(responses[-1])):
                connection, _ = listener.accept()
                worker = threading.Thread(target=handle, args=(connection, response))
                worker.start()
                workers.append(worker)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = threading.Thread(target=accept, args=(listener,))
        accepting.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
    for worker in workers:
        worker.join(10)
        assert not worker.is_alive(), "the connection was not closed"


def live_fetch(module: Any, address: str, **limits: Any) -> Response:
    with module.Client(base_url=address) as client:
        return Browser(client, **limits).page(PAGE).fetch("/")


def live_afetch(module: Any, address: str, **limits: Any) -> Response:
    async def run() -> Response:
        async with module.AsyncClient(base_url=address) as client:
            return await Browser(client, **limits).page(PAGE).afetch("/")

    return asyncio.run(run())


LIVE = [
    pytest.param(live_fetch, httpx, id="httpx"),
    pytest.param(live_afetch, httpx, id="httpx, awaited"),
    pytest.param(live_fetch, httpx2, id="httpx2"),
    pytest.param(live_afetch, httpx2, id="httpx2, awaited"),
]

SLOW: dict[str, Callable[[], Iterable[bytes]]] = {
    "nothing": lambda: (),
    "a body byte by byte": lambda: itertools.chain(
        [OK + b"Content-Length: 1000000\r\n\r\n"], repeat(b"x", 0.05)
    ),
    "a body until the end": lambda: itertools.chain([OK + b"\r\n"], repeat(b"x", 0.05)),
    "chunks": lambda: itertools.chain(
        [OK + b"Transfer-Encoding: chunked\r\n\r\n"], repeat(b"1\r\nx\r\n", 0.05)
    ),
    "a header byte by byte": lambda: itertools.chain([OK + b"X-A: "], repeat(b"x", 0.05)),
    "headers": lambda: itertools.chain([OK], repeat(b"X-A: 1\r\n", 0.05)),
    "a status byte by byte": lambda: itertools.chain([b"HTTP/1.1 200 "], repeat(b"x", 0.05)),
    "preliminary responses": lambda: repeat(b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.05),
    "a compressed body": lambda: itertools.chain(
        [OK + b"Content-Encoding: gzip\r\n\r\n", bomb(10)[:10]], repeat(b"\0", 0.05)
    ),
}


@pytest.mark.parametrize(("fetch_from", "module"), LIVE)
@pytest.mark.parametrize("response", SLOW.values(), ids=SLOW)
def test_a_server_that_is_too_slow_is_left(
    fetch_from: Fetch, module: Any, response: Callable[[], Iterable[bytes]]
) -> None:
    with serving(response) as address, pytest.raises(NetworkError, match=TOO_LATE):
        fetch_from(module, address, timeout=0.3)


FAST: dict[str, tuple[Callable[[], Iterable[bytes]], str]] = {
    "a body": (
        lambda: itertools.chain([OK + b"Content-Length: 1000000000000000\r\n\r\n"], repeat(PART)),
        TOO_LARGE,
    ),
    "a body until the end": (lambda: itertools.chain([OK + b"\r\n"], repeat(PART)), TOO_LARGE),
    "chunks": (
        lambda: itertools.chain([OK + b"Transfer-Encoding: chunked\r\n\r\n"], repeat(CHUNK)),
        TOO_LARGE,
    ),
    "a header": (lambda: itertools.chain([OK + b"X-A: "], repeat(PART)), "did not send valid HTTP"),
    "headers": (lambda: itertools.chain([OK], repeat(b"X-A: 1\r\n" * 1000)), "did not send valid HTTP"),
    "too little": (
        lambda: iter([OK + b"Content-Length: 10\r\n\r\nx", CLOSED]),
        "did not send valid HTTP",
    ),
    "a bomb": (
        lambda: iter(
            [
                OK + f"Content-Encoding: gzip\r\nContent-Length: {len(bomb(300_000))}\r\n\r\n".encode(),
                bomb(300_000),
            ]
        ),
        TOO_LARGE,
    ),
    "NUL in a header": (
        lambda: iter([OK + b"X-A: a\0b\r\nContent-Length: 0\r\n\r\n"]),
        "did not send valid HTTP",
    ),
}


@pytest.mark.parametrize(("fetch_from", "module"), LIVE)
@pytest.mark.parametrize(("response", "message"), FAST.values(), ids=FAST)
def test_a_server_that_sends_too_much_is_left(
    fetch_from: Fetch, module: Any, response: Callable[[], Iterable[bytes]], message: str
) -> None:
    with serving(response) as address, pytest.raises(NetworkError, match=message):
        fetch_from(module, address, max_body_bytes=MOST, timeout=2)


def test_redirects_to_a_live_server_have_one_time_together() -> None:
    def slow() -> Iterator[bytes]:
        time.sleep(0.1)
        yield OK.replace(b"200", b"302") + b"Location: /\r\nContent-Length: 0\r\n\r\n"

    with serving(slow) as address, pytest.raises(NetworkError, match=TOO_LATE) as caught:
        live_fetch(httpx, address, timeout=0.5)
    assert len(caught.value.exchanges) > 1


def test_a_connection_that_was_there_before_is_closed_as_well() -> None:
    requests = iter([OK + b"Content-Length: 2\r\n\r\nhi"])

    def once_then_slow() -> Iterator[bytes]:
        return (
            itertools.chain(requests, repeat(b"x", 0.05))
            if (first := next(requests, None)) is None
            else iter([first])
        )

    with serving(once_then_slow) as address, httpx.Client(base_url=address) as client:
        page = Browser(client, timeout=0.3).page(PAGE)
        assert page.fetch("/").text() == "hi"
        with pytest.raises(NetworkError, match=TOO_LATE):
            page.fetch("/")


@pytest.mark.parametrize("timeout", [None, 5])
def test_a_live_server_in_time_is_read(timeout: float | None) -> None:
    with serving(lambda: iter([OK + b"Content-Length: 2\r\n\r\nhi"])) as address:
        for fetch_from in (live_fetch, live_afetch):
            assert fetch_from(httpx, address, timeout=timeout).text() == "hi"


def test_the_timeouts_of_a_client_stay() -> None:
    with serving(SLOW["nothing"]) as address, httpx.Client(base_url=address, timeout=0.2) as client:
        with pytest.raises(NetworkError, match="cannot be reached: timed out"):
            Browser(client).page(PAGE).fetch("/")
        assert client.timeout == httpx.Timeout(0.2)


def test_a_fetch_that_is_cancelled_closes_its_connection() -> None:
    async def run(address: str) -> None:
        async with httpx.AsyncClient(base_url=address) as client:
            browser = Browser(client)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(browser.page(PAGE).afetch("/"), 0.2)
            assert browser.exchanges == []

    with serving(SLOW["chunks"]) as address:
        asyncio.run(run(address))


@pytest.mark.parametrize("is_client", [False, True])
def test_a_fetch_that_is_cancelled_cancels_the_application(is_client: bool) -> None:
    ends: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await Clock(0.02).asgi(scope, receive, send)
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise

    async def run() -> None:
        server = httpx.AsyncClient(transport=httpx.ASGITransport(cast("Any", app))) if is_client else app
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(Browser(server).page(PAGE).afetch("/"), 0.1)

    asyncio.run(run())
    assert ends == ["cancelled"]


def test_a_transport_that_gives_up_after_the_time_is_too_late() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        time.sleep(0.1)
        raise httpx.ReadTimeout("timed out", request=request)

    with pytest.raises(NetworkError, match=TOO_LATE):
        Browser(httpx.Client(transport=httpx.MockTransport(handle)), timeout=0.05).page(PAGE).fetch("/")


@pytest.mark.parametrize(("client", "fetch_from"), [(httpx.Client, fetch), (httpx.AsyncClient, afetch)])
def test_a_mock_that_has_its_body_already_is_measured_as_well(client: Any, fetch_from: Fetch) -> None:
    """It is decompressed already, too."""

    def mocking(body: bytes) -> AnyServer:
        headers = [("Content-Encoding", "gzip")]
        return client(
            transport=httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, content=body))
        )

    assert fetch_from(mocking(bomb(MOST))).body == b"\0" * MOST
    with pytest.raises(NetworkError, match=TOO_LARGE):
        fetch_from(mocking(bomb(MOST + 1)))


# What can be a limit


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"max_body_bytes": -1}, ValueError, "max_body_bytes=-1: write 0 or more."),
        ({"max_body_bytes": 1.5}, TypeError, "max_body_bytes=1.5: write a whole number of bytes"),
        ({"max_body_bytes": None}, TypeError, "max_body_bytes=None: write a whole number of bytes"),
        ({"max_body_bytes": True}, TypeError, "max_body_bytes=True: write a whole number of bytes"),
        ({"max_body_bytes": "1MB"}, TypeError, "max_body_bytes='1MB': write a whole number of bytes"),
        ({"timeout": 0}, ValueError, "timeout=0: write more than 0 seconds, or None"),
        ({"timeout": -1.5}, ValueError, "timeout=-1.5: write more than 0 seconds, or None"),
        ({"timeout": math.nan}, ValueError, "timeout=nan: write more than 0 seconds, or None"),
        ({"timeout": math.inf}, ValueError, "timeout=inf: write more than 0 seconds, or None"),
        ({"timeout": "60"}, TypeError, "timeout='60': write a number of seconds, or None"),
        ({"timeout": True}, TypeError, "timeout=True: write a number of seconds, or None"),
        ({"timeout": httpx.Timeout(3)}, TypeError, "write a number of seconds, or None"),
    ],
)
def test_what_cannot_be_a_limit(options: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        Browser(wsgi_stream(Seen()), **options)
    assert message in str(caught.value)
