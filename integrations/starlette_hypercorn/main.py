"""Starlette on Hypercorn, which also accepts HTTP/2 without TLS. One endpoint has its own policy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from crosscors.starlette import CORS, cross_origin


class Item(HTTPEndpoint):
    async def get(self, request: Request) -> Response:
        number = request.path_params["number"]
        return JSONResponse({"number": number}, headers={"X-Request-Id": f"item-{number}"})

    async def put(self, request: Request) -> Response:
        await request.body()  # Hypercorn closes an HTTP/2 connection if a body arrives after the response
        return JSONResponse({"number": request.path_params["number"]})


async def events(_request: Request) -> Response:
    async def numbers() -> AsyncIterator[str]:
        for number in range(3):
            yield f"data: {number}\n\n"
            await asyncio.sleep(0.1)

    return StreamingResponse(numbers(), media_type="text/event-stream")


async def upload(request: Request) -> Response:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
    return JSONResponse({"bytes": size})


async def login(_request: Request) -> Response:
    response = JSONResponse({"user": "ada"})
    response.set_cookie("user", "ada", httponly=True)
    return response


async def me(request: Request) -> Response:
    return JSONResponse({"user": request.cookies.get("user")})


async def redirect(_request: Request) -> Response:
    return RedirectResponse("/items/1")


async def error(_request: Request) -> Response:
    raise RuntimeError("nobody handles this")


@cross_origin(allow_origins="*")
async def public(_request: Request) -> Response:
    return PlainTextResponse("for everyone")


app = Starlette(
    routes=[
        Route("/items/{number:int}", Item),
        Route("/events", events),
        Route("/upload", upload, methods=["PUT"]),
        Route("/login", login),
        Route("/me", me),
        Route("/redirect", redirect),
        Route("/error", error),
        Route("/public", public),
    ]
)
CORS(
    app,
    allow_origins=["https://app.example.com", "http://localhost:*"],
    allow_methods=["GET", "PUT"],
    allow_headers=["X-Token"],
    allow_credentials=True,
    expose_headers=["X-Request-Id"],
    max_age=600,
)
