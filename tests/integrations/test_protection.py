"""The protected applications in integrations/, on their real servers: what arrives, by what is on the wire.

tests/browsers/test_protection.py asks the same with real browsers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from http.client import HTTPConnection
from itertools import count
from urllib.parse import urlsplit

import httpx
import pytest

from tests.integrations.servers import PROTECTED, serving
from tests.tables import table

NUMBERS = count(1)  # for the paths
FOREIGN = {"Origin": "https://foreign.example"}
CROSS_SITE = {**FOREIGN, "Sec-Fetch-Site": "cross-site"}
SAME_SITE = {**FOREIGN, "Sec-Fetch-Site": "same-site"}
HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.fixture(scope="module", params=PROTECTED, ids=lambda each: each.folder)
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    with serving(request.param) as address:
        yield address


def send(address: str, area: str, headers: Mapping[str, str]) -> tuple[int, str | None]:
    """The status of the response, and why the request was refused; None if it reached a view."""
    method, what = ("GET", "socket") if "Upgrade" in headers else ("POST", "notes")
    path = f"/{area}/{what}/number-{next(NUMBERS)}"
    authority = urlsplit(address).netloc
    own = {name: value.replace("{own}", authority) for name, value in headers.items()}
    with closing(HTTPConnection(authority, timeout=30)) as connection:
        connection.request(method, path, None if method == "GET" else "text=hello", own)
        status = connection.getresponse().status
    log = httpx.get(f"{address}/log", trust_env=False).json()
    arrived, refused = dict(log["arrived"]), dict(log["refused"])
    assert (path in arrived) is (path not in refused)
    return status, refused.get(path)


@table(
    "area, headers, reason",
    ("a foreign page posts", "app", CROSS_SITE, "cross-site-request"),
    (
        "a page on another port posts",
        "app",
        {**CROSS_SITE, "Sec-Fetch-Site": "same-site"},
        "same-site-request",
    ),
    ("a foreign page posts, and the browser is old", "app", FOREIGN, "origin-not-own"),
    ("a proxy has changed Host", "app", {"Origin": "http://{own}", "Host": "backend"}, "origin-not-own"),
    ("an own form over http has no referrer", "app", {"Origin": "null"}, "null-origin-no-metadata"),
    ("a foreign page opens a socket", "app", {**FOREIGN, **HANDSHAKE}, "websocket-origin"),
    ("a foreign page posts to an exempt path", "hooks", CROSS_SITE, None),
    ("a foreign page opens an exempt socket", "hooks", {**FOREIGN, **HANDSHAKE}, None),
    ("a webhook or a mobile app posts", "app", {}, None),
    ("a program opens a socket", "app", HANDSHAKE, None),
    ("an own page posts", "app", {"Origin": "http://{own}"}, None),
    ("an own page opens a socket", "app", {"Origin": "http://{own}", **HANDSHAKE}, None),
)
def test_what_arrives(address: str, area: str, headers: Mapping[str, str], reason: str | None) -> None:
    status, refused = send(address, area, headers)
    assert (refused, status == 403) == (reason, reason is not None)
