"""What the tests of this adapter share: two policies to tell apart, and endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from crosscors.starlette import CORS, cross_origin
from tests.clients import Policies, attempt_asgi
from tests.tables import each

if TYPE_CHECKING:
    from crosscors.asgi import ASGIApp

# The policy of the application allows one of them, that of an endpoint or mounted application the other.
OUTER = "https://outer.example"
INNER = "https://inner.example"
EVIL = "https://evil.example"
ALLOWED = {"access-control-allow-origin": OUTER, "vary": "Origin"}
FROM_OUTER = [("Origin", OUTER)]

policies = Policies(attempt_asgi, outer=OUTER, inner=INNER)

kinds = each("kind", Starlette, FastAPI)


async def hello(request: Request) -> Response:
    return PlainTextResponse("Hello")


def fresh() -> Any:
    """An endpoint that no other test has marked or routed."""

    async def view(request: Request) -> Response:
        return PlainTextResponse("Hello")

    return view


async def fail(request: Any) -> Response:
    raise LookupError("in the endpoint")


class Opaque:
    """Middleware that keeps what it wraps under a name of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._inner = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._inner(scope, receive, send)


@cross_origin(allow_origins=[INNER])
async def own(request: Request) -> Response:
    return PlainTextResponse("own")


def covered(*routes: BaseRoute, kind: type[Starlette] = Starlette, **options: Any) -> Starlette:
    """An application with the outer policy, these routes, and /other without a policy of its own."""
    options.setdefault("allow_origins", [OUTER])
    app = kind(routes=[*routes, Route("/other", hello)])
    CORS(app, **options)
    return app
