"""Quart on Hypercorn, with the middleware around Quart's ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator

from quart import Quart

from crosscors.asgi import CORSMiddleware

app = Quart(__name__)


@app.get("/items/<int:number>")
async def read_item(number: int) -> dict[str, int]:
    return {"number": number}


@app.get("/stream")
async def stream() -> AsyncIterator[bytes]:
    async def parts() -> AsyncIterator[bytes]:
        for number in range(3):
            yield f"{number}\n".encode()

    return parts()


@app.get("/error")
async def error() -> str:
    raise RuntimeError("nobody handles this")


app.asgi_app = CORSMiddleware(  # type: ignore[assignment, method-assign]
    app.asgi_app,
    allow_origins=["https://app.example.com"],
    allow_methods=["GET", "PUT"],
    allow_headers=["X-Token"],
    allow_credentials=True,
)
