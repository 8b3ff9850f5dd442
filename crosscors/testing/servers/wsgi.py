"""A WSGI application, called in this process (PEP 3333)."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from crosscors.testing.exchange import ReceivedResponse
from crosscors.testing.servers.server import answer_to_exception
from crosscors.testing.urls import DEFAULT_PORTS, parse

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from crosscors.testing.cookies import Cookie
    from crosscors.testing.exchange import SentRequest


@dataclass(frozen=True)
class WSGIServer:
    """Serves an application under one origin; the cookies are those of a test client around it."""

    app: WSGIApplication
    base_url: str
    client_cookies: Callable[[], Iterable[Cookie]] = tuple
    is_live: bool = False

    def cookies(self) -> Iterable[Cookie]:
        return self.client_cookies()

    def send(self, request: SentRequest) -> ReceivedResponse:
        started: list[tuple[str, list[tuple[str, str]]]] = []
        body: list[bytes] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
            # The fields go out with the first bytes; until then an error may start anew.
            if exc_info and any(body):
                raise exc_info[1].with_traceback(exc_info[2])
            if started and not exc_info:
                raise RuntimeError("The WSGI application called start_response twice without exc_info.")
            started[:] = [(status, headers)]
            return body.append

        try:
            self._run(environ_of(request), start_response, body)
        except Exception as error:  # noqa: BLE001 (as servers do)
            if not any(body):
                return answer_to_exception(error)
            return replace(_received(started, body), raised=error, is_complete=False)
        return _received(started, body)

    async def asend(self, request: SentRequest) -> ReceivedResponse:
        return self.send(request)

    def _run(self, environ: dict[str, Any], start_response: Any, body: list[bytes]) -> None:
        parts = self.app(environ, start_response)
        try:
            body.extend(parts)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()


def _received(started: list[tuple[str, list[tuple[str, str]]]], body: list[bytes]) -> ReceivedResponse:
    if not started:
        raise RuntimeError("The WSGI application answered without calling start_response.")
    status, headers = started[0]
    return ReceivedResponse(int(status.split()[0]), tuple(headers), b"".join(body))


def environ_of(request: SentRequest) -> dict[str, Any]:
    """The CGI variables of the request (PEP 3333, section "environ Variables")."""
    url = parse(request.url)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.path).decode("latin-1"),
        "QUERY_STRING": url.query or "",
        "SERVER_NAME": url.host,
        "SERVER_PORT": str(url.port or DEFAULT_PORTS[url.scheme]),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": url.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if request.body or request.method in {"POST", "PUT"}:
        environ["CONTENT_LENGTH"] = str(len(request.body))
    for name, value in request.headers:
        variable = name.upper().replace("-", "_")
        environ[variable if variable == "CONTENT_TYPE" else f"HTTP_{variable}"] = value
    return environ
