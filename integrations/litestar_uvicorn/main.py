"""Litestar on uvicorn, with the middleware around the application."""

from __future__ import annotations

from collections.abc import AsyncIterator

from litestar import Litestar, get, route
from litestar.response import Stream

from crosscors.asgi import CORSMiddleware


@route("/items/{number:int}", http_method=["GET", "HEAD"])
async def read_item(number: int) -> dict[str, int]:
    return {"number": number}


@get("/stream")
async def stream() -> Stream:
    async def parts() -> AsyncIterator[str]:
        for number in range(3):
            yield f"{number}\n"

    return Stream(parts())


@get("/error")
async def error() -> None:
    raise RuntimeError("nobody handles this")


litestar = Litestar([read_item, stream, error])  # without cors_config, for there can be but one policy

app = CORSMiddleware(
    litestar,
    allow_origins=["https://app.example.com"],
    allow_methods=["GET", "PUT"],
    allow_headers=["X-Token"],
    allow_credentials=True,
)
