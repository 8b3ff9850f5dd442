"""The API as a WSGI application, which the demo serves with gunicorn."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from crosscors.cli.demo.answers import MOST_BODY_BYTES, Request, answer
from crosscors.cli.demo.host import PORT, STATUS, host_refusal
from crosscors.cli.demo.policy import PAGE_ORIGIN, demo_policy
from crosscors.wsgi import CORSMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def api(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The API without any CORS."""
    request = Request(
        environ["REQUEST_METHOD"],
        environ["PATH_INFO"],
        session="demo-wsgi",
        cookies=environ.get("HTTP_COOKIE", ""),
        body=_read_body(environ),
    )
    response = answer(request)
    start_response(f"{response.status} {HTTPStatus(response.status).phrase}", response.headers)
    return [response.body]


def _read_body(environ: WSGIEnvironment) -> bytes:
    """The body, or enough of it to see that it is too large."""
    # gunicorn's input ends where the body ends, even for a chunked body, which has no length.
    length = MOST_BODY_BYTES + 1
    if not environ.get("wsgi.input_terminated"):
        length = min(length, int(environ.get("CONTENT_LENGTH") or 0))
    body: bytes = environ["wsgi.input"].read(length)
    return body


def only_on_this_machine(app: WSGIApplication, port: int) -> WSGIApplication:
    """Let only requests for this machine through."""

    def guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # WSGI joins several Host headers into one, with commas between them.
        hosts = [environ["HTTP_HOST"]] if "HTTP_HOST" in environ else []
        refusal = host_refusal(hosts, port)
        if refusal is None:
            return app(environ, start_response)
        body = refusal.encode()
        headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
        start_response(f"{STATUS} {HTTPStatus(STATUS).phrase}", headers)
        return [body]

    return guarded


def create_app() -> WSGIApplication:
    """The API with the policy: ``gunicorn "crosscors.cli.demo.wsgi_api:create_app()"``."""
    logging.basicConfig(level=logging.INFO, format="wsgi  %(message)s")
    policy = demo_policy(os.environ[PAGE_ORIGIN])
    # With debug, the browser's console names the refused method or header.
    return only_on_this_machine(CORSMiddleware(api, policy=policy, debug=True), int(os.environ[PORT]))
