"""The public functions: ``CORS`` for applications, ``cross_origin`` for endpoints."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, overload

from starlette.applications import Starlette

from crosscors._adapter.asgi_types import ASGIApp
from crosscors._adapter.keywords import OnDecision, Protect, raise_problems
from crosscors._adapter.lost_errors import logs_lost_errors
from crosscors._adapter.marks import mark, read_view_policy, refuse_positional
from crosscors._adapter.outside import ADAPTER
from crosscors._adapter.stacks import check_asgi, wrong_app
from crosscors.core.errors import PolicyError, Problem
from crosscors.core.live import LivePolicy
from crosscors.core.policy import CORSPolicy, PolicyOptions
from crosscors.core.resources import Resources
from crosscors.core.unnamed import Call, refuse_positional_options
from crosscors.starlette import routing
from crosscors.starlette.adapter import Adapter

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["CORS", "cross_origin"]

_Starlette = TypeVar("_Starlette", bound=Starlette)
_Endpoint = TypeVar("_Endpoint", bound=Callable[..., object])


class AdapterOptions(PolicyOptions, total=False):
    """The keywords of ``CORS``, which documents them."""

    policy: CORSPolicy | Resources | LivePolicy[Any] | None
    debug: bool | None
    on_decision: OnDecision | None
    protect: Protect


@overload
def CORS(app: _Starlette, **options: Unpack[AdapterOptions]) -> _Starlette: ...
@overload
def CORS(app: ASGIApp, **options: Unpack[AdapterOptions]) -> ASGIApp: ...
@logs_lost_errors
def CORS(  # noqa: N802  # the same name as in Flask
    app: Starlette | ASGIApp,
    *positional: NoReturn,
    policy: CORSPolicy | Resources | LivePolicy[Any] | None = None,
    debug: bool | None = None,
    on_decision: OnDecision | None = None,
    protect: Protect = False,
    **options: Unpack[PolicyOptions],
) -> ASGIApp:
    """Give a Starlette or FastAPI application a CORS policy, for every response that it sends.

    The adapter stands outside of all middleware, so that error pages for unhandled exceptions get the policy,
    too. You may add routes, middleware and exception handlers before and after. An endpoint
    (``cross_origin``) or a mounted application may have its own policy, which replaces this one.

    Args:
        app: the application. It is changed and returned. (Any other ASGI application is wrapped, so
            ``app.add_middleware(CORS, ...)`` works, too. Unhandled exceptions are not covered then.)
        policy: a CORSPolicy, Resources with one for each path, or a LivePolicy of either. Instead of it, you
            may give the options of CORSPolicy here: those of Starlette's CORSMiddleware, with its defaults,
            and more. Default: None.
        debug: True: refused responses say why in X-CORS-Refused, and refused preflights get status 200 where
            that lets the browser's console name the method or header. Default: None, which means
            ``app.debug``.
        on_decision: ``func(request: CORSRequest, decision: Decision)``, called for every request that a
            policy covers; or several such functions. Default: None.
        protect: True: refuse unsafe requests and WebSockets from pages that the policy does not trust, with
            status 403. ``"report"``: only log them. A CrossOriginProtection has further options. The policy
            of the endpoint or mounted application counts, if it has one. Default: False.

    Raises:
        PolicyError: listing every problem of the options; also if the application already has a policy, or
            belongs to FastAPI 0.137.0 or 0.137.1, which hide the routes of included routers.

    Example:
        >>> app = Starlette()
        >>> app = CORS(app, allow_origins=["https://app.example.com"])

    Standard: Fetch, "CORS protocol".
    """
    refuse_positional_options(positional, _CALL, app=app)
    _refuse_wrong_app(app)
    adapter = Adapter(app, policy=policy, debug=debug, on_decision=on_decision, protect=protect, **options)
    if not isinstance(app, Starlette):
        routing.hand_out(app)
        return adapter
    if hasattr(app, ADAPTER):
        message = "the application already has a policy."
        hint = "Call CORS(app, ...) once. For a policy per path, write policy=Resources({...})."
        raise PolicyError((Problem("policy-twice", "app", app, message, hint),))
    setattr(app, ADAPTER, adapter)
    routing.hand_out(app)
    routing.put_outermost(app, adapter.cover)
    return app


routing.ADDED.append(CORS)

_CALL = Call("CORS(app, {})")


def _refuse_wrong_app(app: object) -> None:
    if routing.is_api_router(app) or isinstance(app, type):
        raise_problems(wrong_app("an application", app))
    raise_problems(check_asgi(app))
    if routing.hides_routes(app):
        message = "this release of FastAPI hides the routes of included routers, and so their policies."
        hint = "Install fastapi>=0.137.2, or fastapi<0.137."
        raise PolicyError((Problem("fastapi-hides-routes", "app", app, message, hint),))


def cross_origin(
    *positional: NoReturn,
    policy: CORSPolicy | LivePolicy[CORSPolicy] | None = None,
    **options: Unpack[PolicyOptions],
) -> Callable[[_Endpoint], _Endpoint]:
    """Give an endpoint its own policy, which replaces the policy of the application.

    The policy applies to the endpoint's preflights and actual requests, and to responses in its place, such
    as status 405. A preflight gets the policy of the endpoint that the requested method would reach. The
    application needs ``CORS(app, ...)``, which delivers the policy. An endpoint is a function, a class, or
    one method of a class. Write the decorator below ``@app.get``, like every decorator of endpoints.

    Args:
        policy: a CORSPolicy, or a LivePolicy of one. Instead of it, you may give the options of CORSPolicy
            here. Default: None.

    Raises:
        PolicyError: listing every problem of the options; also if the endpoint already has a policy.

    Example:
        >>> @cross_origin(allow_origins="*")
        ... async def status(request): ...
    """
    refuse_positional(positional)
    own = read_view_policy(policy, options)

    def decorate(endpoint: _Endpoint) -> _Endpoint:
        return mark(endpoint, own)

    return decorate
