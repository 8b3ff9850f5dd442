"""Flask on gunicorn, protected. It remembers what arrived and what was refused."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify, request
from flask_sock import Sock  # type: ignore[import-untyped]

from crosscors import CORSPolicy, CORSRequest, CrossOriginProtection, Decision, Resources
from crosscors.flask import CORS

arrived: list[tuple[str, str | None]] = []  # the path, and the user of the cookie
refused: list[tuple[str, str]] = []  # the path, and the reason

app = Flask(__name__)
sockets = Sock(app)


@app.get("/")
def page() -> Response:
    response = Response("<!doctype html><title>The own page</title>")
    if referrer := request.args.get("referrer"):
        response.headers["Referrer-Policy"] = referrer
    return response


@app.get("/log")
def log() -> dict[str, object]:
    return {"arrived": arrived, "refused": refused}


@app.post("/<area>/notes/<name>")
def write_note(area: str, name: str) -> dict[str, str]:
    arrived.append((f"/{area}/notes/{name}", request.cookies.get("user")))
    return {"written": name}


@app.post("/<area>/login/<name>")
def login(area: str, name: str) -> Response:
    arrived.append((f"/{area}/login/{name}", request.cookies.get("user")))
    response = jsonify(user=name)
    response.set_cookie("user", name, httponly=True, secure=True, samesite="None")
    return response


@sockets.route("/<area>/socket/<name>")  # type: ignore[untyped-decorator]
def echo(socket: Any, area: str, name: str) -> None:
    arrived.append((f"/{area}/socket/{name}", request.cookies.get("user")))
    socket.send(socket.receive())


def remember(request: CORSRequest, decision: Decision) -> None:
    if decision.protection is not None:
        refused.append((request.path, decision.refusals[0].code))


TRUSTED = "http://app.localhost:*"
CORS(
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
