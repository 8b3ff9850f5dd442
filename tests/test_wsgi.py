"""The WSGI adapter: it reads the request's fields, asks the core, and writes the decision."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any
from wsgiref.validate import validator

import pytest

from crosscors import CORSPolicy, CORSRequest, Decision, PolicyError, Resources
from crosscors.wsgi import CORSMiddleware
from tests.clients import Fields, ask_wsgi, wsgi_environ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ORIGIN = "https://app.example.com"
FROM_ALLOWED = [("Origin", ORIGIN)]
ALLOWED = [("Access-Control-Allow-Origin", ORIGIN), ("Vary", "Origin")]
TEXT = [("Content-Type", "text/plain")]


def hello(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", list(TEXT))
    return [b"Hello"]


def untouchable(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    raise AssertionError("the application was called")


def guarded(app: WSGIApplication, **options: Any) -> CORSMiddleware:
    options.setdefault("allow_origins", [ORIGIN])
    return CORSMiddleware(app, **options)


class Server:
    """The server's half of PEP 3333: it remembers what the application gave it."""

    def __init__(self) -> None:
        self.started: list[tuple[Any, ...]] = []
        self.written: list[bytes] = []

    def start_response(self, *given: Any) -> Callable[[bytes], object]:
        self.started.append(given)
        return self.written.append

    def call(
        self, app: WSGIApplication, headers: Iterable[tuple[str, str]] = FROM_ALLOWED
    ) -> Iterable[bytes]:
        return app(wsgi_environ("GET", "/", headers), self.start_response)


# What applications do.


def test_an_application_may_reuse_its_list_for_all_responses() -> None:
    headers = list(TEXT)

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", headers)
        return [b""]

    middleware = guarded(app, allow_origins=[ORIGIN, "https://other.example"])
    for origin in (ORIGIN, "https://other.example", "https://evil.example", ORIGIN):
        allowed = [origin] if origin != "https://evil.example" else []
        answer = ask_wsgi(middleware, headers=[("Origin", origin)])
        assert answer.values("access-control-allow-origin") == allowed
    assert headers == TEXT


def test_start_response_is_called_as_the_application_calls_it() -> None:
    server = Server()
    server.call(guarded(hello))
    assert server.started == [("200 OK", TEXT + ALLOWED)]


def test_exc_info_by_keyword_is_handed_on_by_position() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", list(TEXT), exc_info=None)  # type: ignore[call-arg]
        return []

    server = Server()
    server.call(guarded(app))
    assert server.started == [("200 OK", TEXT + ALLOWED)]


def test_write_is_that_of_the_server() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        write = start_response("200 OK", list(TEXT))
        write(b"one")
        write(b"two")
        return [b"three"]

    server = Server()
    assert server.call(guarded(app)) == [b"three"]
    assert server.written == [b"one", b"two"]


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
    parts = server.call(guarded(app))
    assert not events
    assert next(iter(parts)) == b"one"
    assert server.started == [("200 OK", TEXT + ALLOWED)]
    parts.close()  # type: ignore[attr-defined]
    assert events == ["started", "closed"]


def test_the_result_is_the_very_object_of_the_application() -> None:
    result = [b"sized, so that a server can tell the length"]

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", list(TEXT))
        return result

    assert Server().call(guarded(app)) is result


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
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        raise LookupError("before")

    with pytest.raises(LookupError, match="before"):
        Server().call(guarded(app))


def test_what_the_application_raises_within_the_response_comes_through() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", list(TEXT))
        yield b"one"
        raise LookupError("within")

    parts = iter(Server().call(guarded(app)))
    assert next(parts) == b"one"
    with pytest.raises(LookupError, match="within"):
        next(parts)


def test_the_application_gets_the_very_environ() -> None:
    seen: list[object] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        seen.append(environ)
        return hello(environ, start_response)

    environ = wsgi_environ("GET", "/", FROM_ALLOWED)
    guarded(app)(environ, Server().start_response)
    assert seen[0] is environ


# What requests look like.


@pytest.mark.parametrize("origin", [ORIGIN, "https://evil.example", None])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_both_sides_keep_to_the_protocol(method: str, origin: str | None) -> None:
    headers = [("Access-Control-Request-Method", "GET")]
    if origin is not None:
        headers.append(("Origin", origin))
    app = validator(guarded(validator(hello)))
    assert ask_wsgi(app, method, headers=headers).status in (200, 400)


def test_a_preflight_is_answered_without_the_application() -> None:
    app = guarded(untouchable, allow_methods=["PUT"], allow_headers=["X-Token"], allow_private_network=True)
    asked = [
        *FROM_ALLOWED,
        ("Access-Control-Request-Method", "PUT"),
        ("Access-Control-Request-Headers", "x-token"),
        ("Access-Control-Request-Private-Network", "true"),
    ]
    answer = ask_wsgi(app, "OPTIONS", headers=asked)
    assert answer.status == 200
    assert answer.body == b"OK"
    assert answer.headers == [
        ("content-type", "text/plain; charset=utf-8"),
        ("content-length", "2"),
        ("access-control-allow-origin", ORIGIN),
        ("access-control-allow-methods", "PUT"),
        ("access-control-allow-headers", "Accept, Accept-Language, Content-Language, Content-Type, X-Token"),
        ("access-control-max-age", "600"),
        ("access-control-allow-private-network", "true"),
        (
            "vary",
            (
                "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, "
                "Access-Control-Request-Private-Network"
            ),
        ),
    ]


def test_a_refused_preflight_says_why() -> None:
    server = Server()
    environ = wsgi_environ("OPTIONS", "/", [*FROM_ALLOWED, ("Access-Control-Request-Method", "DELETE")])
    parts = guarded(untouchable)(environ, server.start_response)
    assert parts == [b"Refused by the CORS policy: the method 'DELETE' is not allowed"]
    assert server.started[0][0] == "400 Bad Request"


def test_debug_lets_the_browser_find_the_refusal() -> None:
    asked = [*FROM_ALLOWED, ("Access-Control-Request-Method", "DELETE")]
    answer = ask_wsgi(guarded(untouchable, debug=True), "OPTIONS", headers=asked)
    assert answer.status == 200
    assert answer.values("access-control-allow-origin") == [ORIGIN]
    assert answer.values("access-control-allow-methods") == ["GET"]


def test_options_without_a_requested_method_reaches_the_application() -> None:
    answer = ask_wsgi(guarded(hello), "OPTIONS", headers=FROM_ALLOWED)
    assert answer.body == b"Hello"
    assert answer.cors() == {"access-control-allow-origin": ORIGIN, "vary": "Origin"}


def test_two_origin_fields_are_refused() -> None:
    answer = ask_wsgi(guarded(hello), headers=[*FROM_ALLOWED, *FROM_ALLOWED])
    assert answer.cors() == {"vary": "Origin"}


# Options.


@pytest.mark.parametrize(
    ("path", "is_covered"),
    [
        pytest.param("/api/items", True, id="below the covered path"),
        pytest.param("/apix", False, id="beside the covered path"),
        pytest.param("/caf\u00c3\u00a9", True, id="bytes of UTF-8, as PEP 3333 hands them over"),
        pytest.param("/caf\u00e9", False, id="bytes that are no UTF-8"),
        pytest.param("", True, id="the path that it is mounted at"),
    ],
)
def test_resources_match_the_path_that_the_router_sees(path: str, is_covered: bool) -> None:
    policy = CORSPolicy(allow_origins=[ORIGIN])
    app = CORSMiddleware(
        hello,
        policy=Resources({"/api/*": policy, "/": policy, "/caf\N{LATIN SMALL LETTER E WITH ACUTE}": policy}),
    )
    assert bool(ask_wsgi(app, path=path, headers=FROM_ALLOWED).cors()) is is_covered


def test_the_func_sees_path_host_and_headers() -> None:
    seen: list[CORSRequest] = []

    def is_tenant(request: CORSRequest) -> bool:
        seen.append(request)
        return request.headers["X-Tenant"] == "one" and request.headers.get("content-type") == "text/css"

    app = guarded(hello, allow_origins=(), allow_origin_func=is_tenant)
    environ = wsgi_environ(
        "GET", "/tenants", [*FROM_ALLOWED, ("X-Tenant", "one"), ("Host", "api.example.com")]
    )
    environ["CONTENT_TYPE"] = "text/css"
    server = Server()
    app(environ, server.start_response)
    assert server.started == [("200 OK", TEXT + ALLOWED)]
    assert seen == [CORSRequest("GET", origin=ORIGIN, path="/tenants", host="api.example.com")]
    assert dict(seen[0].headers) == {
        "origin": ORIGIN,
        "x-tenant": "one",
        "host": "api.example.com",
        "content-type": "text/css",
    }
    assert len(seen[0].headers) == 4
    assert "x-missing" not in seen[0].headers


async def _is_tenant(request: CORSRequest) -> bool:
    return True


class _AsyncCallable:
    async def __call__(self, request: CORSRequest) -> bool:
        return True


@pytest.mark.parametrize(
    "func",
    [
        pytest.param(_is_tenant, id="async def"),
        pytest.param(partial(_is_tenant), id="a partial of async def"),
        pytest.param(_AsyncCallable(), id="an object with an async __call__"),
    ],
)
@pytest.mark.parametrize("in_resources", [False, True])
def test_an_async_func_is_refused(func: Any, in_resources: bool) -> None:
    policy = CORSPolicy(allow_origin_func=func)
    with pytest.raises(PolicyError) as caught:
        CORSMiddleware(hello, policy=Resources({"/*": policy}) if in_resources else policy)
    assert str(caught.value) == (
        "This CORS policy has a problem:\n"
        "  1. allow_origin_func: is async, but a WSGI application cannot await it.\n"
        '     Write it as "def" instead of "async def", or serve the application over ASGI.'
    )


def test_the_hook_sees_every_request_with_its_decision() -> None:
    seen: list[tuple[str | None, bool]] = []

    def remember(request: CORSRequest, decision: Decision) -> None:
        seen.append((request.origin, decision.allowed))

    app = guarded(hello, on_decision=remember)
    fields: list[Fields] = [[], FROM_ALLOWED, [("Origin", "https://evil.example")]]
    for headers in fields:
        ask_wsgi(app, headers=headers)
    assert seen == [(None, True), (ORIGIN, True), ("https://evil.example", False)]


# Paths.


@pytest.mark.parametrize(
    ("script_name", "path", "allowed"),
    [
        pytest.param("", "/api/items", ORIGIN, id="no root"),
        pytest.param("/app", "/api/items", ORIGIN, id="a root"),
        pytest.param("/", "/api/items", ORIGIN, id="a slash as the root"),
        pytest.param("/app/", "/api/items", ORIGIN, id="a root that ends with a slash"),
        pytest.param("/caf\xc3\xa9", "/api/items", ORIGIN, id="a root outside ASCII"),
        pytest.param("/api", "/items", None, id="a root that a key begins with"),
        pytest.param("/api", "/api/items", ORIGIN, id="a root that a key begins with, and again"),
        pytest.param("/app", "//api/items", None, id="a slash more"),
        pytest.param("/app", "/api//items", ORIGIN, id="a slash more below the key"),
        pytest.param("", "/a\udcffpi/items", None, id="a surrogate, which PEP 3333 does not allow"),
        pytest.param("", "/api/\u20ac", ORIGIN, id="a path that the server has decoded"),
    ],
)
def test_resources_match_the_path_below_script_name(script_name: str, path: str, allowed: str | None) -> None:
    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [])
        return []

    guarded = CORSMiddleware(application, policy=Resources({"/api/*": CORSPolicy(allow_origins=[ORIGIN])}))

    def below(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        return guarded({**environ, "SCRIPT_NAME": script_name}, start_response)

    for answer in (
        ask_wsgi(below, path=path, headers=[("Origin", ORIGIN)]),
        ask_wsgi(below, "OPTIONS", path, [("Origin", ORIGIN), ("Access-Control-Request-Method", "GET")]),
    ):
        assert answer.cors().get("access-control-allow-origin") == allowed
