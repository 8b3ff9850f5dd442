"""The adapter for Starlette and FastAPI: ``CORS`` for applications, ``cross_origin`` for endpoints."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar, overload

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Match

from crosscors.asgi import ASGIApp, CORSMiddleware, Scope, request_of
from crosscors.core.errors import PolicyError, Problem
from crosscors.core.policy import CORSPolicy, PolicyOptions
from crosscors.core.resources import Resources
from crosscors.reporting import OnDecision
from crosscors.view_policies import mark, mark_of, marks_of, read_view_policy, warn_if_original

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
    of their own (``cross_origin``), mounted applications as well; they replace this one.

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
    adapter = _Adapter(app, policy=policy, debug=debug, on_decision=on_decision, **options)
    if not isinstance(app, Starlette):
        return adapter
    if _has_adapter(app):
        message = "the application has a policy already."
        hint = "Call CORS(app, ...) once; policy=Resources({...}) has a policy for each path."
        raise PolicyError((Problem("policy-twice", "app", app, message, hint),))
    setattr(app, _ADAPTER, adapter)
    build = app.build_middleware_stack

    def build_with_cors_outermost() -> ASGIApp:
        adapter.app = build()
        return adapter

    app.build_middleware_stack = build_with_cors_outermost  # type: ignore[method-assign]
    app.middleware_stack = None  # built again at the next request, if there was one
    return app


def cross_origin(
    *, policy: CORSPolicy | None = None, **options: Unpack[PolicyOptions]
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
    own = read_view_policy(policy, options)

    def decorate(endpoint: _Endpoint) -> _Endpoint:
        return mark(endpoint, own)

    return decorate


class _Adapter(CORSMiddleware):
    """The ASGI adapter, with the policies of endpoints and of mounted applications."""

    def __init__(self, app: ASGIApp, **keywords: Any) -> None:
        super().__init__(app, **keywords)
        self._outer_policy_for = self.policy_for
        self.policy_for = self._first_policy_for

    def _first_policy_for(self, scope: Scope) -> CORSPolicy | None:
        """Look once, at the first request, for inner policies: without any, no request is routed twice."""
        app = scope.get("app")
        is_routed = isinstance(app, Starlette) and _has_inner_policy(app.routes)
        self.policy_for = self._inner_policy_for if is_routed else self._outer_policy_for
        return self._policy if self.policy_for is None else self.policy_for(scope)

    def _inner_policy_for(self, scope: Scope) -> CORSPolicy | None:
        request = request_of(scope)
        method = (request.request_method or "") if request.is_preflight else request.method
        endpoint = _endpoint(scope["app"].routes, {**scope, "method": method})
        if _has_adapter(endpoint):
            return None  # a mounted application that answers for itself
        inner: CORSPolicy | None = mark_of(endpoint, method)
        if inner is not None:
            return inner
        return self._policy if self._outer_policy_for is None else self._outer_policy_for(scope)


def _endpoint(routes: Iterable[BaseRoute], scope: Scope) -> object:
    """The endpoint that answers the request, found as Starlette's Router does; None if none does.

    Where no route of the path takes the method, the first one answers, with status 405.
    """
    found = _first_match(routes, scope)
    if found is None:
        # The router redirects to the path with the slash added or removed.
        path = scope["path"]
        found = _first_match(routes, {**scope, "path": path[:-1] if path.endswith("/") else f"{path}/"})
    if found is None:
        return None
    route, child_scope = found
    inner = _inner_routes(route)
    if inner is None:
        return getattr(route, "endpoint", None)
    app = _with_adapter(route)
    return _endpoint(inner, {**scope, **child_scope}) if app is None else app


def _first_match(routes: Iterable[BaseRoute], scope: Scope) -> tuple[BaseRoute, Scope] | None:
    partial = None
    for route in _flat(routes):
        match, child_scope = route.matches(scope)
        if match is Match.FULL:
            return route, child_scope
        if match is Match.PARTIAL and partial is None:
            partial = route, child_scope
    return partial


def _has_inner_policy(routes: Iterable[BaseRoute]) -> bool:
    found = False
    for route in _flat(routes):
        endpoint = getattr(route, "endpoint", None)
        warn_if_original(endpoint)
        found |= any(marks_of(endpoint)) or _with_adapter(route) is not None
        found |= _has_inner_policy(_inner_routes(route) or ())
    return found


def _flat(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """The routes, with those that newer releases of FastAPI keep in included routers."""
    fastapi_routing = sys.modules.get("fastapi.routing")  # imported, if any route is FastAPI's
    iter_route_contexts = getattr(fastapi_routing, "iter_route_contexts", iter)
    yield from iter_route_contexts(routes)


def _inner_routes(route: BaseRoute) -> Iterable[BaseRoute] | None:
    """The routes of a mounted application; None if this route leads to an endpoint."""
    return getattr(route, "routes", None)


def _with_adapter(route: BaseRoute) -> object:
    """The mounted application, or what its middleware wraps, if it has a policy of its own."""
    app = getattr(route, "app", None)
    while app is not None and not _has_adapter(app):
        app = getattr(app, "app", None)
    return app


def _has_adapter(app: object) -> bool:
    return isinstance(app, CORSMiddleware) or hasattr(app, _ADAPTER)
