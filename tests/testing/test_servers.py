"""What a browser can talk to: every kind of application and client, and what it refuses."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import sys
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

import flask
import httpx
import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path
from rest_framework.test import APIClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from werkzeug.test import Client as WerkzeugClient

from crosscors.testing import BlockedByCORS, Browser, NetworkError, Response, same_origin
from crosscors.testing.servers import AnyServer
from tests.rules.kit import rows

from .servers import PAGE, asgi_answering, wsgi_answering

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from crosscors.asgi import Receive, Scope, Send

ALLOW = ("Access-Control-Allow-Origin", "*")
HEADERS = [ALLOW, ("Access-Control-Expose-Headers", "*"), ("X-Kind", "wsgi")]
RAW_ALLOW = (b"access-control-allow-origin", b"*")
RAW_HEADERS = [RAW_ALLOW, (b"access-control-expose-headers", b"*"), (b"x-kind", b"asgi")]

START: dict[str, Any] = {"type": "http.response.start", "status": 200, "headers": [RAW_ALLOW]}
PART: dict[str, Any] = {"type": "http.response.body", "body": b"Hel", "more_body": True}
END: dict[str, Any] = {"type": "http.response.body", "body": b"lo"}

FetchFrom = Callable[..., Response]


def fetch(server: AnyServer, url: str = "/", base_url: str | None = None, **init: Any) -> Response:
    return Browser(server, base_url).page(PAGE).fetch(url, **init)


def afetch(server: AnyServer, url: str = "/", **init: Any) -> Response:
    return asyncio.run(Browser(server).page(PAGE).afetch(url, **init))


# Which applications and clients answer


def wsgi_function(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", HEADERS)
    return [b"Hel", b"", b"lo"]


class WSGIObject:
    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return wsgi_function(environ, start_response)


class WSGIClass:
    """PEP 3333 takes classes as well: their objects are the responses."""

    def __init__(self, environ: WSGIEnvironment, start_response: StartResponse) -> None:
        self.start = start_response

    def __iter__(self) -> Iterator[bytes]:
        self.start("200 OK", HEADERS)
        yield b"Hello"


def wsgi_generator(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    start_response("200 OK", HEADERS)
    yield b"Hello"


def wsgi_writer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    write = start_response("200 OK", HEADERS)
    write(b"Hel")
    return [b"lo"]


asgi_function = asgi_answering({**START, "headers": RAW_HEADERS}, PART, END)


class ASGIObject:
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asgi_function(scope, receive, send)


def asgi_plain(scope: Scope, receive: Receive, send: Send) -> Any:
    """A function that returns what has to be awaited."""
    return asgi_function(scope, receive, send)


APPLICATIONS: list[tuple[AnyServer, str, str]] = [
    (wsgi_function, "wsgi", "WSGI function"),
    (WSGIObject(), "wsgi", "WSGI object"),
    (WSGIClass, "wsgi", "WSGI class"),
    (wsgi_generator, "wsgi", "WSGI generator"),
    (wsgi_writer, "wsgi", "WSGI write()"),
    (functools.partial(wsgi_function), "wsgi", "WSGI partial"),
    (WerkzeugClient(wsgi_function), "wsgi", "Werkzeug's Client"),
    (httpx.Client(transport=httpx.WSGITransport(wsgi_function)), "wsgi", "httpx to WSGI"),
    ({"https://testserver": wsgi_function}, "wsgi", "a dict"),
    (asgi_function, "asgi", "ASGI function"),
    (ASGIObject(), "asgi", "ASGI object"),
    (ASGIObject().__call__, "asgi", "ASGI method"),
    (asgi_plain, "asgi", "ASGI plain function"),
    (TestClient(asgi_function), "asgi", "Starlette's TestClient"),
]


@rows("server, kind", APPLICATIONS)
@pytest.mark.parametrize("fetch_from", [fetch, afetch])
def test_applications_and_clients_answer(server: AnyServer, kind: str, fetch_from: FetchFrom) -> None:
    response = fetch_from(server)
    assert (response.status, response.text(), response.headers["x-kind"]) == (200, "Hello", kind)


ASYNC_HTTPX = httpx.AsyncClient(transport=httpx.ASGITransport(asgi_function))


def test_an_asynchronous_client_of_httpx_answers() -> None:
    assert afetch(ASYNC_HTTPX).text() == "Hello"


@pytest.mark.parametrize("client", [ASYNC_HTTPX, AsyncClient()], ids=["httpx", "Django"])
def test_an_asynchronous_client_has_to_be_awaited(client: Any) -> None:
    message = r"^AsyncClient is asynchronous: write await page\.afetch\(\.\.\.\)\.$"
    with pytest.raises(TypeError, match=message):
        fetch(client)


def test_asynchronous_code_has_to_await_asgi_applications_but_not_wsgi_applications() -> None:
    async def fetch_in_a_loop(server: AnyServer) -> str:
        return fetch(server).text()

    assert asyncio.run(fetch_in_a_loop(wsgi_function)) == "Hello"
    with pytest.raises(TypeError, match=r"await page\.afetch\(\.\.\.\)"):
        asyncio.run(fetch_in_a_loop(asgi_function))


def test_an_asgi_application_needs_asyncio() -> None:
    coroutine = Browser(asgi_function).page(PAGE).afetch("/")
    with pytest.raises(TypeError, match="run only with asyncio"):
        coroutine.send(None)  # as trio does


# What an application is asked


def test_what_a_wsgi_application_is_asked() -> None:
    seen: dict[str, Any] = {}

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        seen.update(environ, body=environ["wsgi.input"].read())
        return wsgi_function(environ, start_response)

    headers = {"Content-Type": "text/plain", "Accept-Language": "de", "Accept": "é"}
    url, base_url = "/it%20ems/ü%2F?a=%20b", "http://api.example.net:8080/x/"
    fetch(app, url, base_url, method="POST", body=b"Hi", headers=headers)
    assert {name: seen[name] for name in seen if name.isupper() and not name.startswith("HTTP_")} == {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/it ems/ü/".encode().decode("latin-1"),
        "QUERY_STRING": "a=%20b",
        "SERVER_NAME": "api.example.net",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "2",
    }
    assert seen["HTTP_HOST"] == "api.example.net:8080"
    assert seen["HTTP_ACCEPT_LANGUAGE"] == "de"
    assert seen["HTTP_ACCEPT"] == "é"
    assert seen["HTTP_ORIGIN"] == PAGE
    assert "HTTP_CONTENT_TYPE" not in seen
    assert seen["wsgi.url_scheme"] == "http"
    assert seen["body"] == b"Hi"


def test_what_an_asgi_application_is_asked() -> None:
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend([scope, await receive()])
        await asgi_function(scope, receive, send)
        seen.append(await receive())

    url = "https://[::1]:8443/it%20ems/ü%2F?a=%20b"
    Browser(app, url).page(same_origin).fetch(url, method="POST", body=b"Hi", headers={"X-A": "é"})
    scope, body, end = seen
    headers = scope.pop("headers")
    assert scope == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": "/it ems/ü/",
        "raw_path": b"/it%20ems/%C3%BC%2F",
        "query_string": b"a=%20b",
        "root_path": "",
        "client": ("127.0.0.1", 50000),
        "server": ("[::1]", 8443),
    }
    assert headers[:2] == [(b"host", b"[::1]:8443"), (b"x-a", b"\xe9")]
    assert (b"content-length", b"2") in headers
    assert body == {"type": "http.request", "body": b"Hi", "more_body": False}
    assert end == {"type": "http.disconnect"}


@pytest.mark.parametrize(
    ("method", "length"), [("GET", None), ("POST", "0"), ("PUT", "0"), ("DELETE", None), ("HEAD", None)]
)
def test_the_length_of_no_body(method: str, length: str | None) -> None:
    seen: list[str | None] = []

    def wsgi(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        seen.append(environ.get("CONTENT_LENGTH"))
        return wsgi_function(environ, start_response)

    async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
        value = dict(scope["headers"]).get(b"content-length")
        seen.append(value and value.decode())
        await asgi_function(scope, receive, send)

    for app in (wsgi, asgi):
        Browser(app).page(same_origin).fetch("/", method=method)
    assert seen == [length, length]


# Applications of frameworks, which the tests below use


def flask_app(**config: Any) -> flask.Flask:
    app = flask.Flask(__name__)
    app.config.update(config)
    app.secret_key = "for tests"  # noqa: S105

    @app.route("/")
    def index() -> str:
        return f"{flask.session.get('user', 'nobody')} at {flask.request.host}"

    @app.post("/logout")
    def logout() -> str:
        flask.session.clear()
        return ""

    @app.route("/fail")
    def fail() -> str:
        raise KeyError("view")

    @app.after_request
    def allow(response: flask.Response) -> flask.Response:
        response.headers["Access-Control-Allow-Origin"] = flask.request.headers.get("Origin", "*")
        response.headers["Access-Control-Allow-Credentials"] = "true"
        return response

    return app


async def tell(request: Request) -> PlainTextResponse:
    told = [request.method, str(request.url), (await request.body()).decode(), repr(sorted(request.headers))]
    return PlainTextResponse("\n".join(told), headers=dict([ALLOW]))


async def stream(request: Request) -> StreamingResponse:
    return StreamingResponse((part for part in ("Hel", "lo")), headers=dict([ALLOW]))


async def fail(request: Request) -> PlainTextResponse:
    raise KeyError("view")


STARLETTE = Starlette(
    routes=[Route("/", tell, methods=["GET", "POST"]), Route("/stream", stream), Route("/fail", fail)]
)


def allowing(response: HttpResponse | StreamingHttpResponse) -> Any:
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Allow-Headers"] = "*, Authorization"
    return response


def django_index(request: HttpRequest) -> Any:
    names = [name for name, value in request.headers.items() if value and not name.startswith("Sec-")]
    lines = [request.method or "", request.build_absolute_uri(), request.body.decode(), repr(sorted(names))]
    response = HttpResponse("\n".join(lines))
    response.set_cookie("seen", "1")
    return allowing(response)


def django_session(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.session.get("user", "nobody"))


def django_fail(request: HttpRequest) -> HttpResponse:
    raise KeyError("view")


def django_stream(request: HttpRequest) -> Any:
    def parts() -> Iterator[bytes]:
        yield b"Hel"
        if request.path == "/broken":
            raise KeyError("in the middle")
        yield b"lo"

    async def async_parts() -> AsyncIterator[bytes]:
        for part in parts():
            yield part

    streamed: Any = async_parts() if hasattr(request, "scope") else parts()
    return allowing(StreamingHttpResponse(streamed))


urlpatterns = [
    path("", django_index),
    path("session", django_session),
    path("fail", django_fail),
    path("stream", django_stream),
    path("broken", django_stream),
]


@pytest.fixture
def django_project() -> Generator[None, None, None]:
    changed = override_settings(
        ROOT_URLCONF=__name__,
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    )
    with changed:
        yield


# Exceptions


def raises_at_once(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    raise KeyError("view")


def raises_after_start(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [ALLOW])
    raise KeyError("view")


def raises_after_an_empty_part(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    start_response("200 OK", [ALLOW])
    yield b""
    raise KeyError("view")


def raising_transport(request: httpx.Request) -> httpx.Response:
    raise KeyError("view")


# Server, how it is asked, URL, why.
FAILING: list[tuple[AnyServer, FetchFrom, str, str]] = [
    (raises_at_once, fetch, "/", "WSGI: at once"),
    (raises_after_start, fetch, "/", "WSGI: after the start"),
    (raises_after_an_empty_part, fetch, "/", "WSGI: after an empty part"),
    (asgi_answering(raises=KeyError("view")), fetch, "/", "ASGI: at once"),
    (STARLETTE, fetch, "/fail", "Starlette"),
    (TestClient(STARLETTE), fetch, "/fail", "Starlette's TestClient"),
    (httpx.Client(transport=httpx.MockTransport(raising_transport)), fetch, "/", "httpx's transport"),
    (httpx.AsyncClient(transport=httpx.MockTransport(raising_transport)), afetch, "/", "httpx, awaited"),
    (flask_app(TESTING=True, DEBUG=True), fetch, "/fail", "Flask in debug mode"),
    (Client(), fetch, "/fail", "Django's client"),
    (AsyncClient(), afetch, "/fail", "Django's asynchronous client"),
]


@pytest.mark.usefixtures("django_project")
@rows("server, fetch_from, url", FAILING)
def test_an_exception_before_the_first_byte_becomes_a_500_without_headers(
    server: AnyServer, fetch_from: FetchFrom, url: str
) -> None:
    with pytest.raises(BlockedByCORS) as blocked:
        fetch_from(server, url)
    response = blocked.value.exchange.response
    assert (response.status, response.header("Access-Control-Allow-Origin")) == (500, None)
    assert repr(blocked.value.__cause__) == "KeyError('view')"
    assert blocked.value.__cause__ is response.raised


@pytest.mark.parametrize("app", [raises_at_once, asgi_answering(raises=KeyError("view"))])
def test_the_text_of_such_a_500(app: AnyServer) -> None:
    response = Browser(app).page(same_origin).fetch("/")
    assert (response.status, response.text()) == (500, "Internal Server Error")


@pytest.mark.parametrize("testing", [False, True])
def test_flask_writes_the_500_itself_as_in_production(testing: bool) -> None:
    app = flask_app(TESTING=testing)
    response = fetch(app, "/fail")
    assert response.status == 500
    assert repr(response.exchanges[0].response.raised) == "KeyError('view')"
    assert app.config["PROPAGATE_EXCEPTIONS"] is None


def test_the_test_client_raises_exceptions_to_others_as_before() -> None:
    client = TestClient(STARLETTE)
    with pytest.raises(BlockedByCORS):
        fetch(client, "/fail")
    with pytest.raises(KeyError, match="view"):
        client.get("/fail")


def raises_after_a_part(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    start_response("200 OK", [ALLOW])
    yield b"Hel"
    raise KeyError("in the middle")


def starts_anew_after_a_part(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    start_response("200 OK", [ALLOW])
    yield b"Hel"
    try:
        raise KeyError("in the middle")
    except KeyError:
        start_response("500 Oops", [ALLOW], cast("Any", sys.exc_info()))


BREAKING_OFF: list[tuple[AnyServer, FetchFrom, str]] = [
    (raises_after_a_part, fetch, "WSGI"),
    (starts_anew_after_a_part, fetch, "WSGI: another start is too late"),
    (asgi_answering(START, PART, raises=KeyError("in the middle")), fetch, "ASGI"),
    (Client(), fetch, "Django's client"),
    (AsyncClient(), afetch, "Django's asynchronous client"),
]


@pytest.mark.usefixtures("django_project")
@rows("server, fetch_from", BREAKING_OFF)
def test_an_exception_after_the_first_byte_comes_too_late_for_a_500(
    server: AnyServer, fetch_from: FetchFrom
) -> None:
    response = fetch_from(server, "/broken")
    assert (response.status, response.exchanges[0].response.body) == (200, b"Hel")
    for read in (response.text, response.json, lambda: response.body):
        with pytest.raises(NetworkError, match=r"^The response was cut off before its end\.") as caught:
            read()
        assert "! the application raised KeyError('in the middle')" in str(caught.value)


def test_an_asgi_response_without_an_end_is_cut_off() -> None:
    response = fetch(asgi_answering(START))
    assert response.ok
    with pytest.raises(NetworkError, match="was cut off"):
        response.json()


class FailsToClose:
    def __iter__(self) -> Iterator[bytes]:
        return iter([b"Hello"])

    def close(self) -> None:
        raise KeyError("after the end")


@rows(
    "app",
    [
        (wsgi_answering("200 OK", [ALLOW], FailsToClose()), "WSGI: the body fails to close"),
        (asgi_answering(START, PART, END, raises=KeyError("after the end")), "ASGI: a background task"),
    ],
)
def test_an_exception_after_the_end_does_not_touch_the_response(app: AnyServer) -> None:
    response = fetch(app)
    assert response.text() == "Hello"
    assert repr(response.exchanges[0].response.raised) == "KeyError('after the end')"


# What the protocols ask of applications


@pytest.mark.parametrize("fails", [False, True])
def test_the_body_of_a_wsgi_response_is_closed(fails: bool) -> None:
    closed: list[bool] = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            if fails:
                raise KeyError("body")
            return iter([b"Hello"])

        def close(self) -> None:
            closed.append(True)

    Browser(wsgi_answering("200 OK", [], Body())).page(same_origin).fetch("/")
    assert closed == [True]


@pytest.mark.parametrize("before", [[], [b""]], ids=["at once", "after an empty part"])
def test_a_wsgi_response_can_start_anew_until_its_first_byte(before: list[bytes]) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [ALLOW])
        yield from before
        try:
            raise KeyError("id")
        except KeyError:
            start_response("500 Oops", [ALLOW], cast("Any", sys.exc_info()))
        yield b"Oops"

    response = fetch(app)
    assert (response.status, response.text()) == (500, "Oops")


def starts_twice(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [ALLOW])
    start_response("201 Created", [ALLOW])
    return []


def silent(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    return []


@rows(
    "app, message",
    [
        (starts_twice, "The WSGI application called start_response twice without exc_info.", "WSGI, twice"),
        (silent, "The WSGI application answered without calling start_response.", "WSGI, silent"),
        (
            asgi_answering({"type": "http.response.debug", "info": {}}),
            "The ASGI application ended without a response.",
            "ASGI, silent",
        ),
    ],
)
def test_an_application_has_to_start_one_response(app: AnyServer, message: str) -> None:
    with pytest.raises(BlockedByCORS) as blocked:
        fetch(app)
    assert isinstance(blocked.value.__cause__, RuntimeError)
    assert str(blocked.value.__cause__) == message


@rows(
    "app",
    [
        (wsgi_answering("", [], []), "no status"),
        (wsgi_answering("OK", [], []), "a status without a number"),
        (wsgi_answering("OK", [], [b"body"]), "a body after a status without a number"),
        (wsgi_answering("200 OK", [("X", 1)], []), "a value that is not text"),
        (wsgi_answering("200 OK", [], ["text"]), "a body that is not bytes"),
        (asgi_answering({"type": "http.response.start"}, END), "ASGI: no status"),
        (asgi_answering({**START, "headers": None}, END), "ASGI: no headers"),
        (asgi_answering({**START, "headers": [("a", "b")]}, END), "ASGI: headers as text"),
        (asgi_answering(START, {**END, "body": "text"}), "ASGI: a body that is not bytes"),
    ],
)
def test_a_breach_of_the_protocol_is_answered_like_an_exception(app: AnyServer) -> None:
    response = Browser(app).page(same_origin).fetch("/")
    assert response.status == 500
    assert response.exchanges[0].response.raised is not None


def test_a_factory_has_to_be_called() -> None:
    def create_app(config: object = None, debug: bool = False) -> flask.Flask:
        return flask_app()

    with pytest.raises(TypeError, match=r"creates an application, call it: Browser\(create_app\(\)\)"):
        fetch(create_app)


# Event loops


def test_the_thread_keeps_its_event_loop() -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        fetch(asgi_function)
        assert asyncio.get_event_loop() is loop
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def test_what_an_application_binds_to_its_loop_stays_usable_and_ends_with_the_browser() -> None:
    queue: asyncio.Queue[int] = asyncio.Queue()
    workers: list[asyncio.Task[int]] = []

    async def queueing(scope: Scope, receive: Receive, send: Send) -> None:
        if not workers:
            workers.append(asyncio.create_task(queue.get()))
        await asyncio.sleep(0)
        await asgi_function(scope, receive, send)

    browser = Browser(queueing)
    for _ in range(2):
        assert browser.page(PAGE).fetch("/").ok
    assert not workers[0].done()
    del browser
    gc.collect()
    assert workers[0].cancelled()


def test_a_browser_can_be_forgotten_while_another_loop_runs() -> None:
    browsers = [Browser(asgi_function)]
    assert browsers[0].page(PAGE).fetch("/").ok

    async def forget() -> None:
        browsers.clear()
        gc.collect()

    asyncio.run(forget())


async def slow_and_fast(scope: Scope, receive: Receive, send: Send) -> None:
    """The fast response is for everyone, the slow one for nobody."""
    is_fast = scope["path"] == "/fast"
    await asyncio.sleep(0.01 if is_fast else 0.05)
    await send({**START, "headers": [RAW_ALLOW] if is_fast else []})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


@pytest.mark.parametrize("is_client", [False, True], ids=["the application", "a client"])
def test_fetches_at_the_same_time_are_judged_each_for_itself(is_client: bool) -> None:
    async def test() -> list[Any]:
        transport = httpx.ASGITransport(cast("Any", slow_and_fast))
        async with httpx.AsyncClient(transport=transport, base_url="https://testserver") as client:
            page = Browser(client if is_client else slow_and_fast).page(PAGE)
            both = asyncio.gather(page.afetch("/fast"), page.afetch("/slow"), return_exceptions=True)
            outcomes: list[Any] = [*await both]
            assert transport.raise_app_exceptions
            return outcomes

    fast, slow = asyncio.run(test())
    assert fast.text() == "/fast"
    assert isinstance(slow, BlockedByCORS)
    assert slow.exchange.response.body == b"/slow"


# Flask


@pytest.mark.parametrize("fetch_from", [fetch, afetch])
def test_a_flask_application_answers(fetch_from: FetchFrom) -> None:
    assert fetch_from(flask_app()).text() == "nobody at localhost"
    assert fetch_from(flask_app(SERVER_NAME="api.test:8000")).text() == "nobody at api.test:8000"
    assert fetch_from(flask_app().test_client(use_cookies=False)).text() == "nobody at localhost"


def test_a_login_with_a_flask_client_is_the_browsers() -> None:
    client = flask_app().test_client()
    with client.session_transaction() as session:
        session["user"] = "ada"
    browser = Browser(client)
    page = browser.page(PAGE)
    assert page.fetch("/", credentials="include").text() == "nobody at localhost"  # Lax, as a login would be
    assert browser.page(same_origin).fetch("/").text() == "ada at localhost"
    browser.page(same_origin).fetch("/logout", method="POST")
    assert browser.page(same_origin).fetch("/").text() == "nobody at localhost"
    assert client.get("/").text == "ada at localhost"


@rows(
    "attributes, path, cookie",
    [
        ({"path": "/x", "samesite": "Lax"}, "/x/y", "a=1", "its path"),
        ({"path": "/x", "samesite": "Lax"}, "/", None, "another path"),
        ({"domain": "other.example"}, "/", None, "another domain"),
    ],
)
def test_a_cookie_of_a_flask_client_keeps_its_attributes(
    attributes: Any, path: str, cookie: str | None
) -> None:
    client = flask_app().test_client()
    client.set_cookie("a", "1", **attributes)
    (exchange,) = Browser(client).page(same_origin).fetch(path).exchanges
    assert exchange.request.header("Cookie") == cookie


# Django


DJANGO = [pytest.param(Client, fetch, id="sync"), pytest.param(AsyncClient, afetch, id="async")]


@pytest.mark.usefixtures("django_project")
@pytest.mark.parametrize(
    ("client", "fetch_from"), [*DJANGO, pytest.param(Client, afetch, id="sync, awaited")]
)
def test_django_answers_through_its_clients(client: Any, fetch_from: FetchFrom) -> None:
    response = fetch_from(client(), "/?q=1", method="POST", body="Hi", headers={"Accept-Language": "de"})
    method, url, body, names = response.text().split("\n")
    assert (method, url, body) == ("POST", "https://testserver/?q=1", "Hi")
    assert {"Origin", "Accept-Language", "Content-Length", "Content-Type", "Host"} <= set(eval(names))  # noqa: S307
    assert response.exchanges[0].response.header("Set-Cookie") == "seen=1; Path=/"
    assert fetch_from(client(), "/stream").text() == "Hello"


@pytest.mark.usefixtures("django_project")
@pytest.mark.parametrize(("client", "fetch_from"), DJANGO)
def test_the_settings_of_djangos_clients_are_not_the_browsers(client: Any, fetch_from: FetchFrom) -> None:
    asked = client(headers={"Authorization": "x", "X-A": "1"})
    asked.cookies["a"] = "1"
    before = dict(asked.defaults)
    names = fetch_from(asked).text().split("\n")[-1]
    assert not {"Authorization", "X-A", "Cookie"} & set(eval(names))  # noqa: S307
    assert dict(asked.defaults) == before
    assert (asked.cookies["a"].value, asked.raise_request_exception) == ("1", True)


@pytest.mark.usefixtures("django_project")
def test_what_rest_frameworks_client_adds_is_not_the_browsers_but_its_cookies_are() -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Token secret")
    client.cookies["a"] = "1"
    (exchange,) = Browser(client).page(same_origin).fetch("/").exchanges
    assert "Authorization" not in eval(exchange.response.body.decode().split("\n")[-1])  # noqa: S307
    assert exchange.request.header("Cookie") == "a=1"


@override_settings(
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"],
    DEBUG_PROPAGATE_EXCEPTIONS=False,
)
@pytest.mark.parametrize(("enforced", "status"), [(False, 200), (True, 403)])
def test_a_client_that_enforces_csrf_checks_does_so_for_the_browser(enforced: bool, status: int) -> None:
    page = Browser(Client(enforce_csrf_checks=enforced)).page(same_origin)
    assert page.fetch("/", method="POST").status == status


@pytest.mark.usefixtures("django_project")
def test_a_login_with_djangos_client_is_the_browsers() -> None:
    client = Client()
    session = client.session
    session["user"] = "ada"
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key or ""
    page = Browser(client).page(same_origin)
    assert page.fetch("/session").text() == "ada"
    assert page.fetch("/session", credentials="omit").text() == "nobody"


@pytest.mark.usefixtures("django_project")
@pytest.mark.parametrize(
    ("same_site", "secure", "sent"),
    [("Lax", False, False), (False, False, False), ("None", True, True), ("None", False, False)],
)
def test_a_forced_login_is_sent_as_the_settings_say(same_site: Any, secure: bool, sent: bool) -> None:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = "ada"
    # What force_login() writes.
    left_out = {"max-age": None, "path": "/", "domain": None, "secure": None, "expires": None}
    client.cookies[settings.SESSION_COOKIE_NAME].update(cast("Any", left_out))
    browser = Browser(client)
    with (
        override_settings(SESSION_COOKIE_SAMESITE=same_site, SESSION_COOKIE_SECURE=secure),
        contextlib.suppress(BlockedByCORS),
    ):
        browser.page("https://app.example.net").fetch("/", credentials="include")
    assert (browser.exchanges[0].request.header("Cookie") == "sessionid=ada") is sent


# httpx, and Starlette's TestClient


@pytest.mark.parametrize("server", [STARLETTE, TestClient(STARLETTE)], ids=["app", "TestClient"])
def test_starlette_answers(server: AnyServer) -> None:
    response = fetch(server, "/?q=1", "https://api.example.net", method="POST", body="Hi")
    assert response.text().split("\n")[:3] == ["POST", "https://api.example.net/?q=1", "Hi"]
    assert fetch(server, "/stream").text() == "Hello"


def wsgi_teller(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [ALLOW])
    names = [name.removeprefix("HTTP_").lower().replace("_", "-") for name in environ if "HTTP_" in name]
    return [f"\n{environ['QUERY_STRING']}\n\n{names!r}".encode()]


SETTINGS: dict[str, Any] = {
    "headers": {"X-A": "1", "Authorization": "x"},
    "params": {"key": "1"},
    "cookies": {"a": "1"},
    "auth": ("user", "password"),
    "follow_redirects": True,
}


@rows(
    "client, fetch_from",
    [
        (httpx.Client(transport=httpx.WSGITransport(wsgi_teller), **SETTINGS), fetch, "WSGI"),
        (httpx.AsyncClient(transport=httpx.ASGITransport(STARLETTE), **SETTINGS), afetch, "ASGI"),
    ],
)
def test_the_settings_of_httpxs_clients_are_not_the_browsers(client: Any, fetch_from: FetchFrom) -> None:
    before = sorted(client.headers)
    _, url, _, names = fetch_from(client).text().split("\n")
    assert "key" not in url
    assert set(eval(names)) == {  # noqa: S307
        "accept", "host", "origin", "referer", "user-agent",
        "sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site",
    }  # fmt: skip
    assert (sorted(client.headers), dict(client.cookies)) == (before, {"a": "1"})


def mock(answer: Callable[[httpx.Request], httpx.Response], **options: Any) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(answer), **options)


def allowed(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, headers=[ALLOW])


def test_the_browser_follows_redirects_itself_and_reads_headers_and_bytes_as_they_come() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/old":
            return httpx.Response(302, headers=[ALLOW, ("Location", "https://other.example.net/new")])
        headers = [ALLOW, ("X-A", "1"), ("X-A", "2"), ("Access-Control-Expose-Headers", "*")]
        return httpx.Response(200, headers=headers, content=b"\xff")

    response = fetch(mock(handle, base_url="https://api.example.net/v1"), "/old")
    urls = [each.request.url for each in response.exchanges]
    assert urls == ["https://api.example.net/old", "https://other.example.net/new"]
    assert (response.headers["x-a"], response.body) == ("1, 2", b"\xff")


def test_httpx_changes_no_methods() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        headers = [ALLOW, ("Access-Control-Allow-Methods", "*")]
        return httpx.Response(200, headers=headers, text=request.method)

    assert fetch(mock(handle), method="patch").text() == "patch"


def test_the_hooks_of_a_client_stay_as_they_were() -> None:
    seen: list[int] = []
    client = mock(allowed, event_hooks={"response": [lambda response: seen.append(response.status_code)]})
    fetch(client)
    assert seen == []
    client.get("https://testserver/")
    assert seen == [200]


def unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


@pytest.mark.parametrize(("client", "fetch_from"), [(httpx.Client, fetch), (httpx.AsyncClient, afetch)])
def test_a_server_that_cannot_be_reached_is_a_network_error(client: Any, fetch_from: FetchFrom) -> None:
    with pytest.raises(NetworkError, match=r"^https://testserver/ cannot be reached: refused") as caught:
        fetch_from(client(transport=httpx.MockTransport(unreachable)))
    assert not isinstance(caught.value, BlockedByCORS)


@pytest.mark.parametrize("location", ["ftp://x/", "//", "https://[x]/", "mailto:a@b.test"])
def test_a_redirect_that_httpx_cannot_read_is_the_browsers_to_judge(location: str) -> None:
    headers = [ALLOW, ("Location", location)]
    with pytest.raises(NetworkError, match="The redirect goes to"):
        fetch(mock(lambda request: httpx.Response(302, headers=headers)))


def test_what_a_client_cannot_decompress_is_a_network_error() -> None:
    headers = [ALLOW, ("Content-Encoding", "gzip")]
    broken = httpx.Response(200, headers=headers, stream=httpx.ByteStream(b"no gzip"))
    with pytest.raises(NetworkError, match="sent a body that cannot be decompressed"):
        fetch(mock(lambda request: broken))


# At which origins a server answers


@rows(
    "server, base_url, origin",
    [
        (flask_app(), None, "https://localhost", "a Flask application"),
        (flask_app().test_client(), None, "https://localhost", "Flask's client"),
        (flask_app(SERVER_NAME="api.test:8000"), None, "https://api.test:8000", "Flask's SERVER_NAME"),
        (flask_app(), "http://api.test", "http://api.test", "a base URL for Flask"),
        (flask_app().test_client(), "http://api.test", "http://api.test", "a base URL for Flask's client"),
        (TestClient(STARLETTE), None, "http://testserver", "Starlette's TestClient"),
        (TestClient(STARLETTE, "https://api.test/x"), None, "https://api.test", "TestClient's base URL"),
        (mock(allowed), None, "https://testserver", "a client without a base URL"),
        (mock(allowed), "http://localhost:8000", "http://localhost:8000", "a base URL for a client"),
        (wsgi_function, httpx.URL("https://api.test"), "https://api.test", "an address of httpx"),
    ],
)
def test_where_a_server_is(server: AnyServer, base_url: Any, origin: str) -> None:
    assert Browser(server, base_url).origin == origin


def test_a_live_client_answers_everywhere_and_a_test_client_for_its_own_origin_alone() -> None:
    assert fetch(mock(allowed), "https://anywhere.test/").ok
    with pytest.raises(NetworkError, match=r"This browser has no server for https://other\.example"):
        fetch(TestClient(STARLETTE), "https://other.example/")


def test_a_client_for_live_urls_needs_to_know_where() -> None:
    with httpx.Client() as client:
        with pytest.raises(TypeError, match="There is no base URL"):
            fetch(client, "/items")
        with pytest.raises(ValueError, match="There is no base URL"):
            _ = Browser(client).origin


def test_a_dict_serves_each_origin() -> None:
    servers: dict[str, AnyServer] = {
        "https://api.example.net": wsgi_function,
        "http://localhost:8000/": asgi_function,
        "https://client.example.net": TestClient(STARLETTE),
    }
    browser = Browser(servers)
    page = browser.page(PAGE)
    assert browser.origin == "https://api.example.net"
    assert page.fetch("/").headers["x-kind"] == "wsgi"
    assert page.fetch("http://localhost:8000/x").headers["x-kind"] == "asgi"


def test_where_a_dict_has_no_server_the_error_says_how_to_add_one() -> None:
    with pytest.raises(NetworkError) as caught:
        fetch({"https://api.example.net": wsgi_function}, "https://api.example.org/")
    assert str(caught.value) == (
        "This browser has no server for https://api.example.org. Add one:"
        " Browser({'https://api.example.net': ..., 'https://api.example.org': ...})."
    )


def test_a_live_client_in_a_dict_does_not_take_the_requests_of_others() -> None:
    servers: dict[str, AnyServer] = {
        "https://live.test": mock(allowed),
        "https://api.example.net": wsgi_function,
    }
    assert fetch(servers, "https://api.example.net/").headers["x-kind"] == "wsgi"


# What a browser refuses


def one_argument(request: object) -> None:
    """Looks like a view."""


async def two_arguments(environ: object, start_response: object) -> None:
    """A coroutine function, as ASGI asks, with the arguments that WSGI asks for."""


WRONG: list[tuple[object, str]] = [
    (None, "None (NoneType)"),
    ("http://localhost:8000", "'http://localhost:8000' (str)"),
    (int, "<class 'int'> (type)"),
    (Starlette, "<class 'starlette.applications.Starlette'> (type)"),
    (3, "3 (int)"),
    ([wsgi_function], "(list)"),
    (one_argument, "(function)"),
    (two_arguments, "(function)"),
    (lambda: None, "(function)"),
    (flask, "(module)"),
]


@pytest.mark.parametrize(("server", "shown"), WRONG)
def test_what_is_not_a_server_is_refused_with_what_would_be_one(server: object, shown: str) -> None:
    with pytest.raises(TypeError) as caught:
        Browser(server)
    assert shown in str(caught.value)
    assert str(caught.value).endswith(
        " is not a server for a Browser. A Browser takes an ASGI or WSGI application, a Flask application"
        " or test client, Django's test Client or AsyncClient, Starlette's TestClient, or, for a live URL,"
        " httpx.Client(base_url='http://localhost:8000') or httpx.AsyncClient."
    )


@pytest.mark.parametrize("base_url", [8000, "testserver", "localhost:8000", "", "/api"])
def test_a_base_url_is_absolute(base_url: Any) -> None:
    message = r"is not an absolute URL; write 'https://api\.example\.com'"
    with pytest.raises(ValueError, match=message):
        Browser(wsgi_function, base_url)
    with pytest.raises(ValueError, match=message):
        Browser({base_url: wsgi_function})


@pytest.mark.parametrize(
    ("servers", "base_url"), [({}, None), ({"https://a.test": wsgi_function}, "https://a.test")]
)
def test_a_dict_needs_an_origin_and_no_base_url(servers: Any, base_url: str | None) -> None:
    with pytest.raises(TypeError, match="the first origin is the base URL"):
        Browser(servers, base_url)
