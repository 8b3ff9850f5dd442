"""The responses of both APIs, on every server. Nothing in this module knows about CORS."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import cast

MOST_BODY_BYTES = 64 * 1024
# json cannot always write what it has read: each has its own limit of depth. This one is far below both.
_MOST_LEVELS = 100


@dataclass(frozen=True)
class Request:
    """The parts of a request that a response depends on.

    Attributes:
        method: the request method.
        path: the path, such as ``"/items"``.
        session: the name of this API's cookie. Browsers share cookies among all ports of a host, so
            each API needs its own name.
        cookies: the value of the Cookie header.
        body: the request's body. If it is too large, at least the first ``MOST_BODY_BYTES + 1`` bytes.
    """

    method: str
    path: str
    session: str
    cookies: str = ""
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """A response: its status, the content of its JSON body, and additional headers."""

    status: int
    content: object
    more_headers: tuple[tuple[str, str], ...] = ()

    @property
    def body(self) -> bytes:
        """The content as JSON."""
        return json.dumps(self.content).encode()

    @property
    def headers(self) -> list[tuple[str, str]]:
        """All headers, including those of the body."""
        content = [("Content-Type", "application/json"), ("Content-Length", str(len(self.body)))]
        return [*content, *self.more_headers]


def answer(request: Request) -> Answer:
    """Answer a request to one of the APIs."""
    if len(request.body) > MOST_BODY_BYTES:
        return Answer(413, {"error": f"the body is larger than {MOST_BODY_BYTES} bytes"})
    respond = _ROUTES.get((request.method, request.path))
    if respond is None:
        return Answer(404, {"error": "there is nothing here"})
    return respond(request)


def _list_items(_: Request) -> Answer:
    items = ["tea", "milk", "biscuits"]
    return Answer(200, items, (("X-Item-Count", str(len(items))), ("X-Internal", "rack 7")))


def _save_item(request: Request) -> Answer:
    try:
        item = json.loads(request.body, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError):
        return Answer(400, {"error": "the body is not JSON"})
    if _is_deep(item):
        return Answer(400, {"error": f"the JSON has more than {_MOST_LEVELS} levels"})
    return Answer(200, {"saved": item})


def _finite(text: str) -> float:
    """Parse a number. Raise ValueError if it is not finite, because JSON cannot contain it."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _is_deep(value: object) -> bool:
    layer = [value]
    for _ in range(_MOST_LEVELS):
        layer = [child for each in layer for child in _children(each)]
        if not layer:
            return False
    return True


def _children(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return cast("dict[str, object]", value).values()
    return cast("list[object]", value) if isinstance(value, list) else ()


def _delete_item(_: Request) -> Answer:
    return Answer(200, {"deleted": 1})


def _log_in(request: Request) -> Answer:
    cookie = f"{request.session}=ada; Path=/; HttpOnly; SameSite=Lax"
    return Answer(200, {"hello": "ada"}, (("Set-Cookie", cookie),))


def _who_am_i(request: Request) -> Answer:
    cookie = SimpleCookie(request.cookies).get(request.session)
    if cookie is None:
        return Answer(401, {"error": "nobody is logged in"})
    return Answer(200, {"user": cookie.value})


def _fail(_: Request) -> Answer:
    return Answer(500, {"error": "something broke"})


_ROUTES: Mapping[tuple[str, str], Callable[[Request], Answer]] = {
    ("GET", "/items"): _list_items,
    ("PUT", "/items/1"): _save_item,
    ("DELETE", "/items/1"): _delete_item,
    ("POST", "/login"): _log_in,
    ("GET", "/me"): _who_am_i,
    ("GET", "/failure"): _fail,
}
