"""Quart on Hypercorn, with the middleware around Quart's ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from quart import Quart, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from crosscors.asgi import CORSMiddleware

app = Quart(__name__)


@app.get("/items/<int:number>")
async def read_item(number: int) -> tuple[dict[str, int], dict[str, str]]:
    return {"number": number}, {"X-Request-Id": f"item-{number}"}


@app.put("/items/<int:number>")
async def write_item(number: int) -> dict[str, int]:
    return {"number": number}


@app.get("/events")
async def events() -> Response:
    async def numbers() -> AsyncIterator[str]:
        for number in range(3):
            yield f"data: {number}\n\n"
            await asyncio.sleep(0.1)

    return Response(numbers(), mimetype="text/event-stream")


@app.put("/upload")
async def upload() -> dict[str, int]:
    return {"bytes": len(await request.get_data())}


@app.get("/login")
async def login() -> Response:
    response = jsonify(user="ada")
    response.set_cookie("user", "ada", httponly=True)
    return response


@app.get("/me")
async def me() -> dict[str, str | None]:
    return {"user": request.cookies.get("user")}


@app.get("/redirect")
async def go_to_the_first_item() -> BaseResponse:
    return redirect("/items/1")


@app.get("/error")
async def error() -> str:
    raise RuntimeError("nobody handles this")


app.asgi_app = CORSMiddleware(  # type: ignore[assignment, method-assign]
    app.asgi_app,
    allow_origins=["https://app.example.com", "http://localhost:*"],
    allow_methods=["GET", "PUT"],
    allow_headers=["X-Token"],
    allow_credentials=True,
    expose_headers=["X-Request-Id"],
    max_age=600,
)
