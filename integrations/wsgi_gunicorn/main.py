"""A plain WSGI application on gunicorn, which uses every way of PEP 3333 to send a response."""

from __future__ import annotations

import json
import logging
import sys
import time
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING

from crosscors.wsgi import CORSMiddleware

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

logger = logging.getLogger(__name__)

JSON = ("Content-Type", "application/json")
TEXT = ("Content-Type", "text/plain")


def item(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    number = int(environ["PATH_INFO"].removeprefix("/items/"))
    if environ["REQUEST_METHOD"] not in {"GET", "HEAD", "PUT"}:
        start_response("405 Method Not Allowed", [TEXT, ("Allow", "GET, HEAD, PUT")])
        return [b"Only GET, HEAD and PUT"]
    start_response("200 OK", [JSON, ("Vary", "Accept-Encoding"), ("X-Request-Id", f"item-{number}")])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [json.dumps({"number": number}).encode()]


def events(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    start_response("200 OK", [("Content-Type", "text/event-stream")])
    for number in range(3):
        yield f"data: {number}\n\n".encode()
        time.sleep(0.1)


def upload(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    size = len(environ["wsgi.input"].read())
    write = start_response("200 OK", [JSON])
    write(json.dumps({"bytes": size}).encode())
    return []


def login(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [JSON, ("Set-Cookie", "user=ada; HttpOnly; Path=/")])
    return [b'{"user": "ada"}']


def me(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    cookie = SimpleCookie(environ.get("HTTP_COOKIE")).get("user")
    start_response("200 OK", [JSON])
    return [json.dumps({"user": cookie.value if cookie else None}).encode()]


def redirect(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("302 Found", [TEXT, ("Location", "/items/1")])
    return [b"See /items/1"]


def error(_environ: WSGIEnvironment, _start_response: StartResponse) -> Iterable[bytes]:
    raise RuntimeError("no view handles this")


def missing(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("404 Not Found", [TEXT])
    return [b"There is nothing here"]


ROUTES = {
    "/events": events,
    "/upload": upload,
    "/login": login,
    "/me": me,
    "/redirect": redirect,
    "/error": error,
}


def route(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    is_item = path.removeprefix("/items/").isdecimal()
    view = item if is_item else ROUTES.get(path, missing)
    try:
        return view(environ, start_response)
    except Exception:
        # gunicorn itself would send a 500 without CORS headers.
        logger.exception("A view failed")
        start_response("500 Internal Server Error", [TEXT], sys.exc_info())
        return [b"That went wrong"]


application = CORSMiddleware(
    route,
    allow_origins=["https://app.example.com", "http://localhost:*"],
    allow_methods=["GET", "PUT"],
    allow_headers=["X-Token"],
    allow_credentials=True,
    expose_headers=["X-Request-Id"],
    max_age=600,
)
