"""Send a request of the table to an application over its protocol, as a server would."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tests.clients import Answer, Attempt, Run, attempt_asgi, attempt_wsgi

from .table import Request

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from crosscors.asgi import ASGIApp

# None: an exception left the application before it answered, so that a server has to answer.
Ask = Callable[[Request], "Answer | None"]


class UnhandledError(Exception):
    """What an application raises, and does not handle."""


def _answer(attempt: Attempt) -> Answer | None:
    # After an answer, a framework raises the exception again for the server's log.
    return attempt.answer if isinstance(attempt.error, UnhandledError) else attempt.get()


@contextlib.contextmanager
def over_asgi(app: ASGIApp) -> Iterator[Ask]:
    # One loop for all requests: to make one takes longer than a request does.
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        yield lambda request: _answer(_over_asgi(app, request, loop.run_until_complete))


@contextlib.contextmanager
def over_asgi_in_threads(app: ASGIApp) -> Iterator[Ask]:
    """The same for several threads, of which each request has a loop of its own."""
    yield lambda request: _answer(_over_asgi(app, request, asyncio.run))


def _over_asgi(app: ASGIApp, request: Request, run: Run) -> Attempt:
    # What was percent-encoded bytes, as servers decode it.
    raw_path = (request.root + request.path).encode("utf-8", "surrogateescape")
    scope: dict[str, Any] = {
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "root_path": request.root,
        "raw_path": quote(raw_path).encode(),
        "client": ("127.0.0.1", 50000),
        "server": ("localhost", 80),
    }
    path = raw_path.decode("utf-8", "replace")
    return attempt_asgi(app, request.method, path, [("Host", "localhost"), *request.fields], run=run, **scope)


@contextlib.contextmanager
def over_wsgi(app: WSGIApplication) -> Iterator[Ask]:
    yield lambda request: _answer(_over_wsgi(app, request))


def _over_wsgi(app: WSGIApplication, request: Request) -> Attempt:
    # PEP 3333, "Unicode Issues": the bytes of the path, each as one latin-1 character.
    path = request.path.encode("utf-8", "surrogateescape").decode("latin-1")
    root = request.root.encode().decode("latin-1")
    headers = [("Host", "localhost"), *request.fields]
    return attempt_wsgi(app, request.method, path, headers, SCRIPT_NAME=root)
