"""Warnings about mistakes: policies that have no effect, or not the one that was meant.

Nothing in here decides which policy applies.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Container, Iterator, Sequence

from crosscors._adapter.marks import has_mark, has_own_policy, marks_made, name_of
from crosscors._adapter.misplaced_marks import warn_of_hidden, warn_of_misplaced
from crosscors._adapter.reporting import log
from crosscors.core.errors import shown
from crosscors.starlette.routing import Found, app_of, decider_of, endpoint_of, wrapped


def warn_of_mistakes(app: object, found: Sequence[Found], known: Container[int]) -> None:
    """Warn about mistakes in an application and its routes.

    Args:
        app: the application.
        found: all routes below its router.
        known: the ids of the endpoints and applications that were looked at before.
    """
    endpoints = [endpoint_of(each.route) for each in found]
    if marks_made():
        new = [endpoint for endpoint in endpoints if id(endpoint) not in known]
        warn_of_misplaced(new, among=endpoints)
        for endpoint in new:
            if not has_mark(endpoint):
                warn_of_hidden(endpoint, among=endpoints)
    apps = {id(each): each for each in (app, *(app_of(each.route) for each in found))}
    for key, each in apps.items():
        if key not in known:
            _warn_of_bridge(each, is_routed=each is not app)


def warn_of_hidden_endpoint(endpoint: object, *, has_policy: bool) -> None:
    """Warn about an endpoint that answered although the router does not lead to it."""
    if has_policy:
        log(
            logging.WARNING,
            "preflights do not get the policy that cross_origin gives to %s: the view is mounted in "
            "something that CORS(app, ...) cannot look into. Let that keep what it wraps as self.app",
            name_of(endpoint),
        )
    else:
        warn_of_hidden(endpoint)


def _warn_of_bridge(app: object, *, is_routed: bool) -> None:
    """Warn about an application with its own policy behind a bridge to WSGI that passes nothing on.

    A WSGI middleware directly in the bridge of a route is no such case. ``CORS(app)`` finds it, and lets it
    answer for itself.
    """
    for bridge, bridged in _bridges_in(app):
        is_found = is_routed and any(decider_of(each) is not None for each in wrapped(bridge))
        if not is_found and has_own_policy(bridged):
            log(
                logging.WARNING,
                "the CORS policy of %s is replaced by that of CORS(app, ...), because %s.%s passes nothing "
                "on to it. Mount it with WSGIMiddleware from a2wsgi, or write one "
                "CORS(app, policy=Resources({...}))",
                shown(bridged),
                type(bridge).__module__,
                type(bridge).__name__,
            )


def _bridges_in(app: object) -> Iterator[tuple[object, object]]:
    """The bridges to WSGI that do not pass the scope on, each with the application behind it."""
    for each in wrapped(app):
        for module, name, attribute in _BRIDGES:
            bridge = getattr(sys.modules.get(module), name, None)  # imported, if anyone uses it
            if isinstance(bridge, type) and isinstance(each, bridge):
                yield each, getattr(each, attribute, None)


# Where bridges keep the WSGI application is not documented. FastAPI has Starlette's bridge.
_BRIDGES = (
    ("starlette.middleware.wsgi", "WSGIMiddleware", "app"),
    ("asgiref.wsgi", "WsgiToAsgi", "wsgi_application"),
)
