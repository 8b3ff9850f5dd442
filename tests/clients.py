"""The least client there can be for each protocol: one request in, everything that was sent out."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from wsgiref.util import setup_testing_defaults

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import WSGIApplication

    from crosscors.asgi import ASGIApp, Message, Scope

Fields = list[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """A response, field names in lower case and in order."""

    status: int
    headers: Fields
    body: bytes

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def cors(self) -> dict[str, str]:
        """The fields that crosscors is the authority on."""
        return {
            name: value
            for name, value in self.headers
            if name.startswith("access-control-") or name == "vary"
        }


def http_scope(method: str, path: str, headers: Fields, **others: Any) -> Scope:
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return {"type": "http", "method": method, "path": path, "query_string": b"", "headers": raw, **others}


async def _receive() -> Message:
    return {"type": "http.request"}


def send_asgi(app: ASGIApp, scope: Scope) -> list[Message]:
    """What the application sends in answer to the scope; what it raises is raised."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(_run(app, scope, send))
    return sent


async def _run(app: ASGIApp, scope: Scope, send: Any) -> None:
    await app(scope, _receive, send)


def ask_asgi(
    app: ASGIApp, method: str = "GET", path: str = "/", headers: Iterable[tuple[str, str]] = ()
) -> Answer:
    start, *bodies = send_asgi(app, http_scope(method, path, list(headers)))
    fields = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in start["headers"]]
    return Answer(start["status"], fields, b"".join(message.get("body", b"") for message in bodies))


def wsgi_environ(method: str, path: str, headers: Iterable[tuple[str, str]]) -> dict[str, Any]:
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path}
    environ["QUERY_STRING"] = ""
    for name, value in headers:
        variable = "HTTP_" + name.upper().replace("-", "_")
        environ[variable] = f"{environ[variable]},{value}" if variable in environ else value
    setup_testing_defaults(environ)
    return environ


def ask_wsgi(
    app: WSGIApplication, method: str = "GET", path: str = "/", headers: Iterable[tuple[str, str]] = ()
) -> Answer:
    started: list[tuple[str, Fields]] = []
    written: list[bytes] = []

    def start_response(status: str, fields: Fields, exc_info: Any = None, /) -> Any:
        started.append((status, fields))
        return written.append

    parts = app(wsgi_environ(method, path, headers), start_response)
    try:
        body = b"".join(parts)
    finally:
        getattr(parts, "close", lambda: None)()
    status, fields = started[-1]
    return Answer(
        int(status.split()[0]), [(name.lower(), value) for name, value in fields], b"".join(written) + body
    )
