"""A handler for AWS Lambda without a framework, behind any of its gateways."""

from __future__ import annotations

import base64
import json
from http.cookies import SimpleCookie
from typing import Any

from crosscors.aws_lambda import cors

Event = dict[str, Any]
Response = dict[str, Any]


@cors(
    allow_origins=["https://app.example.com", "http://localhost:*"],
    allow_methods=["GET", "PUT"],
    allow_headers=["X-Token"],
    allow_credentials=True,
    expose_headers=["X-Request-Id"],
    max_age=600,
)
def handler(event: Event, context: object) -> Response:
    method, path = requested(event)
    number = path.removeprefix("/items/")
    if number.isdecimal():
        return item(method, int(number))
    if path == "/events":
        return text(200, "".join(f"data: {each}\n\n" for each in range(3)), "text/event-stream")
    if path == "/upload":
        return reply({"bytes": len(body_of(event))})
    if path == "/login":
        return reply({"user": "ada"}, {"Set-Cookie": "user=ada; HttpOnly; Path=/"})
    if path == "/me":
        cookie = cookies_of(event).get("user")
        return reply({"user": cookie.value if cookie else None})
    if path == "/redirect":
        return {"statusCode": 302, "headers": {"Location": "/items/1"}}
    if path == "/error":
        raise RuntimeError("no view handles this")
    return text(404, "There is nothing here")


def item(method: str, number: int) -> Response:
    if method not in {"GET", "HEAD", "PUT"}:
        return text(405, "Only GET, HEAD and PUT")
    return reply({"number": number}, {"Vary": "Accept-Encoding", "X-Request-Id": f"item-{number}"})


def requested(event: Event) -> tuple[str, str]:
    """The method and the path. HTTP APIs and function URLs have them in another place than the others."""
    http = event["requestContext"].get("http")
    return (http["method"], event["rawPath"]) if http else (event["httpMethod"], event["path"])


def body_of(event: Event) -> bytes:
    body = event.get("body") or ""
    return base64.b64decode(body) if event["isBase64Encoded"] else body.encode()


def cookies_of(event: Event) -> SimpleCookie:
    headers = event.get("headers") or {name: values[0] for name, values in event["multiValueHeaders"].items()}
    lower = {name.lower(): value for name, value in headers.items()}
    return SimpleCookie("; ".join(event.get("cookies", [])) or lower.get("cookie", ""))


def reply(content: object, headers: dict[str, str] | None = None) -> Response:
    json_headers = {"Content-Type": "application/json", **(headers or {})}
    return {"statusCode": 200, "headers": json_headers, "body": json.dumps(content)}


def text(status: int, content: str, kind: str = "text/plain") -> Response:
    return {"statusCode": status, "headers": {"Content-Type": kind}, "body": content}
