"""The adapter for Starlette and FastAPI: ``CORS`` for applications, ``cross_origin`` for endpoints."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, overload

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Match, Router

from crosscors.asgi import ASGIApp, CORSMiddleware, Receive, Scope, Send, request_of
from crosscors.core.decision import Decision
from crosscors.core.errors import PolicyError, Problem, shown
from crosscors.core.policy import CORSPolicy, PolicyOptions
from crosscors.core.resources import Resources
from crosscors._adapter.reporting import OnDecision, log
from crosscors._adapter.view_marks import (
    has_own_policy,
    mark,
    mark_of,
    marks_of,
    read_view_policy,
    refuse_positional,
    warn_of_misplaced,
    wrong_import,
)

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["CORS", "cross_origin"]

_Starlette = TypeVar("_Starlette", bound=Starlette)
_Endpoint = TypeVar("_Endpoint", bound=Callable[..., object])

_ADAPTER = "__crosscors_adapter__"


@overload
def CORS(
    app: _Starlette,
    *,
    policy: CORSPolicy | Resources | None = None,
    debug: bool = False,
    on_decision: OnDecision | None = None,
    **options: Unpack[PolicyOptions],
) -> _Starlette: ...
@overload
def CORS(
    app: ASGIApp,
    *,
    policy: CORSPolicy | Resources | None = None,
    debug: bool = False,
    on_decision: OnDecision | None = None,
    **options: Unpack[PolicyOptions],
) -> ASGIApp: ...
def CORS(  # noqa: N802  # spelled as in Flask, and as what it is
    app: Starlette | ASGIApp,
    *,
    policy: CORSPolicy | Resources | None = None,
    debug: bool = False,
    on_decision: OnDecision | None = None,
    **options: Unpack[PolicyOptions],
) -> ASGIApp:
    """Give a Starlette or FastAPI application a CORS policy, for every response that it sends.

    The policy is delivered from outside all middleware, also the one that answers unhandled exceptions.
    Routes, middleware and exception handlers may be added before and after. Endpoints may have a policy
    of their own (``cross_origin``), mounted applications as well; they replace this one. They are looked for
    at the first request; if there are none, routes that come later are not looked at.

    Args:
        app: the application, which is changed and returned. (Any other ASGI application is wrapped, so that
            ``app.add_middleware(CORS, ...)`` works, too; unhandled exceptions are not covered then.)
        policy: a CORSPolicy, or Resources with one for each path. Instead of it, the options of
            CORSPolicy may be given here: those of Starlette's CORSMiddleware, with its defaults, and more.
        debug: answer refused preflights with status 200 where that lets the browser's console name the
            method or header. Default: False.
        on_decision: ``func(request: CORSRequest, decision: Decision)``, called for every request that a
            policy covers. Default: None.

    Raises:
        PolicyError: listing every problem of the options; also if the application has a policy already.

    Example:
        >>> app = Starlette()
        >>> app = CORS(app, allow_origins=["https://app.example.com"])

    Standard: Fetch, "CORS protocol".
    """
    _refuse_what_is_no_app(app)
    adapter = _Adapter(app, policy=policy, debug=debug, on_decision=on_decision, **options)
    if not isinstance(app, Starlette):
        return adapter
    if hasattr(app, _ADAPTER):
        message = "the application has a policy already."
        hint = "Call CORS(app, ...) once; policy=Resources({...}) has a policy for each path."
        raise PolicyError((Problem("policy-twice", "app", app, message, hint),))
    setattr(app, _ADAPTER, adapter)
    # Not a function in here, which could not be pickled.
    build = partial(_build_with_cors_outermost, adapter, app.build_middleware_stack)
    app.build_middleware_stack = build  # type: ignore[method-assign]  # Starlette has no hook
    app.middleware_stack = None  # built again at the next request, if there was one
    return app


def _build_with_cors_outermost(adapter: _Adapter, build: Callable[[], ASGIApp]) -> ASGIApp:
    adapter.app = build()
    return adapter


def _refuse_what_is_no_app(app: object) -> None:
    fastapi_routing = sys.modules.get("fastapi.routing")
    is_api_router = fastapi_routing is not None and isinstance(app, fastapi_routing.APIRouter)
    if is_api_router or isinstance(app, type) or not callable(app):
        message = f"takes an application, not {shown(app)}."
        hint = 'Write CORS(app, ...); for a part of it, policy=Resources({"/part/*": CORSPolicy(...)}).'
        raise PolicyError((Problem("wrong-type", "app", app, message, hint),))


def cross_origin(
    *positional: NoReturn, policy: CORSPolicy | None = None, **options: Unpack[PolicyOptions]
) -> Callable[[_Endpoint], _Endpoint]:
    """Give an endpoint a policy of its own, which replaces that of the application.

    It holds for the endpoint's preflights and actual requests, and for everything that is answered in its
    place, such as status 405 or 422. A preflight is answered for the endpoint that the requested method
    would reach. The application needs ``CORS(app, ...)``, which delivers it. Endpoints are functions,
    classes, or single methods of classes. As every decorator of endpoints, it stands below ``@app.get``.

    Args:
        policy: a CORSPolicy. Instead of it, the options of CORSPolicy may be given here.

    Raises:
        PolicyError: listing every problem of the options; also if the endpoint has a policy already.

    Example:
        >>> @cross_origin(allow_origins="*")
        ... async def status(request): ...
    """
    refuse_positional(positional)
    own = read_view_policy(policy, options)

    def decorate(endpoint: _Endpoint) -> _Endpoint:
        return mark(endpoint, own)

    return decorate


class _Adapter(CORSMiddleware):
    """The ASGI adapter, with the policies of endpoints and of mounted applications."""

    adapter_name = "crosscors.starlette.CORS"

    def __init__(self, app: ASGIApp, **keywords: Any) -> None:
        super().__init__(app, **keywords)
        self._routed = app
        self._mounted: list[object] = []
        self._outer_policy_for = self.policy_for
        self.policy_for = self._first_policy_for

    def __getstate__(self) -> dict[str, Any]:
        """All attributes but what was found at the first request, which copies look for themselves."""
        found = {"policy_for", "_outer_policy_for", "revise", "_mounted"}
        return {name: value for name, value in super().__getstate__().items() if name not in found}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._outer_policy_for, self.policy_for = self.policy_for, self._first_policy_for
        self.revise, self._mounted = None, []

    def _first_policy_for(self, scope: Scope) -> CORSPolicy | None:
        """Look once, at the first request, for inner policies: without any, no request is routed twice."""
        router = _router_of(self._routed)
        routes = list(_all_routes(router))
        endpoints = [_endpoint_of(route) for route in routes]
        for own in (own for endpoint in endpoints for own in marks_of(endpoint)):
            if not isinstance(own, CORSPolicy):
                raise wrong_import("crosscors.starlette")
        warn_of_misplaced(endpoints)
        for app in (self._routed, *map(_app_of, routes)):
            _warn_of_bridge(app)
        has_inner = any(_delivers(route) for route in routes) or any(map(_is_marked, endpoints))
        if router is not None and has_inner:
            self.revise = self._revise
            self._mounted = [_app_of(route) for route in routes if _is_mount(route)]
            _note_what_is_routed(router)
        self.policy_for = self._inner_policy_for if has_inner else self._outer_policy_for
        return self.covering_policy(scope)

    async def _revise(self, scope: Scope, decision: Decision) -> Decision:
        """Middleware may have changed path or method: the endpoint that the router has called counts."""
        routing: _Routing | None = scope.get(_ROUTING)
        endpoint = routing.scope.get("endpoint") if routing else None
        if routing is None or endpoint is None or any(endpoint is app for app in self._mounted):
            return decision  # nothing was called, within a mounted application perhaps
        inner: CORSPolicy | None = mark_of(endpoint, routing.scope["method"])
        if inner is routing.expected:
            return decision
        actual = inner or self._policy or _NOBODY
        return await actual.decide_async(request_of(scope), debug=self.debug)

    def _inner_policy_for(self, scope: Scope) -> CORSPolicy | None:
        request = request_of(scope)
        method = (request.request_method or "") if request.is_preflight else request.method
        try:
            routed = {**scope, "method": method, "root_path": self._root_path(scope)}
            reached = _reached(_router_of(self._routed), routed)
        except Exception:  # noqa: BLE001  # a convertor's; the router is about to meet it, too
            reached = None
        if reached is not None:
            route, inner_scope = reached
            apps = list(_wrapped(_app_of(route)))
            if _is_mount(route) and (request.is_preflight or any(isinstance(app, Starlette) for app in apps)):
                return None  # the mounted application answers for itself
            adapter = next((app for app in apps if isinstance(app, CORSMiddleware)), None)
            if adapter is not None:
                # Preflights do not come to the middleware of a route, nor do status 404 and 405 of a router.
                return adapter.covering_policy(inner_scope)
            inner: CORSPolicy | None = mark_of(_endpoint_of(route), method)
            if inner is not None:
                scope[_ROUTING] = _Routing(inner)
                return inner
        scope[_ROUTING] = _Routing(None)
        return self._policy if self._outer_policy_for is None else self._outer_policy_for(scope)


_ROUTING = "crosscors.routing"
_NOBODY = CORSPolicy()


@dataclass
class _Routing:
    """In a scope and all copies of it: which policy of an endpoint is expected, and what the router gets."""

    expected: CORSPolicy | None
    scope: Scope = field(default_factory=dict[str, Any])


def _note_what_is_routed(router: Router) -> None:
    if not isinstance(router.middleware_stack, _Noting):  # that of a copy may be one already
        router.middleware_stack = _Noting(router.middleware_stack)


class _Noting:
    """Notes the scope that the router gets. Not a function, whose copy would lead to the first router."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _ROUTING in scope:
            scope[_ROUTING].scope = scope
        await self.app(scope, receive, send)


def _reached(router: Router | None, scope: Scope) -> tuple[BaseRoute, Scope] | None:
    """The route that answers the request, found as Starlette's Router does, and the scope that it gets.

    Where no route of the path takes the method, the first one answers, with status 405. A mounted application
    that delivers a policy of its own is not looked into.
    """
    if router is None:
        return None
    found = _first_match(router.routes, scope)
    if found is None and router.redirect_slashes:
        # The router redirects to the path with a slash added, or all of them removed.
        path: str = scope["path"]
        path = path.rstrip("/") if path.endswith("/") else f"{path}/"
        found = _first_match(router.routes, {**scope, "path": path})
    if found is None or not _is_mount(found[0]) or _delivers(found[0]):
        return found
    route, inner_scope = found
    return _reached(_router_of(_app_of(route)), inner_scope)


def _first_match(routes: Iterable[BaseRoute], scope: Scope) -> tuple[BaseRoute, Scope] | None:
    partial = None
    for route in _flat(routes):
        match, child_scope = route.matches(scope)
        if match is Match.FULL:
            return route, {**scope, **child_scope}
        if match is Match.PARTIAL and partial is None:
            partial = route, {**scope, **child_scope}
    return partial


def _all_routes(router: Router | None, seen: tuple[Router, ...] = ()) -> Iterator[BaseRoute]:
    if router is None or any(router is each for each in seen):
        return  # applications may be mounted in themselves
    for route in _flat(router.routes):
        yield route
        if _is_mount(route):
            yield from _all_routes(_router_of(_app_of(route)), (*seen, router))


def _flat(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """The routes, with those that newer releases of FastAPI keep in included routers."""
    fastapi_routing = sys.modules.get("fastapi.routing")  # imported, if any route is FastAPI's
    iter_route_contexts = getattr(fastapi_routing, "iter_route_contexts", iter)
    yield from iter_route_contexts(routes)


def _endpoint_of(route: BaseRoute) -> object:
    return getattr(route, "endpoint", None)


def _app_of(route: BaseRoute) -> object:
    return getattr(route, "app", None)


def _is_mount(route: BaseRoute) -> bool:
    return hasattr(route, "routes")


def _is_marked(endpoint: object) -> bool:
    return any(True for _ in marks_of(endpoint))


def _delivers(route: BaseRoute) -> bool:
    """Whether something within the route delivers a policy of its own."""
    return any(
        isinstance(app, CORSMiddleware)
        or hasattr(app, _ADAPTER)
        or any(_is_cors(middleware.cls) for middleware in getattr(app, "user_middleware", ()))
        for app in _wrapped(_app_of(route))
    )


def _is_cors(middleware: object) -> bool:
    return middleware is CORS or (isinstance(middleware, type) and issubclass(middleware, CORSMiddleware))


def _warn_of_bridge(app: object) -> None:
    """Warn of an application behind a bridge to WSGI that hands nothing on, if it has a policy of its own."""
    for each in _wrapped(app):
        bridged = _behind_bridge(each)
        if bridged is not None and has_own_policy(bridged):
            log(
                logging.WARNING,
                "the CORS policy of %s is replaced by that of CORS(app, ...), because %s.%s passes nothing "
                "on to it. Mount it with WSGIMiddleware from a2wsgi, or write one "
                "CORS(app, policy=Resources({...}))",
                shown(bridged),
                type(each).__module__,
                type(each).__name__,
            )


def _behind_bridge(app: object) -> object:
    """The WSGI application in a bridge that does not hand the scope on; None if it is not one."""
    for module, name, attribute in _BRIDGES:
        bridge = getattr(sys.modules.get(module), name, None)  # imported, if anyone uses it
        if isinstance(bridge, type) and isinstance(app, bridge):
            return getattr(app, attribute, None)
    return None


# FastAPI has Starlette's.
_BRIDGES = (
    ("starlette.middleware.wsgi", "WSGIMiddleware", "app"),
    ("asgiref.wsgi", "WsgiToAsgi", "wsgi_application"),
)


def _router_of(app: object) -> Router | None:
    return next((each for each in _wrapped(app) if isinstance(each, Router)), None)


def _wrapped(app: object) -> Iterator[object]:
    """The application and what is in it; middleware keeps what it wraps as ``app``."""
    seen: set[int] = set()
    while app is not None and id(app) not in seen:
        seen.add(id(app))
        yield app
        if isinstance(app, Starlette):
            app = app.router
        elif isinstance(app, Router):
            app = app.middleware_stack
        else:
            app = getattr(app, "app", None)
