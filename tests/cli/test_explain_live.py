"""``crosscors explain`` and live servers, hostile ones included. All of them are on loopback."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from crosscors.cli.explain import playing, serving
from crosscors.testing.blocked import NoAnswerError
from tests.tables import table

from .test_explain import ALLOWED, explain

Answering = Callable[[socket.socket], None]
Serve = Callable[[Answering], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server that does this with each connection, after it has read the request. Gives its URL."""
    listeners: list[socket.socket] = []
    ended = threading.Event()

    def start(answering: Answering) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def run() -> None:
            while not ended.is_set():
                with suppress(OSError):
                    connection, _ = listener.accept()
                    threading.Thread(target=handle, args=(connection,), daemon=True).start()

        def handle(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                connection.recv(65536)
                answering(connection)

        threading.Thread(target=run, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/items"

    yield start
    ended.set()
    for each in listeners:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()


def sending(*lines: str, body: bytes = b"") -> Answering:
    """Sends a response with these header lines, and closes."""
    head = "\r\n".join(["HTTP/1.1 200 OK", "Connection: close", *lines, "", ""]).encode("latin-1")
    return lambda connection: connection.sendall(head + body)


def silent(connection: socket.socket) -> None:
    connection.recv(1)  # until the client has gone


def beginning(connection: socket.socket) -> None:
    sending("Access-Control-Allow-Origin: *")(connection)
    silent(connection)


def endless(connection: socket.socket) -> None:
    sending("Access-Control-Allow-Origin: *")(connection)
    while True:
        connection.sendall(b"x" * 1000)


def endless_head(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-A: " + b"x" * 10 + b"\r\n")


OPEN = "Access-Control-Allow-Origin: *"
PREFLIGHT = (OPEN, "Access-Control-Allow-Methods: PUT", "Server: nginx")


@table(
    "answering, arguments, verdict, shown",
    ("a server that lets the page read", sending(OPEN), [], "allowed", "step 3"),
    ("a server that does not", sending("Server: nginx"), [], "blocked", "If this is nginx, write add_header"),
    ("an unsafe method", sending(*PREFLIGHT), ["-X", "PUT", "--send"], "allowed", "allows PUT"),
    ("only the preflight", sending(*PREFLIGHT), ["-X", "PUT", "--dry-run"], None,
     "No verdict: the preflight passed, and the request was not sent (--dry-run)"),
    ("a method that nginx does not list", sending(*PREFLIGHT), ["-X", "DELETE", "--send"], "blocked",
     'Access-Control-Allow-Methods "PUT, DELETE" always;'),
    ("a certain library", sending(body=b"Disallowed CORS origin"), [], "blocked",
     f'allow_origins=[..., "{ALLOWED}"]'),
    ("a star and cookies", sending(OPEN, "Server: nginx"), ["--credentials"], "blocked",
     "and remove what allows every origin. Otherwise, every site"),
    ("an origin and cookies", sending(f"Access-Control-Allow-Origin: {ALLOWED}", "Server: nginx"),
     ["--credentials"], "blocked", "Do this only where each allowed origin is listed."),
    ("a fault that no option cures", sending(OPEN, OPEN, "Server: nginx"), [], "blocked", "Two places set"),
    ("a head without an end", endless_head, [], "blocked", "did not send valid HTTP"),
    ("a body without an end", endless, [], "allowed", "step 3"),
    ("a body that does not come", beginning, [], "allowed", "step 3"),
    ("many headers", sending(OPEN, *(f"Set-Cookie: {each}=1" for each in range(40))), [], "allowed",
     "... (41 headers)"),
    ("silence", silent, [], None, "There was no answer within 1 seconds"),
    ("silence, and what to do", silent, [], None, "Look for what the server waits for"),
    ("a connection that is closed", lambda connection: None, [], None, "without sending a response"),
    ("a connection that is closed, and what to do", lambda connection: None, [], None,
     "closes the connection. Look at the log of the server. Perhaps it speaks https: https://127"),
    ("a redirect to a name that DNS cannot have",
     lambda connection: connection.sendall(b"HTTP/1.1 302 Found\r\nAccess-Control-Allow-Origin: *\r\n"
     b"Content-Length: 0\r\nLocation: http://a..example/\r\n\r\n"), [], None, "cannot be reached"),
    ("no HTTP", lambda connection: connection.sendall(b"\x1b[31mSSH-2.0\r\n\r\n"), [], "blocked",
     "did not send valid HTTP"),
    ("escape sequences", sending(OPEN, "Server: \x1b[31m\x9b0m\x07"), [], "allowed", "step 3"),
    ("a redirect to nowhere", sending(OPEN, "Location: http://127.0.0.1:1/"), [], "allowed", "step 3"),
)  # fmt: skip
def test_verdicts(
    monkeypatch: pytest.MonkeyPatch,
    serve: Serve,
    answering: Answering,
    arguments: list[str],
    verdict: str | None,
    shown: str,
) -> None:
    monkeypatch.setattr(playing, "TIMEOUT", 20.0)
    monkeypatch.setattr(serving, "SILENCE", 1.0)
    url = serve(answering)
    told = explain(url, "--origin", ALLOWED, *arguments)
    assert shown in told.stdout
    assert told.stdout.replace("\n", "").isprintable()
    assert told.stderr == ""
    said = json.loads(explain(url, "--origin", ALLOWED, *arguments, "--json").stdout)
    assert said["verdict"] == verdict
    assert told.exit_code == {"allowed": 0, "blocked": 1, None: 2}[verdict]


@table(
    "origin, shown",
    ("mixed content", "https://app.example.com", "mixed content"),
    ("the local network", "http://app.example.com", "Local Network Access"),
)
def test_what_is_not_cors_is_a_note(origin: str, shown: str) -> None:
    result = explain("http://10.255.255.1/", "--origin", origin, "--dry-run")
    assert shown in result.stdout


def test_pages_of_this_machine_have_no_notes(serve: Serve) -> None:
    assert "Note" not in explain(serve(sending(OPEN)), "--origin", "http://localhost:5173").stdout


def test_nobody_listens() -> None:
    result = explain("http://127.0.0.1:1/items", "--origin", "http://localhost:5173")
    assert "2. http://127.0.0.1:1/items cannot be reached: " in result.stdout
    assert result.stdout.endswith(
        "\nNo verdict: there is no response to judge.\nHint: Start the server, or correct the URL.\n"
    )
    assert result.exit_code == 2


def test_a_server_without_tls(serve: Serve) -> None:
    url = serve(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    result = explain(url.replace("http:", "https:"), "--origin", "http://localhost:5173")
    assert result.stdout.endswith(
        f"\nNo verdict: there is no response to judge.\nHint: Perhaps the server speaks plain HTTP: {url}\n"
    )
    assert result.exit_code == 2


def test_a_certificate_that_nobody_trusts() -> None:
    error = NoAnswerError("it cannot be reached: [SSL: CERTIFICATE_VERIFY_FAILED] self-signed")
    error.__cause__ = OSError()
    assert "SSL_CERT_FILE=ca.pem" in serving.unreachable_hint(error, "https://localhost")
