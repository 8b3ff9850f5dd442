"""Which endpoint answered a request, and which one a request would reach.

1.  Starlette's router writes the endpoint that it calls into the scope. ``answered_by`` reads it there.
2.  Middleware may give the router a copy of the scope. ``HandsOut`` stands right before the router, and
    hands out the scope that the router gets.
3.  Before a request has been routed, as with preflights, and where no endpoint was called, ``reached_by``
    asks the routes in the order in which the router asks them. It does not call anything.
4.  An adapter that stands below the router, in a mounted application or in the middleware of a route, counts
    for everything that is routed there. ``delivers`` and ``wrapped`` find it.

Everything that is private or undocumented in Starlette and FastAPI, and used here, has its reason beside it.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, NamedTuple

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Match, Router

from crosscors._adapter.decider import Decider
from crosscors.asgi import Arrival, ASGIApp, CORSMiddleware, Receive, Scope, Send
from crosscors.core.policy import CORSPolicy

#: Where ``CORS(app, ...)`` keeps the adapter of an application.
ADAPTER = "__crosscors_adapter__"

#: What ``add_middleware`` is given to add an adapter. ``CORS`` adds itself.
ADDED: list[object] = []


class Visit:
    """A request on its way to the router and back.

    Attributes:
        origin: its Origin.
        arrival: the paths that it came in with.
        method: the method that it came in with.
        endpoint: what a router further out has called.
        expected: the policy that the entry has been decided by so far; None if it is not decided.
        routed: the scope that the router got; None if the request did not come so far. It leads back here,
            so it is taken off when the response starts.
    """

    # Slots, and no constructor: 0.2 microseconds of each request.
    __slots__ = ("arrival", "endpoint", "expected", "method", "origin", "routed")

    origin: str | bytes | None
    arrival: Arrival
    method: str
    endpoint: object
    expected: CORSPolicy | None
    routed: Scope | None

    def __deepcopy__(self, _memo: object) -> Visit:
        return self  # deep copies of a scope lead to the same request

    def arrived(self, scope: Scope) -> Scope:
        """The scope as it came: routers and middleware change it."""
        path, root_path, _ = self.arrival
        return {**scope, "method": self.method, "path": path, "root_path": root_path}


#: Where the visit lies in the scope.
VISIT = "crosscors.visit"


class HandsOut:
    """The innermost middleware: hands out the scope that the router gets."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    # Not async, but handing on what the router returns: 0.1 microseconds less for each request.
    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        visit: Visit | None = scope.get(VISIT)
        if visit is not None:
            visit.routed = scope
        return self.app(scope, receive, send)


def hand_out(app: object) -> None:
    """Let the router in this application hand out the scopes that it gets."""
    outer: Any = None
    for each in wrapped(app):
        if isinstance(each, HandsOut):
            return
        if isinstance(each, Starlette):
            # Undocumented. ``add_middleware`` adds outside of these, so the last one stays the innermost.
            added: list[Any] = each.user_middleware
            if not any(middleware.cls is HandsOut for middleware in added):
                added.append(Middleware(HandsOut))
                each.middleware_stack = None  # not documented: built again at the next request
            return
        if isinstance(each, Router):
            # In a stack that was built already, which is what ``add_middleware(CORS, ...)`` is given. Its
            # parts keep what they wrap as ``app``, which is a convention.
            if outer is not None:
                outer.app = HandsOut(each)
            return
        outer = each


def answered_by(visit: Visit, scope: Scope) -> object:
    """The endpoint that the router has called; None if it has called none.

    For a mounted application, and within it where nothing was found, this is that application.
    """
    # "endpoint" is in the scope since the first releases, and is not documented. (FastAPI has it, too.)
    endpoint: object = (scope if visit.routed is None else visit.routed).get("endpoint")
    return None if endpoint is visit.endpoint else endpoint


class Reached(NamedTuple):
    """What a request would reach.

    Attributes:
        endpoint: the view; None for a mounted application.
        app: what the route calls: the view, or the mounted application, in the middleware of the route.
        is_mount: whether this is a mounted application, which has an adapter of its own.
        scope: what it would get.
    """

    endpoint: object
    app: object
    is_mount: bool
    scope: Scope


def reached_by(router: Router | None, scope: Scope) -> Reached | None:
    """What the request would reach, found as Starlette's router does; None if that is nothing.

    Where no route of the path takes the method, the first one answers, with status 405. A mounted application
    that has an adapter of its own is not looked into.
    """
    if router is None:
        return None
    found = _first_match(router.routes, scope)
    if found is None and router.redirect_slashes:
        # The router redirects to the path with a slash added, or all of them removed.
        path: str = scope["path"]
        path = path.rstrip("/") if path.endswith("/") else f"{path}/"
        found = _first_match(router.routes, {**scope, "path": path})
    if found is None:
        return None
    route, inner_scope = found
    app = app_of(route)
    if is_mount(route) and not delivers(app):
        return reached_by(router_in(app), inner_scope)
    # What the router would write into the scope; routes may choose it by the request.
    endpoint = None if is_mount(route) else inner_scope.get("endpoint")
    return Reached(endpoint, app, is_mount(route), inner_scope)


def _first_match(routes: Iterable[BaseRoute], scope: Scope) -> tuple[BaseRoute, Scope] | None:
    partial = None
    for route in _flat(routes):
        # ``matches`` is what applications override to route by more than the path; it is not documented.
        match, child_scope = route.matches(scope)
        if match is Match.FULL:
            return route, {**scope, **child_scope}
        if match is Match.PARTIAL and partial is None:
            partial = route, {**scope, **child_scope}
    return partial


class Found(NamedTuple):
    """A route somewhere below a router.

    Attributes:
        route: the route.
        is_covered: whether an adapter below the router covers it.
    """

    route: BaseRoute
    is_covered: bool


def all_routes(
    router: Router | None, *, is_covered: bool = False, seen: tuple[Router, ...] = ()
) -> Iterator[Found]:
    """The routes of the router, and of all that is mounted below it."""
    if router is None or any(router is each for each in seen):
        return  # applications may be mounted in themselves
    for route in _flat(router.routes):
        app = app_of(route)
        found = Found(route, is_covered or delivers(app))
        yield found
        if is_mount(route):
            yield from all_routes(router_in(app), is_covered=found.is_covered, seen=(*seen, router))


def _flat(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """The routes, with those that newer releases of FastAPI keep in included routers."""
    yield from getattr(_fastapi_routing(), "iter_route_contexts", iter)(routes)


def hides_routes(app: object) -> bool:
    """Whether this is an application of a FastAPI release that hides the routes of included routers.

    Releases before 0.137 copy these routes; since 0.137.2, ``iter_route_contexts`` lists them.
    """
    fastapi = _fastapi_routing()
    # ``_IncludedRouter`` is private. Only whether it is there matters.
    is_hiding = hasattr(fastapi, "_IncludedRouter") and not hasattr(fastapi, "iter_route_contexts")
    return is_hiding and is_api_router(router_in(app))


def is_api_router(app: object) -> bool:
    """Whether this is a router of FastAPI."""
    kind = getattr(_fastapi_routing(), "APIRouter", None)
    return isinstance(kind, type) and isinstance(app, kind)


def _fastapi_routing() -> object:
    return sys.modules.get("fastapi.routing")  # imported, if any route is FastAPI's


def endpoint_of(route: BaseRoute) -> object:
    """The view of the route; None if it has none."""
    return getattr(route, "endpoint", None)


def app_of(route: BaseRoute) -> object:
    """What the route calls."""
    # Not documented, but the only way to the middleware of the route.
    return getattr(route, "app", None)


def called_by(route: BaseRoute) -> object:
    """What the scope has as "endpoint", once the route has been chosen."""
    return app_of(route) if is_mount(route) else endpoint_of(route)


def is_mount(route: BaseRoute) -> bool:
    """Whether the route hands everything below it on, as Mount and Host do."""
    return hasattr(route, "routes")


def delivers(app: object) -> bool:
    """Whether something in this application delivers a policy of its own."""
    return any(
        decider_of(each) is not None
        or decider_of(getattr(each, ADAPTER, None)) is not None
        or any(_is_cors(middleware.cls) for middleware in _added_to(each))
        for each in wrapped(app)
    )


def decider_of(app: object) -> Decider[Scope] | None:
    """The decider of an adapter for ASGI; None if this is not an adapter."""
    decider: Decider[Scope] | None = getattr(app, "_decider", None)
    return decider if type(decider) is Decider else None


def _added_to(app: object) -> list[Middleware]:
    # Not documented. Before the first request, there is nothing else to find added middleware by.
    return app.user_middleware if isinstance(app, Starlette) else []


def _is_cors(middleware: object) -> bool:
    is_class = isinstance(middleware, type) and issubclass(middleware, CORSMiddleware)
    return is_class or middleware in ADDED


def is_starlette(app: object) -> bool:
    """Whether there is a whole application in this one, which makes its own error pages."""
    return any(isinstance(each, Starlette) for each in wrapped(app))


def router_in(app: object) -> Router | None:
    """The router of this application; None if none is to be seen."""
    return next((each for each in wrapped(app) if isinstance(each, Router)), None)


def wrapped(app: object) -> Iterator[object]:
    """The application and what is in it; middleware keeps what it wraps as ``app``, which is a convention."""
    seen: set[int] = set()
    while app is not None and id(app) not in seen:
        seen.add(id(app))
        yield app
        if isinstance(app, Starlette):
            app = app.router
        elif isinstance(app, Router):
            app = app.middleware_stack  # not documented, but the only way to the middleware of a router
        else:
            app = getattr(app, "app", None)


def put_outermost(app: Starlette, cover: Callable[[ASGIApp], ASGIApp]) -> None:
    """Put what ``cover`` makes outside of all middleware, also the one that answers unhandled exceptions.

    ``build_middleware_stack`` is not documented, but there is nothing else to get there: whatever is added
    stands inside of ServerErrorMiddleware. Middleware and handlers may be added before and after.
    """
    app.build_middleware_stack = _Covered(cover, app.build_middleware_stack)  # type: ignore[method-assign]  # see above
    app.middleware_stack = None  # not documented: built again at the next request, if there was one


class _Covered:
    """Builds the middleware, and covers it. Not a function, which could not be copied or pickled."""

    def __init__(self, cover: Callable[[ASGIApp], ASGIApp], build: Callable[[], ASGIApp]) -> None:
        self._cover = cover
        self._build = build

    def __call__(self) -> ASGIApp:
        return self._cover(self._build())
