"""The adapter that ``CORS(app, ...)`` puts into an application.

1.  aiohttp finds the handler before it runs any middleware. So it is known then which policy a request has:
    that of the handler, or else that of the innermost application that covers the request.
2.  The first middleware answers preflights, and refuses what the cross-origin protection refuses. A
    preflight gets the policy that a request with the requested method would have.
3.  Every other request goes on at once. aiohttp sends the signal ``on_response_prepare`` for each response
    that starts, whoever made it. The policy is asked then, unless the middleware has asked it.
4.  Where no handler takes the method, the policy counts that all handlers at the path share, or else that of
    the application.
5.  One adapter decides about a request, also for applications around it: that of rule 1.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

from aiohttp import hdrs, web

from crosscors._adapter.decider import Decider
from crosscors._adapter.marks import mark_of, marks_made
from crosscors._adapter.nesting import carried_by
from crosscors._adapter.reporting import DEBUG, is_debug_heard, root
from crosscors.aiohttp.requests import SITE, preflight_method, value_of
from crosscors.aiohttp.responses import WholeResponse, whole_response, write_into
from crosscors.core.decision import Decision
from crosscors.core.policy import CORSPolicy, Policies

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# Newer releases of aiohttp warn about keys that are text. Older ones know no others.
_SAID: Any = getattr(web, "RequestKey", str)("crosscors")


class RoutePolicies(Protocol):
    """Policies of routes that are not marks on their handlers."""

    def policy_of(self, route: web.AbstractRoute, method: str, origin: str | None) -> CORSPolicy | None:
        """The policy of the route for this method and origin; None if it has none."""
        ...

    def policies(self) -> Iterable[tuple[str, CORSPolicy]]:
        """All policies, each with the path that it belongs to."""
        ...


class Covering(NamedTuple):
    """The policy that covers a request, and the adapter that delivers it.

    Attributes:
        adapter: the innermost adapter, if no policy covers the request.
        policy: None if there is none.
    """

    adapter: Adapter
    policy: CORSPolicy | None

    async def decide(self, request: web.Request) -> Decision | None:
        """What the policy says."""
        if self.policy is None:
            return None
        return await self.adapter._decider.decide_async(self.policy, request)


class Adapter:
    """Delivers the policies of an application and of its handlers.

    Args:
        app: the application.
        decider: asks the policies.
        routes: the policies of its routes; None if only handlers have policies. Default: None.

    Attributes:
        middleware: has to be the first one.
        routes: as given.
    """

    def __init__(
        self, app: web.Application, decider: Decider[web.Request], routes: RoutePolicies | None = None
    ) -> None:
        self.middleware = web.middleware(partial(self._begin))
        self.routes = routes
        self._app = app
        self._decider = decider

    @property
    def policies(self) -> Policies:
        """The policies of the application."""
        return self._decider.policies

    # The middleware.

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
        """Whether rule 4 decides."""
        match = request.match_info
        return bool(_allowed_methods(match)) and _have_own_policies(self._inward(match))

    async def _decide(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        covering = await self._covering_asked(request)
        decision = await covering.decide(request)
        if self._is_guarded(request):
            refused = self._decider.guard(covering.policy, decision, request)
            if refused is not None:
                self._report(request, covering.policy, refused)
                return whole_response(refused)
        if decision is not None and decision.status is not None:
            covering.adapter._report(request, covering.policy, decision)
            return whole_response(decision)
        request[_SAID] = (covering, decision)
        return await handler(request)

    async def _covering_asked(self, request: web.Request) -> Covering:
        """What covers the request, or the one that a preflight is about."""
        match, method = request.match_info, preflight_method(request) or request.method
        if not _have_own_policies(self._inward(match)):
            return self._covering(match, request, method)
        if method != request.method:
            match = await self._match(request, method)
        others = [
            self._covering(await self._match(request, each), request, method)
            for each in sorted(_allowed_methods(match))
        ]
        if others and all(each.policy is others[0].policy for each in others):
            return others[0]
        return self._covering(match, request, method)

    async def _match(self, request: web.Request, method: str) -> web.UrlMappingMatchInfo:
        """What the router finds for this method."""
        try:
            asked = request.clone(method=method)
        except RuntimeError:  # an application around has read the body
            return request.match_info
        return await self._app.router.resolve(asked)

    def _covering(self, match: web.UrlMappingMatchInfo, request: web.Request, method: str) -> Covering:
        adapters = self._inward(match)
        for adapter in reversed(adapters):
            policy = adapter._policy_of(match, request, method)
            if policy is not None:
                return Covering(adapter, policy)
        return Covering(adapters[-1], None)

    def _inward(self, match: web.UrlMappingMatchInfo) -> Sequence[Adapter]:
        """This adapter, and those of the applications inside, as far as the request goes."""
        apps = match.apps
        inside = apps[apps.index(self._app) + 1 :] if self._app in apps else apps
        return [self, *_adapters_of(inside)]

    def _policy_of(
        self, match: web.UrlMappingMatchInfo, request: web.Request, method: str
    ) -> CORSPolicy | None:
        """The policy of the handler, of the route, or of the application; None if there is none."""
        own: CORSPolicy | None = mark_of(match.handler, method) if marks_made() else None
        if own is None and self.routes is not None:
            own = self.routes.policy_of(match.route, method, value_of(request.headers, hdrs.ORIGIN))
        return own or self._decider.policy_for(request)

    # The signal.

    async def on_response_prepare(self, request: web.Request, response: web.StreamResponse) -> None:
        """Write the decision into a response that starts, if this adapter decides about it."""
        decider = self._decider
        known = None
        if not (
            request.method == "OPTIONS"
            or decider.protection is not None
            or self.routes is not None
            or marks_made()
            or len(request.match_info.apps) > 1
        ):
            known = decider.ready.get(value_of(request.headers, hdrs.ORIGIN))
        if known is not None and ((decider.logger.level or root.level) > DEBUG or not is_debug_heard()):
            write_into(response.headers, known.response_headers)  # all that happens where nobody listens
        elif not isinstance(response, WholeResponse):
            await self._write(request, response)

    async def _write(self, request: web.Request, response: web.StreamResponse) -> None:
        said: tuple[Covering, Decision | None] | None = request.get(_SAID)
        match = request.match_info
        outermost = next(iter(_adapters_of(match.apps)))
        covering = said[0] if said else outermost._covering(match, request, request.method)
        if covering.adapter is not self:
            return
        decision = said[1] if said else await covering.decide(request)
        if decision is None:
            carried = carried_by(response.headers.items())
            self._decider.withdraw(self._decider.enter_undecided({}, request), request, tuple(carried))
            return
        self._report(request, covering.policy, decision)
        write_into(response.headers, decision.response_headers)

    def _report(self, request: web.Request, policy: CORSPolicy | None, decision: Decision) -> None:
        if self._decider.hears(decision):
            self._decider.reporter.report(decision, policy, self._decider.read.keep(request))


#: Where an application keeps its adapter.
ADAPTER: web.AppKey[Adapter] = web.AppKey("crosscors", Adapter)


def _adapters_of(apps: Sequence[web.Application]) -> list[Adapter]:
    return [adapter for app in apps if (adapter := app.get(ADAPTER)) is not None]


def _have_own_policies(adapters: Sequence[Adapter]) -> bool:
    """Whether their handlers or routes may have policies of their own."""
    return marks_made() > 0 or any(adapter.routes is not None for adapter in adapters)


def _allowed_methods(match: web.UrlMappingMatchInfo) -> set[str]:
    """The methods that handlers at the path take, if none of them takes that of the request."""
    error = match.http_exception
    return error.allowed_methods if isinstance(error, web.HTTPMethodNotAllowed) else set()
