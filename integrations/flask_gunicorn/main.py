"""Flask on gunicorn, with a policy for the application and one view with its own."""

from __future__ import annotations

import time
from collections.abc import Iterator

from flask import Flask, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from crosscors.flask import CORS, cross_origin

app = Flask(__name__)
CORS(
    app,
    allow_origins=["https://app.example.com", "http://localhost:*"],
    allow_methods=["GET", "PUT"],
    allow_headers=["X-Token"],
    allow_credentials=True,
    expose_headers=["X-Request-Id"],
    max_age=600,
)


@app.get("/items/<int:number>")
def read_item(number: int) -> tuple[dict[str, int], dict[str, str]]:
    return {"number": number}, {"X-Request-Id": f"item-{number}"}


@app.put("/items/<int:number>")
def write_item(number: int) -> dict[str, int]:
    return {"number": number}


@app.get("/events")
def events() -> Response:
    def numbers() -> Iterator[str]:
        for number in range(3):
            yield f"data: {number}\n\n"
            time.sleep(0.1)

    return Response(numbers(), mimetype="text/event-stream")


@app.put("/upload")
def upload() -> dict[str, int]:
    return {"bytes": len(request.get_data())}


@app.get("/login")
def login() -> Response:
    response = jsonify(user="ada")
    response.set_cookie("user", "ada", httponly=True)
    return response


@app.get("/me")
def me() -> dict[str, str | None]:
    return {"user": request.cookies.get("user")}


@app.get("/redirect")
def go_to_the_first_item() -> BaseResponse:
    return redirect("/items/1")


@app.get("/error")
def error() -> str:
    raise RuntimeError("nobody handles this")


@app.get("/public")
@cross_origin(allow_origins="*")
def public() -> str:
    return "for everyone"
