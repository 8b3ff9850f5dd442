"""Which policy covers a request: that of its handler, or else that of the innermost application."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from aiohttp import hdrs, web

from crosscors._adapter.decider import Decider
from crosscors._adapter.marks import mark_of, marks_made
from crosscors.aiohttp.requests import preflight_method, value_of
from crosscors.core.decision import Decision
from crosscors.core.policy import CORSPolicy, Policies


class RoutePolicies(Protocol):
    """Policies of routes that are not marks on their handlers."""

    def policy_of(self, route: web.AbstractRoute, method: str, origin: str | None) -> CORSPolicy | None:
        """The policy of the route for this method and origin; None if it has none."""
        ...

    def policies(self) -> Iterable[tuple[str, CORSPolicy]]:
        """All policies, each with the path that it belongs to."""
        ...


class Covering(NamedTuple):
    """The policy that covers a request, and the application that it belongs to.

    Attributes:
        covered: the innermost application with policies, if none of them covers the request.
        policy: None if there is none.
    """

    covered: Covered
    policy: CORSPolicy | None

    async def decide(self, request: web.Request) -> Decision | None:
        """What the policy says."""
        if self.policy is None:
            return None
        return await self.covered.decider.decide_async(self.policy, request)


class Covered:
    """An application with policies.

    Args:
        app: the application.
        decider: asks the policies.
        routes: the policies of its routes; None if only handlers have policies.

    Attributes:
        routes: as given.
    """

    def __init__(
        self, app: web.Application, decider: Decider[web.Request], routes: RoutePolicies | None
    ) -> None:
        self.routes = routes
        self._app = app
        self._decider = decider

    @property
    def decider(self) -> Decider[web.Request]:
        """Asks the policies."""
        return self._decider

    @property
    def policies(self) -> Policies:
        """The policies of the application."""
        return self._decider.policies

    async def covering_asked(self, request: web.Request) -> Covering:
        """What covers the request, or the one that a preflight is about.

        Where no handler takes the method, the policy counts that all handlers at the path share, or else that
        of the application.
        """
        match, method = request.match_info, preflight_method(request) or request.method
        if not self.has_own_policies(match):
            return self.covering(match, request, method)
        if method != request.method:
            match = await self._match(request, method)
        others = [
            self.covering(await self._match(request, each), request, method)
            for each in sorted(allowed_methods(match))
        ]
        if others and all(each.policy is others[0].policy for each in others):
            return others[0]
        return self.covering(match, request, method)

    async def _match(self, request: web.Request, method: str) -> web.UrlMappingMatchInfo:
        """What the router finds for this method."""
        try:
            asked = request.clone(method=method)
        except RuntimeError:  # an application around has read the body
            return request.match_info
        return await self._app.router.resolve(asked)

    def covering(self, match: web.UrlMappingMatchInfo, request: web.Request, method: str) -> Covering:
        """What covers a request that the router leads there."""
        covered = self._inward(match)
        for each in reversed(covered):
            policy = each._policy_of(match, request, method)
            if policy is not None:
                return Covering(each, policy)
        return Covering(covered[-1], None)

    def has_own_policies(self, match: web.UrlMappingMatchInfo) -> bool:
        """Whether handlers or routes may have policies of their own."""
        return marks_made() > 0 or any(each.routes is not None for each in self._inward(match))

    def _inward(self, match: web.UrlMappingMatchInfo) -> Sequence[Covered]:
        """This application and those inside, as far as the request goes."""
        apps = match.apps
        return [self, *covered_among(apps[apps.index(self._app) + 1 :] if self._app in apps else apps)]

    def _policy_of(
        self, match: web.UrlMappingMatchInfo, request: web.Request, method: str
    ) -> CORSPolicy | None:
        """The policy of the handler, of the route, or of the application; None if there is none."""
        own: CORSPolicy | None = mark_of(match.handler, method) if marks_made() else None
        if own is None and self.routes is not None:
            own = self.routes.policy_of(match.route, method, value_of(request.headers, hdrs.ORIGIN))
        return own or self._decider.policy_for(request)


#: Where an application keeps its policies.
COVERED: web.AppKey[Covered] = web.AppKey("crosscors", Covered)


def covered_among(apps: Sequence[web.Application]) -> list[Covered]:
    """Those that have policies."""
    return [covered for app in apps if (covered := app.get(COVERED)) is not None]


def allowed_methods(match: web.UrlMappingMatchInfo) -> set[str]:
    """The methods that handlers at the path take, if none of them takes that of the request."""
    error = match.http_exception
    return error.allowed_methods if isinstance(error, web.HTTPMethodNotAllowed) else set()
