"""Applications to explain, named like ``tests.cli.explained:fastapi_app``."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import flask_cors
from fastapi import FastAPI
from flask import Blueprint, Flask
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

import crosscors.asgi
import crosscors.fastapi
import crosscors.flask
import crosscors.starlette
import crosscors.wsgi
from crosscors import CORSPolicy, LivePolicy, Resources

ALLOWED = "https://app.example.com"
METHODS = ["GET", "POST", "PUT", "DELETE", "CHICKEN"]

policy = CORSPolicy(allow_origins=[ALLOWED])


async def items(request: Request) -> Response:
    return PlainTextResponse("items", headers={"X-Total": "3"})


async def missing(request: Request) -> Response:
    return PlainTextResponse("nothing", 404)


async def odd(request: Request) -> Response:
    return PlainTextResponse("odd", 299)


async def failing(request: Request) -> Response:
    raise RuntimeError("no database")


async def away(request: Request) -> Response:
    return RedirectResponse("https://elsewhere.example/items", headers={"Access-Control-Allow-Origin": "*"})


async def moved(request: Request) -> Response:
    return RedirectResponse("/items")


async def stream(request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        yield b"data: 1\n\n"
        await asyncio.Event().wait()

    return StreamingResponse(parts())


def routes() -> list[BaseRoute]:
    views = (items, odd, missing, failing, away, moved, stream)
    return [Route(f"/{view.__name__}", view, methods=METHODS) for view in views]


bare_starlette = Starlette(routes=routes())
bare_fastapi = FastAPI(routes=routes())
starlette_app = Starlette(
    routes=routes(), middleware=[Middleware(CORSMiddleware, allow_origins=[ALLOWED], allow_headers=["X-A"])]
)
starlette_star = Starlette(routes=routes(), middleware=[Middleware(CORSMiddleware, allow_origins=["*"])])
wrapped_starlette = CORSMiddleware(Starlette(routes=routes()), allow_origins=[ALLOWED])
fastapi_app = crosscors.fastapi.CORS(
    FastAPI(routes=routes()), allow_origins=[ALLOWED], allow_methods=["GET", "PUT"]
)


def create_app() -> Any:
    return fastapi_app


async def bare_asgi(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


asgi_app = crosscors.asgi.CORSMiddleware(bare_asgi, allow_origins=[ALLOWED])


def bare_wsgi(environ: Any, start_response: Any) -> Any:
    print("the application prints")
    start_response("200 OK", [])
    return [b""]


wsgi_app = crosscors.wsgi.CORSMiddleware(bare_wsgi, allow_origins=[ALLOWED])


def endless(environ: Any, start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", [("Access-Control-Allow-Origin", "*")])
    while True:
        yield b"x" * 1000


def exiting(environ: Any, start_response: Any) -> Any:
    sys.exit(3)


async def failing_task(scope: Any, receive: Any, send: Any) -> None:
    asyncio.get_running_loop().call_soon(lambda: 1 / 0)
    headers = [(b"access-control-allow-origin", b"*")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await asyncio.sleep(0)
    await send({"type": "http.response.body"})


async def exiting_asgi(scope: Any, receive: Any, send: Any) -> None:
    sys.exit(3)


def create_with(config: Any, testing: Any) -> Any:
    return fastapi_app


def sleeping(environ: Any, start_response: Any) -> Any:
    while True:
        time.sleep(0.1)


async def waiting(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        return
    await asyncio.Event().wait()


def hostile(environ: Any, start_response: Any) -> Any:
    start_response(
        "200 OK",
        [("Access-Control-Allow-Origin", "\x1b[31mhttps://app.example.com\x9b0m"), ("X-\x1b[2J", "\x07")],
    )
    return [b"\x1b]0;title\x07"]


def flask_routes(app: Flask) -> Flask:
    app.add_url_rule("/items", view_func=lambda: "items", endpoint="items", methods=METHODS)
    return app


bare_flask = flask_routes(Flask("bare"))
flask_app = flask_routes(Flask("crosscors"))
crosscors.flask.CORS(flask_app, origins=[ALLOWED])
flask_cors_app = flask_routes(Flask("flask_cors"))
flask_cors.CORS(flask_cors_app, origins=[ALLOWED], methods=["GET"], allow_headers=["X-A"])


class Application:
    """Like that of aiohttp."""

    __module__ = "aiohttp.web_app"


aiohttp_app = Application()


def with_flask_cors(**options: Any) -> Flask:
    app = flask_routes(Flask("flask_cors"))
    flask_cors.CORS(app, **options)
    return app


flask_cors_star = with_flask_cors()
flask_cors_regex = with_flask_cors(origins=[ALLOWED, r"https://.*[.]b[.]example"], allow_headers=["X-A"])
flask_cors_closed_regex = with_flask_cors(origins=[ALLOWED, r"https://a[.]c[.]example$"])
flask_cors_resources = with_flask_cors(
    resources={"/api/*": {"origins": "*"}, "/items": {"origins": ALLOWED, "methods": ["GET"]}}
)
flask_cors_elsewhere = with_flask_cors(resources={"/api/*": {"origins": ALLOWED}})
flask_cors_view = Flask("flask_cors_view")
flask_cors_view.add_url_rule(
    "/items",
    "items",
    flask_cors.cross_origin(origins=[ALLOWED], methods=["GET"], allow_headers=["X-A"])(lambda: "items"),
    methods=METHODS,
)
flask_cors_blueprint = Flask("flask_cors_blueprint")
blueprint = Blueprint("part", "part")
flask_cors.CORS(blueprint, origins=[ALLOWED])
blueprint.add_url_rule("/items", "items", lambda: "items", methods=METHODS)
flask_cors_blueprint.register_blueprint(blueprint)
flask_cors.CORS(flask_cors_blueprint, resources={"/api/*": {}})

starlette_regex = Starlette(
    routes=routes(), middleware=[Middleware(CORSMiddleware, allow_origin_regex="https://.*")]
)
fastapi_star = crosscors.fastapi.CORS(FastAPI(routes=routes()), allow_origins="*")
fastapi_func = crosscors.fastapi.CORS(FastAPI(routes=routes()), allow_origin_func=lambda request: False)
fastapi_credentials = crosscors.fastapi.CORS(
    FastAPI(routes=routes()), allow_origins=[ALLOWED], allow_credentials=True
)
fastapi_resources = crosscors.fastapi.CORS(FastAPI(routes=routes()), policy=Resources({"/api/*": policy}))
fastapi_list = crosscors.fastapi.CORS(
    FastAPI(routes=routes()), allow_origins=[ALLOWED], allow_credentials=[ALLOWED]
)


def _with(given: Any) -> Any:
    return crosscors.starlette.CORS(Starlette(routes=[Route("/items", items)]), policy=given)


plain_app, live_app = _with(policy), _with(LivePolicy(policy))
