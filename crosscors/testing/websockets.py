"""WebSockets: the handshake of ``new WebSocket(url)`` (WebSockets, "WebSocket protocol alterations").

A page can open one to every server, with cookies, and CORS does not stop it.
"""

from __future__ import annotations

from dataclasses import replace

from crosscors.testing.request import Request, read_url

__tracebackhide__ = True  # pytest then shows the line of the test

_SCHEMES = {"ws": "http", "wss": "https", "http": "http", "https": "https"}
_HEADERS = (
    ("Pragma", "no-cache"),
    ("Cache-Control", "no-cache"),
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),  # that of RFC 6455, so that all runs are alike
)


def handshake_request(url: str, origin: str, base_url: str | None) -> Request:
    """The handshake of a page of that origin. Raises TypeError where JavaScript does."""
    target = read_url(url, base_url)
    if target.scheme not in _SCHEMES or target.fragment:
        raise TypeError(f"{url!r} is not the URL of a WebSocket; write 'wss://api.example.com/chat'.")
    target = replace(target, scheme=_SCHEMES[target.scheme])
    # Nothing but status 101 opens a WebSocket, so redirects are not followed.
    return Request("GET", [target], [*_HEADERS], None, origin, "include", "websocket", "manual")
