"""Powertools for AWS Lambda, behind a REST API of API Gateway."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from crosscors.aws_lambda import cors

app = APIGatewayRestResolver()


@app.get("/items/<number>")
def item(number: str) -> dict[str, int]:
    return {"number": int(number)}


@app.put("/items/<number>")
def change(number: str) -> dict[str, int]:
    return {"number": int(number)}


@app.get("/error")
def error() -> None:
    raise RuntimeError("no handler for this")


@cors(
    allow_origins=["https://app.example.com", "https://www.example.com"],
    allow_methods=["GET", "PUT"],
    allow_headers=["X-Token"],
    allow_credentials=True,
)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return app.resolve(event, context)
