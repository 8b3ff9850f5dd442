"""The application over WSGI, without a framework."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from crosscors.cli.demo.api import answer
from crosscors.cli.demo.stacks import Served
from crosscors.wsgi import CORSMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def application(served: Served) -> WSGIApplication:
    """The application with the policy."""
    return CORSMiddleware(_api, policy=served.policy, protect=served.protect or False, debug=served.debug)


def _api(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    answered = answer(environ["REQUEST_METHOD"], environ["PATH_INFO"])
    start_response(f"{answered.status} {HTTPStatus(answered.status).phrase}", [*answered.headers])
    return [answered.body]
