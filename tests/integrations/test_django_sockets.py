"""Django and Channels with CORS_PROTECT, on real servers: which pages write, and open WebSockets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import httpx
import pytest

from tests.integrations.servers import Integration, serving
from tests.tables import table

FOLDER = "../tests/integrations/sockets"
OVER_ASGI = ("daphne --port $PORT {}:application", "uvicorn --port $PORT {}:application")
OVER_WSGI = ("gunicorn --bind 127.0.0.1:$PORT {}:wsgi",)
APP, PARTNER, FOREIGN = "https://app.example.com", "https://partner.example", "https://foreign.example"
HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def serve(command: str) -> Iterator[str]:
    with serving(Integration(FOLDER, command.format("django_sockets"))) as address:
        yield address


@pytest.fixture(scope="module", params=OVER_ASGI, ids=lambda command: command.partition(" ")[0])
def over_asgi(request: pytest.FixtureRequest) -> Iterator[str]:
    yield from serve(request.param)


@pytest.fixture(scope="module", params=(*OVER_ASGI, *OVER_WSGI), ids=lambda each: each.partition(" ")[0])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    yield from serve(request.param)


def send(address: str, method: str, path: str, headers: dict[str, str]) -> tuple[int, bool]:
    """The status of the response, and whether the view or consumer has run."""
    before = httpx.get(f"{address}/log", trust_env=False).json()["ran"]
    with closing(HTTPConnection(urlsplit(address).netloc, timeout=30)) as connection:
        connection.request(method, path, None if method == "GET" else "text=hello", headers)
        status = connection.getresponse().status
    return status, httpx.get(f"{address}/log", trust_env=False).json()["ran"] != before


@table(
    "path, origin, is_served",
    ("a page of another site", "/notes", FOREIGN, False),
    ("an origin of the settings", "/notes", APP, True),
    ("an origin of another view", "/notes", PARTNER, False),
    ("an origin of the view", "/partner/notes", PARTNER, True),
    ("an origin of the settings, at a view with its own policy", "/partner/notes", APP, False),
)
def test_who_writes(address: str, path: str, origin: str, is_served: bool) -> None:
    headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site", "Cookie": "sessionid=1"}
    assert send(address, "POST", path, headers) == (200 if is_served else 403, is_served)


@table(
    "headers, is_served",
    ("a page of another site", {"Origin": FOREIGN}, False),
    ("the same, as the browser says", {"Origin": FOREIGN, "Sec-Fetch-Site": "cross-site"}, False),
    ("a sandboxed frame", {"Origin": "null"}, False),
    ("an origin of a view", {"Origin": PARTNER}, False),
    ("an origin of the settings", {"Origin": APP}, True),
    ("the own page", {"Origin": "{own}"}, True),
    ("the own page, as the browser says", {"Origin": "{own}", "Sec-Fetch-Site": "same-origin"}, True),
    ("a program", {}, True),
)
def test_who_opens_a_websocket(over_asgi: str, headers: dict[str, str], is_served: bool) -> None:
    own = {name: value.replace("{own}", over_asgi) for name, value in headers.items()}
    asked = {**own, **HANDSHAKE, "Cookie": "sessionid=1"}
    assert send(over_asgi, "GET", "/chat", asked) == (101 if is_served else 403, is_served)
