"""The adapter that ``CORS(app, ...)`` puts into an application.

1.  aiohttp finds the handler before it runs any middleware. So it is known then which policy covers a request
    (covering.py).
2.  The first middleware answers preflights, and refuses what the cross-origin protection refuses. A
    preflight gets the policy that a request with the requested method would have.
3.  Every other request goes on at once. aiohttp sends the signal ``on_response_prepare`` for each response
    that starts, whoever made it. The policy is asked then, unless the middleware has asked it.
4.  One adapter decides about a request, also for the applications around: that of the policy that covers it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from aiohttp import hdrs, web

from crosscors._adapter.decider import NOTHING_READY, Decider
from crosscors._adapter.marks import marks_made
from crosscors._adapter.nesting import carried_by
from crosscors._adapter.reporting import DEBUG, is_debug_heard, root
from crosscors.aiohttp.covering import Covered, Covering, RoutePolicies, allowed_methods, covered_among
from crosscors.aiohttp.requests import SITE, value_of
from crosscors.aiohttp.responses import WholeResponse, whole_response
from crosscors.core.decision import Decision
from crosscors.core.policy import CORSPolicy

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# Newer releases of aiohttp warn about keys that are text. Older ones know no others.
_SAID: Any = getattr(web, "RequestKey", str)("crosscors")


class Adapter(Covered):
    """Delivers the policies of an application and of its handlers.

    Args:
        app: the application.
        decider: asks the policies.
        routes: the policies of its routes; None if only handlers have policies. Default: None.

    Attributes:
        middleware: has to be the first one.
    """

    def __init__(
        self, app: web.Application, decider: Decider[web.Request], routes: RoutePolicies | None = None
    ) -> None:
        super().__init__(app, decider, routes)
        self.middleware = web.middleware(partial(self._begin))

    # Not async: most requests go on at once.
    def _begin(self, request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
        if request.method == "OPTIONS" or self._is_guarded(request) or self._is_without_handler(request):
            return self._decide(request, handler)
        return handler(request)

    def _is_guarded(self, request: web.Request) -> bool:
        """Whether the cross-origin protection has to be asked."""
        decider = self._decider
        if decider.protection is None:
            return False
        is_unsafe = request.method not in decider.unguarded or hdrs.UPGRADE in request.headers
        return is_unsafe and value_of(request.headers, SITE) not in decider.unguarded_sites

    def _is_without_handler(self, request: web.Request) -> bool:
        """Whether the router has to be asked once more which policy counts."""
        match = request.match_info
        return bool(allowed_methods(match)) and self.has_own_policies(match)

    async def _decide(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        covering = await self.covering_asked(request)
        decision = await covering.decide(request)
        refused = None
        if self._is_guarded(request):
            refused = self._decider.guard(covering.policy, decision, request)
        if refused is not None:
            _report(self._decider, request, covering.policy, refused)
            return whole_response(refused)
        if decision is not None and decision.status is not None:
            _report(covering.covered.decider, request, covering.policy, decision)
            return whole_response(decision)
        request[_SAID] = (covering, decision)
        return await handler(request)

    async def on_response_prepare(self, request: web.Request, response: web.StreamResponse) -> None:
        """Write the decision into a response that starts, if this adapter decides about it."""
        decider = self._decider
        known = None
        if not (
            request.method == "OPTIONS"
            or self._is_guarded(request)
            or self.routes is not None
            or marks_made()
            or len(request.match_info.apps) > 1
        ):
            policy = decider.policy_for(request)
            ready = NOTHING_READY if policy is None else decider.ready_for(policy)
            known = ready.get(value_of(request.headers, hdrs.ORIGIN))
        if known is not None and ((decider.logger.level or root.level) > DEBUG or not is_debug_heard()):
            known.response_headers.write_into_repeats(response.headers)  # all, where nobody listens
        elif not isinstance(response, WholeResponse):
            await self._write(request, response)

    async def _write(self, request: web.Request, response: web.StreamResponse) -> None:
        said: tuple[Covering, Decision | None] | None = request.get(_SAID)
        match = request.match_info
        covering = said[0] if said else covered_among(match.apps)[0].covering(match, request, request.method)
        if covering.covered is not self:
            return
        decision = said[1] if said else await covering.decide(request)
        if decision is None:
            carried = tuple(carried_by(response.headers.items()))
            self._decider.withdraw(self._decider.enter_undecided({}, request), request, carried)
            return
        _report(self._decider, request, covering.policy, decision)
        decision.response_headers.write_into_repeats(response.headers)


def _report(
    decider: Decider[web.Request], request: web.Request, policy: CORSPolicy | None, decision: Decision
) -> None:
    if decider.hears(decision):
        decider.reporter.report(decision, policy, decider.read.keep(request))
