"""aiohttp on its own server, protected. It remembers what arrived and what was refused."""

from __future__ import annotations

from aiohttp import web

from crosscors import CORSPolicy, CORSRequest, CrossOriginProtection, Decision, Resources
from crosscors.aiohttp import CORS

arrived: list[tuple[str, str | None]] = []  # the path, and the user of the cookie
refused: list[tuple[str, str]] = []  # the path, and the reason

routes = web.RouteTableDef()


@routes.get("/")
async def page(request: web.Request) -> web.Response:
    referrer = request.query.get("referrer")
    headers = {"Referrer-Policy": referrer} if referrer else None
    return web.Response(
        text="<!doctype html><title>The own page</title>", content_type="text/html", headers=headers
    )


@routes.get("/log")
async def log(_request: web.Request) -> web.Response:
    return web.json_response({"arrived": arrived, "refused": refused})


@routes.post("/{area}/notes/{name}")
async def write_note(request: web.Request) -> web.Response:
    arrived.append((request.path, request.cookies.get("user")))
    return web.json_response({"written": request.match_info["name"]})


@routes.post("/{area}/login/{name}")
async def login(request: web.Request) -> web.Response:
    arrived.append((request.path, request.cookies.get("user")))
    name = request.match_info["name"]
    response = web.json_response({"user": name})
    response.set_cookie("user", name, httponly=True, secure=True, samesite="None")
    return response


@routes.get("/{area}/socket/{name}")
async def echo(request: web.Request) -> web.WebSocketResponse:
    arrived.append((request.path, request.cookies.get("user")))
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.send_str(await socket.receive_str())
    await socket.close()
    return socket


def remember(request: CORSRequest, decision: Decision) -> None:
    if decision.protection is not None:
        refused.append((request.path, decision.refusals[0].code))


TRUSTED = "http://app.localhost:*"


def create_app(_arguments: list[str] | None = None) -> web.Application:
    app = web.Application()
    app.add_routes(routes)
    return CORS(
        app,
        policy=Resources(
            {
                "/app/*": CORSPolicy(
                    allow_origins=[TRUSTED], allow_methods=["GET", "POST"], allow_credentials=True
                ),
                "/reading/*": CORSPolicy(allow_origins=[TRUSTED], allow_credentials=True),
                "/public/*": CORSPolicy(
                    allow_origins="*", allow_methods=["GET", "POST"], allow_headers=["Authorization"]
                ),
            }
        ),
        protect=CrossOriginProtection(exempt=["/hooks/*"]),
        on_decision=remember,
    )
