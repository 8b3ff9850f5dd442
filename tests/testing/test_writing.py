"""What a page can send without asking anybody: forms, beacons, and the handshakes of WebSockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any

import django.test
import httpx
import pytest
from django.test import override_settings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from crosscors.asgi import CORSMiddleware as OverASGI
from crosscors.testing import Browser, Exchange, NetworkError, Page, SentRequest, same_origin, shared_cache
from crosscors.testing.engines import EngineName
from crosscors.testing.forms import FormEncoding, encoded, read_entries, urlencoded
from crosscors.wsgi import CORSMiddleware as OverWSGI
from tests.tables import each, table

from .servers import (
    API,
    PAGE,
    SISTER,
    Scripted,
    answer,
    answering,
    asgi_answering,
    browser_of,
    by_url,
    redirect,
)

EVIL = "https://evil.example"
COOKIES = ("a=1; SameSite=None; Secure", "b=1; SameSite=Lax", "c=1; SameSite=Strict", "d=1")

Send = Callable[[Page], Exchange]


def form(page: Page) -> Exchange:
    return page.submit_form("/", {"a": "1"})


def form_with_get(page: Page) -> Exchange:
    return page.submit_form("/", {"a": "1"}, method="GET")


def beacon(page: Page) -> Exchange:
    return page.beacon("/", "a")


def websocket(page: Page) -> Exchange:
    return page.websocket("/")


def sent_by(send: Send, origin: str, engine: EngineName | None = None, base_url: str = API) -> SentRequest:
    browser = Browser(Scripted(answering(answer())), base_url, engine=engine)
    return send(browser.page(origin)).request


# Headers.

_NAMES = ("Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest")


@table(
    "send, origin, expected",
    ("the own form", form, same_origin, (API, "same-origin", "navigate", "document")),
    ("a form of another site", form, EVIL, (EVIL, "cross-site", "navigate", "document")),
    ("a form in a sandboxed frame", form, "null", ("null", "cross-site", "navigate", "document")),
    ("a form that reads", form_with_get, EVIL, (None, "cross-site", "navigate", "document")),
    ("a beacon", beacon, EVIL, (EVIL, "cross-site", "no-cors", "empty")),
    ("a beacon to the own server", beacon, same_origin, (API, "same-origin", "no-cors", "empty")),
    ("a WebSocket", websocket, EVIL, (EVIL, "cross-site", "websocket", "empty")),
    ("a WebSocket to the own server", websocket, same_origin, (API, "same-origin", "websocket", "empty")),
    ("a WebSocket of a sandboxed frame", websocket, "null", ("null", "cross-site", "websocket", "empty")),
)
def test_what_the_server_is_told(send: Send, origin: str, expected: tuple[str | None, ...]) -> None:
    assert tuple(map(sent_by(send, origin).header, _NAMES)) == expected


def test_another_origin_of_the_site() -> None:
    for send in (form, beacon, websocket):
        assert sent_by(send, PAGE, base_url=SISTER).header("Sec-Fetch-Site") == "same-site"


@table(
    "engine, expected",
    ("the standard", None, ("cross-site", "websocket", "empty")),
    ("Chromium says nothing", "chromium", (None, None, None)),
    ("Firefox", "firefox", ("cross-site", "websocket", "empty")),
    ("WebKit has a destination of its own", "webkit", ("cross-site", "websocket", "websocket")),
)
def test_engines_and_websockets(engine: EngineName | None, expected: tuple[str | None, ...]) -> None:
    sent = sent_by(websocket, EVIL, engine)
    assert (sent.header("Origin"), tuple(map(sent.header, _NAMES[1:]))) == (EVIL, expected)
    assert sent_by(form, EVIL, engine).header("Sec-Fetch-Mode") == "navigate"


@table(
    "base_url, is_told",
    ("plain http on another name", "http://api.example.net", False),
    ("plain http on this machine", "http://localhost:8000", True),
    ("https", API, True),
)
def test_only_where_the_server_can_trust_it(base_url: str, is_told: bool) -> None:
    for send in (form, beacon, websocket):
        sent = sent_by(send, "http://app.example.com", base_url=base_url)
        assert (sent.header("Sec-Fetch-Site") is not None) is is_told
        assert sent.header("Origin") == "http://app.example.com"


def test_from_https_to_http_the_origin_is_left_out_except_with_websockets() -> None:
    """Handshakes do not follow Referrer-Policy (Fetch, "append a request `Origin` header")."""
    origins = [
        sent_by(send, PAGE, base_url="http://api.example.net").header("Origin")
        for send in (form, beacon, websocket)
    ]
    assert origins == ["null", "null", PAGE]


def test_a_handshake_has_what_it_needs() -> None:
    sent = sent_by(websocket, EVIL)
    assert (sent.method, sent.url, sent.body, sent.is_websocket) == ("GET", f"{API}/", b"", True)
    assert (sent.header("Connection"), sent.header("Sec-WebSocket-Version")) == ("Upgrade", "13")
    assert sent.header("Referer") is None
    assert not sent_by(form, EVIL).is_websocket


# Cookies.


@table(
    "send, origin, engine, expected",
    ("a form of the same site", form, PAGE, None, "a b c d"),
    ("a form of another site", form, EVIL, None, "a"),
    ("a form of another site that reads", form_with_get, EVIL, None, "a b d"),
    ("a beacon of another site", beacon, EVIL, None, "a"),
    ("a WebSocket of another site", websocket, EVIL, None, "a"),
    ("a WebSocket of a sandboxed frame", websocket, "null", None, "a"),
    ("a WebSocket of the same site", websocket, PAGE, None, "a b c d"),
    ("Chromium sends fresh cookies with forms", form, EVIL, "chromium", "a d"),
    ("but not with beacons", beacon, EVIL, "chromium", "a"),
    ("Firefox has no default", form, EVIL, "firefox", "a d"),
    ("nor has it for WebSockets", websocket, EVIL, "firefox", "a d"),
    ("WebKit has no default", websocket, EVIL, "webkit", "a d"),
)
def test_cookies(send: Send, origin: str, engine: EngineName | None, expected: str) -> None:
    given = answer(*(("Set-Cookie", cookie) for cookie in COOKIES))
    browser = Browser({SISTER: Scripted(answering(given))}, engine=engine)
    browser.page(same_origin).fetch("/")
    cookies = send(browser.page(origin)).request.header("Cookie") or ""
    assert " ".join(pair.partition("=")[0] for pair in cookies.split("; ")) == expected


@table("seconds, is_sent", ("two minutes", 120, True), ("more", 121, False))
def test_for_how_long_a_cookie_is_fresh(seconds: int, is_sent: bool) -> None:
    now = 0
    site = Scripted(answering(answer(("Set-Cookie", "d=1"))))
    browser = Browser(site, API, engine="chromium", clock=lambda: now)
    browser.page(same_origin).fetch("/")
    now = seconds
    exchange = form(browser.page(EVIL))
    assert (exchange.request.header("Cookie") is not None) is is_sent
    assert bool(exchange.notes) is not is_sent


@table(
    "send, engine, is_kept",
    ("where the user goes, cookies are kept", form, None, True),
    ("a beacon", beacon, None, False),
    ("a WebSocket", websocket, None, False),
    ("WebKit, where the user goes", form, "webkit", True),
)
def test_which_responses_set_cookies(send: Send, engine: EngineName | None, is_kept: bool) -> None:
    """The cookie of a login that another site has caused is sent from then on."""
    browser = Browser(Scripted(answering(answer(("Set-Cookie", "s=1; SameSite=Lax")))), API, engine=engine)
    send(browser.page(EVIL))
    cookie = browser.page(same_origin).fetch("/").exchanges[0].request.header("Cookie")
    assert (cookie == "s=1") is is_kept


def test_webkit_says_why_it_keeps_no_cookie() -> None:
    browser = Browser(Scripted(answering(answer(("Set-Cookie", COOKIES[0])))), API, engine="webkit")
    assert beacon(browser.page(EVIL)).notes == (
        "the cookie a was not set: api.example.net is not on the page's site",
    )


# Forms.


_PARTS = (
    b'------FormBoundary\r\nContent-Disposition: form-data; name="a%22~*"\r\n\r\n1\r\n2 \xc3\xa9\r\n'
    b'------FormBoundary\r\nContent-Disposition: form-data; name="b"\r\n\r\n\r\n------FormBoundary--\r\n'
)


@table(
    "enctype, parameter, body",
    ("a query", "application/x-www-form-urlencoded", "", b"a%22%7E*=1%0D%0A2+%C3%A9&b="),
    ("text", "text/plain", "", b'a"~*=1\r\n2 \xc3\xa9\r\nb=\r\n'),
    ("parts", "multipart/form-data", "; boundary=----FormBoundary", _PARTS),
)
def test_encodings(enctype: FormEncoding, parameter: str, body: bytes) -> None:
    page = browser_of(answering(answer())).page(EVIL)
    request = page.submit_form("/", {'a"~*': "1\n2 é", "b": ""}, enctype=enctype).request
    assert (request.method, request.header("Content-Type")) == ("POST", enctype + parameter)
    assert request.body == body


def test_a_boundary_is_not_part_of_the_data() -> None:
    content_type, body = encoded([("a", "----FormBoundary")], "multipart/form-data")
    assert content_type.endswith("boundary=----FormBoundaryx")
    assert body.count(b"----FormBoundaryx") == 2


def test_a_form_that_reads_has_its_data_in_the_query() -> None:
    request = (
        browser_of(answering(answer()))
        .page(EVIL)
        .submit_form("/a?b=c", [("a", "1"), ("a", "2")], "GET")
        .request
    )
    assert (request.method, request.url, request.body) == ("GET", f"{API}/a?a=1&a=2", b"")
    assert request.header("Content-Type") is None


def test_line_breaks() -> None:
    assert read_entries([("a\rb", "c\nd\r\ne")]) == [("a\r\nb", "c\r\nd\r\ne")]
    assert urlencoded([]) == ""


def test_json_can_be_sent_as_text() -> None:
    page = browser_of(answering(answer())).page(EVIL)
    request = page.submit_form("/", {'{"to": "evil", "x": "': '"}'}, enctype="text/plain").request
    assert request.body == b'{"to": "evil", "x": "="}\r\n'


def test_a_form_follows_redirects() -> None:
    """The server of a second site is told that another one has sent the user on (Fetch, "redirect-taint")."""
    script = by_url({f"{API}/a": redirect(f"{SISTER}/b", status=307), f"{SISTER}/b": answer(body=b"done")})
    exchange = browser_of(script).page(PAGE).submit_form(f"{API}/a", {"a": "1"})
    assert (exchange.request.url, exchange.request.method, exchange.response.body) == (
        f"{SISTER}/b",
        "POST",
        b"done",
    )
    assert exchange.request.header("Origin") == "null"
    assert exchange.request.header("Sec-Fetch-Site") == "cross-site"
    script = by_url({f"{API}/a": redirect("/b"), f"{API}/b": answer()})
    assert browser_of(script).page(PAGE).submit_form(f"{API}/a").request.method == "GET"


WRONG: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("another method", {"method": "PUT"}, "method='PUT': write one of 'GET', 'POST'"),
    ("another encoding", {"enctype": "application/json"}, "write one of 'application/x-www-form-urlencoded'"),
    ("a text", {"data": "a=1"}, "'a' is not an entry of a form: write data={'name': 'value'}"),
    ("nothing", {"data": None}, "data=None: write data={'name': 'value'}"),
    ("a number", {"data": {"a": 1}}, "is not an entry of a form"),
    ("three in place of two", {"data": [("a", "b", "c")]}, "is not an entry of a form"),
    ("a URL that is none", {"url": "https://"}, "is not a URL that can be fetched"),
    ("a password in the URL", {"url": "https://a:b@api.example.net/"}, "contains a user name and password"),
)


@table("options, message", *WRONG)
def test_a_form_that_cannot_be(options: dict[str, Any], message: str) -> None:
    page = browser_of(answering(answer())).page(EVIL)
    with pytest.raises(TypeError) as caught:
        page.submit_form(**{"url": "/", **options})
    assert message in str(caught.value)


def test_a_form_needs_a_server() -> None:
    with pytest.raises(NetworkError, match="no server"):
        browser_of(answering(answer())).page(EVIL).submit_form("https://elsewhere.example/")


# Beacons.


@table(
    "data, content_type, body",
    ("nothing", None, None, b""),
    ("a text", "é", "text/plain;charset=UTF-8", "é".encode()),
    ("bytes", b"\xff", None, b"\xff"),
    ("a query", {"a": "1 2"}, "application/x-www-form-urlencoded;charset=UTF-8", b"a=1+2"),
)
def test_data_of_beacons(
    data: str | bytes | Mapping[str, str] | None, content_type: str | None, body: bytes
) -> None:
    request = browser_of(answering(answer())).page(EVIL).beacon("/", data).request
    assert (request.method, request.header("Content-Type"), request.body) == ("POST", content_type, body)


def test_a_beacon_does_not_care_whether_its_response_is_hidden() -> None:
    hidden = answer(("Cross-Origin-Resource-Policy", "same-origin"))
    assert browser_of(answering(hidden)).page(EVIL).beacon("/").response == hidden
    with pytest.raises(NetworkError, match="no server"):
        browser_of(answering(hidden)).page(EVIL).beacon("https://elsewhere.example/")


# WebSockets.

_ACCEPT = {"type": "websocket.accept", "headers": [(b"x-a", b"1")]}
_DENIAL = {"type": "websocket.http.response.start", "status": 404, "headers": [(b"x-a", b"1")]}
_PART = {"type": "websocket.http.response.body", "body": b"not ", "more_body": True}
_END = {"type": "websocket.http.response.body", "body": b"found"}
_MESSAGE = {"type": "websocket.send", "text": "Hello"}
_CLOSE = {"type": "websocket.close"}
_BROKEN = {"type": "websocket.http.response.start"}
_OPEN = ["Upgrade", "Connection", "x-a"]
_ERROR = b"Internal Server Error"


@table(
    "messages, status, headers, body",
    ("accepted", [_ACCEPT], 101, _OPEN, b""),
    ("accepted and closed", [_ACCEPT, _CLOSE], 101, _OPEN, b""),
    ("accepted, and the browser has left", [_ACCEPT, _MESSAGE], 101, _OPEN, b""),
    ("closed", [_CLOSE], 403, [], b""),
    ("refused with a response", [_DENIAL, _PART, _END], 404, ["x-a"], b"not found"),
    ("no answer", [], 500, ["Content-Type"], _ERROR),
    ("an answer without a status", [_BROKEN], 500, ["Content-Type"], _ERROR),
)
def test_over_asgi(messages: list[dict[str, Any]], status: int, headers: list[str], body: bytes) -> None:
    received = Browser(asgi_answering(*messages)).page(EVIL).websocket("/").response
    assert (received.status, [name for name, _ in received.headers], received.body) == (status, headers, body)


def test_the_scope_of_a_handshake() -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.extend([scope, await receive()])
        await send({"type": "websocket.close"})
        seen.append(await receive())

    Browser(app, "http://localhost:8000").page(EVIL).websocket("/chat?a=b")
    Browser(app).page(EVIL).websocket("wss://testserver/chat")
    scope, connect, disconnect, secure, *_ = seen
    assert (scope["type"], scope["scheme"], scope["path"], scope["query_string"]) == (
        "websocket",
        "ws",
        "/chat",
        b"a=b",
    )
    assert (b"origin", EVIL.encode()) in scope["headers"]
    assert "method" not in scope
    assert (connect["type"], disconnect["type"]) == ("websocket.connect", "websocket.disconnect")
    assert secure["scheme"] == "wss"


def test_an_application_that_does_not_stop_is_stopped() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        while True:
            with suppress(OSError):
                await send(_MESSAGE)

    assert Browser(app).page(EVIL).websocket("/").response.status == 101


def test_what_an_application_raises() -> None:
    error = RuntimeError("no database")
    received = Browser(asgi_answering(raises=error)).page(EVIL).websocket("/").response
    assert (received.status, received.raised) == (500, error)
    denied = Browser(asgi_answering(_DENIAL, _PART, raises=error)).page(EVIL).websocket("/").response
    assert (denied.status, denied.raised, denied.is_complete) == (404, error, False)
    accepted = Browser(asgi_answering(_ACCEPT, raises=error)).page(EVIL).websocket("/").response
    assert (accepted.status, accepted.raised) == (101, None)


def test_a_response_that_is_too_large() -> None:
    with pytest.raises(NetworkError, match="longer than 3 bytes"):
        Browser(asgi_answering(_DENIAL, _END), max_body_bytes=3).page(EVIL).websocket("/")


def test_over_wsgi() -> None:
    asked: list[SentRequest] = []

    def script(request: SentRequest) -> Any:
        asked.append(request)
        return answer(status=403)

    assert browser_of(script).page(EVIL).websocket(f"{API}/chat").response.status == 403
    assert (asked[0].method, asked[0].header("Upgrade")) == ("GET", "websocket")


@each("url", "ftp://api.example.net/", "wss://api.example.net/#a", "https://", "wss://a:b@api.example.net/")
def test_not_the_url_of_a_websocket(url: str) -> None:
    with pytest.raises(TypeError):
        browser_of(answering(answer())).page(EVIL).websocket(url)


def test_a_redirect_opens_nothing() -> None:
    exchange = browser_of(answering(redirect("/elsewhere"))).page(EVIL).websocket("/")
    assert exchange.response.status == 302


def test_a_shared_cache_lets_handshakes_through() -> None:
    browser = Browser(shared_cache(Scripted(answering(answer(("Cache-Control", "max-age=60"))))), API)
    for _ in range(2):
        browser.page(EVIL).websocket("/")
    assert not any(exchange.response.is_cached for exchange in browser.exchanges)
    assert asyncio.run(browser.page(EVIL).awebsocket("/")).response.status == 200
    browser.page(same_origin).fetch("/")
    assert browser.page(same_origin).fetch("/").exchanges[0].response.is_cached


# Every kind of server.


async def write(request: Request) -> PlainTextResponse:
    return PlainTextResponse((await request.body()).decode())


async def leave(request: Request) -> RedirectResponse:
    return RedirectResponse("/write", 303)


async def chat(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        await websocket.send_text("Hello")
        await websocket.receive_text()
    except WebSocketDisconnect:
        return


ROUTES = [
    Route("/write", write, methods=["GET", "POST"]),
    Route("/leave", leave, methods=["POST"]),
    WebSocketRoute("/chat", chat),
]
ASGI = OverASGI(Starlette(routes=ROUTES), protect=True)


def wsgi_app(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [environ["wsgi.input"].read()]


WSGI = OverWSGI(wsgi_app, protect=True)


def assert_a_foreign_page_cannot_write(browser: Browser, opened: int) -> None:
    own, foreign = browser.page(same_origin), browser.page(EVIL)
    for page, written, status in ((own, b"a=1", 200), (foreign, None, 403)):
        for exchange in (page.submit_form("/write", {"a": "1"}), page.beacon("/write", {"a": "1"})):
            assert exchange.response.status == status
            assert written is None or exchange.response.body == written
    assert own.websocket("/chat").response.status == opened
    assert foreign.websocket("/chat").response.status == 403


async def assert_a_foreign_page_cannot_write_async(browser: Browser, opened: int) -> None:
    own, foreign = browser.page(same_origin), browser.page(EVIL)
    for page, status in ((own, 200), (foreign, 403)):
        assert (await page.asubmit_form("/write", {"a": "1"})).response.status == status
        assert (await page.abeacon("/write")).response.status == status
    assert (await own.awebsocket("/chat")).response.status == opened
    assert (await foreign.awebsocket("/chat")).response.status == 403


def test_asgi_application() -> None:
    assert_a_foreign_page_cannot_write(Browser(ASGI), 101)
    asyncio.run(assert_a_foreign_page_cannot_write_async(Browser(ASGI), 101))
    assert Browser(ASGI).page(same_origin).submit_form("/leave").request.url.endswith("/write")


def test_wsgi_application() -> None:
    assert_a_foreign_page_cannot_write(Browser(WSGI), 200)
    asyncio.run(assert_a_foreign_page_cannot_write_async(Browser(WSGI), 200))


@pytest.mark.parametrize("engine", ["chromium", "firefox", "webkit"])
def test_starlettes_client(engine: EngineName) -> None:
    with TestClient(ASGI, base_url="https://api.example.com") as client:
        assert_a_foreign_page_cannot_write(Browser(client, engine=engine), 101)
    asyncio.run(assert_a_foreign_page_cannot_write_async(Browser(TestClient(ASGI)), 101))


def test_the_state_of_the_lifespan_is_in_the_scope() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            scope["state"]["a"] = 1
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        assert (scope["state"], scope["root_path"]) == ({"a": 1}, "/root")
        await send({"type": "websocket.accept"})

    with TestClient(app, root_path="/root") as client:
        assert Browser(client).page(EVIL).websocket("/").response.status == 101


def test_httpx() -> None:
    async def over_asgi() -> None:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(ASGI), base_url="https://a.test"
        ) as client:
            await assert_a_foreign_page_cannot_write_async(Browser(client), 101)

    asyncio.run(over_asgi())
    with httpx.Client(transport=httpx.WSGITransport(WSGI), base_url="https://a.test") as client:
        assert_a_foreign_page_cannot_write(Browser(client), 200)


@contextmanager
def live(status: bytes) -> Iterator[str]:
    """The address of a server that answers every request with this status, and then waits."""

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().strip():
                pass
            self.wfile.write(b"HTTP/1.1 %b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n" % status)
            self.rfile.read()  # until the browser leaves

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@table("line, status", ("open", b"101 Switching Protocols", 101), ("closed", b"403 Forbidden", 403))
def test_a_live_server(line: bytes, status: int) -> None:
    async def of_async_client(url: str) -> int:
        async with httpx.AsyncClient(base_url=url) as client:
            return (await Browser(client, timeout=9).page(EVIL).awebsocket("/chat")).response.status

    with live(line if status == 101 else line + b"\r\nContent-Length: 0") as url:
        with httpx.Client(base_url=url) as client:
            assert Browser(client, timeout=9).page(EVIL).websocket("/chat").response.status == status
        assert asyncio.run(of_async_client(url)) == status


@override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[], ALLOWED_HOSTS=["*"])
def test_djangos_clients() -> None:
    """Without a view, it is enough that the request arrives."""
    assert Browser(django.test.Client()).page(EVIL).websocket("/chat").response.status == 404
    browser = Browser(django.test.AsyncClient())
    assert asyncio.run(browser.page(EVIL).awebsocket("/chat")).response.status == 404
    assert asyncio.run(browser.page(EVIL).asubmit_form("/chat")).response.status == 404


urlpatterns: list[Any] = []
