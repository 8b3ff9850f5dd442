"""The WSGI adapter: what is peculiar to the protocol; the rest is in tests/conformance."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any
from wsgiref.validate import validator

import pytest

from crosscors import CORSPolicy, CORSRequest, Resources
from crosscors.wsgi import CORSMiddleware
from tests.clients import ask_wsgi, preflight, wsgi_environ
from tests.tables import each, table

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ORIGIN = "https://app.example.com"
OTHER = "https://other.example"
EVIL = "https://evil.example"
FROM_ALLOWED = [("Origin", ORIGIN)]
ALLOWED = [("Access-Control-Allow-Origin", ORIGIN), ("Vary", "Origin")]
TEXT = [("Content-Type", "text/plain")]


def hello(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", list(TEXT))
    return [b"Hello"]


def untouchable(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    raise AssertionError("the application was called")


def guarded(app: WSGIApplication, **options: Any) -> CORSMiddleware:
    options.setdefault("allow_origins", [ORIGIN, OTHER])
    return CORSMiddleware(app, **options)


class Server:
    """The server's half of PEP 3333: it remembers what the application gave it."""

    def __init__(self) -> None:
        self.started: list[tuple[Any, ...]] = []
        self.written: list[bytes] = []

    def start_response(self, *given: Any) -> Callable[[bytes], object]:
        self.started.append(given)
        return self.written.append

    def call(self, app: WSGIApplication) -> Iterable[bytes]:
        return app(wsgi_environ("GET", "/", FROM_ALLOWED), self.start_response)


# What applications do.


def test_where_no_policy_applies_an_application_may_start_again_or_fail_late(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def failing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", list(TEXT))
        try:
            raise LookupError
        except LookupError:
            start_response("500 Failed", [], sys.exc_info())
            raise

    caplog.set_level("INFO", "crosscors")
    server = Server()
    with pytest.raises(LookupError):
        server.call(CORSMiddleware(failing, policy=Resources({"/api/*": CORSPolicy()})))
    assert [given[:2] for given in server.started] == [("200 OK", TEXT), ("500 Failed", [])]
    assert server.started[1][2][0] is LookupError
    [message] = caplog.messages
    assert message.startswith("'GET /' gets no CORS headers: ")


def test_an_application_may_reuse_its_list_for_all_responses() -> None:
    headers = list(TEXT)

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", headers)
        return [b""]

    middleware = guarded(app)
    for origin in (ORIGIN, OTHER, EVIL, ORIGIN):
        answer = ask_wsgi(middleware, headers=[("Origin", origin)])
        assert answer.allowed == (None if origin == EVIL else origin)
    assert headers == TEXT


def by_keyword(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", list(TEXT), exc_info=None)  # type: ignore[call-arg]
    return []


@each("app", hello, by_keyword)
def test_start_response_is_called_with_status_and_headers(app: WSGIApplication) -> None:
    server = Server()
    server.call(guarded(app))
    assert server.started == [("200 OK", TEXT + ALLOWED)]


def test_write_is_that_of_the_server_and_the_result_the_very_object_of_the_application() -> None:
    result = [b"sized, so that a server can tell the length"]
    seen: list[object] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        seen.append(environ)
        write = start_response("200 OK", list(TEXT))
        write(b"one")
        write(b"two")
        return result

    server, environ = Server(), wsgi_environ("GET", "/", FROM_ALLOWED)
    assert guarded(app)(environ, server.start_response) is result
    assert server.written == [b"one", b"two"]
    assert seen[0] is environ


def test_a_generator_starts_late_and_is_closed() -> None:
    events: list[str] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        events.append("started")
        start_response("200 OK", list(TEXT))
        try:
            yield b"one"
            yield b"two"
        finally:
            events.append("closed")

    server = Server()
    parts: Any = server.call(guarded(app))
    assert not events
    assert next(iter(parts)) == b"one"
    assert server.started == [("200 OK", TEXT + ALLOWED)]
    parts.close()
    assert events == ["started", "closed"]


def test_an_error_page_after_the_start_replaces_the_first_headers() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("X-First", "1")])
        try:
            raise LookupError("while the response was made")
        except LookupError:
            start_response("500 Internal Server Error", list(TEXT), sys.exc_info())
        return [b"sorry"]

    server = Server()
    assert server.call(guarded(app)) == [b"sorry"]
    status, headers, (kind, error, _) = server.started[1]
    assert (status, headers, kind) == ("500 Internal Server Error", TEXT + ALLOWED, LookupError)
    assert str(error) == "while the response was made"


def test_what_the_application_raises_comes_through() -> None:
    def before(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        raise LookupError("before")

    def within(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", list(TEXT))
        yield b"one"
        raise LookupError("within")

    with pytest.raises(LookupError, match="before"):
        Server().call(guarded(before))
    parts = iter(Server().call(guarded(within)))
    assert next(parts) == b"one"
    with pytest.raises(LookupError, match="within"):
        next(parts)


@each("origin", ORIGIN, EVIL, None)
@each("method", "GET", "OPTIONS", "PURGE")
def test_both_sides_keep_to_the_protocol(method: str, origin: str | None) -> None:
    headers = preflight(origin or "", "GET")[0 if origin else 1 :]
    app = validator(guarded(validator(hello)))
    if method == "PURGE":
        with pytest.warns(match="Unknown REQUEST_METHOD"):
            assert ask_wsgi(app, method, headers=headers).status == 200
    else:
        assert ask_wsgi(app, method, headers=headers).status in (200, 400)


def test_a_refused_preflight_has_a_reason_phrase() -> None:
    server = Server()
    environ = wsgi_environ("OPTIONS", "/", preflight(ORIGIN, "DELETE"))
    assert b"'DELETE'" in b"".join(guarded(untouchable)(environ, server.start_response))
    assert server.started[0][0] == "400 Bad Request"


# Paths, and what functions see.


@table(
    "script_name, path, allowed",
    ("no root", "", "/api/items", ORIGIN),
    ("the path that it is mounted at", "/app", "", ORIGIN),
    ("a root", "/app", "/api/items", ORIGIN),
    ("a slash as the root", "/", "/api/items", ORIGIN),
    ("a root outside ASCII", "/stra\xc3\x9fe", "/api/items", ORIGIN),
    ("no slash, as test clients may send it", "", "api/items", ORIGIN),
    ("no slash below a root", "/app", "api/items", ORIGIN),
    ("no slash, outside ASCII", "", "caf\u00c3\u00a9", ORIGIN),
    ("bytes of UTF-8, as PEP 3333 hands them over", "", "/caf\u00c3\u00a9", ORIGIN),
    ("bytes that are not UTF-8", "", "/caf\u00e9", None),
    ("a surrogate, which PEP 3333 does not allow", "", "/a\udcffpi/items", None),
    ("a path that the server has decoded", "", "/api/\u20ac", ORIGIN),
)
def test_resources_match_the_path_below_script_name(script_name: str, path: str, allowed: str | None) -> None:
    policy = CORSPolicy(allow_origins=[ORIGIN])
    app = CORSMiddleware(hello, policy=Resources({"/api/*": policy, "/": policy, "/caf\xe9": policy}))
    for method, fields in (("GET", FROM_ALLOWED), ("OPTIONS", preflight(ORIGIN))):
        assert ask_wsgi(app, method, path, fields, SCRIPT_NAME=script_name).allowed == allowed


def test_the_func_sees_path_host_and_headers() -> None:
    seen: list[CORSRequest] = []

    def is_tenant(request: CORSRequest) -> bool:
        seen.append(request)
        return request.headers["X-Tenant"] == "one" and request.headers.get("content-type") == "text/css"

    app = guarded(hello, allow_origins=(), allow_origin_func=is_tenant)
    fields = [*FROM_ALLOWED, ("X-Tenant", "one"), ("Host", "api.example.com")]
    assert ask_wsgi(app, path="/tenants", headers=fields, CONTENT_TYPE="text/css").allowed == ORIGIN
    assert seen == [CORSRequest("GET", origin=ORIGIN, path="/tenants", host="api.example.com")]
    ask_wsgi(app, path="tenants", headers=fields)
    assert seen.pop().path == "/tenants"
    assert dict(seen[0].headers) == {
        "origin": ORIGIN,
        "x-tenant": "one",
        "host": "api.example.com",
        "content-type": "text/css",
    }
    assert len(seen[0].headers) == 4
    assert "x-missing" not in seen[0].headers
