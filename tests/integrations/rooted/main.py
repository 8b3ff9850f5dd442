"""One application with two policies, over ASGI and WSGI, to be served below a root path."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import crosscors.asgi
import crosscors.wsgi
from crosscors import CORSPolicy, Resources

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

POLICIES = Resources(
    {
        "/*": CORSPolicy(allow_origins="*"),
        "/admin/*": CORSPolicy(allow_origins=["https://app.example.com"], allow_credentials=True),
    }
)


async def admin(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("admin")


async def public(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("public")


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"admin" if environ["PATH_INFO"].startswith("/admin/") else b"public"]


app = crosscors.asgi.CORSMiddleware(
    Starlette(routes=[Route("/admin/{name}", admin), Route("/{path:path}", public)]), policy=POLICIES
)
wsgi = crosscors.wsgi.CORSMiddleware(application, policy=POLICIES)
