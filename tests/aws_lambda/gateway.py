"""A small gateway: it makes events of requests, calls a handler, and reads what it returns, as AWS does.

    python gateway.py --port 8000 --form http main:handler

serves the handler of ``main.py`` in the current folder. The forms are those in ``FORMS``. The events are
those of ``events/``, with the request written into them. This file needs only the standard library, so that
it can serve the applications in ``integrations/``.
"""

from __future__ import annotations

import argparse
import base64
import copy
import importlib
import json
import re
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl

Event = dict[str, Any]
Fields = list[tuple[str, str]]
Handler = Callable[[Event, Any], Any]

FORMS = ("rest", "http", "url", "balancer", "balancer_multi")
# Of these, API Gateway and Lambda make a response by themselves if the handler returns none.
_INFERRED = ("http", "url")
_MULTI = ("rest", "balancer_multi")
_REST_KEYS = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}


@dataclass(frozen=True)
class Request:
    """A request. The path is as it was sent, percent-encoded."""

    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True)
class Response:
    status: int
    headers: Fields
    body: bytes


NO_RESOURCE = Response(403, [], b'{"message": "Missing Authentication Token"}')
BAD_GATEWAY = Response(502, [("Content-Type", "application/json")], b'{"message": "Internal server error"}')


def recorded(name: str) -> Event:
    """An event from the folder ``events``."""
    event: Event = json.loads((Path(__file__).parent / "events" / f"{name}.json").read_text(encoding="utf-8"))
    return event


_RECORDED = {form: recorded(form) for form in FORMS}


def event_of(form: str, request: Request, *, stage: str = "") -> Event:
    """The event that a request becomes.

    Args:
        form: one of ``FORMS``.
        request: the request, with the path below the stage.
        stage: the stage of an API, percent-decoded. Empty: the one that is in no path.
    """
    event = copy.deepcopy(_RECORDED[form])
    event["isBase64Encoded"], event["body"] = _encoded(request.body)
    if form in _INFERRED:
        _write_http(event, request, stage)
    else:
        _write_older(form, event, request, stage)
    return event


def _encoded(body: bytes) -> tuple[bool, str | None]:
    try:
        return False, body.decode("utf-8") or None
    except UnicodeDecodeError:
        return True, base64.b64encode(body).decode()


def _write_http(event: Event, request: Request, stage: str) -> None:
    context = event["requestContext"]
    path = f"/{stage}{request.path}" if stage else request.path
    event |= {"rawPath": path, "rawQueryString": request.query}
    context["stage"] = stage or "$default"
    context["http"] |= {"method": request.method, "path": path}
    headers = _single(request.headers, join=",")
    # Cookies are nowhere else, and without cookies there is no list.
    cookies = headers.pop("cookie", None)
    del event["cookies"]
    event |= {"headers": headers} if cookies is None else {"headers": headers, "cookies": cookies.split("; ")}


def _write_older(form: str, event: Event, request: Request, stage: str) -> None:
    event |= {"httpMethod": request.method, "path": request.path}
    several = dict(parse_qsl(request.query))
    if form == "rest":
        event["requestContext"] |= {
            "httpMethod": request.method,
            "path": f"/{stage or 'prod'}{request.path}",
            "stage": stage or "prod",
        }
        event |= {"queryStringParameters": several or None, "pathParameters": {"proxy": request.path[1:]}}
    headers = request.headers
    if form != "rest":
        headers = tuple((name.lower(), value) for name, value in headers)
    if form in _MULTI:
        event["multiValueHeaders"] = _several(headers)
    if form != "balancer_multi":
        event["headers"] = dict(headers)  # the last one of each name


def _single(headers: tuple[tuple[str, str], ...], join: str) -> dict[str, str]:
    lower = tuple((name.lower(), value) for name, value in headers)
    return {name: join.join(values) for name, values in _several(lower).items()}


def _several(headers: tuple[tuple[str, str], ...]) -> dict[str, list[str]]:
    several: dict[str, list[str]] = {}
    for name, value in headers:
        several.setdefault(name, []).append(value)
    return several


def response_of(form: str, result: object) -> Response:
    """The response that the gateway sends for what a handler returned. It comes as JSON."""
    try:
        result = json.loads(json.dumps(result, default=_as_number))
    except (TypeError, ValueError):
        return BAD_GATEWAY
    if form in _INFERRED and not (isinstance(result, dict) and "statusCode" in result):
        body = result if isinstance(result, str) else json.dumps(result)
        result = {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": body}
    if not isinstance(result, dict):
        return BAD_GATEWAY
    read = cast("dict[str, Any]", result)
    body = read.get("body") or ""
    is_malformed = not isinstance(body, str) or (form == "rest" and read.keys() - _REST_KEYS)
    # A load balancer with multi-value headers takes nothing else.
    if is_malformed or (form == "balancer_multi" and "multiValueHeaders" not in read):
        return BAD_GATEWAY
    data = base64.b64decode(body) if read.get("isBase64Encoded") else body.encode()
    return Response(int(read.get("statusCode", 200)), _headers(form, read), data)


def _headers(form: str, result: Event) -> Fields:
    headers: Fields = []
    if form != "balancer_multi":
        headers += [(name, str(value)) for name, value in (result.get("headers") or {}).items()]
    if form in _MULTI:
        several = result.get("multiValueHeaders") or {}
        headers += [(name, str(value)) for name, values in several.items() for value in values]
    if form in _INFERRED:
        headers += [("set-cookie", cookie) for cookie in result.get("cookies") or []]
    return headers


def _as_number(value: object) -> float:
    if isinstance(value, Decimal):  # as the runtime of Lambda does
        return float(value)
    raise TypeError


def invoke(handler: Handler, form: str, request: Request, resources: Sequence[str] = ()) -> Response:
    """The response to a request. An exception of the handler is a bad gateway.

    Args:
        handler: the handler.
        form: one of ``FORMS``.
        request: the request.
        resources: those of a REST API, such as ``/items/{number}``. Empty: one for all paths.
    """
    event = event_of(form, request)
    if resources:
        found = next(filter(None, (_matched(resource, request.path) for resource in resources)), None)
        if found is None:
            return NO_RESOURCE
        event["resource"] = event["requestContext"]["resourcePath"] = found[0]
        event["pathParameters"] = found[1] or None
    try:
        result = handler(event, None)
    except Exception:  # noqa: BLE001  # as the runtime of Lambda does
        traceback.print_exc()
        return BAD_GATEWAY
    return response_of(form, result)


def _matched(resource: str, path: str) -> tuple[str, dict[str, str]] | None:
    found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", resource), path)
    return (resource, found.groupdict()) if found else None


def server_of(
    handler: Handler, form: str, resources: Sequence[str] = (), port: int = 0
) -> ThreadingHTTPServer:
    """A server for this machine only. It is not started."""
    one_at_a_time = threading.Lock()  # as in one environment of Lambda

    class Gateway(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path, _, query = self.path.partition("?")
            headers = tuple((name, value) for name, value in self.headers.items())
            with one_at_a_time:
                response = invoke(handler, form, Request(self.command, path, query, headers, body), resources)
            self.send_response(response.status)
            for name, value in response.headers:
                if name.lower() != "content-length":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(response.body)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
            pass

    return ThreadingHTTPServer(("127.0.0.1", port), Gateway)


def main() -> None:
    parser = argparse.ArgumentParser(description="Serves a handler of AWS Lambda on this machine.")
    parser.add_argument("handler", help="such as main:handler, in the current folder")
    parser.add_argument("--form", choices=FORMS, default="http")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--resource", action="append", default=[], help="of a REST API; may be repeated")
    given = parser.parse_args()
    sys.path[0] = ""  # the current folder, not the one of this file
    module, _, name = given.handler.partition(":")
    handler = getattr(importlib.import_module(module), name or "handler")
    server_of(handler, given.form, given.resource, given.port).serve_forever()


if __name__ == "__main__":
    main()
