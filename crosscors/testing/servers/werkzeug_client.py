"""Flask applications, and test clients of Flask and Werkzeug: pytest-flask's ``app`` and ``client``."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from crosscors.testing.cookies import Cookie, read_same_site
from crosscors.testing.servers.wsgi import WSGIServer

if TYPE_CHECKING:
    from crosscors.testing.exchange import ReceivedResponse, SentRequest
    from crosscors.testing.limits import Limits


@dataclass(frozen=True)
class WerkzeugServer:
    """Serves a Flask application, or the application of a client. The browser gets the client's cookies."""

    app: Any
    base_url: str
    client: Any = None
    is_live: bool = False

    def cookies(self) -> Iterable[Cookie]:
        # The client returns single cookies by name. It has no public way to list them all.
        cookies: dict[Any, Any] = getattr(self.client, "_cookies", None) or {}
        return [_cookie(cookie) for cookie in cookies.values()]

    def send(self, request: SentRequest, limits: Limits) -> ReceivedResponse:
        with _answering_exceptions(self.app) as raised:
            received = WSGIServer(self.app, self.base_url).send(request, limits)
        return replace(received, raised=raised[-1]) if raised and received.raised is None else received

    async def asend(self, request: SentRequest, limits: Limits) -> ReceivedResponse:
        return self.send(request, limits)


def werkzeug_server(app: Any, base_url: str | None, client: Any = None) -> WerkzeugServer:
    """Serves it at the address that Flask's own test client uses: SERVER_NAME, or localhost."""
    host = getattr(app, "config", {}).get("SERVER_NAME") or "localhost"
    return WerkzeugServer(app, base_url or f"https://{host}", client)


@contextmanager
def _answering_exceptions(app: Any) -> Generator[list[BaseException], None, None]:
    """Collects what views raise, and makes Flask send a 500, as in production, although TESTING is on."""
    raised: list[BaseException] = []
    if not hasattr(app, "handle_exception"):  # a plain Werkzeug application
        yield raised
        return
    from flask import got_request_exception  # noqa: PLC0415 (installed if there is a Flask application)

    def keep(_sender: object, exception: BaseException, **_others: object) -> None:
        raised.append(exception)

    before = app.config["PROPAGATE_EXCEPTIONS"]
    # With DEBUG on, the development server gets the exceptions, too.
    if before is None and app.testing and not app.debug:
        app.config["PROPAGATE_EXCEPTIONS"] = False
    try:
        with got_request_exception.connected_to(keep, app):
            yield raised
    finally:
        app.config["PROPAGATE_EXCEPTIONS"] = before


def _cookie(cookie: Any) -> Cookie:
    # Werkzeug's clients give cookies without a domain to localhost, whatever host they call.
    domain = "" if cookie.domain == "localhost" else cookie.domain
    return Cookie(
        cookie.key,
        cookie.value,
        domain=domain,
        host_only=not domain or cookie.origin_only,
        path=cookie.path,
        secure=bool(cookie.secure),
        same_site=read_same_site(cookie.same_site),
    )
