"""Falcon's ASGI application on uvicorn, with the middleware around it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from falcon.asgi import App, Request, Response

from crosscors.asgi import CORSMiddleware


class Item:
    async def on_get(self, _request: Request, response: Response, number: int) -> None:
        response.media = {"number": number}

    on_head = on_get


class Stream:
    async def on_get(self, _request: Request, response: Response) -> None:
        response.stream = self.parts()

    async def parts(self) -> AsyncIterator[bytes]:
        for number in range(3):
            yield f"{number}\n".encode()


class Error:
    async def on_get(self, _request: Request, _response: Response) -> None:
        raise RuntimeError("nobody handles this")


falcon_app = App()
falcon_app.add_route("/items/{number:int}", Item())
falcon_app.add_route("/stream", Stream())
falcon_app.add_route("/error", Error())

app = CORSMiddleware(
    falcon_app,
    allow_origins=["https://app.example.com"],
    allow_methods=["GET", "PUT"],
    allow_headers=["X-Token"],
    allow_credentials=True,
)
