"""Litestar on uvicorn, with the middleware around the application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from litestar import Litestar, Request, Response, get, put, route
from litestar.datastructures import Cookie
from litestar.response import Redirect, ServerSentEvent

from crosscors.asgi import CORSMiddleware


@route("/items/{number:int}", http_method=["GET", "HEAD"])
async def read_item(number: int) -> Response[dict[str, int]]:
    return Response({"number": number}, headers={"X-Request-Id": f"item-{number}"})


@put("/items/{number:int}")
async def write_item(number: int) -> dict[str, int]:
    return {"number": number}


@get("/events")
async def events() -> ServerSentEvent:
    async def numbers() -> AsyncIterator[str]:
        for number in range(3):
            yield str(number)
            await asyncio.sleep(0.1)

    return ServerSentEvent(numbers())


@put("/upload")
async def upload(request: Request[Any, Any, Any]) -> dict[str, int]:
    return {"bytes": len(await request.body())}


@get("/login", response_cookies=[Cookie(key="user", value="ada", httponly=True)])
async def login() -> dict[str, str]:
    return {"user": "ada"}


@get("/me")
async def me(request: Request[Any, Any, Any]) -> dict[str, str | None]:
    return {"user": request.cookies.get("user")}


@get("/redirect")
async def redirect() -> Redirect:
    return Redirect("/items/1")


@get("/error")
async def error() -> None:
    raise RuntimeError("nobody handles this")


# Leave out cors_config: only one policy should write the headers.
litestar = Litestar([read_item, write_item, events, upload, login, me, redirect, error])

app = CORSMiddleware(
    litestar,
    allow_origins=["https://app.example.com", "http://localhost:*"],
    allow_methods=["GET", "PUT"],
    allow_headers=["X-Token"],
    allow_credentials=True,
    expose_headers=["X-Request-Id"],
    max_age=600,
)
