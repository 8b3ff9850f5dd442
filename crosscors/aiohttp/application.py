"""The public functions: ``CORS`` for applications, ``cross_origin`` for handlers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from aiohttp import web

from crosscors._adapter.decider import Decider
from crosscors._adapter.keywords import OnDecision, Protect, raise_problems, read_policy, read_protect
from crosscors._adapter.marks import mark, marks_of, name_of, read_view_policy, refuse_positional
from crosscors._adapter.stacks import wrong_app
from crosscors.aiohttp.adapter import Adapter
from crosscors.aiohttp.covering import COVERED, RoutePolicies
from crosscors.aiohttp.mistakes import warn_of_mistakes
from crosscors.aiohttp.requests import RequestReader
from crosscors.core.errors import shown
from crosscors.core.live import LivePolicy
from crosscors.core.policy import CORSPolicy, Policies, PolicyOptions
from crosscors.core.resources import Resources
from crosscors.core.unnamed import Call, refuse_positional_options
from crosscors.core.values import Findings, refused
from crosscors.core.words import KEYWORDS

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["CORS", "adapt", "check_app", "cross_origin"]

_Handler = TypeVar("_Handler", bound=Callable[..., object])


def CORS(  # noqa: N802  # the same name as in Flask
    app: web.Application,
    *positional: NoReturn,
    policy: CORSPolicy | Resources | LivePolicy[Any] | None = None,
    debug: bool | None = None,
    on_decision: OnDecision | None = None,
    protect: Protect = False,
    **options: Unpack[PolicyOptions],
) -> web.Application:
    """Give an aiohttp application a CORS policy, for every response that it sends.

    Call it when the middlewares of the application are complete, and before the application becomes part of
    another one. Routes and sub-applications may be added before and after. A handler (``cross_origin``) or a
    sub-application (``CORS(part, ...)``) may have its own policy, which replaces this one, also for
    preflights.

    Args:
        app: the application. It is changed and returned.
        policy: a CORSPolicy, Resources with one for each path, or a LivePolicy of either. Instead of it, you
            may give the options of CORSPolicy here. Default: None.
        debug: True: refused responses say why in X-CORS-Refused, and refused preflights get status 200 where
            that lets the browser's console name the method or header. Default: None, which means False here.
        on_decision: ``func(request: CORSRequest, decision: Decision)``, called for every request that a
            policy covers. Default: None.
        protect: True: refuse unsafe requests and WebSockets from pages that the policy does not trust, with
            status 403. ``"report"``: only log them. A CrossOriginProtection has further options. Default:
            False.

    Raises:
        PolicyError: listing every problem of the options; also if the application already has a policy, has
            started, or is part of another one.

    Example:
        >>> app = web.Application()
        >>> app = CORS(app, allow_origins=["https://app.example.com"])

    Standard: Fetch, "CORS protocol".
    """
    refuse_positional_options(positional, _CALL, app=app)
    raise_problems(check_app(app))
    policies = read_policy(policy, options, debug=debug, can_await=True)
    adapt(*(app, "crosscors.aiohttp.CORS", policies), debug=debug, on_decision=on_decision, protect=protect)
    return app


_CALL = Call("CORS(app, {})")


def check_app(app: object) -> Findings:
    """Whether the application can get a policy now."""
    if not isinstance(app, web.Application):
        return wrong_app("an aiohttp application", app)
    if COVERED in app:
        message = "the application already has a policy."
        hint = "Call CORS(app, ...) once. For a policy per path, write policy=Resources({...})."
        return refused("policy-twice", "app", app, message, hint)
    if app.pre_frozen:
        message = "the application has started, or is part of another application."
        hint = "Call CORS(app, ...) before add_subapp, add_domain and run_app."
        return refused("app-frozen", "app", app, message, hint)
    return Findings()


def adapt(  # noqa: PLR0913  # one for each keyword of the adapters
    app: web.Application,
    name: str,
    policies: Policies,
    *,
    routes: RoutePolicies | None = None,
    debug: bool | None,
    on_decision: OnDecision | None,
    protect: Protect,
) -> None:
    """Put an adapter into the application, before all middlewares that it has.

    Args:
        app: the application, which ``check_app`` has accepted.
        name: how messages call the adapter.
        policies: what it delivers.
        routes: the policies of routes, if any.
        debug: as in ``CORS``.
        on_decision: as in ``CORS``.
        protect: as in ``CORS``.
    """
    protection, found = read_protect(protect, KEYWORDS)
    raise_problems(found)
    decider = Decider(
        name,
        RequestReader(app),
        policies,
        debug=bool(debug),
        on_decision=on_decision,
        protection=protection,
        place_of_view=partial(_place_of, app, routes),
    )
    adapter = Adapter(app, decider, routes)
    app[COVERED] = adapter
    app.middlewares.insert(0, adapter.middleware)
    app.on_response_prepare.append(adapter.on_response_prepare)
    app.on_startup.append(partial(warn_of_mistakes, adapter.middleware))


def _place_of(app: web.Application, routes: RoutePolicies | None, policy: CORSPolicy) -> str | None:
    """Which handler or route has this policy, for messages. None if none has."""
    for route in app.router.routes():
        if any(own is policy for own in marks_of(route.handler)):
            return f"the handler {name_of(route.handler)}"
    of_routes = () if routes is None else routes.policies()
    return next((f"the resource {shown(path)}" for path, own in of_routes if own is policy), None)


def cross_origin(
    *positional: NoReturn,
    policy: CORSPolicy | LivePolicy[CORSPolicy] | None = None,
    **options: Unpack[PolicyOptions],
) -> Callable[[_Handler], _Handler]:
    """Give a handler its own policy, which replaces the policy of the application.

    The policy covers the preflights and actual requests of the handler, and responses in its place, such as
    status 405. A preflight gets the policy of the handler that the requested method would reach. The
    application needs ``CORS(app, ...)``, which delivers the policy. A handler is a function, a
    ``web.View``, or one method of a ``web.View``. Write the decorator below ``@routes.get``.

    Args:
        policy: a CORSPolicy, or a LivePolicy of one. Instead of it, you may give the options of CORSPolicy
            here. Default: None.

    Raises:
        PolicyError: listing every problem of the options; also if the handler already has a policy.

    Example:
        >>> @cross_origin(allow_origins="*")
        ... async def status(request): ...
    """
    refuse_positional(positional)
    own = read_view_policy(policy, options)

    def decorate(handler: _Handler) -> _Handler:
        return mark(handler, own)

    return decorate
