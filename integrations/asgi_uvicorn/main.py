"""A plain ASGI application on uvicorn, with a policy for each path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crosscors import CORSPolicy, CORSRequest, Resources
from crosscors.asgi import CORSMiddleware

if TYPE_CHECKING:
    from crosscors.asgi import Receive, Scope, Send

TENANTS = {"https://one.example", "https://two.example"}


async def is_tenant(request: CORSRequest) -> bool:
    return request.origin in TENANTS and request.path.startswith("/tenants/")


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])  # uvicorn then runs without lifespan and WebSockets
    headers = [(b"content-type", b"text/plain"), (b"access-control-allow-origin", b"https://left.over")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"Hello, ", "more_body": True})
    await send({"type": "http.response.body", "body": b"world"})


policies = Resources(
    {
        "/public/*": CORSPolicy(allow_origins="*"),
        "/tenants/*": CORSPolicy(allow_origin_func=is_tenant, allow_credentials=True, allow_headers="*"),
        "/public/internal": None,
    }
)
app = CORSMiddleware(hello, policy=policies)
