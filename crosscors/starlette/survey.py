"""An index of the endpoints below a router, and warnings about mistakes in them.

Nothing in here decides which policy applies. The index says which endpoints certainly have no policy, so that
most requests need only one look-up.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from types import FunctionType, MethodType

from starlette.routing import Router

from crosscors._adapter.marks import has_own_policy, marks_made, marks_of, name_of, wrong_import
from crosscors._adapter.misplaced_marks import warn_of_hidden, warn_of_misplaced
from crosscors._adapter.reporting import log
from crosscors.core.errors import shown
from crosscors.core.policy import CORSPolicy
from crosscors.starlette.routing import (
    Found,
    all_routes,
    app_of,
    called_by,
    endpoint_of,
    is_mount,
    router_in,
    wrapped,
)


class Survey:
    """Looks at all endpoints below a router: at the first request, and again when there are others.

    Attributes:
        plain: what has no policy of its own, and no adapter around it, by its id.
        views: what has a policy of its own, and no adapter around it, by its id.
        marks: how many marks there were at the last look. With more, views may have got a policy.
        routes: how many routes the router had. What is added further in is noticed when it answers.
    """

    def __init__(self) -> None:
        # What lies in a dict keeps its id: no other object gets it.
        self.plain: dict[int, object] = {}
        self.views: dict[int, object] = {}
        self._seen: dict[int, object] = {}
        self._hidden: dict[int, object] = {}
        self.marks = self.routes = -1

    def __reduce__(self) -> tuple[type[Survey], tuple[()]]:
        """Copies look for themselves."""
        return type(self), ()

    def knows(self, endpoint: object) -> bool:
        """Whether the endpoint is known. Always True after too many hidden ones."""
        return id(endpoint) in self._seen or len(self._hidden) >= _MOST_HIDDEN

    def is_certain(self, endpoint: object) -> bool:
        """Whether the endpoint alone tells which policy applies. Otherwise ``reached_by`` has to be asked."""
        return id(endpoint) in self.plain or id(endpoint) in self.views

    def look(self, router: Router | None, outermost: object) -> None:
        """Look at all endpoints. Warn about those that were not there before.

        Raises:
            PolicyError: if the policy of an endpoint is that of another framework.
        """
        marks, routes = marks_made(), 0 if router is None else len(router.routes)
        found = list(all_routes(router))
        endpoints = [endpoint_of(each.route) for each in found]
        for endpoint in endpoints:
            _refuse_others(marks_of(endpoint))
        called = [(each, called_by(each.route)) for each in found]
        asked_for = {id(app) for each, app in called if _has_to_be_asked_for(each, app)}
        certain = {id(app): app for _, app in called if id(app) not in asked_for}
        plain = {key: app for key, app in certain.items() if not any(True for _ in marks_of(app))}
        self._warn(endpoints, [outermost, *(app_of(each.route) for each in found)])
        self.plain = plain
        self.views = {key: app for key, app in certain.items() if key not in plain}
        self._seen = {id(each): each for each in (*endpoints, *(app_of(each.route) for each in found))}
        self._seen.update({id(app): app for _, app in called})
        self.marks, self.routes = marks, routes

    def add(self, endpoint: object, *, is_hidden: bool) -> None:
        """Record an endpoint that answered and that ``look`` did not find. Warn about its policy.

        Args:
            endpoint: a view, or a mounted application.
            is_hidden: whether the router does not lead to it, so that preflights do not get its policy.

        Raises:
            PolicyError: if the policy of the endpoint is that of another framework.
        """
        marks = list(marks_of(endpoint))
        _refuse_others(marks)
        self._seen[id(endpoint)] = endpoint
        if marks:
            self.views[id(endpoint)] = endpoint
        elif isinstance(endpoint, _VIEW_TYPES):  # others may be applications
            self.plain[id(endpoint)] = endpoint
        if not is_hidden or id(endpoint) in self._hidden:
            return
        self._hidden[id(endpoint)] = endpoint
        if marks:
            log(
                logging.WARNING,
                "preflights do not get the policy that cross_origin gives to %s: the view is mounted in "
                "something that CORS(app, ...) cannot look into. Let that keep what it wraps as self.app",
                name_of(endpoint),
            )
        else:
            warn_of_hidden(endpoint)

    def _warn(self, endpoints: list[object], apps: list[object]) -> None:
        new = [endpoint for endpoint in endpoints if id(endpoint) not in self._seen]
        if marks_made():
            warn_of_misplaced(new, among=endpoints)
            for endpoint in new:
                if not any(True for _ in marks_of(endpoint)):
                    warn_of_hidden(endpoint, among=endpoints)
        for app in {id(app): app for app in apps if id(app) not in self._seen}.values():
            _warn_of_bridge(app)


def _refuse_others(marks: Iterable[object]) -> None:
    if not all(isinstance(own, CORSPolicy) for own in marks):
        raise wrong_import("crosscors.starlette")


_VIEW_TYPES: tuple[type, ...] = (FunctionType, MethodType, partial, type)
_MOST_HIDDEN = 1000


def _has_to_be_asked_for(found: Found, called: object) -> bool:
    """Whether it takes the route to tell which policy applies: an adapter covers it, or more is below it."""
    return found.is_covered or (is_mount(found.route) and router_in(called) is not None)


def _warn_of_bridge(app: object) -> None:
    """Warn about an application behind a bridge to WSGI that hands nothing on, if it has its own policy."""
    for bridge, bridged in _bridges_in(app):
        if has_own_policy(bridged):
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
    """The bridges to WSGI that do not hand the scope on, each with what is behind it."""
    for each in wrapped(app):
        for module, name, attribute in _BRIDGES:
            bridge = getattr(sys.modules.get(module), name, None)  # imported, if anyone uses it
            if isinstance(bridge, type) and isinstance(each, bridge):
                yield each, getattr(each, attribute, None)


# Where they keep the WSGI application is not documented. FastAPI has Starlette's.
_BRIDGES = (
    ("starlette.middleware.wsgi", "WSGIMiddleware", "app"),
    ("asgiref.wsgi", "WsgiToAsgi", "wsgi_application"),
)
