"""FastAPI on uvicorn, with one policy for all responses, except for one endpoint with its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Cookie, FastAPI, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from crosscors.fastapi import CORS, cross_origin

app = FastAPI()
CORS(
    app,
    allow_origins=["https://app.example.com", "http://localhost:*"],
    allow_methods=["GET", "PUT"],
    allow_headers=["X-Token"],
    allow_credentials=True,
    expose_headers=["X-Request-Id"],
    max_age=600,
)


@app.head("/items/{number}")
@app.get("/items/{number}")
async def read_item(number: int, response: Response) -> dict[str, int]:
    response.headers["X-Request-Id"] = f"item-{number}"
    response.headers["Vary"] = "Accept-Encoding"
    return {"number": number}


@app.put("/items/{number}")
async def write_item(number: int) -> dict[str, int]:
    return {"number": number}


@app.get("/events")
async def events() -> StreamingResponse:
    async def numbers() -> AsyncIterator[str]:
        for number in range(3):
            yield f"data: {number}\n\n"
            await asyncio.sleep(0.1)

    return StreamingResponse(numbers(), media_type="text/event-stream")


@app.put("/upload")
async def upload(request: Request) -> dict[str, int]:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
    return {"bytes": size}


@app.get("/login")
async def login(response: Response) -> dict[str, str]:
    response.set_cookie("user", "ada", httponly=True)
    return {"user": "ada"}


@app.get("/me")
async def me(user: Annotated[str | None, Cookie()] = None) -> dict[str, str | None]:
    return {"user": user}


@app.get("/redirect")
async def redirect() -> RedirectResponse:
    return RedirectResponse("/items/1")


@app.get("/error")
async def error() -> None:
    raise RuntimeError("nobody handles this")


@app.get("/public")
@cross_origin(allow_origins="*")
async def public() -> str:
    return "for everyone"
