"""``protect_websockets``: CORS_PROTECT for WebSockets, which Channels serves beside Django.

In asgi.py::

    application = ProtocolTypeRouter(
        {
            "http": get_asgi_application(),
            "websocket": protect_websockets(AuthMiddlewareStack(URLRouter([...]))),
        }
    )
"""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django import conf
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIRequest

from crosscors._adapter.keywords import raise_problems
from crosscors._adapter.raw_headers import raw_headers
from crosscors._adapter.stacks import check_asgi
from crosscors._adapter.websockets import deny
from crosscors.django import names
from crosscors.django.configuration import Configuration, configuration
from crosscors.django.middleware import decide_async
from crosscors.django.requests import Arrival

__all__ = ["protect_websockets"]

# Channels has other types for the three than ASGI servers.
_ASGIApp = Callable[[Any, Any, Any], Awaitable[Any]]


def protect_websockets(app: _ASGIApp) -> _ASGIApp:
    """Refuse WebSockets from pages that CORS_PROTECT does not trust, with status 403.

    They are refused before the application sees them. The settings are those of the middleware. The policy is
    the one that the settings have for the path. Views have no part in it. ``allow_origin_func`` and the
    receivers of ``check_request_enabled`` get the handshake as Django's request: a GET with the path, the
    headers and the cookies, but without ``user`` and ``session``.

    Args:
        app: what Channels has for ``"websocket"``, or any other ASGI application.

    Raises:
        ImproperlyConfigured: listing every problem of the settings; also if there is no CORS_PROTECT.
        PolicyError: if ``app`` is not an ASGI application.

    Standard: RFC 6455, section 4; ASGI, "WebSocket".
    """
    raise_problems(check_asgi(app))
    configuration(is_async=True)  # read now, so that problems stop the server and not a request
    if not hasattr(conf.settings, names.PROTECT):
        raise ImproperlyConfigured(
            f"protect_websockets(app) follows the setting {names.PROTECT}, which is not there. "
            f"Write {names.PROTECT} = True."
        )

    async def protected(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        current = configuration(is_async=True)
        is_guarded = scope["type"] == "websocket" and current.decider.protection is not None
        if not is_guarded or not await _refuses(current, scope, receive, send):
            await app(scope, receive, send)

    return protected


async def _refuses(current: Configuration, scope: MutableMapping[str, Any], receive: Any, send: Any) -> bool:
    """Whether the cross-origin protection refuses the handshake."""
    request = _handshake(scope)
    arrival = Arrival(request, request.method or "", request.path_info)
    decider = current.decider
    policy = current.policy_of_settings(arrival) if decider.asks_policy(arrival) else None
    decision = None if policy is None else await decide_async(current, policy, arrival)
    refused = decider.guard(policy, decision, arrival)
    if refused is None:
        return False
    decider.reporter.report(refused, policy, decider.read.keep(arrival))
    await deny(refused, scope, receive, send)
    return True


def _handshake(scope: MutableMapping[str, Any]) -> ASGIRequest:
    """The handshake as Django's request (RFC 6455, section 4.1).

    Over HTTP/2, it has no Upgrade, and some servers leave it out. Here it always has. It has no body, so
    Content-Type says nothing. Django fails if it cannot read it.
    """
    given = raw_headers(scope.get("headers"), "the scope", lower=True)
    headers = [header for header in given if header[0] not in _LEFT_OUT]
    as_http = {
        **scope,
        "type": "http",
        "method": "GET",
        "scheme": _SCHEMES.get(scope.get("scheme", "ws"), "http"),
        "query_string": scope.get("query_string", b"").decode("utf-8", "replace"),  # Django is strict
        "headers": [*headers, (b"upgrade", b"websocket")],
    }
    return ASGIRequest(as_http, io.BytesIO())


_LEFT_OUT = (b"upgrade", b"content-type")
_SCHEMES = {"ws": "http", "wss": "https"}
