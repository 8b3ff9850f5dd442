"""A WSGI application, called in this process (PEP 3333)."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote_to_bytes

from crosscors.testing.exchange import ReceivedResponse
from crosscors.testing.limits import AbandonedError, Body
from crosscors.testing.servers.server import answer_to_exception
from crosscors.testing.urls import DEFAULT_PORTS, parse

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from crosscors.testing.cookies import Cookie
    from crosscors.testing.exchange import SentRequest
    from crosscors.testing.limits import Limits


class NotAnApplicationError(TypeError):
    """The object is not a WSGI application."""


@dataclass(frozen=True)
class WSGIServer:
    """Serves an application at one origin."""

    app: WSGIApplication
    base_url: str
    is_live: bool = False

    def cookies(self) -> Iterable[Cookie]:
        return ()

    def send(self, request: SentRequest, limits: Limits) -> ReceivedResponse:
        started: list[tuple[str, list[tuple[str, str]]]] = []
        body = Body(limits)

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
            # Headers are sent with the first bytes. Until then, an error may replace them.
            if exc_info and body.has_begun:
                raise exc_info[1].with_traceback(exc_info[2])
            if started and not exc_info:
                raise RuntimeError("The WSGI application called start_response twice without exc_info.")
            started[:] = [(status, headers)]
            return body.add

        parts: Any = None
        raised: Exception | None = None
        try:
            parts = self._call(environ_of(request), start_response)
            for part in parts:
                body.add(b"" + part)  # raises if it is not bytes
        except NotAnApplicationError:
            raise
        except AbandonedError:
            pass
        except Exception as error:  # noqa: BLE001 (as servers do)
            raised = error
        late = _close(parts)
        if body.is_cut:
            return body.cut_off(request, _received(started, body, None))
        received = _received(started, body, raised)
        return replace(received, raised=received.raised or late)

    async def asend(self, request: SentRequest, limits: Limits) -> ReceivedResponse:
        return self.send(request, limits)

    def _call(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        parts: Any = self.app(environ, start_response)
        if not isinstance(parts, Iterable):
            raise NotAnApplicationError(
                f"A WSGI application returns an iterable of bytes, but {self.app!r} returned {parts!r}."
                " If it is a function that creates an application, call it: Browser(create_app())."
            )
        return cast("Iterable[bytes]", parts)


def _close(parts: Any) -> Exception | None:
    """Closes what the application returned. An exception here comes after the response."""
    try:
        getattr(parts, "close", lambda: None)()
    except Exception as error:  # noqa: BLE001 (as servers do)
        return error
    return None


def _received(
    started: list[tuple[str, list[tuple[str, str]]]], body: Body, raised: Exception | None
) -> ReceivedResponse:
    """The response that a server would send. A breach of the protocol counts as an exception."""
    if raised is not None and not body.has_begun:
        return answer_to_exception(raised)
    try:
        if not started:
            raise RuntimeError("The WSGI application answered without calling start_response.")
        status, headers = started[0]
        fields = tuple((name + "", value + "") for name, value in headers)  # raises if one is not str
        return ReceivedResponse(int(status[:3]), fields, body.content(), raised, is_complete=raised is None)
    except (RuntimeError, TypeError, ValueError) as malformed:
        return answer_to_exception(raised or malformed)


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
    if request.content_length is not None:
        environ["CONTENT_LENGTH"] = str(request.content_length)
    for name, value in request.headers:
        variable = name.upper().replace("-", "_")
        environ[variable if variable == "CONTENT_TYPE" else f"HTTP_{variable}"] = value
    return environ
