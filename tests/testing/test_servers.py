"""What a browser can talk to: every kind of application and client, and what is none."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import gzip
import sys
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
from starlette.routing import Mount, Route
from starlette.testclient import TestClient
from werkzeug.test import Client as WerkzeugClient

from crosscors.testing import BlockedByCORS, Browser, NetworkError, Response, same_origin
from crosscors.testing.servers import AnyServer

from .servers import PAGE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from crosscors.asgi import Receive, Scope, Send

ALLOW = ("Access-Control-Allow-Origin", "*")
EXPOSE = ("Access-Control-Expose-Headers", "*")


def fetch(server: AnyServer, url: str = "/", base_url: str | None = None, **init: Any) -> Response:
    return Browser(server, base_url).page(PAGE).fetch(url, **init)


def afetch(server: AnyServer, url: str = "/", **init: Any) -> Response:
    return asyncio.run(Browser(server).page(PAGE).afetch(url, **init))


# WSGI


def wsgi_function(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [ALLOW, EXPOSE, ("X-Kind", "wsgi")])
    return [b"Hel", b"", b"lo"]


class WSGIObject:
    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return wsgi_function(environ, start_response)


class WSGIClass:
    """PEP 3333 takes classes as well: their objects are the responses."""

    def __init__(self, environ: WSGIEnvironment, start_response: StartResponse) -> None:
        self.start = start_response

    def __iter__(self) -> Iterator[bytes]:
        self.start("200 OK", [ALLOW, EXPOSE, ("X-Kind", "wsgi")])
        yield b"Hello"


def wsgi_generator(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    start_response("200 OK", [ALLOW, EXPOSE, ("X-Kind", "wsgi")])
    yield from (b"Hello",)


def wsgi_writer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    write = start_response("200 OK", [ALLOW, EXPOSE, ("X-Kind", "wsgi")])
    write(b"Hel")
    return [b"lo"]


# ASGI


async def asgi_function(scope: Scope, receive: Receive, send: Send) -> None:
    headers = [
        (b"access-control-allow-origin", b"*"),
        (b"access-control-expose-headers", b"*"),
        (b"x-kind", b"asgi"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"Hel", "more_body": True})
    await send({"type": "http.response.body", "body": b"lo"})


class ASGIObject:
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asgi_function(scope, receive, send)


class ASGIMethods:
    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asgi_function(scope, receive, send)


def asgi_plain(scope: Scope, receive: Receive, send: Send) -> Any:
    """A function that returns what has to be awaited is one too."""
    return asgi_function(scope, receive, send)


APPLICATIONS: list[Any] = [
    pytest.param(wsgi_function, "wsgi", id="WSGI function"),
    pytest.param(WSGIObject(), "wsgi", id="WSGI object"),
    pytest.param(WSGIClass, "wsgi", id="WSGI class"),
    pytest.param(wsgi_generator, "wsgi", id="WSGI generator"),
    pytest.param(wsgi_writer, "wsgi", id="WSGI write()"),
    pytest.param(functools.partial(wsgi_function), "wsgi", id="WSGI partial"),
    pytest.param(asgi_function, "asgi", id="ASGI function"),
    pytest.param(ASGIObject(), "asgi", id="ASGI object"),
    pytest.param(ASGIMethods().serve, "asgi", id="ASGI method"),
    pytest.param(asgi_plain, "asgi", id="ASGI plain function"),
    pytest.param(httpx.Client(transport=httpx.WSGITransport(wsgi_function)), "wsgi", id="httpx to WSGI"),
    pytest.param(TestClient(asgi_function), "asgi", id="Starlette's TestClient"),
    pytest.param({"https://testserver": wsgi_function}, "wsgi", id="a dict"),
]


@pytest.mark.parametrize(("server", "kind"), APPLICATIONS)
@pytest.mark.parametrize("fetch_from", [fetch, afetch])
def test_applications_and_clients_answer(
    server: AnyServer, kind: str, fetch_from: Callable[[AnyServer], Response]
) -> None:
    response = fetch_from(server)
    assert (response.status, response.text(), response.headers["x-kind"]) == (200, "Hello", kind)


def test_an_asynchronous_client_of_httpx_answers_when_it_is_awaited() -> None:
    client = httpx.AsyncClient(transport=httpx.ASGITransport(asgi_function))
    assert afetch(client).text() == "Hello"
    with pytest.raises(
        TypeError, match=r"^AsyncClient is asynchronous: write await page\.afetch\(\.\.\.\)\.$"
    ):
        fetch(client)


def test_an_asgi_application_cannot_be_waited_for_in_asynchronous_code() -> None:
    async def test() -> None:
        fetch(asgi_function)

    with pytest.raises(TypeError, match=r"await page\.afetch\(\.\.\.\)"):
        asyncio.run(test())


async def in_a_loop() -> str:
    return fetch(wsgi_function).text()


def test_a_wsgi_application_answers_in_asynchronous_code() -> None:
    assert asyncio.run(in_a_loop()) == "Hello"


# What an application is asked


def test_what_a_wsgi_application_is_asked() -> None:
    seen: dict[str, Any] = {}

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        seen.update(environ, body=environ["wsgi.input"].read())
        return wsgi_function(environ, start_response)

    headers = {"Content-Type": "text/plain", "Accept-Language": "de", "Accept": "é"}
    fetch(
        app,
        "/it%20ems/ü%2F?a=%20b",
        "http://api.example.net:8080/x/",
        method="POST",
        body=b"Hi",
        headers=headers,
    )
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
    } or scope["server"] == ("::1", 8443)
    assert headers[:2] == [(b"host", b"[::1]:8443"), (b"x-a", b"\xe9")]
    assert (b"content-length", b"2") in headers
    assert body == {"type": "http.request", "body": b"Hi", "more_body": False}
    assert end == {"type": "http.disconnect"}


# What goes wrong in an application


def close_is_seen() -> tuple[Any, list[str]]:
    seen: list[str] = []

    class Body:
        def __init__(self, fails: bool) -> None:
            self.fails = fails

        def __iter__(self) -> Iterator[bytes]:
            if self.fails:
                raise KeyError("body")
            yield b"Hello"

        def close(self) -> None:
            seen.append("closed")

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [ALLOW])
        return Body(fails=environ["PATH_INFO"] == "/fail")

    return app, seen


def test_the_body_of_a_wsgi_response_is_closed() -> None:
    app, seen = close_is_seen()
    assert fetch(app).text() == "Hello"
    assert seen == ["closed"]


def test_the_body_of_a_wsgi_response_is_closed_even_if_it_fails() -> None:
    app, seen = close_is_seen()
    with pytest.raises(BlockedByCORS, match=r"The application raised KeyError\('body'\)"):
        fetch(app, "/fail")
    assert seen == ["closed"]


def raises_at_once(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    raise KeyError("at once")


def raises_after_start(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [ALLOW])
    raise KeyError("after the start")


def raises_after_an_empty_part(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    start_response("200 OK", [ALLOW])
    yield b""
    raise KeyError("after nothing")


async def raises_at_once_async(scope: Scope, receive: Receive, send: Send) -> None:
    raise KeyError("at once")


@pytest.mark.parametrize(
    "app", [raises_at_once, raises_after_start, raises_after_an_empty_part, raises_at_once_async]
)
def test_an_exception_before_the_first_byte_becomes_a_500_without_fields(app: AnyServer) -> None:
    with pytest.raises(BlockedByCORS) as blocked:
        fetch(app)
    response = blocked.value.exchange.response
    assert (response.status, response.header("Access-Control-Allow-Origin")) == (500, None)
    assert isinstance(blocked.value.__cause__, KeyError)
    assert blocked.value.__cause__ is response.raised
    own = Browser(app).page(same_origin).fetch("/")
    assert (own.status, own.text()) == (500, "Internal Server Error")


def raises_after_a_part(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    start_response("200 OK", [ALLOW])
    yield b"Hel"
    raise KeyError("after a part")


async def raises_after_start_async(scope: Scope, receive: Receive, send: Send) -> None:
    headers = [(b"access-control-allow-origin", b"*")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"Hel", "more_body": True})
    raise KeyError("after a part")


@pytest.mark.parametrize("app", [raises_after_a_part, raises_after_start_async])
def test_an_exception_after_the_first_byte_comes_too_late_for_a_500(app: AnyServer) -> None:
    response = fetch(app)
    assert (response.status, response.exchanges[0].response.body) == (200, b"Hel")
    for read in (response.text, response.json, lambda: response.body):
        with pytest.raises(NetworkError, match=r"^The response was cut off before its end\.") as caught:
            read()
        assert "! the application raised KeyError('after a part')" in str(caught.value)


@pytest.mark.parametrize(
    ("before", "status", "text"),
    [
        pytest.param([], 500, "Oops", id="at once"),
        pytest.param([b""], 500, "Oops", id="after nothing"),
    ],
)
def test_a_wsgi_response_can_start_anew_until_its_first_byte(
    before: list[bytes], status: int, text: str
) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [ALLOW])
        yield from before
        try:
            raise KeyError("id")
        except KeyError:
            start_response("500 Oops", [ALLOW], cast("Any", sys.exc_info()))
        yield b"Oops"

    response = fetch(app)
    assert (response.status, response.text()) == (status, text)


def test_a_wsgi_response_cannot_start_anew_after_its_first_byte() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [ALLOW])
        yield b"Hel"
        try:
            raise KeyError("id")
        except KeyError:
            start_response("500 Oops", [ALLOW], cast("Any", sys.exc_info()))

    response = fetch(app)
    assert response.status == 200
    assert repr(response.exchanges[0].response.raised) == "KeyError('id')"
    with pytest.raises(NetworkError, match="was cut off"):
        response.text()


def test_a_wsgi_response_does_not_start_twice_without_a_reason() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [ALLOW])
        start_response("201 Created", [ALLOW])
        return []

    with pytest.raises(BlockedByCORS, match="called start_response twice without exc_info"):
        fetch(app)


def test_an_exception_after_the_end_does_not_touch_the_response() -> None:
    """As a background task of Starlette's raises it."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asgi_function(scope, receive, send)
        raise KeyError("in the background")

    response = fetch(app)
    assert response.text() == "Hello"
    assert repr(response.exchanges[0].response.raised) == "KeyError('in the background')"


async def ends_too_early(scope: Scope, receive: Receive, send: Send) -> None:
    headers = [(b"access-control-allow-origin", b"*")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


def test_an_asgi_response_has_an_end() -> None:
    response = fetch(ends_too_early)
    assert response.ok
    with pytest.raises(NetworkError, match="was cut off"):
        response.json()


def silent(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    return []


async def silent_async(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.debug", "info": {}})


@pytest.mark.parametrize(
    ("app", "message"),
    [
        (silent, "The WSGI application answered without calling start_response."),
        (silent_async, "The ASGI application ended without a response."),
    ],
)
def test_an_application_that_says_nothing_is_broken(app: AnyServer, message: str) -> None:
    with pytest.raises(BlockedByCORS) as blocked:
        fetch(app)
    assert isinstance(blocked.value.__cause__, RuntimeError)
    assert str(blocked.value.__cause__) == message


# Flask


def flask_app() -> flask.Flask:
    app = flask.Flask(__name__)
    app.secret_key = "for tests"  # noqa: S105

    @app.route("/")
    def index() -> flask.Response:
        return flask.make_response(f"{flask.session.get('user', 'nobody')} at {flask.request.host}")

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


def test_a_flask_application_answers_where_its_own_client_would() -> None:
    app = flask_app()
    assert fetch(app).text() == "nobody at localhost"
    assert Browser(app.test_client()).origin == "https://localhost"
    assert Browser(app, "http://api.example.net").origin == "http://api.example.net"
    app.config["SERVER_NAME"] = "api.example.net:8000"
    assert fetch(app).text() == "nobody at api.example.net:8000"


def test_a_base_url_counts_for_a_flask_client_too() -> None:
    assert (
        fetch(flask_app().test_client(), base_url="https://api.example.net").text()
        == "nobody at api.example.net"
    )


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


@pytest.mark.parametrize("testing", [False, True])
def test_an_exception_of_a_flask_view_becomes_a_500_as_in_production(testing: bool) -> None:
    app = flask_app()
    app.testing = testing
    response = Browser(app).page(same_origin).fetch("/fail")
    assert response.status == 500
    assert response.exchanges[0].response.raised is not None
    assert app.config["PROPAGATE_EXCEPTIONS"] is None


def test_an_exception_of_a_flask_view_in_debug_mode_is_the_servers() -> None:
    app = flask_app()
    app.testing = app.debug = True
    with pytest.raises(BlockedByCORS) as blocked:
        fetch(app, "/fail")
    assert blocked.value.__cause__ is blocked.value.exchange.response.raised


def test_cookies_of_a_flask_client_for_another_domain_stay_there() -> None:
    client = flask_app().test_client()
    client.set_cookie("a", "1", domain="other.example")
    response = Browser(client).page(same_origin).fetch("/")
    assert response.exchanges[0].request.header("Cookie") is None


def test_werkzeugs_client_without_cookies_has_none() -> None:
    assert fetch(flask_app().test_client(use_cookies=False)).text() == "nobody at localhost"


def test_a_cookie_of_a_flask_client_keeps_its_path() -> None:
    client = flask_app().test_client()
    client.set_cookie("a", "1", path="/x", samesite="Lax")
    browser = Browser(client)
    browser.page(same_origin).fetch("/")
    assert browser.exchanges[-1].request.header("Cookie") is None
    browser.page(same_origin).fetch("/x/y")
    assert browser.exchanges[-1].request.header("Cookie") == "a=1"


# Django


def allowing(response: HttpResponse | StreamingHttpResponse) -> Any:
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Allow-Headers"] = "*, Authorization"
    return response


def django_index(request: HttpRequest) -> HttpResponse:
    fields = {name: value for name, value in request.headers.items() if value and not name.startswith("Sec-")}
    lines = [request.method or "", request.build_absolute_uri(), request.body.decode(), repr(sorted(fields))]
    response = HttpResponse("\n".join(lines))
    response.set_cookie("seen", "1")
    return cast("HttpResponse", allowing(response))


def django_session(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.session.get("user", "nobody"))


def django_fail(request: HttpRequest) -> HttpResponse:
    raise KeyError("view")


def django_stream(request: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[bytes]:
        yield b"Hel"
        yield b"lo"

    is_async = hasattr(request, "scope")
    return cast(
        "StreamingHttpResponse", allowing(StreamingHttpResponse(parts() if is_async else [b"Hel", b"lo"]))
    )


def django_broken(request: HttpRequest) -> StreamingHttpResponse:
    def sync_parts() -> Iterator[bytes]:
        yield b"Hel"
        raise KeyError("in the middle")

    async def async_parts() -> AsyncIterator[bytes]:
        for part in sync_parts():
            yield part

    parts: Any = async_parts() if hasattr(request, "scope") else sync_parts()
    return cast("StreamingHttpResponse", allowing(StreamingHttpResponse(parts)))


urlpatterns = [
    path("broken", django_broken),
    path("", django_index),
    path("session", django_session),
    path("fail", django_fail),
    path("stream", django_stream),
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


DJANGO = [pytest.param(Client, fetch, id="sync"), pytest.param(AsyncClient, afetch, id="async")]
FetchFrom = Callable[..., Response]


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


@pytest.mark.usefixtures("django_project")
@pytest.mark.parametrize(("client", "fetch_from"), DJANGO)
def test_the_settings_of_djangos_clients_are_not_the_browsers(client: Any, fetch_from: FetchFrom) -> None:
    asked = client(headers={"Authorization": "x", "X-A": "1"})
    asked.cookies["a"] = "1"
    before = dict(asked.defaults)
    names = fetch_from(asked).text().split("\n")[-1]
    assert not {"Authorization", "X-A", "Cookie"} & set(eval(names))  # noqa: S307
    assert (dict(asked.defaults), asked.cookies["a"].value, asked.raise_request_exception) == (
        before,
        "1",
        True,
    )


@pytest.mark.usefixtures("django_project")
def test_what_rest_frameworks_client_adds_is_not_the_browsers() -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Token secret")
    client.cookies["a"] = "1"
    names = fetch(client).text().split("\n")[-1]
    assert "Authorization" not in eval(names)  # noqa: S307
    browser = Browser(client)
    browser.page(same_origin).fetch("/")
    assert browser.exchanges[-1].request.header("Cookie") == "a=1"


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
@pytest.mark.parametrize(("client", "fetch_from"), DJANGO)
def test_django_streams(client: Any, fetch_from: FetchFrom) -> None:
    assert fetch_from(client(), "/stream").text() == "Hello"


@pytest.mark.usefixtures("django_project")
@pytest.mark.parametrize(("client", "fetch_from"), DJANGO)
def test_an_exception_of_a_django_view_becomes_a_500(client: Any, fetch_from: FetchFrom) -> None:
    with pytest.raises(BlockedByCORS) as blocked:
        fetch_from(client(), "/fail")
    assert blocked.value.exchange.response.status == 500
    assert repr(blocked.value.__cause__) == "KeyError('view')"


@pytest.mark.usefixtures("django_project")
def test_a_login_with_djangos_client_is_the_browsers() -> None:
    client = Client()
    session = client.session
    session["user"] = "ada"
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key or ""
    browser = Browser(client)
    assert browser.page(same_origin).fetch("/session").text() == "ada"
    assert browser.page(same_origin).fetch("/session", credentials="omit").text() == "nobody"
    assert Browser(Client()).page(same_origin).fetch("/session").text() == "nobody"


def test_djangos_asynchronous_client_has_to_be_awaited() -> None:
    with pytest.raises(TypeError, match=r"^AsyncClient is asynchronous: write await page\.afetch"):
        fetch(AsyncClient())


# Starlette's TestClient, and httpx


async def tell(request: Request) -> PlainTextResponse:
    told = [request.method, str(request.url), (await request.body()).decode(), repr(sorted(request.headers))]
    response = PlainTextResponse("\n".join(told), headers=dict([ALLOW]))
    response.set_cookie("seen", "1")
    return response


async def stream(request: Request) -> StreamingResponse:
    return StreamingResponse((part for part in ("Hel", "lo")), headers=dict([ALLOW]))


async def fail(request: Request) -> PlainTextResponse:
    raise KeyError("view")


STARLETTE = Starlette(
    routes=[
        Route("/", tell, methods=["GET", "POST", "OPTIONS"]),
        Route("/stream", stream),
        Route("/fail", fail),
    ]
)


@pytest.mark.parametrize("server", [STARLETTE, TestClient(STARLETTE)], ids=["app", "TestClient"])
def test_starlette_answers(server: AnyServer) -> None:
    response = fetch(server, "/?q=1", "https://api.example.net", method="POST", body="Hi")
    assert response.text().split("\n")[:3] == ["POST", "https://api.example.net/?q=1", "Hi"]
    assert fetch(server, "/stream").text() == "Hello"


def test_starlettes_test_client_serves_where_it_says() -> None:
    assert Browser(TestClient(STARLETTE)).origin == "http://testserver"
    assert Browser(TestClient(STARLETTE, base_url="https://api.test/x")).origin == "https://api.test"


@pytest.mark.parametrize("server", [STARLETTE, TestClient(STARLETTE)], ids=["app", "TestClient"])
def test_an_exception_of_an_endpoint_becomes_a_500(server: AnyServer) -> None:
    with pytest.raises(BlockedByCORS) as blocked:
        fetch(server, "/fail")
    assert blocked.value.exchange.response.status == 500


def test_the_test_client_raises_exceptions_to_others_as_before() -> None:
    client = TestClient(STARLETTE)
    with pytest.raises(BlockedByCORS):
        fetch(client, "/fail")
    with pytest.raises(KeyError, match="view"):
        client.get("/fail")


def wsgi_teller(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [ALLOW, ("Set-Cookie", "seen=1")])
    names = sorted(
        name.removeprefix("HTTP_").lower().replace("_", "-") for name in environ if name.startswith("HTTP_")
    )
    return [f"\n{environ['QUERY_STRING']}\n\n{names!r}".encode()]


SETTINGS: dict[str, Any] = {
    "headers": {"X-A": "1", "Authorization": "x"},
    "params": {"key": "1"},
    "cookies": {"a": "1"},
    "auth": ("user", "password"),
    "follow_redirects": True,
}


@pytest.mark.parametrize(
    ("client", "fetch_from"),
    [
        (httpx.Client(transport=httpx.WSGITransport(wsgi_teller), **SETTINGS), fetch),
        (httpx.AsyncClient(transport=httpx.ASGITransport(STARLETTE), **SETTINGS), afetch),
    ],
    ids=["WSGI", "ASGI"],
)
def test_the_settings_of_httpxs_clients_are_not_the_browsers(client: Any, fetch_from: FetchFrom) -> None:
    before = sorted(client.headers), dict(client.cookies)
    _, url, _, names = fetch_from(client).text().split("\n")
    assert "key" not in url
    assert set(eval(names)) == {  # noqa: S307
        "accept", "host", "origin", "referer", "user-agent",
        "sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site",
    }  # fmt: skip
    assert (sorted(client.headers), dict(client.cookies)) == before == (before[0], {"a": "1"})


def test_a_mocked_transport_sees_what_a_browser_sends_and_redirects_are_the_browsers() -> None:
    seen: list[tuple[str, str]] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, str(request.url)))
        if request.url.path == "/old":
            return httpx.Response(302, headers=[ALLOW, ("Location", "https://other.example.net/new")])
        return httpx.Response(200, headers=[ALLOW, ("X-A", "1"), ("X-A", "2"), EXPOSE], content=b"\xff")

    client = httpx.Client(base_url="https://api.example.net/v1", transport=httpx.MockTransport(handle))
    response = fetch(client, "/old", method="patch" if False else "GET")
    assert seen == [("GET", "https://api.example.net/old"), ("GET", "https://other.example.net/new")]
    assert (response.url, response.headers["x-a"], response.body) == (
        "https://other.example.net/new",
        "1, 2",
        b"\xff",
    )


def test_httpx_changes_no_methods() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        allow = [ALLOW, EXPOSE, ("Access-Control-Allow-Methods", "*")]
        return httpx.Response(200, headers=[*allow, ("X-Method", request.method)])

    client = httpx.Client(transport=httpx.MockTransport(handle))
    assert fetch(client, method="patch").headers["x-method"] == "patch"


def test_a_client_without_a_base_url_needs_whole_ones_or_takes_the_default() -> None:
    client = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200, headers=[ALLOW])))
    assert Browser(client).origin == "https://testserver"
    assert fetch(client, "https://anywhere.test/").ok
    assert Browser(client, "http://localhost:8000").origin == "http://localhost:8000"


def unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


@pytest.mark.parametrize(("client", "fetch_from"), [(httpx.Client, fetch), (httpx.AsyncClient, afetch)])
def test_a_server_that_cannot_be_reached_is_a_network_error(client: Any, fetch_from: FetchFrom) -> None:
    with pytest.raises(NetworkError, match=r"^https://testserver/ cannot be reached: refused") as caught:
        fetch_from(client(transport=httpx.MockTransport(unreachable)))
    assert not isinstance(caught.value, BlockedByCORS)


def test_the_hooks_of_a_client_stay_as_they_were() -> None:
    seen: list[int] = []
    hooks = {"response": [lambda response: seen.append(response.status_code)], "request": []}
    client = httpx.Client(
        transport=httpx.MockTransport(lambda request: httpx.Response(200, headers=[ALLOW])), event_hooks=hooks
    )
    fetch(client)
    client.get("https://testserver/")
    assert seen[-1] == 200
    assert len(client.event_hooks["response"]) == 1


@pytest.mark.parametrize("location", ["ftp://x/", "//", "https://[x]/", "mailto:a@b.test"])
def test_a_redirect_that_httpx_cannot_read_is_the_browsers_to_judge(location: str) -> None:
    client = httpx.Client(
        transport=httpx.MockTransport(
            lambda request: httpx.Response(302, headers=[ALLOW, ("Location", location)])
        )
    )
    with pytest.raises(NetworkError, match="The redirect goes to"):
        fetch(client)


def test_a_factory_is_told_to_be_called() -> None:
    def create_app(config: object = None, debug: bool = False) -> flask.Flask:
        return flask_app()

    with pytest.raises(TypeError, match=r"creates an application, call it: Browser\(create_app\(\)\)"):
        Browser(create_app).page(PAGE).fetch("/")


def wsgi_answering(status: Any, headers: Any, parts: Any) -> AnyServer:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(status, headers)
        return cast("Iterable[bytes]", parts)

    return app


def asgi_answering(*messages: dict[str, Any]) -> AnyServer:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    return app


START: dict[str, Any] = {"type": "http.response.start", "status": 200, "headers": []}
END: dict[str, Any] = {"type": "http.response.body"}


@pytest.mark.parametrize(
    "app",
    [
        pytest.param(wsgi_answering("", [], []), id="no status"),
        pytest.param(wsgi_answering("OK", [], []), id="a status without a number"),
        pytest.param(wsgi_answering("OK", [], [b"body"]), id="a body after a status without a number"),
        pytest.param(wsgi_answering("200 OK", [("X", 1)], []), id="a value that is no text"),
        pytest.param(wsgi_answering("200 OK", [], ["text"]), id="a body that is no bytes"),
        pytest.param(asgi_answering({"type": "http.response.start"}, END), id="ASGI: no status"),
        pytest.param(asgi_answering({**START, "headers": None}, END), id="ASGI: no headers"),
        pytest.param(asgi_answering({**START, "headers": [("a", "b")]}, END), id="ASGI: headers as text"),
        pytest.param(asgi_answering(START, {**END, "body": "text"}), id="ASGI: a body that is no bytes"),
    ],
)
def test_what_breaks_the_protocol_is_answered_like_an_exception(app: AnyServer) -> None:
    response = Browser(app).page(same_origin).fetch("/")
    assert response.status == 500
    assert response.exchanges[0].response.raised is not None


class Closing:
    """A body whose end goes wrong."""

    def __iter__(self) -> Iterator[bytes]:
        return iter([b"Hello"])

    def close(self) -> None:
        raise OSError("too late")


def test_what_goes_wrong_when_a_response_is_closed_comes_too_late() -> None:
    response = fetch(wsgi_answering("200 OK", [ALLOW], Closing()))
    assert response.text() == "Hello"
    assert isinstance(response.exchanges[0].response.raised, OSError)


def test_a_compressed_body_is_read() -> None:
    def compressed(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [ALLOW, ("Content-Encoding", "gzip")])
        return [gzip.compress(b"Hello")]

    assert fetch(compressed).text() == "Hello"
    client = httpx.Client(transport=httpx.WSGITransport(compressed), base_url="https://api.example.net")
    assert fetch(client).text() == "Hello"


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
    allowed = [(b"access-control-allow-origin", b"*")] if is_fast else []
    await send({"type": "http.response.start", "status": 200, "headers": allowed})
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


def test_what_an_application_behind_a_client_raises_is_the_cause() -> None:
    async def failing(request: Request) -> PlainTextResponse:
        raise KeyError("view")

    client = TestClient(Starlette(routes=[Route("/", failing)]))
    with pytest.raises(BlockedByCORS) as blocked:
        fetch(client)
    assert isinstance(blocked.value.__cause__, KeyError)
    with pytest.raises(KeyError):
        client.get("/")  # as before


def test_what_a_client_cannot_decode_is_a_network_error() -> None:
    broken = httpx.Response(
        200, headers=[ALLOW, ("Content-Encoding", "gzip")], stream=httpx.ByteStream(b"no gzip")
    )
    with pytest.raises(NetworkError, match="sent a body that cannot be decompressed"):
        fetch(httpx.Client(transport=httpx.MockTransport(lambda request: broken)))


def test_a_transport_that_raises_has_an_application_that_did() -> None:
    def failing(request: httpx.Request) -> httpx.Response:
        raise KeyError("handler")

    with pytest.raises(BlockedByCORS) as blocked:
        fetch(httpx.Client(transport=httpx.MockTransport(failing)))
    assert isinstance(blocked.value.__cause__, KeyError)


def test_threads_with_one_client_do_not_disturb_each_other() -> None:
    with TestClient(Starlette(routes=[Mount("/", cast("Any", slow_and_fast))])) as client:

        def ask(path: str) -> object:
            try:
                return Browser(client).page(PAGE).fetch(path).text()
            except BlockedByCORS as blocked:
                return blocked.reason

        with ThreadPoolExecutor(2) as threads:
            assert [*threads.map(ask, ["/fast", "/slow"] * 4)] == ["/fast", "allow-origin-missing"] * 4


def test_an_asynchronous_transport_that_raises_has_an_application_that_did() -> None:
    async def failing(request: httpx.Request) -> httpx.Response:
        raise KeyError("handler")

    with pytest.raises(BlockedByCORS) as blocked:
        afetch(httpx.AsyncClient(transport=httpx.MockTransport(failing)))
    assert isinstance(blocked.value.__cause__, KeyError)


def test_a_flask_application_answers_in_asynchronous_code() -> None:
    assert afetch(flask_app()).text() == "nobody at localhost"


def test_the_client_of_an_application_of_werkzeug_alone() -> None:
    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [ALLOW])
        return [b"werkzeug"]

    assert fetch(WerkzeugClient(application)).text() == "werkzeug"


@pytest.mark.usefixtures("django_project")
@pytest.mark.parametrize(("client", "fetch_from"), DJANGO)
def test_a_stream_of_django_that_breaks_off(client: Any, fetch_from: FetchFrom) -> None:
    response = fetch_from(client(), "/broken")
    assert response.status == 200
    with pytest.raises(NetworkError, match="was cut off"):
        response.text()


def test_a_coroutine_of_another_kind_of_loop_is_told_so() -> None:
    coroutine = Browser(asgi_function).page(PAGE).afetch("/")
    with pytest.raises(TypeError, match="run only with asyncio"):
        coroutine.send(None)  # as trio does


def test_a_test_client_answers_for_its_own_origin_alone() -> None:
    client = TestClient(Starlette(routes=[Route("/", lambda request: PlainTextResponse("here"))]))
    assert Browser(client).page(same_origin).fetch("/").text() == "here"
    with pytest.raises(NetworkError, match=r"This browser has no server for https://other\.example"):
        Browser(client).page(same_origin).fetch("https://other.example/")


def test_a_client_for_live_urls_needs_to_know_where() -> None:
    with httpx.Client() as client:
        with pytest.raises(TypeError, match="There is no base URL"):
            Browser(client).page(PAGE).fetch("/items")
        with pytest.raises(ValueError, match="There is no base URL"):
            _ = Browser(client).origin


@pytest.mark.parametrize("base_url", [8000, "api.example.com", ""])
def test_a_base_url_is_a_url(base_url: Any) -> None:
    with pytest.raises(ValueError, match=r"is not an absolute URL; write 'https://api\.example\.com'"):
        Browser(wsgi_function, base_url)


def test_an_address_of_httpx_is_one() -> None:
    assert (
        Browser(wsgi_function, cast("Any", httpx.URL("https://api.example.com"))).origin
        == "https://api.example.com"
    )


# Several servers


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


def test_what_a_dict_does_not_serve_is_told() -> None:
    with pytest.raises(NetworkError) as caught:
        fetch({"https://api.example.net": wsgi_function}, "https://api.example.org/")
    assert str(caught.value) == (
        "This browser has no server for https://api.example.org. Add one:"
        " Browser({'https://api.example.net': ..., 'https://api.example.org': ...})."
    )


def test_a_live_client_in_a_dict_does_not_take_the_requests_of_others() -> None:
    client = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200, headers=[ALLOW])))
    servers: dict[str, AnyServer] = {"https://live.test": client, "https://api.example.net": wsgi_function}
    assert fetch(servers, "https://api.example.net/").exchanges[0].response.header("X-Kind") == "wsgi"


# What is no server


def one_argument(request: object) -> None:
    """Looks like a view."""


WRONG: list[tuple[object, str]] = [
    (None, "None (NoneType)"),
    ("http://localhost:8000", "'http://localhost:8000' (str)"),
    (int, "<class 'int'> (type)"),
    (3, "3 (int)"),
    ([wsgi_function], "(list)"),
    (one_argument, "(function)"),
    (lambda: None, "(function)"),
    (flask, "(module)"),
]


@pytest.mark.parametrize(("server", "shown"), WRONG, ids=[shown for _, shown in WRONG])
def test_what_is_no_server_is_refused_with_what_would_be_one(server: object, shown: str) -> None:
    with pytest.raises(TypeError) as caught:
        Browser(server)
    assert shown in str(caught.value)
    assert str(caught.value).endswith(
        " is not a server for a Browser. A Browser takes an ASGI or WSGI application, a Flask application"
        " or test client, Django's test Client or AsyncClient, Starlette's TestClient, or, for a live URL,"
        " httpx.Client(base_url='http://localhost:8000') or httpx.AsyncClient."
    )


def test_a_coroutine_function_of_two_arguments_is_neither_wsgi_nor_asgi() -> None:
    async def app(environ: object, start_response: object) -> None: ...

    with pytest.raises(TypeError, match="is not a server for a Browser"):
        Browser(app)


@pytest.mark.parametrize("framework", [flask.Flask, Starlette])
def test_the_class_of_an_application_is_not_the_application(framework: type) -> None:
    with pytest.raises(TypeError, match="is not a server for a Browser"):
        Browser(framework)


@pytest.mark.parametrize("base_url", ["testserver", "localhost:8000", "", "/api"])
def test_a_base_url_is_absolute(base_url: str) -> None:
    with pytest.raises(ValueError, match="is not an absolute URL"):
        Browser(wsgi_function, base_url)
    with pytest.raises(ValueError, match="is not an absolute URL"):
        Browser({base_url: wsgi_function})


@pytest.mark.parametrize(
    ("servers", "base_url"), [({}, None), ({"https://a.test": wsgi_function}, "https://a.test")]
)
def test_servers_by_origin_are_some_and_need_no_base_url(servers: Any, base_url: str | None) -> None:
    with pytest.raises(TypeError, match="the first origin is the base URL"):
        Browser(servers, base_url)
