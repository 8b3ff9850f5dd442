"""Reading: events that bring HTTP requests.

1.  HTTP APIs (payload 2.0) and function URLs have ``requestContext.http``. Repeated headers are joined, and
    cookies are in a list of their own.
2.  REST APIs, HTTP APIs (payload 1.0) and load balancers have ``httpMethod`` and ``path``. Headers that came
    twice are complete only in ``multiValueHeaders``. Load balancers have either that or ``headers``.
3.  ``$connect`` of a WebSocket API is the handshake of a WebSocket. All its events come for one URL.
4.  Every other event is not a request: messages of a WebSocket, queues, schedules. Neither is the event of an
    authorizer, which looks like one.

A test or another service may leave out whatever it likes. What is missing or has another type is not read.

Documentation of AWS: "Lambda proxy integrations in API Gateway", "Use Lambda functions as targets of an
Application Load Balancer", "Invoking Lambda function URLs".
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple, cast
from urllib.parse import unquote

from crosscors._adapter.decider import Headers
from crosscors._adapter.reporting import ReadRequest
from crosscors.core.protection import Sender, make_sender
from crosscors.core.request import CORSRequest

Event = Mapping[str, Any]


class Form(enum.Enum):
    """How the sender of an event takes headers of the response."""

    HTTP = enum.auto()  # ``headers``
    REST = enum.auto()  # ``headers`` and ``multiValueHeaders``
    BALANCER = enum.auto()  # ``headers``
    BALANCER_MULTI = enum.auto()  # ``multiValueHeaders``


class EventRequest(NamedTuple):
    """The request that an event brings.

    Attributes:
        form: how the response takes headers.
        method: the request method.
        path: the path, decoded, including the root path.
        root_path: the stage of an API, if the path begins with it; otherwise empty.
        headers: the headers, with names in lower case. Repeated ones are joined.
        is_connect: whether it is ``$connect`` of a WebSocket API.
    """

    form: Form
    method: str
    path: str
    root_path: str
    headers: Mapping[str, str]
    is_connect: bool = False


def read_event(event: object) -> EventRequest | None:
    """The request that the event brings; None if it brings none."""
    if not isinstance(event, Mapping) or "methodArn" in event or "routeArn" in event:  # of an authorizer
        return None
    event = cast("Event", event)
    context = _mapping(event, "requestContext")
    if context.get("eventType") == "CONNECT":
        return EventRequest(Form.REST, "GET", "/", "", _headers(event), is_connect=True)
    http = _mapping(context, "http")
    whole_path = (http or context).get("path")
    if http:
        form, method, path = Form.HTTP, http.get("method"), event.get("rawPath", whole_path)
    else:
        form, method = _form_of_older(event, context), event.get("httpMethod", context.get("httpMethod"))
        path = event.get("path", whole_path)  # ``chalice local`` leaves both out
    if not isinstance(method, str) or not isinstance(path, str):
        return None
    decoded = unquote(path) or "/"
    root_path = _root_path(decoded, context.get("stage")) if path == whole_path else ""
    return EventRequest(form, method, decoded, root_path, _headers(event))


def _form_of_older(event: Event, context: Event) -> Form:
    if "elb" not in context:
        return Form.REST
    return Form.BALANCER_MULTI if "multiValueHeaders" in event else Form.BALANCER


def _root_path(path: str, stage: object) -> str:
    """The stage of an API, if its whole path begins with it.

    HTTP APIs put it into the path of the event. REST APIs put it only into that of the context. The stage
    ``$default`` is in neither.
    """
    root_path = f"/{stage}"
    is_below = path == root_path or path.startswith(f"{root_path}/")
    return root_path if isinstance(stage, str) and is_below else ""


def _mapping(holder: Event, key: str) -> Event:
    value = holder.get(key)
    return cast("Event", value) if isinstance(value, dict) else {}


def _headers(event: Event) -> dict[str, str]:
    read = _joined(_mapping(event, "headers"))
    if "multiValueHeaders" in event:
        read.update(_joined(_mapping(event, "multiValueHeaders")))
    if "cookies" in event:
        read.update(_joined({"cookie": "; ".join(_texts(event["cookies"])) or None}))
    return read


def _joined(headers: Event) -> dict[str, str]:
    """The headers with names in lower case; several of one name as one list (RFC 9110, section 5.3)."""
    read = {name.lower(): value for name, value in headers.items() if type(value) is str}
    if len(read) == len(headers):  # as in most events; the rest takes five times as long
        return read
    several: dict[str, list[str]] = {}
    for name, values in headers.items():
        several.setdefault(name.lower(), []).extend(_texts(values))
    return {name: ", ".join(texts) for name, texts in several.items() if texts}


def _texts(values: object) -> list[str]:
    several = cast("list[object]", values) if isinstance(values, list) else [values]
    return [value for value in several if isinstance(value, str)]


class EventReader:
    """Reads the requests of events."""

    bridge = "asgi.scope"  # nothing keeps one here
    is_raw = False

    def headers(self, request: EventRequest) -> Headers:
        get = request.headers.get
        if request.method != "OPTIONS":
            return (get("origin"), None, None, None)
        return (
            get("origin"),
            get("access-control-request-method"),
            get("access-control-request-headers"),
            get("access-control-request-private-network"),
        )

    def path(self, request: EventRequest) -> tuple[str, str]:
        return request.path, request.root_path

    def sender(self, request: EventRequest) -> Sender:
        get = request.headers.get
        return make_sender(
            (
                request.method,
                request.is_connect or _opens_websocket(request),
                get("sec-fetch-site"),
                get("origin"),
                get("host"),
                get("sec-fetch-mode"),
                get("cookie"),
                get("authorization"),
            )
        )

    def keep(self, request: EventRequest) -> ReadRequest:
        return partial(_cors_request, request)


def _opens_websocket(request: EventRequest) -> bool:
    """Whether this is the handshake of a WebSocket (RFC 6455, section 4.1)."""
    return request.method == "GET" and "websocket" in request.headers.get("upgrade", "").lower()


def _cors_request(request: EventRequest) -> CORSRequest:
    get = request.headers.get
    return CORSRequest(
        request.method,
        origin=get("origin"),
        path=request.path.removeprefix(request.root_path) or "/",
        host=get("host", ""),
        request_method=get("access-control-request-method"),
        request_headers=get("access-control-request-headers"),
        request_private_network=get("access-control-request-private-network"),
        headers=_CaseInsensitive(request.headers),
    )


class _CaseInsensitive(Mapping[str, str]):
    """Headers that are found by their names in any case."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def __getitem__(self, name: str) -> str:
        return self._headers[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers)

    def __len__(self) -> int:
        return len(self._headers)
