"""An index of the endpoints below a router.

The index says for which endpoints the policy is certain. The router only has to be asked about the others. So
most requests need one look-up.
"""

from __future__ import annotations

from functools import partial
from types import FunctionType, MethodType
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.routing import Router

from crosscors._adapter.decider import deciders_made
from crosscors._adapter.marks import has_mark, marks_made, marks_of, name_of, wrong_import
from crosscors.core.policy import CORSPolicy
from crosscors.starlette.mistakes import warn_of_hidden_endpoint, warn_of_mistakes
from crosscors.starlette.routing import (
    Found,
    all_routes,
    app_of,
    below,
    called_by,
    endpoint_of,
    is_mount,
    parts_of,
    router_in,
    wrapped,
)


class Known(NamedTuple):
    """What the index knows about an endpoint, or about an application that a route calls.

    Attributes:
        what: the endpoint. The index keeps it, so no other object gets its id.
        is_certain: whether the endpoint alone tells which policy applies.
    """

    what: object
    is_certain: bool


class Survey:
    """Looks at all endpoints at the first request, and again after changes.

    Args:
        app: the application that ``CORS`` was given.

    Attributes:
        plain: the endpoints that certainly have no policy of their own, by id.
        router: the router of the application; None if it has none, or before the first look.
    """

    def __init__(self, app: object) -> None:
        self.plain: dict[int, object] = {}  # it keeps the endpoints, so no other object gets their ids
        self._app = app
        self._starlette: Starlette | None = None
        self._router: Router | None = None
        self._index: dict[int, Known] = {}
        self._hidden: dict[int, object] = {}  # what ``add`` has warned about
        self._has_adapters = False
        # What there was at the last look.
        self._marks = self._deciders = self._routes = -1
        self._parts: list[object] = []
        self._below: list[list[object]] = []

    def __reduce__(self) -> tuple[type[Survey], tuple[object]]:
        """Copies look for themselves."""
        return type(self), (self._app,)

    @property
    def router(self) -> Router | None:
        # The application may get another router later.
        return self._router if self._starlette is None else self._starlette.router

    def update(self) -> None:
        """Look again if views were marked or routes were added.

        This finds what changes often, and costs 0.1 microseconds per request. Everything else is found when
        an unknown endpoint answers, or by ``has_policies``.

        Raises:
            PolicyError: if the policy of an endpoint belongs to another framework.
        """
        router = self._router if self._starlette is None else self._starlette.router
        if self._marks != marks_made() or (router is not None and self._routes != len(router.routes)):
            self._look()

    def has_policies(self) -> bool:
        """Whether the router may lead to a view or an application with a policy of its own.

        If not, there is no need to ask it. Looks again if anything below the router has changed.

        Raises:
            PolicyError: if the policy of an endpoint belongs to another framework.
        """
        has_changed = self._router is not self.router or [below(part) for part in self._parts] != self._below
        if has_changed or self._deciders != deciders_made():
            self._look()
        # A route may choose a marked view by the request, so one mark anywhere in the process is enough.
        return self._has_adapters or marks_made() > 0

    def place_of(self, policy: CORSPolicy) -> str | None:
        """Which endpoint has this policy, for messages. None if none has."""
        for endpoint, _ in self._index.values():
            if any(own is policy for own in marks_of(endpoint)):
                return f"the endpoint {name_of(endpoint)}"
        return None

    def is_certain(self, endpoint: object) -> bool:
        """Whether the endpoint alone tells which policy applies. Looks again if it is not known.

        Raises:
            PolicyError: if the policy of an endpoint belongs to another framework.
        """
        known = self._index.get(id(endpoint))
        if known is None and endpoint is not None and not self._knows(endpoint):
            self._look()
            known = self._index.get(id(endpoint))
        return known is not None and known.is_certain

    def add(self, endpoint: object, *, is_hidden: bool) -> None:
        """Add an endpoint that answered, if it is not known yet. Warn about its policy.

        Args:
            endpoint: a view, or a mounted application.
            is_hidden: whether the router does not lead to it, so that preflights do not get its policy.

        Raises:
            PolicyError: if the policy of the endpoint belongs to another framework.
        """
        if self._knows(endpoint):
            return
        _refuse_others(endpoint)
        is_plain = not has_mark(endpoint)
        self._index[id(endpoint)] = Known(endpoint, not is_plain or isinstance(endpoint, _VIEW_TYPES))
        if is_plain and isinstance(endpoint, _VIEW_TYPES):  # others may be applications
            self.plain[id(endpoint)] = endpoint
        if is_hidden and id(endpoint) not in self._hidden:
            self._hidden[id(endpoint)] = endpoint
            warn_of_hidden_endpoint(endpoint, has_policy=not is_plain)

    def _knows(self, endpoint: object) -> bool:
        # Views that are made anew for each request must not pile up.
        return id(endpoint) in self._index or len(self._hidden) >= _MOST_HIDDEN

    def _look(self) -> None:
        """Look at all endpoints. Warn about mistakes in those that were not there before."""
        starlette = next((each for each in wrapped(self._app) if isinstance(each, Starlette)), None)
        router = router_in(self._app)
        marks, deciders = marks_made(), deciders_made()
        routes = 0 if router is None else len(router.routes)
        parts = parts_of(router)
        right_below = [list(below(part)) for part in parts]
        found = list(all_routes(router))
        for each in found:
            _refuse_others(endpoint_of(each.route))
        warn_of_mistakes(self._app, found, known=self._index)
        index = {id(self._app): Known(self._app, False), **_index_of(found)}
        certain = {key: known.what for key, known in index.items() if known.is_certain}
        self.plain = {key: endpoint for key, endpoint in certain.items() if not has_mark(endpoint)}
        self._index = index
        self._has_adapters = any(each.is_covered for each in found)
        self._starlette, self._router = starlette, router
        self._marks, self._deciders, self._routes = marks, deciders, routes
        self._parts, self._below = parts, right_below


def _index_of(found: list[Found]) -> dict[int, Known]:
    index = {id(app): Known(app, False) for app in (app_of(each.route) for each in found)}
    called = [(called_by(each.route), each) for each in found]
    uncertain = {id(endpoint) for endpoint, each in called if _needs_route(each, endpoint)}
    index.update({id(endpoint): Known(endpoint, id(endpoint) not in uncertain) for endpoint, _ in called})
    index.pop(id(None), None)  # of routes without an endpoint; None stands for no endpoint at all
    return index


def _needs_route(found: Found, called: object) -> bool:
    """Whether it takes the route to tell which policy applies: an adapter covers it, or more is below it."""
    return found.is_covered or (is_mount(found.route) and router_in(called) is not None)


def _refuse_others(endpoint: object) -> None:
    if not all(isinstance(policy, CORSPolicy) for policy in marks_of(endpoint)):
        raise wrong_import("crosscors.starlette")


_VIEW_TYPES: tuple[type, ...] = (FunctionType, MethodType, partial, type)
_MOST_HIDDEN = 1000
