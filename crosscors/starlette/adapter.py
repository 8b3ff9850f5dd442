"""The adapter that ``CORS(app, ...)`` puts outside of everything else.

1.  A preflight is answered at once, with the policy of the view that the requested method would reach.
2.  Every other response gets the policy of the view that answered. The view is known when the response
    starts. So the adapter enters the record of nested adapters undecided, and settles then.
3.  If no view answered (a 404, or a response of middleware), the view counts that the request would have
    reached, as for a preflight.
4.  A mounted application with its own adapter answers for itself. This adapter withdraws.
5.  A view without its own policy gets the policy of the application. With Resources, this is the policy of
    the path that was routed, because middleware may have changed the path.
6.  With a cross-origin protection, the router is asked before the application runs which policy an unsafe
    request or a WebSocket would reach, also in mounted applications. That policy says who may send it.
"""

from __future__ import annotations

import copy
from collections.abc import Awaitable
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette

from crosscors._adapter.asgi_request import (
    LISTS,
    UNUSUAL,
    Arrival,
    ScopeReader,
    UnusualHeadersError,
    check_usual,
    joined,
    preflight_headers,
    read_guarded,
    root_path_now,
    with_usual_headers,
)
from crosscors._adapter.asgi_response import (
    ANSWERED_OUTSIDE,
    answer_itself,
    carried,
    leave,
    readable,
    run_uncovered,
    written,
)
from crosscors._adapter.asgi_types import ASGIApp, Message, Receive, Scope, Send
from crosscors._adapter.decider import NOTHING_READY, Decider, Headers
from crosscors._adapter.keywords import OnDecision, Protect, raise_problems, read_policy, read_protect
from crosscors._adapter.marks import mark_of
from crosscors._adapter.nesting import RECORD, Entry
from crosscors._adapter.outside import warn_of_middleware_outside
from crosscors._adapter.reporting import DEBUG, is_debug_heard, root
from crosscors._adapter.websockets import guard_handshake
from crosscors.core.decision import Decision
from crosscors.core.live import LivePolicy
from crosscors.core.policy import CORSPolicy, PolicyOptions
from crosscors.core.resources import Resources
from crosscors.core.rulebook import AskFunction
from crosscors.core.words import KEYWORDS
from crosscors.starlette import routing
from crosscors.starlette.routing import VISIT, Reached, Visit, answered_by, reached_by
from crosscors.starlette.survey import Survey

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Adapter:
    """The ASGI adapter that also knows the policies of endpoints and of mounted applications.

    Attributes:
        app: what it calls.
        policy: the policy of the application.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        policy: CORSPolicy | Resources | LivePolicy[Any] | None,
        debug: bool | None,
        on_decision: OnDecision | None,
        protect: Protect,
        **options: Unpack[PolicyOptions],
    ) -> None:
        self.app = app
        self.policy = read_policy(policy, options, debug=debug, can_await=True)
        protection, found = read_protect(protect, KEYWORDS)
        raise_problems(found)
        self._reader = ScopeReader(app)
        self._survey = Survey(app)
        whole = next((each for each in routing.wrapped(app) if isinstance(each, Starlette)), None)
        self._decider = Decider(
            "crosscors.starlette.CORS",
            self._reader,
            self.policy,
            debug=partial(getattr, whole, "debug", False) if debug is None else debug,
            on_decision=on_decision,
            protection=protection,
            place_of_view=self._survey.place_of,
        )
        self._has_looked_outside = False

    def __getstate__(self) -> dict[str, Any]:
        """All attributes. A copy counts log limits for itself, and looks at its endpoints itself."""
        return {**vars(self), "_decider": copy.copy(self._decider), "_survey": copy.copy(self._survey)}

    def cover(self, app: ASGIApp) -> ASGIApp:
        """Stand outside of this application, which includes all middleware."""
        self.app = app
        return self

    # One function, because each further call would add 0.1 to the 2.6 microseconds that most requests take.
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: C901, PLR0912, PLR0915
        if not self._has_looked_outside:
            self._has_looked_outside = True
            warn_of_middleware_outside(scope.get("app"))
        if scope["type"] != "http":
            if self._decider.protection is None or not await self._refuses_handshake(scope, receive, send):
                await self.app(scope, receive, send)
            return

        # Read the headers. Look up the decision about Origin, if the policy of the path is certain.
        headers: Any = scope.get("headers")
        decider = self._decider
        origin: Any = None
        asked = known = is_plain = None
        policy, ready = decider.everywhere, decider.ready
        try:
            if type(headers) not in LISTS:
                raise UnusualHeadersError
            if scope["method"] == "OPTIONS":
                asked = preflight_headers(headers)
                origin = asked[0]
            if decider.protection is not None and scope["method"] not in decider.unguarded:
                origin, is_plain = read_guarded(headers, decider.unguarded_sites)
            elif asked is None:
                for pair in headers:  # by index, because unpacking would use up a pair that is an iterator
                    if pair[0] == b"origin":
                        origin = pair[1] if origin is None else joined(origin, pair[1])
            if asked is None:
                if policy is None:
                    policy = self._policy_expected(scope)
                    ready = NOTHING_READY if policy is None else decider.ready_for(policy)
                known = ready.get(origin)
                if known is None or origin is None:
                    check_usual(headers, origin)
        except UNUSUAL:
            await self(with_usual_headers(scope), receive, send)
            return
        self._survey.update()
        arrival = (scope["path"], scope.get("root_path", ""), scope.get("app_root_path"))

        # Answer a preflight.
        if asked is not None and origin is not None and asked[1] is not None:
            await self._answer_preflight(
                asked, arrival, scope, receive, send, is_guarded=is_plain is not None
            )
            return

        # Enter the record, with what is known so far.
        visit = scope[VISIT] = Visit()
        visit.arrival = arrival
        visit.method = scope["method"]
        visit.endpoint = scope.get("endpoint")
        visit.origin = origin
        visit.expected = policy
        visit.routed = visit.guarded = None
        if is_plain is not None:
            is_admitted = (  # in the fewest steps: no view has a policy, and the origin is listed
                decider.everywhere is not None
                and known is not None
                and decider.rules.admits(decider.everywhere, known, scope["method"], is_plain=is_plain)
                and not self._survey.has_policies()
            )
            if not is_admitted and await self._refuses(visit, scope, send):
                return
        is_heard = (decider.logger.level or root.level) <= DEBUG and is_debug_heard()
        if known is not None and not is_heard and RECORD not in scope and _BRIDGE not in scope:
            # What ``decider.enter`` does for every other decision.
            entry = Entry()
            entry.adapter = decider
            entry.policy = None
            entry.decision = known
            entry.read = entry.written = entry.record = None
            scope[RECORD] = entry
        else:
            known = None
            entry = self._enter(scope, visit)

        # Run the application. When its response starts, settle by what answered, and write the decision.
        try:
            await self.app(scope, receive, self._sender(entry, known, visit, scope, send))
        except BaseException as error:
            await self._settle_without_response(entry, visit, scope, can_await=isinstance(error, Exception))
            leave(entry, error)
            raise
        if entry.written is None:
            await self._settle_without_response(entry, visit, scope, can_await=True)
            entry.leave(has_raised=False)

    async def _answer_preflight(
        self,
        asked: Headers,
        arrival: Arrival,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        is_guarded: bool,
    ) -> None:
        """Answer a preflight, unless no policy covers it, or what it would reach answers for itself."""
        policy = self._policy_reached(scope, asked[1] or "", arrival, is_preflight=True)
        if policy is None:
            await run_uncovered(self._decider, self.app, scope, receive, send, is_guarded=is_guarded)
            return
        decision = self._decider.ask(policy, scope, asked)
        if isinstance(decision, AskFunction):
            decision = await self._decider.ask_function_async(policy, decision, scope)
        if is_guarded:
            decision = self._decider.guard(policy, decision, scope) or decision
        await answer_itself(self._decider.enter(scope, scope, policy, decision), send)

    async def _refuses(self, visit: Visit, scope: Scope, send: Send) -> bool:
        """Whether the cross-origin protection refuses the request. If so, it is answered."""
        decider = self._decider
        policy = self.policy_judging(scope, visit.expected)
        decision = None
        if policy is not None:
            answer = decider.ask(policy, scope, visit.origin)
            if isinstance(answer, AskFunction):
                answer = await decider.ask_function_async(policy, answer, scope)
            decision = answer
            if not decider.rules.report_only:  # a report must not change when the function is asked
                visit.guarded = policy, decision
        refused = decider.guard(policy, decision, scope)
        if refused is None:
            return False
        await answer_itself(decider.enter(scope, scope, policy, refused), send)
        return True

    async def _refuses_handshake(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Whether this is a WebSocket handshake that the cross-origin protection refuses."""
        if scope["type"] != "websocket":
            return False
        self._survey.update()
        usual = with_usual_headers(scope)
        return await guard_handshake(self._decider, self.policy_judging(usual), usual, receive, send)

    def policy_judging(self, scope: Scope, expected: CORSPolicy | None = None) -> CORSPolicy | None:
        """The policy that says who may send this request, asked before anything runs.

        None if none covers it. Also None if there may be policies of endpoints, and the router leads to none:
        what would answer is not known then, because middleware may change the path, or hide the router.

        Args:
            expected: the policy of the path, if that is certain.
        """
        method = scope.get("method", "GET")  # a WebSocket has none
        arrival = (scope["path"], scope.get("root_path", ""), scope.get("app_root_path"))
        if not self._survey.has_policies():
            return self._policy_of_path(scope, arrival, expected)
        reached = self._reached(scope, method, arrival)
        if reached is None:
            return None
        for each in routing.called(reached.app):
            if isinstance(each, Adapter):
                return each.policy_judging(reached.scope)
            decider = routing.decider_of(each)
            if decider is not None:
                return decider.policy_for(reached.scope)
        if reached.is_mount:
            return None
        return mark_of(reached.endpoint, method) or self._policy_of_path(scope, arrival, expected)

    def _policy_expected(self, scope: Scope) -> CORSPolicy | None:
        """The policy of the path. None if there may be something to report about the path."""
        path, root_path = self._reader.path(scope)
        return None if root_path else self._decider.policies.policy_for(path)

    def _enter(self, scope: Scope, visit: Visit) -> Entry:
        """Enter the record with the decision of the policy that is expected, or undecided."""
        answer = None if visit.expected is None else self._decider.ask(visit.expected, scope, visit.origin)
        if answer is None or isinstance(answer, AskFunction):
            visit.expected = None
            return self._decider.enter_undecided(scope, scope)
        return self._decider.enter(scope, scope, None, answer)

    def _sender(self, entry: Entry, known: Decision | None, visit: Visit, scope: Scope, send: Send) -> Send:
        """Sends messages on, the first one with the headers of the decision."""
        is_everywhere, survey = self._decider.everywhere is not None, self._survey

        # Not async: it returns what ``send`` returns, which saves 0.1 microseconds per message.
        def send_with_cors(message: Message) -> Awaitable[None]:
            if message["type"] != "http.response.start":
                return send(message)
            if known is not None and entry.record is None:
                # What ``_settle`` does for every endpoint that may have its own policy.
                routed = visit.routed or scope
                endpoint = routed.get("endpoint")
                if (
                    id(endpoint) in survey.plain
                    and endpoint is not visit.endpoint
                    and (is_everywhere or _paths(routed) == visit.arrival[:2])
                ):
                    visit.routed = None
                    return send(written(message, entry, known))
            ask = self._settle(entry, visit, scope)
            if ask is not None:
                return self._send_asked(message, ask, entry, visit, scope, send)
            if entry.policy is None:
                message = readable(message)
                self._decider.withdraw(entry, visit.arrived(scope), carried(message))
                return send(message)
            return send(written(message, entry))

        return send_with_cors

    async def _send_asked(
        self, message: Message, ask: AskFunction, entry: Entry, visit: Visit, scope: Scope, send: Send
    ) -> None:
        await self._settle_by_function(ask, entry, visit, scope)
        await send(written(message, entry))

    async def _settle_without_response(
        self, entry: Entry, visit: Visit, scope: Scope, *, can_await: bool
    ) -> None:
        """Settle if no response came, because adapters further out read the decision."""
        ask = None
        if entry.written is None:
            ask = self._settle(entry, visit, scope)
            if ask is None and entry.policy is None:
                self._decider.withdraw(entry, visit.arrived(scope), ())
        visit.routed = None
        if ask is not None and can_await:
            await self._settle_by_function(ask, entry, visit, scope)

    def _settle(self, entry: Entry, visit: Visit, scope: Scope) -> AskFunction | None:
        """Settle by the policy of what answered. If only its function can tell, return that instead.

        If no policy covers the request, the entry has none afterwards.
        """
        policy = self._policy_answered(entry, visit, scope)
        if policy is None:
            _report_unanswered(entry)
            entry.policy = None
            return None
        answer: Decision | AskFunction
        if policy is visit.expected:
            answer = entry.decision
        elif visit.guarded is not None and policy is visit.guarded[0]:
            answer = visit.guarded[1]
        else:
            answer = self._decider.ask(policy, scope, visit.origin)
        visit.policy = policy
        if isinstance(answer, AskFunction):
            return answer
        self._settle_by(answer, entry, visit, scope)
        return None

    async def _settle_by_function(self, ask: AskFunction, entry: Entry, visit: Visit, scope: Scope) -> None:
        decision = await self._decider.ask_function_async(visit.policy, ask, visit.arrived(scope))
        self._settle_by(decision, entry, visit, scope)

    def _settle_by(self, decision: Decision, entry: Entry, visit: Visit, scope: Scope) -> None:
        if decision.refusals and entry.read is None:
            entry.read = self._reader.keep(visit.arrived(scope))
        entry.settle(visit.policy, decision)

    def _policy_answered(self, entry: Entry, visit: Visit, scope: Scope) -> CORSPolicy | None:
        """The policy of what answered. None if none covers it, or if that answers for itself."""
        endpoint = answered_by(visit, scope)
        routed, visit.routed = visit.routed, None
        if routed is None:
            routed = visit.arrived(scope) if endpoint is None else scope
        if entry.record is not None or not self._survey.is_certain(endpoint):
            return self._policy_reached(routed, routed["method"], visit.arrival, endpoint, visit.expected)
        own = None if id(endpoint) in self._survey.plain else mark_of(endpoint, routed["method"])
        return own or self._policy_of_path(routed, visit.arrival, visit.expected)

    def policy_for(self, scope: Scope) -> CORSPolicy | None:
        """The policy that covers the request, as far as the router can tell. None if none does."""
        arrival = (scope["path"], scope.get("root_path", ""), scope.get("app_root_path"))
        return self._policy_reached(scope, scope["method"], arrival)

    def _policy_reached(
        self,
        routed: Scope,
        method: str,
        arrival: Arrival,
        endpoint: object = None,
        expected: CORSPolicy | None = None,
        *,
        is_preflight: bool = False,
    ) -> CORSPolicy | None:
        """The policy of what the request reaches. None if none covers it, or if that answers for itself.

        Args:
            routed: the request as the router gets it, except for the method.
            method: the method; of a preflight, the requested one.
            arrival: the paths that it came in with.
            endpoint: what answered; None if nothing did, or not yet.
            expected: the policy of the path that it came in with, if that is certain.
            is_preflight: whether this adapter answers the request.
        """
        survey = self._survey
        reached = self._reached(routed, method, arrival) if survey.has_policies() else None
        view = None if reached is None else reached.endpoint
        if reached is not None and id(view) not in survey.plain:
            if _answers_for_itself(reached, is_preflight=is_preflight):
                return None
            adapter = _adapter_in(reached)
            if adapter is not None:
                return adapter.policy_for(reached.scope)
        own: CORSPolicy | None = None
        if endpoint is not None:
            survey.add(endpoint, is_hidden=endpoint is not view)
            own = mark_of(endpoint, method)
        if own is None and view is not None and (endpoint is None or not survey.is_certain(endpoint)):
            own = None if id(view) in survey.plain else mark_of(view, method)
        return own or self._policy_of_path(routed, arrival, expected)

    def _reached(self, routed: Scope, method: str, arrival: Arrival) -> Reached | None:
        """What the router would lead to. None if that is nothing."""
        root_path = root_path_now(routed, arrival)
        if root_path == arrival[1]:
            root_path = self._reader.root_path_of_fastapi() or root_path  # FastAPI may not have set it yet
        try:
            return reached_by(self._survey.router, {**routed, "method": method, "root_path": root_path})
        except Exception:  # noqa: BLE001  # a path convertor can raise anything; the router reports it
            return None

    def _policy_of_path(
        self, routed: Scope, arrival: Arrival, expected: CORSPolicy | None
    ) -> CORSPolicy | None:
        """The policy of the application for the path that was routed. None if none covers it."""
        decider = self._decider
        if decider.everywhere is not None:
            return decider.everywhere
        root_path = root_path_now(routed, arrival)
        if expected is not None and (routed["path"], root_path) == arrival[:2]:
            return expected
        if root_path not in (arrival[1], self._reader.root_path_of_fastapi()):
            decider.reporter.report_root_path_inside(root_path)
        return decider.policy_for({**routed, "root_path": root_path})


def _answers_for_itself(reached: Reached, *, is_preflight: bool) -> bool:
    """Whether the adapter of a mounted application covers this request and its error pages."""
    # Unless the adapter is in a Starlette application, 404 and 405 come from the application around it.
    return reached.is_mount and (is_preflight or routing.is_starlette(reached.app))


def _adapter_in(reached: Reached) -> Adapter | Decider[Scope] | None:
    """The adapter in what a route calls. In the middleware of a route, preflights do not reach it."""
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


def _paths(scope: Scope) -> tuple[str, str]:
    return scope["path"], scope.get("root_path", "")


_BRIDGE = ScopeReader.bridge
