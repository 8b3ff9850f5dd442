"""The API as a WSGI application, which the demo serves with gunicorn."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from crosscors.cli.demo.answers import Request, answer
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
        body=environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)),
    )
    response = answer(request)
    start_response(f"{response.status} {HTTPStatus(response.status).phrase}", response.headers)
    return [response.body]


def create_app() -> WSGIApplication:
    """The API, guarded by the policy: ``gunicorn "crosscors.cli.demo.wsgi_api:create_app()"``."""
    logging.basicConfig(level=logging.INFO, format="wsgi  %(message)s")
    policy = demo_policy(os.environ[PAGE_ORIGIN])
    # With debug, the browser's console names the method or header that is refused.
    return CORSMiddleware(api, policy=policy, debug=True)
