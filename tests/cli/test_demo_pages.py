"""The two page origins of the demo."""

import json
import socket
import struct
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse

import pytest

from crosscors.cli.demo.pages import page_documents, page_server
from crosscors.cli.demo.run import listen


@pytest.fixture
def port() -> Iterator[int]:
    with listen(0) as listener, page_server(listener, page_documents({"answer": 42})):
        yield listener.getsockname()[1]


def get(port: int, path: str) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def test_the_page_is_served_and_never_cached(port: int) -> None:
    response, body = get(port, "/")
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    assert body.startswith(b"<!doctype html>")


def test_the_page_needs_nothing_from_elsewhere(port: int) -> None:
    _, body = get(port, "/")
    assert b"//" not in body.replace(b"// ", b"")


def test_its_script_learns_the_facts(port: int) -> None:
    response, body = get(port, "/demo.json")
    assert response.headers["Content-Type"] == "application/json"
    assert json.loads(body) == {"answer": 42}


def test_all_else_is_not_found(port: int) -> None:
    assert get(port, "/demo")[0].status == 404


def raw(port: int, request: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request.encode("latin-1"))
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize(
    "hosts",
    [
        "Host: rebound.example:{port}\r\n",
        "Host: localhost\r\n",
        "Host: 127.0.0.1:1\r\n",
        "Host:\r\n",
        "",
        "Host: 127.0.0.1:{port}\r\nHost: rebound.example\r\n",
        "Host: rebound.example\r\nHost: 127.0.0.1:{port}\r\n",
        "Host: 127.0.0.1:{port}\r\n rebound.example\r\n",
    ],
)
def test_another_name_is_refused_with_the_reason(port: int, method: str, hosts: str) -> None:
    for version in ("HTTP/1.1", "HTTP/1.0"):
        response = raw(port, f"{method} /demo.json {version}\r\n{hosts.format(port=port)}\r\n")
        assert response.startswith(b"HTTP/1.0 403 ")
        assert b"The demo accepts only " in response
        assert b"42" not in response.partition(b"\r\n\r\n")[2].replace(str(port).encode(), b"")


@pytest.mark.parametrize(
    "host", ["127.0.0.1:{port}", "localhost:{port}", "[::1]:{port}", "a.localhost:{port}"]
)
def test_this_machine_is_answered(port: int, host: str) -> None:
    response = raw(port, f"GET /demo.json HTTP/1.1\r\nHost: {host.format(port=port)}\r\n\r\n")
    assert response.startswith(b"HTTP/1.0 200 ")


def test_what_is_not_http_is_refused_as_such(port: int) -> None:
    assert b"400" in raw(port, "GET / HTTP/x\r\n\r\n")


def test_nothing_is_said_when_browsers_hang_up(port: int, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close by reset
        connection.sendall(b"GET / HTTP/1.1\r\n")
    assert get(port, "/")[0].status == 200
    assert capfd.readouterr().err == ""


def test_the_port_is_free_afterwards() -> None:
    with listen(0) as listener, page_server(listener, {}):
        port = listener.getsockname()[1]
    listen(port).close()
