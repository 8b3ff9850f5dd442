"""Chalice. Its command line takes the application only as it is, so a subclass asks the policy."""

from __future__ import annotations

from typing import Any

from chalice.app import Chalice

from crosscors.aws_lambda import cors


class App(Chalice):
    def __call__(self, event: dict[str, Any], context: Any) -> Any:
        return respond(event, context)


app = App(app_name="items")
respond = cors(
    super(App, app).__call__,
    allow_origins=["https://app.example.com", "https://www.example.com"],
    allow_methods=["GET", "PUT"],
    allow_headers=["X-Token"],
    allow_credentials=True,
)


# API Gateway sends a function only the methods of its routes, so OPTIONS has to be one of them.
@app.route("/items/{number}", methods=["GET", "PUT", "OPTIONS"])
def item(number: str) -> dict[str, int]:
    return {"number": int(number)}


@app.route("/error", methods=["GET", "OPTIONS"])
def error() -> None:
    raise RuntimeError("no view handles this")
