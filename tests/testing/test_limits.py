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
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
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

from crosscors.testing import (
    BlockedByCORS,
    Browser,
    NetworkError,
    ReceivedResponse,
    Response,
    same_origin,
    shared_cache,
)
from crosscors.testing.servers import AnyServer
from tests.rules.kit import rows

from .servers import (
    ALLOW_ALL,
    PAGE,
    answer,
    answering,
    asgi_answering,
    browser_of,
    redirect,
    wsgi_answering,
)

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


# Applications that send too much


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


Make = Callable[[Seen], AnyServer]


def wsgi_stream(seen: Seen) -> AnyServer:
    return wsgi_answering("200 OK", [("Content-Length", "5")], seen.stream())  # which is a lie


def wsgi_write(seen: Seen, goes_on: bool = False) -> AnyServer:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        write = start_response("200 OK", [])
        for part in seen.stream():
            with suppress(Exception) if goes_on else nullcontext():
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


def through(module: Any, app: AnyServer) -> AnyServer:
    """An asynchronous client of httpx or httpx2."""
    return module.AsyncClient(transport=module.ASGITransport(app))


SEEN: list[Seen] = []


def django_stream(request: HttpRequest) -> StreamingHttpResponse:
    is_async = hasattr(request, "scope")
    return StreamingHttpResponse(SEEN[-1].astream() if is_async else SEEN[-1].stream())


def django_iterator(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(SEEN[-1].stream())


def django_large(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"x" * (MOST + 1))


urlpatterns = [path("", django_stream), path("iterator", django_iterator), path("large", django_large)]


def django(client: type[Client | AsyncClient]) -> Make:
    def make(seen: Seen) -> AnyServer:
        SEEN.append(seen)
        return client()

    return make


@pytest.fixture
def django_project() -> Iterator[None]:
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[]):
        yield


APPS: list[tuple[Make, str]] = [
    (wsgi_stream, "WSGI"),
    (asgi_stream, "ASGI"),
    (partial(asgi_stream, goes_on=True), "ASGI that goes on"),
    (starlette_stream, "Starlette"),
    (django(Client), "Django"),
]
ENDLESS: list[tuple[Make, Fetch, str]] = [
    *((make, fetch, name) for make, name in APPS),
    *((make, afetch, f"{name}, awaited") for make, name in APPS),
    (wsgi_write, fetch, "WSGI write()"),
    (partial(wsgi_write, goes_on=True), fetch, "WSGI write() that goes on"),
    (flask_stream, fetch, "Flask"),
    (lambda seen: flask_stream(seen).test_client(), fetch, "Flask's client"),
    (django(AsyncClient), afetch, "Django's AsyncClient"),
    (lambda seen: TestClient(starlette_stream(seen)), fetch, "TestClient"),
    (lambda seen: TestClient(asgi_stream(seen)), fetch, "TestClient of ASGI"),
    (lambda seen: TestClient(asgi_stream(seen, goes_on=True)), fetch, "TestClient of ASGI that goes on"),
    (lambda seen: httpx.Client(transport=httpx.WSGITransport(wsgi_stream(seen))), fetch, "httpx to WSGI"),
    (mocked, fetch, "httpx to a mock"),
    (lambda seen: through(httpx, asgi_stream(seen)), afetch, "httpx to ASGI"),
    (lambda seen: through(httpx, asgi_stream(seen, goes_on=True)), afetch, "httpx to ASGI that goes on"),
    (lambda seen: through(httpx, starlette_stream(seen)), afetch, "httpx to Starlette"),
    (lambda seen: through(httpx2, starlette_stream(seen)), afetch, "httpx2 to Starlette"),
    (lambda seen: shared_cache(wsgi_stream(seen)), fetch, "a cache"),
]


@pytest.mark.usefixtures("django_project")
@rows("make, fetch_from", ENDLESS)
def test_what_sends_too_much_is_stopped_and_closed(make: Make, fetch_from: Fetch) -> None:
    seen = Seen()
    with pytest.raises(NetworkError, match=TOO_LARGE) as caught:
        fetch_from(make(seen))
    assert not isinstance(caught.value, BlockedByCORS)
    assert seen.parts <= MOST / len(PART) + 3
    assert "closed" in seen.ends


@pytest.mark.usefixtures("django_project")
@rows("make, fetch_from", ENDLESS)
def test_what_sends_too_much_to_head_is_stopped_and_answers(make: Make, fetch_from: Fetch) -> None:
    seen = Seen()
    response = fetch_from(make(seen), method="HEAD")
    assert (response.status, response.body) == (200, b"")
    assert seen.parts <= MOST / len(PART) + 3


@pytest.mark.usefixtures("django_project")
@pytest.mark.parametrize(("client", "fetch_from"), [(Client, fetch), (AsyncClient, afetch)])
def test_a_body_that_django_does_not_stream_is_measured(client: Any, fetch_from: Fetch) -> None:
    with pytest.raises(NetworkError, match=TOO_LARGE):
        fetch_from(client(), "/large")


@pytest.mark.usefixtures("django_project")
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")
def test_an_iterator_of_django_that_is_not_asynchronous_is_closed() -> None:
    """Django reads all of it before the first part is sent."""
    seen = Seen()
    with pytest.raises(NetworkError, match=TOO_LARGE):
        afetch(django(AsyncClient)(seen), "/iterator")
    assert seen.ends == ["closed"]


@pytest.mark.parametrize("goes_on", [False, True])
def test_an_asgi_application_sees_its_client_go(goes_on: bool) -> None:
    seen = Seen()
    with pytest.raises(NetworkError, match=TOO_LARGE):
        fetch(asgi_stream(seen, goes_on))
    assert seen.ends[0] == "http.disconnect"


@pytest.mark.parametrize("status", [101, 204, 205, 304])
def test_the_body_of_a_response_that_has_none_is_not_too_large(status: int) -> None:
    seen = Seen()
    response = fetch(wsgi_answering(f"{status} -", [], seen.stream()))
    assert (response.status, response.body) == (status, b"")
    assert seen.ends == ["closed"]


# What counts


def asgi_body(body: bytes, *headers: tuple[bytes, bytes]) -> AnyServer:
    start = {"type": "http.response.start", "status": 200, "headers": headers}
    return asgi_answering(start, {"type": "http.response.body", "body": body})


@pytest.mark.parametrize("size", [0, 1, MOST - 1, MOST])
def test_a_body_as_long_as_the_limit_is_read(size: int) -> None:
    body = b"x" * size
    assert fetch(wsgi_answering("200 OK", [], [b"", body, b""])).body == body
    assert fetch(asgi_body(body)).body == afetch(asgi_body(body)).body == body


def test_the_limit_can_be_zero() -> None:
    def read(body: bytes) -> bytes:
        app = wsgi_answering("200 OK", [], [body])
        return Browser(app, max_body_bytes=0).page(same_origin).fetch("/").body

    assert read(b"") == b""
    with pytest.raises(NetworkError, match="longer than 0 bytes"):
        read(b"x")


def test_many_small_parts_are_as_much_as_a_large_one() -> None:
    with pytest.raises(NetworkError, match=TOO_LARGE):
        fetch(wsgi_answering("200 OK", [], itertools.repeat(b"x" * 7, MANY)))


LARGE = b"x" * (MOST + 1)


@rows(
    "actual, preflight, exchanged",
    [
        (answer(*ALLOW_ALL), answer(*ALLOW_ALL, body=LARGE), 0, "a preflight"),
        (
            answer(*redirect("/x", *ALLOW_ALL).headers, status=302, body=LARGE),
            answer(*ALLOW_ALL),
            1,
            "a redirect",
        ),
        (answer(*ALLOW_ALL, body=LARGE), answer(*ALLOW_ALL), 1, "the response"),
    ],
)
def test_every_response_has_the_same_limit_and_what_went_before_is_told(
    actual: ReceivedResponse, preflight: ReceivedResponse, exchanged: int
) -> None:
    browser = browser_of(answering(actual, preflight), max_body_bytes=MOST)
    with pytest.raises(NetworkError, match=TOO_LARGE) as caught:
        browser.page(PAGE).fetch("/", method="PUT")
    assert [each.is_preflight for each in caught.value.exchanges] == [True] * exchanged


# Compressed


def bomb(size: int) -> bytes:
    return gzip.compress(b"\0" * size, mtime=0)


def compressed(body: bytes, coding: str) -> AnyServer:
    return wsgi_answering("200 OK", [("Content-Encoding", coding)], [body])


def asgi_compressed(body: bytes, coding: str) -> AnyServer:
    return asgi_body(body, (b"content-encoding", coding.encode()))


def through_httpx(body: bytes, coding: str) -> AnyServer:
    return httpx.Client(transport=httpx.WSGITransport(compressed(body, coding)))


COMPRESSED: list[tuple[Callable[[bytes, str], AnyServer], Fetch, str]] = [
    (compressed, fetch, "WSGI"),
    (asgi_compressed, fetch, "ASGI"),
    (through_httpx, fetch, "httpx"),
    (lambda body, coding: through(httpx, asgi_compressed(body, coding)), afetch, "httpx, awaited"),
]


@rows("make, fetch_from", COMPRESSED)
def test_a_body_is_measured_when_it_is_decompressed(make: Any, fetch_from: Fetch) -> None:
    for coding in ("gzip", "GZIP", " gzip "):
        assert fetch_from(make(bomb(MOST), coding)).body == b"\0" * MOST
    for size in (MOST + 1, 300_000):
        with pytest.raises(NetworkError, match=TOO_LARGE):
            fetch_from(make(bomb(size), "gzip"))
    assert fetch_from(make(bomb(300_000), "gzip"), method="HEAD").body == b""  # which nobody reads


def test_the_members_of_gzip_count_together() -> None:
    body = gzip.compress(b"x" * 600) + gzip.compress(b"x" * 400)
    assert fetch(compressed(body, "gzip")).body == b"x" * MOST
    with pytest.raises(NetworkError, match=TOO_LARGE):
        fetch(compressed(body + gzip.compress(b"x"), "gzip"))


def test_httpx_knows_other_codings() -> None:
    assert fetch(through_httpx(zlib.compress(b"\0" * MOST), "deflate")).body == b"\0" * MOST
    with pytest.raises(NetworkError, match=TOO_LARGE):
        fetch(through_httpx(zlib.compress(b"\0" * 300_000), "deflate"))
    with pytest.raises(NetworkError, match=TOO_LARGE):
        fetch(through_httpx(zlib.compress(bomb(300_000)), "gzip, deflate"))


@pytest.mark.parametrize(("client", "fetch_from"), [(httpx.Client, fetch), (httpx.AsyncClient, afetch)])
def test_a_mock_that_has_its_body_already_is_measured_as_well(client: Any, fetch_from: Fetch) -> None:
    """It is decompressed already, too."""

    def mocking(body: bytes) -> AnyServer:
        response = httpx.Response(200, headers=[("Content-Encoding", "gzip")], content=body)
        return client(transport=httpx.MockTransport(lambda _: response))

    assert fetch_from(mocking(bomb(MOST))).body == b"\0" * MOST
    with pytest.raises(NetworkError, match=TOO_LARGE):
        fetch_from(mocking(bomb(MOST + 1)))


@pytest.mark.parametrize("make", [compressed, through_httpx])
def test_a_bomb_is_not_decompressed_further_than_the_limit(make: Any) -> None:
    browser = Browser(make(bomb(2**26), "gzip"), max_body_bytes=2**17)
    tracemalloc.start()
    with pytest.raises(NetworkError, match="is longer than 131072 bytes"):
        browser.page(same_origin).fetch("/")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**22


@pytest.mark.parametrize(
    "body", [bomb(10)[:-1], bomb(10)[:12], bomb(10) + b"x", b"\x1f\x8b\x08" + b"\0" * 20, b"\x1f\x8b"]
)
def test_what_only_begins_like_gzip_is_a_network_error(body: bytes) -> None:
    with pytest.raises(NetworkError, match=r"^The body from https://testserver/ is not valid gzip: "):
        fetch(compressed(body, "gzip"))


# Time


def slow_wsgi(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    start_response("200 OK", [])
    for _ in range(200):
        time.sleep(0.05)
        yield b"x"


async def slow_asgi(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(200):
        await asyncio.sleep(0.05)
        await send({"type": "http.response.body", "body": b"x", "more_body": True})


@rows(
    "server, is_async",
    [
        (slow_wsgi, False, "WSGI"),
        (slow_asgi, False, "ASGI"),
        (slow_asgi, True, "ASGI, awaited"),
        (TestClient(cast("Any", slow_asgi)), False, "TestClient"),
        (httpx.Client(transport=httpx.WSGITransport(slow_wsgi)), False, "httpx to WSGI"),
        (through(httpx, slow_asgi), True, "httpx to ASGI"),
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


def sending(first: bytes, again: bytes = b"", seconds: float = 0.0) -> Callable[[], Iterable[bytes]]:
    """Sends the first bytes, and the others again and again."""
    return lambda: itertools.chain([first] if first else [], repeat(again, seconds) if again else [])


CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
GZIP = OK + b"Content-Encoding: gzip\r\n"

# First bytes, what follows in small parts, why.
SLOW = [
    (b"", b"", "nothing"),
    (OK + b"Content-Length: 1000000\r\n\r\n", b"x", "a body byte by byte"),
    (OK + b"\r\n", b"x", "a body until the end"),
    (CHUNKED, b"1\r\nx\r\n", "chunks"),
    (OK + b"X-A: ", b"x", "a header byte by byte"),
    (OK, b"X-A: 1\r\n", "headers"),
    (b"HTTP/1.1 200 ", b"x", "a status byte by byte"),
    (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", "preliminary responses"),
    (GZIP + b"\r\n" + bomb(10)[:10], b"\0", "a compressed body"),
]


@pytest.mark.parametrize(("fetch_from", "module"), LIVE)
@rows("first, again", SLOW)
def test_a_server_that_is_too_slow_is_left(
    fetch_from: Fetch, module: Any, first: bytes, again: bytes
) -> None:
    with serving(sending(first, again, 0.05)) as address, pytest.raises(NetworkError, match=TOO_LATE):
        fetch_from(module, address, timeout=0.3)


INVALID = "did not send valid HTTP"

# What the server sends, what the error says, why.
FAST: list[tuple[Callable[[], Iterable[bytes]], str, str]] = [
    (sending(OK + b"Content-Length: 1000000000000000\r\n\r\n", PART), TOO_LARGE, "a body"),
    (sending(OK + b"\r\n", PART), TOO_LARGE, "a body until the end"),
    (sending(CHUNKED, CHUNK), TOO_LARGE, "chunks"),
    (
        sending(GZIP + b"Content-Length: %d\r\n\r\n" % len(bomb(300_000)) + bomb(300_000)),
        TOO_LARGE,
        "a bomb",
    ),
    (sending(OK + b"X-A: ", PART), INVALID, "a header"),
    (sending(OK, b"X-A: 1\r\n" * 1000), INVALID, "headers"),
    (lambda: iter([OK + b"Content-Length: 10\r\n\r\nx", CLOSED]), INVALID, "too little"),
    (sending(OK + b"X-A: a\0b\r\nContent-Length: 0\r\n\r\n"), INVALID, "NUL in a header"),
]


@pytest.mark.parametrize(("fetch_from", "module"), LIVE)
@rows("response, message", FAST)
def test_a_server_that_sends_too_much_or_nonsense_is_left(
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
    first = iter([OK + b"Content-Length: 2\r\n\r\nhi"])

    def once_then_slow() -> Iterable[bytes]:
        return [response] if (response := next(first, None)) else repeat(b"x", 0.05)

    with serving(once_then_slow) as address, httpx.Client(base_url=address) as client:
        page = Browser(client, timeout=0.3).page(PAGE)
        assert page.fetch("/").text() == "hi"
        with pytest.raises(NetworkError, match=TOO_LATE):
            page.fetch("/")


@pytest.mark.parametrize("timeout", [None, 5])
def test_a_live_server_in_time_is_read(timeout: float | None) -> None:
    with serving(sending(OK + b"Content-Length: 2\r\n\r\nhi")) as address:
        for fetch_from in (live_fetch, live_afetch):
            assert fetch_from(httpx, address, timeout=timeout).text() == "hi"


def test_the_timeouts_of_a_client_stay() -> None:
    with serving(sending(b"")) as address, httpx.Client(base_url=address, timeout=0.2) as client:
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

    with serving(sending(CHUNKED, b"1\r\nx\r\n", 0.05)) as address:
        asyncio.run(run(address))


@pytest.mark.parametrize("is_client", [False, True])
def test_a_fetch_that_is_cancelled_cancels_the_application(is_client: bool) -> None:
    ends: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await slow_asgi(scope, receive, send)
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise

    async def run() -> None:
        server = through(httpx, app) if is_client else app
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
        Browser(wsgi_answering("200 OK", [], []), **options)
    assert message in str(caught.value)
