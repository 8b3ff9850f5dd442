"""Which endpoint answered a request, and which one a request would reach.

1.  Starlette's router writes the endpoint that it calls into the scope. ``answered_by`` reads it there.
2.  Middleware may give the router a copy of the scope. ``HandsOut`` is the innermost middleware, and hands
    out the scope that the router gets.
3.  For a preflight, and for a request for which no endpoint was called, ``reached_by`` asks the routes. It
    asks them in the router's order, and calls nothing.
4.  An adapter below the router, in a mounted application or in the middleware of a route, covers everything
    that is routed there. ``delivers`` and ``wrapped`` find it.

Every use of a private or undocumented part of Starlette or FastAPI has its reason beside it.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, NamedTuple

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Match, Router

from crosscors._adapter.asgi_request import Arrival
from crosscors._adapter.asgi_types import ASGIApp, Receive, Scope, Send
from crosscors._adapter.decider import Decider
from crosscors._adapter.outside import ADAPTER
from crosscors.asgi import CORSMiddleware
from crosscors.core.decision import Decision
from crosscors.core.policy import CORSPolicy

#: What ``add_middleware`` is given to add an adapter. ``CORS`` adds itself.
ADDED: list[object] = []


class Visit:
    """A request on its way to the router and back.

    Attributes:
        origin: its Origin.
        arrival: the paths that it came in with.
        method: the method that it came in with.
        endpoint: what a router further out has called.
        expected: the policy that made the first decision; None if the entry was undecided.
        guarded: the policy that the cross-origin protection asked, and its decision; None if it asked none.
        policy: the policy that covers the request; not set until the response starts.
        routed: the scope that the router got; None if the request did not reach the router. It refers back to
            this object, so it is removed when the response starts.
    """

    # Slots, and no constructor, save 0.2 microseconds per request.
    __slots__ = ("arrival", "endpoint", "expected", "guarded", "method", "origin", "policy", "routed")

    origin: str | bytes | None
    arrival: Arrival
    method: str
    endpoint: object
    expected: CORSPolicy | None
    guarded: tuple[CORSPolicy, Decision] | None
    policy: CORSPolicy
    routed: Scope | None

    def __deepcopy__(self, _memo: object) -> Visit:
        return self  # a deep copy of a scope belongs to the same request

    def arrived(self, scope: Scope) -> Scope:
        """The scope as it came in. Routers and middleware change it."""
        path, root_path, _ = self.arrival
        return {**scope, "method": self.method, "path": path, "root_path": root_path}


#: The key of the visit in the scope.
VISIT = "crosscors.visit"


class HandsOut:
    """The innermost middleware: hands out the scope that the router gets."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    # Not async: it returns what the router returns, which saves 0.1 microseconds per request.
    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        visit: Visit | None = scope.get(VISIT)
        if visit is not None:
            visit.routed = scope
        return self.app(scope, receive, send)


def hand_out(app: object) -> None:
    """Put ``HandsOut`` right before the router of this application."""
    outer: Any = None
    for each in wrapped(app):
        if isinstance(each, HandsOut):
            return
        if isinstance(each, Starlette):
            # Not documented. ``add_middleware`` adds at the front, so the last one stays the innermost.
            added: list[Any] = each.user_middleware
            if not any(middleware.cls is HandsOut for middleware in added):
                added.append(Middleware(HandsOut))
                each.middleware_stack = None  # not documented; the next request builds it again
            return
        if isinstance(each, Router):
            # ``add_middleware(CORS, ...)`` gives a part of a stack that is already built. By convention,
            # middleware keeps what it wraps as ``app``.
            if outer is not None:
                outer.app = HandsOut(each)
            return
        outer = each


def answered_by(visit: Visit, scope: Scope) -> object:
    """The endpoint that the router has called. None if it has called none.

    For a mounted application, this is the application, unless the endpoint was found within it.
    """
    # Not documented, but Starlette has put "endpoint" into the scope from the start. So does FastAPI.
    endpoint: object = (scope if visit.routed is None else visit.routed).get("endpoint")
    return None if endpoint is visit.endpoint else endpoint


class Reached(NamedTuple):
    """What a request would reach.

    Attributes:
        endpoint: the view; None for a mounted application.
        app: what the route calls: the view, or the mounted application, in the middleware of the route.
        is_mount: whether this is a mounted application, which then has its own adapter.
        scope: what it would get.
    """

    endpoint: object
    app: object
    is_mount: bool
    scope: Scope


def reached_by(router: Router | None, scope: Scope) -> Reached | None:
    """What the request would reach, found in the way of Starlette's router. None if it reaches nothing.

    If no route of the path takes the method, the first one answers, with status 405. A mounted application
    with its own adapter is not looked into.
    """
    if router is None:
        return None
    found = _first_match(router.routes, scope)
    if found is None and router.redirect_slashes:
        # The router redirects: it adds a slash to the path, or removes all slashes at its end.
        path: str = scope["path"]
        path = path.rstrip("/") if path.endswith("/") else f"{path}/"
        found = _first_match(router.routes, {**scope, "path": path})
    if found is None:
        return None
    route, inner_scope = found
    app = app_of(route)
    if is_mount(route) and not delivers(app):
        return reached_by(router_in(app), inner_scope)
    # What the router would write into the scope. Routes may choose it by the request.
    endpoint = None if is_mount(route) else inner_scope.get("endpoint")
    return Reached(endpoint, app, is_mount(route), inner_scope)


def _first_match(routes: Iterable[BaseRoute], scope: Scope) -> tuple[BaseRoute, Scope] | None:
    partial = None
    for route in _flat(routes):
        # Not documented, but applications override ``matches`` to route by more than the path.
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
    """The routes of the router, and of everything mounted below it."""
    if router is None or any(router is each for each in seen):
        return  # an application may be mounted in itself
    for route in _flat(router.routes):
        app = app_of(route)
        found = Found(route, is_covered or delivers(app))
        yield found
        if is_mount(route):
            yield from all_routes(router_in(app), is_covered=found.is_covered, seen=(*seen, router))


def parts_of(router: Router | None) -> list[object]:
    """Everything below the router that others may be added to: routers, applications and mounts."""
    found: dict[int, object] = {}
    left: list[object] = [router]
    while left:
        for each in wrapped(left.pop()):
            if id(each) not in found and (hasattr(each, "routes") or _included_in(each) is not None):
                found[id(each)] = each
                left += below(each)
    return list(found.values())


def below(part: object) -> list[object]:
    """What is right below a part: the routes of a router, the router and middleware of an application."""
    if isinstance(part, Router):
        routes: list[Any] = part.routes
        return routes
    if isinstance(part, Starlette):
        return [part.router, *_added_to(part)]
    return [_included_in(part) or getattr(part, "app", None)]


def _included_in(route: object) -> Router | None:
    """The router that an included router of FastAPI stands for."""
    # Private, but the only way to see whether routes were added to it, without listing all routes again.
    router: object = getattr(route, "original_router", None)
    return router if isinstance(router, Router) else None


def routes_in(router: Router) -> Iterator[BaseRoute]:
    """The routes of the router itself, mounts included."""
    return _flat(router.routes)


def _flat(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """The routes, and those that newer releases of FastAPI keep in included routers."""
    yield from getattr(_fastapi_routing(), "iter_route_contexts", iter)(routes)


def hides_routes(app: object) -> bool:
    """Whether this is an application of a FastAPI release that hides the routes of included routers.

    Releases before 0.137 copy these routes; since 0.137.2, ``iter_route_contexts`` lists them.
    """
    fastapi = _fastapi_routing()
    # ``_IncludedRouter`` is private. It only matters whether it exists.
    is_hiding = hasattr(fastapi, "_IncludedRouter") and not hasattr(fastapi, "iter_route_contexts")
    return is_hiding and is_api_router(router_in(app))


def is_api_router(app: object) -> bool:
    """Whether this is a router of FastAPI."""
    kind = getattr(_fastapi_routing(), "APIRouter", None)
    return isinstance(kind, type) and isinstance(app, kind)


def _fastapi_routing() -> object:
    return sys.modules.get("fastapi.routing")  # imported, if there is any route of FastAPI


def endpoint_of(route: BaseRoute) -> object:
    """The view of the route. None if it has none."""
    return getattr(route, "endpoint", None)


def app_of(route: BaseRoute) -> object:
    """What the route calls."""
    # Not documented, but the only way to the middleware of a route.
    return getattr(route, "app", None)


def called_by(route: BaseRoute) -> object:
    """What the router writes into the scope as "endpoint" when it chooses the route."""
    return app_of(route) if is_mount(route) else endpoint_of(route)


def is_mount(route: BaseRoute) -> bool:
    """Whether the route passes on everything below it, like Mount and Host."""
    return hasattr(route, "routes")


def delivers(app: object) -> bool:
    """Whether this application contains an adapter."""
    return any(
        decider_of(each) is not None
        or decider_of(getattr(each, ADAPTER, None)) is not None
        or any(_is_cors(middleware.cls) for middleware in _added_to(each))
        for each in wrapped(app)
    )


def decider_of(app: object) -> Decider[Scope] | None:
    """The decider of an adapter. None if this is not an adapter."""
    decider: Decider[Scope] | None = getattr(app, "_decider", None)
    return decider if type(decider) is Decider else None


def _added_to(app: object) -> list[Middleware]:
    # Not documented, but before the first request, added middleware is nowhere else.
    return app.user_middleware if isinstance(app, Starlette) else []


def _is_cors(middleware: object) -> bool:
    is_class = isinstance(middleware, type) and issubclass(middleware, CORSMiddleware)
    return is_class or middleware in ADDED


def is_starlette(app: object) -> bool:
    """Whether this application contains one of Starlette, which makes its own error pages."""
    return any(isinstance(each, Starlette) for each in wrapped(app))


def router_in(app: object) -> Router | None:
    """The router of this application. None if there is none, or something hides it."""
    return next((each for each in wrapped(app) if isinstance(each, Router)), None)


def wrapped(app: object) -> Iterator[object]:
    """The application and what it wraps. By convention, middleware keeps what it wraps as ``app``."""
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


def called(app: object) -> Iterator[object]:
    """The application and what it calls on the way to its router, middleware included.

    A mounted application builds its middleware at its first request, which this is.
    """
    for each in wrapped(app):
        yield each
        if isinstance(each, Starlette):
            # Not documented, but the only way to what ``add_middleware`` has added.
            if each.middleware_stack is None:
                try:
                    each.middleware_stack = each.build_middleware_stack()
                except Exception:  # noqa: BLE001  # the application raises it again when it is called
                    return
            yield from wrapped(each.middleware_stack)


def put_outermost(app: Starlette, cover: Callable[[ASGIApp], ASGIApp]) -> None:
    """Put what ``cover`` returns outside of all middleware, even the one that answers unhandled exceptions.

    ``build_middleware_stack`` is not documented, but it is the only way: ``add_middleware`` adds inside of
    ServerErrorMiddleware. Middleware and handlers may be added before and after.
    """
    app.build_middleware_stack = _Covered(cover, app.build_middleware_stack)  # type: ignore[method-assign]  # see above
    app.middleware_stack = None  # not documented; the next request builds it again


class _Covered:
    """Builds the middleware, and covers it. A nested function could not be copied or pickled."""

    def __init__(self, cover: Callable[[ASGIApp], ASGIApp], build: Callable[[], ASGIApp]) -> None:
        self._cover = cover
        self._build = build

    def __call__(self) -> ASGIApp:
        return self._cover(self._build())
