"""Falcon's ASGI application on uvicorn, with the middleware around it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from falcon import HTTPTemporaryRedirect
from falcon.asgi import App, Request, Response, SSEvent

from crosscors.asgi import CORSMiddleware


class Item:
    async def on_get(self, _request: Request, response: Response, number: int) -> None:
        response.set_header("X-Request-Id", f"item-{number}")
        response.media = {"number": number}

    on_head = on_get

    async def on_put(self, _request: Request, response: Response, number: int) -> None:
        response.media = {"number": number}


class Events:
    async def on_get(self, _request: Request, response: Response) -> None:
        response.sse = self.numbers()

    async def numbers(self) -> AsyncIterator[SSEvent]:
        for number in range(3):
            yield SSEvent(text=str(number))
            await asyncio.sleep(0.1)


class Upload:
    async def on_put(self, request: Request, response: Response) -> None:
        size = 0
        async for chunk in request.stream:
            size += len(chunk)
        response.media = {"bytes": size}


class Login:
    async def on_get(self, _request: Request, response: Response) -> None:
        response.set_cookie("user", "ada", secure=False)  # this server has no TLS
        response.media = {"user": "ada"}


class Me:
    async def on_get(self, request: Request, response: Response) -> None:
        response.media = {"user": request.cookies.get("user")}


class Redirect:
    async def on_get(self, _request: Request, _response: Response) -> None:
        raise HTTPTemporaryRedirect("/items/1")


class Error:
    async def on_get(self, _request: Request, _response: Response) -> None:
        raise RuntimeError("nobody handles this")


falcon_app = App()
falcon_app.add_route("/items/{number:int}", Item())
falcon_app.add_route("/events", Events())
falcon_app.add_route("/upload", Upload())
falcon_app.add_route("/login", Login())
falcon_app.add_route("/me", Me())
falcon_app.add_route("/redirect", Redirect())
falcon_app.add_route("/error", Error())

app = CORSMiddleware(
    falcon_app,
    allow_origins=["https://app.example.com", "http://localhost:*"],
    allow_methods=["GET", "PUT"],
    allow_headers=["X-Token"],
    allow_credentials=True,
    expose_headers=["X-Request-Id"],
    max_age=600,
)
