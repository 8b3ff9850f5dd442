"""The settings as the middleware uses them: read once, and ready to decide about requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, partial

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from crosscors._adapter.decider import Decider
from crosscors.core.errors import PolicyError
from crosscors.core.policy import CORSPolicy
from crosscors.django import names, signals
from crosscors.django.requests import Arrival, ArrivalReader
from crosscors.django.settings import read_settings
from crosscors.django.views import (
    place_of_view,
    policies_of_views,
    policy_of_view,
    policy_on,
    reached_by,
)


@dataclass(frozen=True)
class Configuration:
    """The settings, ready to decide about requests.

    Attributes:
        decider: asks the policies.
    """

    decider: Decider[Arrival]
    # While check_request_enabled has receivers, these policies replace those of the settings, and the paths
    # that CORS_URLS_REGEX leaves out have one, too.
    _asking: signals.Asking = field(repr=False)
    _has_urls_regex: bool = field(repr=False)

    def policy_for(self, arrival: Arrival, method: str) -> CORSPolicy | None:
        """The policy that covers the request: that of its view, or else that of the settings.

        None if there is none.

        Args:
            arrival: the request.
            method: the method that the view is called with. For a preflight, the requested one.
        """
        return policy_of_view(arrival.http_request, method) or self.policy_of_settings(arrival)

    def guards(self, arrival: Arrival) -> bool:
        """Whether the cross-origin protection looks at the request."""
        if self.decider.protection is None:
            return False
        return arrival.method not in self.decider.unguarded or "HTTP_UPGRADE" in arrival.http_request.META

    def policy_judging(self, arrival: Arrival) -> CORSPolicy | None:
        """The policy that says whether the request may reach its view. It is found before the view runs.

        None if there is none, or if the protection does not need it. Also None if views have policies, and
        the router finds no view: other middleware may change the path, so nobody knows what will answer.
        """
        if not self.decider.asks_policy(arrival):
            return None
        view = reached_by(arrival.http_request)
        if view is None:
            return None if policies_of_views else self.policy_of_settings(arrival)
        return policy_on(view, arrival.http_request, arrival.method) or self.policy_of_settings(arrival)

    def policy_of_settings(self, arrival: Arrival) -> CORSPolicy | None:
        """The policy that the settings have for the path; None if there is none."""
        policy = self.decider.policy_for(arrival)
        if not signals.receivers_of(signals.check_request_enabled):
            return policy
        if policy is not None:
            return self._asking.besides(policy)
        policies = self.decider.policies.policies
        return self._asking.alone(policies[0]) if self._has_urls_regex else None


@cache
def configuration(is_async: bool) -> Configuration:
    """The configuration of a sync or an async stack.

    Raises:
        ImproperlyConfigured: listing every problem of the settings.
    """
    read, found = read_settings()
    if read is None:
        error = PolicyError(found.problems)
        raise ImproperlyConfigured(str(error)) from error
    decider = Decider(
        "crosscors.django.CORSMiddleware",
        ArrivalReader(),
        read.policies,
        debug=partial(getattr, settings, "DEBUG", False) if read.debug is None else read.debug,
        place_of_view=place_of_view,
        on_decision=read.hooks,
        protection=read.protection,
    )
    ask = signals.ask_receivers_async if is_async else signals.ask_receivers
    return Configuration(decider, _asking=signals.Asking(ask), _has_urls_regex=read.has_urls_regex)


def _forget(*, setting: str, **_: object) -> None:
    """Tests override settings while the middleware is running."""
    if setting.startswith(names.PREFIX):
        configuration.cache_clear()


# Undocumented: this place of the signal. The documented one is django.test.signals, which servers must not
# need to import.
setting_changed.connect(_forget)
