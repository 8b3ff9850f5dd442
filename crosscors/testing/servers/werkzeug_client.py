"""Flask's applications and test clients, and Werkzeug's: pytest-flask's ``app`` and ``client``."""

from __future__ import annotations

from typing import Any

from crosscors.testing.cookies import Cookie, read_client_same_site
from crosscors.testing.servers.wsgi import WSGIServer


def flask_server(app: Any, base_url: str | None) -> WSGIServer:
    """Serves a Flask application where Flask's own test client does: at SERVER_NAME, or at localhost."""
    host = getattr(app, "config", {}).get("SERVER_NAME") or "localhost"
    return WSGIServer(app, base_url or f"https://{host}")


def werkzeug_server(client: Any, base_url: str | None) -> WSGIServer:
    """Serves a client's application, to a browser that has the client's cookies."""
    server = flask_server(client.application, base_url)
    return WSGIServer(server.app, server.base_url, lambda: _cookies(client))


def _cookies(client: Any) -> list[Cookie]:
    # The client shows its cookies one by one, by name: there is no public way to see them all.
    cookies: dict[Any, Any] = getattr(client, "_cookies", None) or {}
    return [
        Cookie(
            cookie.key,
            cookie.value,
            domain="",
            path=cookie.path,
            secure=bool(cookie.secure),
            same_site=read_client_same_site(cookie.same_site),
        )
        for cookie in cookies.values()
    ]
