"""Flask on waitress: a factory, a blueprint, Flask-CORS's options, and one view with its own policy."""

from __future__ import annotations

import time
from collections.abc import Iterator

from flask import Blueprint, Flask, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from crosscors.flask import CORS, cross_origin

api = Blueprint("api", __name__)
cors = CORS(
    origins=["https://app.example.com", "http://localhost:*"],
    methods=["GET", "PUT"],
    allow_headers=["X-Token"],
    supports_credentials=True,
    expose_headers=["X-Request-Id"],
    max_age=600,
)


@api.get("/items/<int:number>")
def read_item(number: int) -> tuple[dict[str, int], dict[str, str]]:
    return {"number": number}, {"X-Request-Id": f"item-{number}"}


@api.put("/items/<int:number>")
def write_item(number: int) -> dict[str, int]:
    return {"number": number}


@api.get("/events")
def events() -> Response:
    def numbers() -> Iterator[str]:
        for number in range(3):
            yield f"data: {number}\n\n"
            time.sleep(0.1)

    return Response(numbers(), mimetype="text/event-stream")


@api.put("/upload")
def upload() -> dict[str, int]:
    return {"bytes": len(request.get_data())}


@api.get("/login")
def login() -> Response:
    response = jsonify(user="ada")
    response.set_cookie("user", "ada", httponly=True)
    return response


@api.get("/me")
def me() -> dict[str, str | None]:
    return {"user": request.cookies.get("user")}


@api.get("/redirect")
def go_to_the_first_item() -> BaseResponse:
    return redirect("/items/1")


@api.get("/error")
def error() -> str:
    raise RuntimeError("nobody handles this")


@api.get("/public")
@cross_origin(origins="*", supports_credentials=False)
def public() -> str:
    return "for everyone"


def create_app() -> Flask:
    app = Flask(__name__)
    cors.init_app(app)
    app.register_blueprint(api)
    return app
