"""``CORS`` for applications, and the adapter that it puts outside of everything else.

1.  A preflight is answered at once, with the policy of the view that the requested method would reach.
2.  Every other response gets the policy of the view that answered. This is known when the response starts, so
    the adapter enters the record of nested adapters undecided, and settles then.
3.  Where no view answered, such as for 404 or in middleware, the view that the request would have reached
    counts, as for a preflight.
4.  A mounted application that has an adapter of its own answers for itself. So this one withdraws.
5.  A view without a policy of its own gets that of the application: for Resources, the one of the path that
    was routed, which middleware may have changed.
"""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar, overload

from starlette.applications import Starlette
from starlette.routing import Router

from crosscors._adapter.decider import NOTHING_READY, Decider, Headers, deciders_made
from crosscors._adapter.keywords import read_policy
from crosscors._adapter.marks import (
    mark,
    mark_of,
    marks_made,
    read_view_policy,
    refuse_positional,
)
from crosscors._adapter.nesting import RECORD, Entry
from crosscors._adapter.reporting import DEBUG, OnDecision, is_debug_heard, logger, root
from crosscors.asgi import (
    ANSWERED_OUTSIDE,
    UNUSUAL,
    ASGIApp,
    Message,
    Receive,
    Scope,
    ScopeReader,
    Send,
    UnusualHeadersError,
    answer_preflight,
    check_usual,
    joined,
    leave,
    preflight_headers,
    root_path_now,
    with_usual_headers,
    written,
)
from crosscors.core.decision import Decision
from crosscors.core.errors import PolicyError, Problem, shown
from crosscors.core.policy import CORSPolicy, PolicyOptions
from crosscors.core.resources import Resources
from crosscors.core.rulebook import AskFunction
from crosscors.starlette import routing
from crosscors.starlette.routing import VISIT, Reached, Visit, answered_by, reached_by
from crosscors.starlette.survey import Survey

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["CORS", "cross_origin"]

_Starlette = TypeVar("_Starlette", bound=Starlette)
_Endpoint = TypeVar("_Endpoint", bound=Callable[..., object])


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
        PolicyError: listing every problem of the options; also if the application has a policy already, or
            is one of FastAPI 0.137.0 or 0.137.1, which hide the routes of included routers.

    Example:
        >>> app = Starlette()
        >>> app = CORS(app, allow_origins=["https://app.example.com"])

    Standard: Fetch, "CORS protocol".
    """
    _refuse_what_is_no_app(app)
    adapter = Adapter(app, policy=policy, debug=debug, on_decision=on_decision, **options)
    if not isinstance(app, Starlette):
        routing.hand_out(app)
        return adapter
    if hasattr(app, routing.ADAPTER):
        message = "the application has a policy already."
        hint = "Call CORS(app, ...) once; policy=Resources({...}) has a policy for each path."
        raise PolicyError((Problem("policy-twice", "app", app, message, hint),))
    setattr(app, routing.ADAPTER, adapter)
    routing.hand_out(app)
    routing.put_outermost(app, adapter.cover)
    return app


routing.ADDED.append(CORS)


def _refuse_what_is_no_app(app: object) -> None:
    if routing.is_api_router(app) or isinstance(app, type) or not callable(app):
        message = f"takes an application, not {shown(app)}."
        hint = 'Write CORS(app, ...); for a part of it, policy=Resources({"/part/*": CORSPolicy(...)}).'
        raise PolicyError((Problem("wrong-type", "app", app, message, hint),))
    if routing.hides_routes(app):
        message = "this release of FastAPI hides the routes of included routers, and so their policies."
        hint = "Install fastapi>=0.137.2, or fastapi<0.137."
        raise PolicyError((Problem("fastapi-hides-routes", "app", app, message, hint),))


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


class Adapter:
    """The adapter for ASGI, with the policies of endpoints and of mounted applications.

    Attributes:
        app: what it calls.
        policy: the policy of the application.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        policy: CORSPolicy | Resources | None,
        debug: bool,
        on_decision: OnDecision | None,
        **options: Unpack[PolicyOptions],
    ) -> None:
        self.app = app
        self.policy = read_policy(policy, options, debug=debug, can_await=True)
        self._reader = ScopeReader(app)
        name = "crosscors.starlette.CORS"
        self._decider = Decider(name, self._reader, self.policy, debug=debug, on_decision=on_decision)
        self._given = app
        self._whole = next((each for each in routing.wrapped(app) if isinstance(each, Starlette)), None)
        self._part = routing.router_in(app)
        self._survey = Survey()

    def __getstate__(self) -> dict[str, Any]:
        """All attributes. A copy counts log limits, and looks at its endpoints, for itself."""
        return {**vars(self), "_decider": copy.copy(self._decider), "_survey": Survey()}

    def cover(self, app: ASGIApp) -> ASGIApp:
        """Stand outside of this, which is the application with all its middleware."""
        self.app = app
        return self

    def _router(self) -> Router | None:
        # An application may get another router later.
        return self._part if self._whole is None else self._whole.router

    # In one piece, because each call would take 0.1 of the 2.6 microseconds that most requests take.
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: C901, PLR0912, PLR0915
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers: Any = scope.get("headers")
        decider, survey = self._decider, self._survey
        origin: Any = None
        asked = known = None
        policy = decider.everywhere
        ready = decider.ready
        try:
            if type(headers) not in _LISTS:
                raise UnusualHeadersError
            if scope["method"] == "OPTIONS":
                asked = preflight_headers(headers)
                origin = asked[0]
            else:
                for pair in headers:  # items by index, because unpacking an iterator would use it up
                    if pair[0] == b"origin":
                        origin = pair[1] if origin is None else joined(origin, pair[1])
                if policy is None:
                    policy = self._policy_expected(scope)
                    ready = NOTHING_READY if policy is None else decider.ready_for(policy)
                known = ready.get(origin)
                if known is None or origin is None:
                    check_usual(headers, origin)
        except UNUSUAL:
            await self(with_usual_headers(scope), receive, send)
            return
        whole = self._whole
        router = self._part if whole is None else whole.router
        if survey.marks != marks_made() or (router is not None and survey.routes != len(router.routes)):
            survey.look(router, self._given)
        if asked is not None and origin is not None and asked[1] is not None:
            await self._preflight(asked, asked[1], scope, receive, send)
            return
        get = scope.get
        visit = scope[VISIT] = Visit()
        path, root_path = scope["path"], get("root_path", "")
        visit.arrival = (path, root_path, get("app_root_path"))
        visit.method = scope["method"]
        visit.endpoint = get("endpoint")
        visit.origin = origin
        visit.expected = policy
        visit.routed = None
        # With a hook, no decision is known.
        is_heard = (logger.level or root.level) <= DEBUG and is_debug_heard()
        if known is not None and not is_heard and RECORD not in scope and _BRIDGE not in scope:
            # What ``_enter`` does as well, for any origin.
            entry = Entry()
            entry.adapter = decider
            entry.policy = None
            entry.decision = known
            entry.read = entry.written = entry.record = None
            scope[RECORD] = entry
        else:
            known = None
            entry = self._enter(scope, visit)

        # Not async, but handing on what ``send`` returns: 0.1 microseconds less for each message.
        def send_with_cors(message: Message) -> Awaitable[None]:
            if message["type"] != "http.response.start":
                return send(message)
            if known is not None and entry.record is None:
                # What is done below as well, for views of all kinds and where paths have changed.
                routed = visit.routed or scope
                endpoint = routed.get("endpoint")
                if (
                    id(endpoint) in survey.plain
                    and endpoint is not visit.endpoint
                    and routed["path"] == path
                    and routed.get("root_path", "") == root_path
                ):
                    visit.routed = None
                    try:
                        start: Any = message
                        pairs = start["headers"]
                        if type(pairs[0][1]) is not bytes:
                            return send(written(message, entry))
                        started = start.copy()  # which most mappings have
                        started["headers"] = known.response_headers.merged_raw(pairs)
                    except UNUSUAL:
                        return send(written(message, entry))
                    entry.written = known
                    return send(started)
            pending = self._settle(entry, visit, scope)
            if pending is not None:
                return self._send_asked(message, pending, entry, visit, scope, send)
            return send(message if entry.is_withdrawn else written(message, entry))

        try:
            await self.app(scope, receive, send_with_cors)
        except BaseException as error:
            await self._settle_unanswered(entry, visit, scope, can_await=isinstance(error, Exception))
            leave(entry, error)
            raise
        if entry.written is None:
            await self._settle_unanswered(entry, visit, scope, can_await=True)
            entry.leave(has_raised=False)

    async def _preflight(
        self, asked: Headers, method: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        policy = self._policy_reached(scope, method, is_preflight=True)
        if policy is None:
            await self.app(scope, receive, send)
            return
        decision = self._decider.ask(policy, asked)
        if isinstance(decision, AskFunction):
            decision = await self._decider.ask_function_async(decision, scope)
        await answer_preflight(self._decider.enter(scope, scope, policy, decision), send)

    def policy_for(self, scope: Scope) -> CORSPolicy | None:
        """The policy that covers the request, as far as the router can tell; None if none does."""
        return self._policy_reached(scope, scope["method"], is_preflight=False)

    def _policy_reached(self, scope: Scope, method: str, *, is_preflight: bool) -> CORSPolicy | None:
        """The policy of what the request would reach; None if none covers it, or that answers for itself."""
        reached = self._reached(scope, method, self._reader.path(scope)[1])
        if reached is None or id(reached.endpoint) in self._survey.plain:
            return self._decider.policy_for(scope)
        if _answers_for_itself(reached, is_preflight=is_preflight):
            return None
        adapter = _adapter_in(reached)
        if adapter is not None:
            return adapter.policy_for(reached.scope)
        own: CORSPolicy | None = mark_of(reached.endpoint, method)
        return own or self._decider.policy_for(scope)

    def _reached(self, scope: Scope, method: str, root_path: str) -> Reached | None:
        if marks_made() == 0 and deciders_made() == 1:
            return None  # there is nothing in this process that the router could lead to
        try:
            return reached_by(self._router(), {**scope, "method": method, "root_path": root_path})
        except Exception:  # noqa: BLE001  # a path convertor can raise anything; the router reports it
            return None

    def _policy_expected(self, scope: Scope) -> CORSPolicy | None:
        """The policy for the path, if it is certain that there is nothing to report about this path."""
        path, root_path = self._reader.path(scope)
        return None if root_path else self._decider.policies.policy_for(path)

    def _enter(self, scope: Scope, visit: Visit) -> Entry:
        """Enter the record, with what the expected policy says if that is known already."""
        answer = None if visit.expected is None else self._decider.ask(visit.expected, visit.origin)
        if answer is None or isinstance(answer, AskFunction):
            visit.expected = None
            return self._decider.enter_undecided(scope, scope)
        return self._decider.enter(scope, scope, None, answer)

    def _settle(self, entry: Entry, visit: Visit, scope: Scope) -> Pending | None:
        """Decide by the policy of what answered. Where its function has to be asked, say so instead."""
        policy = self._policy_answered(entry, visit, scope)
        if policy is None:
            _report_unanswered(entry)
            entry.withdraw()
            return None
        answer = entry.decision if policy is visit.expected else self._decider.ask(policy, visit.origin)
        if isinstance(answer, AskFunction):
            return Pending(policy, answer)
        self._settle_by(policy, answer, entry, visit, scope)
        return None

    def _settle_by(
        self, policy: CORSPolicy, decision: Decision, entry: Entry, visit: Visit, scope: Scope
    ) -> None:
        if entry.record is None:
            entry.policy, entry.decision = policy, decision  # all that ``settle`` does then
        else:
            entry.settle(policy, decision)
        if decision.refusals and entry.read is None:
            entry.read = self._reader.keep(visit.arrived(scope))

    async def _send_asked(
        self, message: Message, pending: Pending, entry: Entry, visit: Visit, scope: Scope, send: Send
    ) -> None:
        await self._settle_pending(pending, entry, visit, scope)
        await send(written(message, entry))

    async def _settle_pending(self, pending: Pending, entry: Entry, visit: Visit, scope: Scope) -> None:
        decision = await self._decider.ask_function_async(pending.ask, visit.arrived(scope))
        self._settle_by(pending.policy, decision, entry, visit, scope)

    async def _settle_unanswered(self, entry: Entry, visit: Visit, scope: Scope, *, can_await: bool) -> None:
        """Settle when no response came, because adapters further out read the decision."""
        pending = self._settle(entry, visit, scope) if entry.written is None else None
        visit.routed = None
        if pending is not None and can_await:
            await self._settle_pending(pending, entry, visit, scope)

    def _policy_answered(self, entry: Entry, visit: Visit, scope: Scope) -> CORSPolicy | None:
        """The policy of what answered; None if none covers it, or that answers for itself."""
        endpoint = answered_by(visit, scope)
        routed, visit.routed = visit.routed, None
        if routed is None:
            routed = visit.arrived(scope) if endpoint is None else scope
        survey = self._survey
        if endpoint is not None and not survey.knows(endpoint):
            survey.look(self._router(), self._given)
        if entry.record is not None or not survey.is_certain(endpoint):
            return self._policy_asked(endpoint, visit, routed)
        own = None if id(endpoint) in survey.plain else mark_of(endpoint, routed["method"])
        return own or self._policy_routed(visit, routed)

    def _policy_asked(self, endpoint: object, visit: Visit, routed: Scope) -> CORSPolicy | None:
        """The same, if the endpoint alone does not tell: ask the router."""
        reached = self._reached(routed, routed["method"], root_path_now(routed, visit.arrival))
        if reached is not None:
            if _answers_for_itself(reached, is_preflight=False):
                return None
            adapter = _adapter_in(reached)
            if adapter is not None:
                return adapter.policy_for(reached.scope)
        view = None if reached is None else reached.endpoint
        if endpoint is not None and not self._survey.knows(endpoint):
            self._survey.add(endpoint, is_hidden=endpoint is not view)
        own: CORSPolicy | None = mark_of(endpoint, routed["method"])
        if own is None and not self._survey.is_certain(endpoint):
            own = mark_of(view, routed["method"])
        return own or self._policy_routed(visit, routed)

    def _policy_routed(self, visit: Visit, routed: Scope) -> CORSPolicy | None:
        """The policy of the application for the path that was routed; None if none covers it."""
        decider = self._decider
        if decider.everywhere is not None:
            return decider.everywhere
        root_path = root_path_now(routed, visit.arrival)
        if visit.expected is not None and (routed["path"], root_path) == visit.arrival[:2]:
            return visit.expected
        if root_path not in (visit.arrival[1], self._reader.root_path_of_fastapi()):
            decider.reporter.report_root_path_inside(root_path)
        return decider.policy_for({**routed, "root_path": root_path})


def _answers_for_itself(reached: Reached, *, is_preflight: bool) -> bool:
    """Whether the own adapter of a mounted application covers this request and its error pages."""
    # Without an application of its own, it leaves 404 and 405 to the one that it is mounted in.
    return reached.is_mount and (is_preflight or routing.is_starlette(reached.app))


def _adapter_in(reached: Reached) -> Adapter | Decider[Scope] | None:
    """The adapter in what a route calls. Preflights do not come to that in the middleware of a route."""
    for each in routing.wrapped(reached.app):
        if isinstance(each, Adapter):
            return each
        decider = routing.decider_of(each)
        if decider is not None:
            return decider
    return None


def _report_unanswered(entry: Entry) -> None:
    """Report exceptions that inner adapters left unanswered. They cannot know that this one withdraws."""
    for inner in entry.record or ():
        if inner is not entry and inner.has_raised and inner.status is None:
            inner.adapter.reporter.report_unanswered(ANSWERED_OUTSIDE)


class Pending(NamedTuple):
    policy: CORSPolicy
    ask: AskFunction


_BRIDGE = ScopeReader.bridge
_LISTS = frozenset({list, tuple})  # which do not change by being read
