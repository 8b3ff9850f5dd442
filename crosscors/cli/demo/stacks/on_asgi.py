"""The application over ASGI, without a framework."""

from __future__ import annotations

from crosscors.asgi import ASGIApp, CORSMiddleware, Receive, Scope, Send
from crosscors.cli.demo.api import answer
from crosscors.cli.demo.stacks import Served


def application(served: Served) -> ASGIApp:
    """The application with the policy."""
    return CORSMiddleware(_api, policy=served.policy, protect=served.protect or False, debug=served.debug)


async def _api(scope: Scope, receive: Receive, send: Send) -> None:
    answered = answer(scope["method"], scope["path"])
    headers = [(name.lower().encode(), value.encode()) for name, value in answered.headers]
    await send({"type": "http.response.start", "status": answered.status, "headers": headers})
    await send({"type": "http.response.body", "body": answered.body})
