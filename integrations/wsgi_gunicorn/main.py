"""A plain WSGI application on gunicorn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crosscors.wsgi import CORSMiddleware

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def hello(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/missing":
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"There is nothing here"]
    if environ["PATH_INFO"] == "/written":
        write = start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "7")])
        write(b"written")
        return []
    start_response("200 OK", [("Content-Type", "text/plain"), ("Vary", "Accept-Encoding")])
    return parts()


def parts() -> Iterator[bytes]:
    yield b"Hello, "
    yield b"world"


application = CORSMiddleware(
    hello,
    allow_origins=["https://app.example.com", "http://localhost:*"],
    allow_methods=["GET", "PUT"],
    allow_headers=["X-Token"],
    expose_headers=["X-Request-Id"],
    allow_credentials=True,
)
