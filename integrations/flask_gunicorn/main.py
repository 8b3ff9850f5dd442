"""Flask on gunicorn, with a policy for the application and another one for a view."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask

from crosscors.flask import CORS, cross_origin

app = Flask(__name__)
CORS(
    app,
    allow_origins=["https://app.example.com"],
    allow_methods=["GET", "PUT"],
    allow_headers=["X-Token"],
    allow_credentials=True,
    max_age=600,
)


@app.get("/items/<int:number>")
def read_item(number: int) -> dict[str, int]:
    return {"number": number}


@app.get("/stream")
def stream() -> Iterator[bytes]:
    return (f"{number}\n".encode() for number in range(3))


@app.get("/error")
def error() -> str:
    raise RuntimeError("nobody handles this")


@app.get("/public")
@cross_origin(allow_origins="*")
def public() -> str:
    return "for everyone"
