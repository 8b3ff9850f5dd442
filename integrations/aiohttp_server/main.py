"""aiohttp on its own server."""

from __future__ import annotations

import asyncio

from aiohttp import web

from crosscors.aiohttp import CORS, cross_origin

routes = web.RouteTableDef()


@routes.get(r"/items/{number:\d+}")
async def read_item(request: web.Request) -> web.Response:
    number = int(request.match_info["number"])
    return web.json_response({"number": number}, headers={"X-Request-Id": f"item-{number}"})


@routes.put(r"/items/{number:\d+}")
async def write_item(request: web.Request) -> web.Response:
    return web.json_response({"number": int(request.match_info["number"])})


@routes.get("/events")
async def events(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for number in range(3):
        await response.write(f"data: {number}\n\n".encode())
        await asyncio.sleep(0.1)
    return response


@routes.put("/upload")
async def upload(request: web.Request) -> web.Response:
    return web.json_response({"bytes": len(await request.read())})


@routes.get("/login")
async def login(_request: web.Request) -> web.Response:
    response = web.json_response({"user": "ada"})
    response.set_cookie("user", "ada", httponly=True)
    return response


@routes.get("/me")
async def me(request: web.Request) -> web.Response:
    return web.json_response({"user": request.cookies.get("user")})


@routes.get("/redirect")
async def go_to_the_first_item(_request: web.Request) -> web.Response:
    raise web.HTTPFound("/items/1")


@routes.get("/error")
async def error(_request: web.Request) -> web.Response:
    raise RuntimeError("nobody handles this")


@routes.get("/public")
@cross_origin(allow_origins="*")
async def public(_request: web.Request) -> web.Response:
    return web.Response(text="for everyone")


@routes.get("/echo")
async def echo(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        await socket.send_str(message.data)
    return socket


@routes.get("/source")
async def source(_request: web.Request) -> web.FileResponse:
    return web.FileResponse(__file__)


def create_app(_arguments: list[str] | None = None) -> web.Application:
    app = web.Application(client_max_size=8 * 1024 * 1024)
    app.add_routes(routes)
    return CORS(
        app,
        allow_origins=["https://app.example.com", "http://localhost:*"],
        allow_methods=["GET", "PUT"],
        allow_headers=["X-Token"],
        allow_credentials=True,
        expose_headers=["X-Request-Id"],
        max_age=600,
    )
