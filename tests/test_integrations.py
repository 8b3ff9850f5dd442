"""The applications in integrations/, each on its real server, talked to over a socket."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

INTEGRATIONS = Path(__file__).parents[1] / "integrations"
ORIGIN = "https://app.example.com"
UVICORN = ("uvicorn", "main:app", "--log-level", "warning", "--port")
GUNICORN = ("gunicorn", "main:application", "--log-level", "warning", "--bind")


class Server:
    """A server on a port of this machine; every request is a connection of its own."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(
        self, method: str, path: str, headers: list[tuple[str, str]] | None = None
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            connection.putrequest(method, path)
            for name, value in headers or []:
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            fields = [(name.lower(), value) for name, value in response.getheaders()]
            return response.status, fields, response.read()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def serving(folder: str, *command: str, bind: str = "{port}") -> Iterator[Server]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", *command, bind.format(port=port)], cwd=INTEGRATIONS / folder
    )
    try:
        wait_for(port, process)
        yield Server(port)
    finally:
        process.terminate()
        assert process.wait(timeout=20) in (0, -15)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError("the server accepted no connection")


@pytest.fixture(scope="module")
def fastapi() -> Iterator[Server]:
    with serving("fastapi_uvicorn", *UVICORN) as server:
        yield server


@pytest.fixture(scope="module")
def asgi() -> Iterator[Server]:
    with serving("asgi_uvicorn", *UVICORN) as server:
        yield server


@pytest.fixture(scope="module")
def wsgi() -> Iterator[Server]:
    with serving("wsgi_gunicorn", *GUNICORN, bind="127.0.0.1:{port}") as server:
        yield server


@pytest.fixture(params=["fastapi", "wsgi"])
def guarded(request: pytest.FixtureRequest) -> Server:
    """Two servers whose policy is the same: credentials, X-Token, GET and PUT."""
    server: Server = request.getfixturevalue(request.param)
    return server


def cors_of(fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in fields if name.startswith("access-control-") or name == "vary"]


def preflight(*headers: str, method: str = "PUT", origin: str = ORIGIN) -> list[tuple[str, str]]:
    asked = [("Origin", origin), ("Access-Control-Request-Method", method)]
    return asked + [("Access-Control-Request-Headers", value) for value in headers]


def test_an_allowed_origin_reads_with_credentials(guarded: Server) -> None:
    status, fields, _ = guarded.ask("GET", "/items/1", [("Origin", ORIGIN)])
    assert status == 200
    assert cors_of(fields) == [
        ("access-control-allow-origin", ORIGIN),
        ("access-control-allow-credentials", "true"),
        ("access-control-expose-headers", "X-Request-Id"),
        ("vary", "Accept-Encoding, Origin"),
    ]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([], id="no Origin"),
        pytest.param([("Origin", "https://evil.example")], id="a refused origin"),
        pytest.param([("Origin", "null")], id="null"),
        pytest.param([("Origin", ORIGIN), ("Origin", ORIGIN)], id="Origin twice"),
        pytest.param([("Origin", "")], id="an empty Origin"),
        pytest.param([("Origin", "https://b\u00fccher.example")], id="bytes outside ASCII"),
        pytest.param([("Origin", "https://*@:;")], id="nonsense"),
    ],
)
def test_everyone_else_gets_nothing_but_vary(guarded: Server, headers: list[tuple[str, str]]) -> None:
    status, fields, _ = guarded.ask("GET", "/items/1", headers)
    assert status == 200
    assert cors_of(fields) == [("vary", "Accept-Encoding, Origin")]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param(preflight("x-token"), 200, id="an allowed header"),
        pytest.param(
            preflight("content-type, ,X-TOKEN", "x-token"), 200, id="a list in two lines, with repeats"
        ),
        pytest.param(preflight(), 200, id="no header"),
        pytest.param(preflight(method="HEAD"), 200, id="HEAD, that comes with GET"),
        pytest.param(preflight("x-other"), 400, id="another header"),
        pytest.param(preflight(method="DELETE"), 400, id="another method"),
        pytest.param(preflight(method="put"), 400, id="a method in lower case"),
        pytest.param(preflight(method=""), 400, id="an empty method"),
        pytest.param(preflight(origin="https://evil.example"), 400, id="another origin"),
        pytest.param(preflight("," * 8000), 400, id="eight thousand commas"),
    ],
)
def test_preflights(guarded: Server, headers: list[tuple[str, str]], status: int) -> None:
    answered, fields, body = guarded.ask("OPTIONS", "/items/1", headers)
    assert answered == status
    assert dict(fields)["content-type"] == "text/plain; charset=utf-8"
    assert dict(fields)["vary"] == "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
    assert body == b"OK" if status == 200 else body.startswith(b"Refused by the CORS policy: ")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/missing", 404, id="not found"),
        pytest.param("POST", "/items/1", 405, id="method not allowed"),
        pytest.param("GET", "/items/x", 422, id="validation failed"),
        pytest.param("GET", "/error", 500, id="an error that FastAPI handles"),
        pytest.param("GET", "/unhandled", 500, id="an error that nobody handles"),
        pytest.param("OPTIONS", "/items/1", 405, id="OPTIONS that is no preflight"),
    ],
)
def test_error_responses_can_be_read(fastapi: Server, method: str, path: str, status: int) -> None:
    answered, fields, _ = fastapi.ask(method, path, [("Origin", ORIGIN), ("Content-Length", "0")])
    assert answered == status
    assert dict(fields)["access-control-allow-origin"] == ORIGIN


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        pytest.param("/missing", 404, b"There is nothing here", id="not found"),
        pytest.param("/written", 200, b"written", id="through write()"),
        pytest.param("/", 200, b"Hello, world", id="through a generator"),
    ],
)
def test_every_way_to_respond_over_wsgi(wsgi: Server, path: str, status: int, body: bytes) -> None:
    answered, fields, received = wsgi.ask("GET", path, [("Origin", "http://localhost:5173")])
    assert (answered, received) == (status, body)
    assert dict(fields)["access-control-allow-origin"] == "http://localhost:5173"


def test_an_endpoint_has_a_policy_of_its_own(fastapi: Server) -> None:
    for origin in (ORIGIN, "https://evil.example"):
        status, fields, _ = fastapi.ask("GET", "/status", [("Origin", origin)])
        assert (status, dict(fields)["access-control-allow-origin"]) == (200, "*")
        assert "vary" not in dict(fields)


def test_a_streamed_response_can_be_read(fastapi: Server) -> None:
    _, fields, body = fastapi.ask("GET", "/stream", [("Origin", "https://pr-1.preview.example.com")])
    assert dict(fields)["access-control-allow-origin"] == "https://pr-1.preview.example.com"
    assert body == b"0\n1\n2\n"


@pytest.mark.parametrize(
    ("path", "origin", "expected"),
    [
        pytest.param(
            "/public/data",
            None,
            [("access-control-allow-origin", "*")],
            id="a public path answers everyone alike",
        ),
        pytest.param("/public/data", "null", [("access-control-allow-origin", "*")], id="and does not vary"),
        pytest.param(
            "/public/internal",
            "https://one.example",
            [("access-control-allow-origin", "https://left.over")],
            id="a path that no policy covers is left alone",
        ),
        pytest.param(
            "//public/data",
            "https://one.example",
            [("access-control-allow-origin", "https://left.over")],
            id="so is one that routers read in two ways",
        ),
        pytest.param("/tenants/1", "https://three.example", [("vary", "Origin")], id="the function refuses"),
        pytest.param(
            "/tenants/1",
            "https://two.example",
            [
                ("access-control-allow-origin", "https://two.example"),
                ("access-control-allow-credentials", "true"),
                ("vary", "Origin"),
            ],
            id="the function allows",
        ),
    ],
)
def test_policies_by_path(
    asgi: Server, path: str, origin: str | None, expected: list[tuple[str, str]]
) -> None:
    status, fields, body = asgi.ask("GET", path, [("Origin", origin)] if origin else [])
    assert (status, body) == (200, b"Hello, world")
    assert cors_of(fields) == expected


def test_a_preflight_that_the_function_decides(asgi: Server) -> None:
    asked = preflight("x-one,authorization", method="GET", origin="https://one.example")
    status, fields, _ = asgi.ask("OPTIONS", "/tenants/1", asked)
    assert status == 200
    assert dict(fields)["access-control-allow-headers"] == "x-one, authorization"
