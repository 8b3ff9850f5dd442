"""What asgi-cross-origin-protection lets through and crosscors refuses, around the same application.

A release that mends one of these fails here. Then the row goes, and with it the line of docs/protection.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from asgi_cross_origin_protection import CrossOriginProtection as OtherProtection

from crosscors import CrossOriginProtection
from crosscors.asgi import CORSMiddleware

from ..tables import table

EVIL = "https://evil.example"
TRUSTED = "https://pay.example"
OWN = "https://shop.example"


async def application(scope: Any, _: Any, send: Any) -> None:
    scope["arrived"].append(scope["path"])
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


OTHER = OtherProtection(application, allowed_origins=[TRUSTED], exempt_paths=["/hooks"])
OURS = CORSMiddleware(
    application, protect=CrossOriginProtection(trusted_origins=[TRUSTED], exempt=["/hooks"])
)


def arrives(app: Any, sent: Mapping[str, Any], headers: Mapping[str, Any]) -> bool:
    """Whether the application gets the request."""
    raw = [(b"host", b"shop.example")] if "host" not in headers else []
    for name, value in headers.items():
        raw += [(name.encode(), each.encode()) for each in ([value] if isinstance(value, str) else value)]
    arrived: list[str] = []
    kind = {"type": "http", "http_version": "1.1", "method": "POST", "path": "/notes", "query_string": b""}
    scope = {**kind, **sent, "headers": raw, "arrived": arrived}

    async def receive() -> Any:
        return {"type": "websocket.connect"} if scope["type"] == "websocket" else {"type": "http.request"}

    async def send(_: Any) -> None:
        """Nobody reads the response."""

    asyncio.run(app(scope, receive, send))
    return arrived != []


CROSS_SITE = {"sec-fetch-site": "cross-site", "origin": EVIL}
WEBSOCKET = {"type": "websocket", "path": "/socket"}

MISSES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("a WebSocket of another site", WEBSOCKET, CROSS_SITE),
    ("a WebSocket without metadata, as Chromium sends it", WEBSOCKET, {"origin": EVIL}),
    ("a user name before the own host", {}, {"origin": "https://evil@shop.example"}),
    ("a path after the own host", {}, {"origin": f"{OWN}/evil"}),
    ("a user name before a trusted host", {}, {**CROSS_SITE, "origin": "https://evil@pay.example"}),
    ("a path after a trusted host", {}, {**CROSS_SITE, "origin": f"{TRUSTED}/evil"}),
    ("an empty Origin", {}, {"origin": ""}),
    ("two values of Sec-Fetch-Site", {}, {"origin": EVIL, "sec-fetch-site": ["none", "cross-site"]}),
    ("Sec-Fetch-Site in upper case", {}, {"origin": EVIL, "sec-fetch-site": "NONE"}),
    ("two Origin headers", {}, {"origin": [OWN, EVIL]}),
    ("below an exempt path", {"path": "/hooks/../notes"}, CROSS_SITE),
    ("everything below an exempt path", {"path": "/hooks/other"}, CROSS_SITE),
]  # fmt: skip


@table("sent, headers", *MISSES)
def test_what_the_other_package_misses(sent: dict[str, Any], headers: dict[str, Any]) -> None:
    assert arrives(OTHER, sent, headers)
    assert not arrives(OURS, sent, headers)


AGREED: list[tuple[str, dict[str, Any], dict[str, Any], bool]] = [
    ("a page of the server", {}, {"sec-fetch-site": "same-origin", "origin": OWN}, True),
    ("a page of another site", {}, CROSS_SITE, False),
    ("a page of the same site", {}, {"sec-fetch-site": "same-site", "origin": EVIL}, False),
    ("a client that is not a browser", {}, {}, True),
    ("the own origin without metadata", {}, {"origin": OWN}, True),
    ("another origin without metadata", {}, {"origin": EVIL}, False),
    ("null without metadata", {}, {"origin": "null"}, False),
    ("a trusted origin", {}, {**CROSS_SITE, "origin": TRUSTED}, True),
    ("an exempt path", {"path": "/hooks"}, CROSS_SITE, True),
    ("a safe method", {"method": "GET"}, CROSS_SITE, True),
]


@table("sent, headers, expected", *AGREED)
def test_where_both_agree(sent: dict[str, Any], headers: dict[str, Any], expected: bool) -> None:
    assert arrives(OTHER, sent, headers) is arrives(OURS, sent, headers) is expected


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000"])
def test_the_other_package_does_not_look_at_the_host(host: str) -> None:
    ours = CORSMiddleware(application, protect=CrossOriginProtection(allowed_hosts=["shop.example"]))
    rebound = {"host": host, "origin": f"http://{host}", "sec-fetch-site": "same-origin"}
    assert arrives(OTHER, {}, rebound)
    assert not arrives(ours, {}, rebound)
