"""Against DNS rebinding: a stack answers only to the address that the page of the playground uses.

After DNS rebinding, a foreign name leads to this machine. For the browser, the foreign page is then a page of
the server itself, and CORS does not apply. Host has the foreign name. The documents of the playground leave
this to the cross-origin protection. The stacks cannot, because theirs is switched on the page.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from crosscors.core.errors import shown
from crosscors.core.hosts import AllowedHosts

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from crosscors.asgi import ASGIApp, Receive, Scope, Send


def asgi_at(host: str, app: ASGIApp) -> ASGIApp:
    """The application, for requests with this Host only."""
    hosts = AllowedHosts.of((host,))

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        given = ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"host")
        if hosts.admit(given):
            await app(scope, receive, send)
            return
        body = _refusal(host, given)
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 403, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return guarded


def wsgi_at(host: str, app: WSGIApplication) -> WSGIApplication:
    """The application, for requests with this Host only."""
    hosts = AllowedHosts.of((host,))

    def guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        given = environ.get("HTTP_HOST", "")
        if hosts.admit(given):
            return app(environ, start_response)
        body = _refusal(host, given)
        start_response("403 Forbidden", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        return [body]

    return guarded


def _refusal(host: str, given: str) -> bytes:
    return f"This server answers only to the Host {host}, not to {shown(given)}.\n".encode()
