"""Bottle on gunicorn, with the middleware around the application."""

# Bottle has no type annotations.
# mypy: disable-error-code="import-untyped, untyped-decorator"
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false

from __future__ import annotations

import time
from collections.abc import Iterator

from bottle import Bottle, redirect, request, response

from crosscors.wsgi import CORSMiddleware

app = Bottle()


@app.get("/items/<number:int>")
def read_item(number: int) -> dict[str, int]:
    response.set_header("X-Request-Id", f"item-{number}")
    return {"number": number}


@app.put("/items/<number:int>")
def write_item(number: int) -> dict[str, int]:
    return {"number": number}


@app.get("/events")
def events() -> Iterator[str]:
    response.content_type = "text/event-stream"
    for number in range(3):
        yield f"data: {number}\n\n"
        time.sleep(0.1)


@app.put("/upload")
def upload() -> dict[str, int]:
    return {"bytes": len(request.body.read())}


@app.get("/login")
def login() -> dict[str, str]:
    response.set_cookie("user", "ada", httponly=True, path="/")
    return {"user": "ada"}


@app.get("/me")
def me() -> dict[str, str | None]:
    return {"user": request.get_cookie("user")}


@app.get("/redirect")
def go_to_the_first_item() -> None:
    redirect("/items/1")


@app.get("/error")
def error() -> None:
    raise RuntimeError("nobody handles this")


application = CORSMiddleware(
    app,
    allow_origins=["https://app.example.com", "http://localhost:*"],
    allow_methods=["GET", "PUT"],
    allow_headers=["X-Token"],
    allow_credentials=True,
    expose_headers=["X-Request-Id"],
    max_age=600,
)
