"""The API as an ASGI application, which the demo serves with uvicorn."""

from __future__ import annotations

import logging
import os

from crosscors.asgi import ASGIApp, CORSMiddleware, Receive, Scope, Send
from crosscors.cli.demo.answers import MOST_BODY_BYTES, Request, answer
from crosscors.cli.demo.host import PORT, STATUS, host_refusal
from crosscors.cli.demo.policy import PAGE_ORIGIN, demo_policy


async def api(scope: Scope, receive: Receive, send: Send) -> None:
    """The API without any CORS."""
    request_headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    request = Request(
        scope["method"],
        scope["path"],
        session="demo-asgi",
        cookies=request_headers.get(b"cookie", ""),
        body=await _read_body(receive),
    )
    response = answer(request)
    headers = [(name.lower().encode(), value.encode()) for name, value in response.headers]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def _read_body(receive: Receive) -> bytes:
    """The body, or enough of it to see that it is too large."""
    body = b""
    more = True
    while more and len(body) <= MOST_BODY_BYTES:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def only_on_this_machine(app: ASGIApp, port: int) -> ASGIApp:
    """Let only requests for this machine through."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"host"]
        refusal = host_refusal(hosts, port)
        if refusal is None:
            await app(scope, receive, send)
            return
        body = refusal.encode()
        headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": STATUS, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return guarded


def create_app() -> ASGIApp:
    """The API with the policy: ``uvicorn --factory crosscors.cli.demo.asgi_api:create_app``."""
    logging.basicConfig(level=logging.INFO, format="asgi  %(message)s")
    policy = demo_policy(os.environ[PAGE_ORIGIN])
    # With debug, the browser's console names the refused method or header.
    return only_on_this_machine(CORSMiddleware(api, policy=policy, debug=True), int(os.environ[PORT]))
