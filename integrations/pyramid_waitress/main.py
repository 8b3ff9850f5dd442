"""Pyramid on waitress, with the middleware around the application."""

# Pyramid has no type annotations.
# mypy: disable-error-code="import-untyped, untyped-decorator"
# pyright: reportOptionalSubscript=false, reportAttributeAccessIssue=false

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPFound, HTTPInternalServerError, HTTPMethodNotAllowed
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import exception_view_config, view_config

from crosscors.wsgi import CORSMiddleware


@view_config(route_name="item", request_method="GET", renderer="json")
def read_item(request: Request) -> dict[str, int]:
    number = int(request.matchdict["number"])
    request.response.headers["X-Request-Id"] = f"item-{number}"
    return {"number": number}


@view_config(route_name="item", request_method="PUT", renderer="json")
def write_item(request: Request) -> dict[str, int]:
    return {"number": int(request.matchdict["number"])}


@view_config(route_name="item")
def method_not_allowed(_request: Request) -> Response:
    return HTTPMethodNotAllowed()  # Pyramid itself would send 404


@view_config(route_name="events")
def events(_request: Request) -> Response:
    def numbers() -> Iterator[bytes]:
        for number in range(3):
            yield f"data: {number}\n\n".encode()
            time.sleep(0.1)

    return Response(app_iter=numbers(), content_type="text/event-stream")


@view_config(route_name="upload", request_method="PUT", renderer="json")
def upload(request: Request) -> dict[str, int]:
    return {"bytes": len(request.body)}


@view_config(route_name="login", renderer="json")
def login(request: Request) -> dict[str, str]:
    request.response.set_cookie("user", "ada", httponly=True)
    return {"user": "ada"}


@view_config(route_name="me", renderer="json")
def me(request: Request) -> dict[str, str | None]:
    return {"user": request.cookies.get("user")}


@view_config(route_name="redirect")
def redirect(_request: Request) -> Response:
    return HTTPFound("/items/1")


@view_config(route_name="error")
def error(_request: Request) -> Response:
    raise RuntimeError("no other view handles this")


@exception_view_config(Exception)
def failed(exception: Exception, _request: Request) -> Response:
    # Without this view, waitress would send the 500, without CORS headers, and no page could read it.
    logging.getLogger(__name__).error("A view failed", exc_info=exception)
    return HTTPInternalServerError()


with Configurator() as config:
    config.add_route("item", r"/items/{number:\d+}")
    for name in ("events", "upload", "login", "me", "redirect", "error"):
        config.add_route(name, f"/{name}")
    config.scan()
    pyramid_app = config.make_wsgi_app()

application = CORSMiddleware(
    pyramid_app,
    allow_origins=["https://app.example.com", "http://localhost:*"],
    allow_methods=["GET", "PUT"],
    allow_headers=["X-Token"],
    allow_credentials=True,
    expose_headers=["X-Request-Id"],
    max_age=600,
)
