"""The project's settings, checked and compiled once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from django import conf
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from crosscors.core.errors import PolicyError, Problem
from crosscors.core.options import OriginFunc
from crosscors.core.policy import CORSPolicy, PolicyOptions, make_policy, options_of
from crosscors.core.resources import Resources
from crosscors.django import names
from crosscors.django.findings import Findings
from crosscors.django.requests import Arrival, path_and_root, read_request
from crosscors.django.rules import read_function, read_rules
from crosscors.django.signals import ask_receivers, ask_receivers_async, check_request_enabled
from crosscors.django.wording import in_settings, text_in_settings
from crosscors._adapter.keywords import read_policy
from crosscors._adapter.reporting import Reporter

if TYPE_CHECKING:
    from typing_extensions import Unpack


@dataclass(frozen=True)
class Configuration:
    """What the settings come to.

    Attributes:
        rules: one policy for every path, or which policy covers which.
        debug: CORS_DEBUG.
        reporter: logs, and calls CORS_ON_DECISION.
        reporter_of_views: the same for policies that are not written as settings, but as options of the core.
        warnings: what is legal in the settings, but surely not meant.
    """

    rules: CORSPolicy | Resources
    debug: bool
    reporter: Reporter
    reporter_of_views: Reporter
    warnings: tuple[Problem, ...]
    # While check_request_enabled has receivers: what stands in for a policy, by its id, and the policy for
    # paths that CORS_URLS_REGEX leaves out.
    _asking: Mapping[int, CORSPolicy] = field(repr=False)
    _asking_outside: CORSPolicy | None = field(repr=False)

    @property
    def policies(self) -> tuple[CORSPolicy, ...]:
        """All the policies, without repeats."""
        return self.rules.policies if isinstance(self.rules, Resources) else (self.rules,)

    def policy_for(self, arrival: Arrival) -> CORSPolicy | None:
        """The policy that covers the request; None if none does."""
        rules = self.rules
        if isinstance(rules, Resources):
            path, root_path = path_and_root(arrival)
            policy = rules.policy_for(path, root_path)
            if root_path:
                self.reporter.report_root_path(rules, path, root_path)
            if policy is None:
                self.reporter.report_not_covered(rules, path, root_path, read_request, arrival)
        else:
            policy = rules
        if not check_request_enabled.receivers:
            return policy
        return self._asking_outside if policy is None else self._asking.get(id(policy), policy)


@cache
def configuration(in_async: bool) -> Configuration:
    """The configuration for a sync or an async stack.

    Raises:
        ImproperlyConfigured: listing every problem of the settings.
    """
    try:
        return read_settings(in_async=in_async)
    except PolicyError as error:
        raise ImproperlyConfigured(str(error)) from error


def _forget(*, setting: str, **_: object) -> None:
    """Tests override settings while the middleware is running."""
    if setting.startswith(names.PREFIX):
        configuration.cache_clear()


setting_changed.connect(_forget)


def read_settings(*, in_async: bool) -> Configuration:
    """Read the settings anew.

    Raises:
        PolicyError: listing every problem, each with the name of its setting.
    """
    project = conf.settings
    given = {name: getattr(project, name) for name in dir(project) if name.startswith(names.PREFIX)}
    written = names.names_as_written(given)
    values = {name: given[as_written] for name, as_written in written.items()}
    reword = in_settings(written, allows_all=values.get(names.ALL_ORIGINS) is True)
    found = Findings(list(names.unknown_names(given)), list(names.unread_names(given)))

    rules = read_rules(values, written, reword, found)
    on_decision = read_function(names.ON_DECISION, values.get(names.ON_DECISION), found)
    reporter = found.hear(lambda: Reporter(on_decision), reword)
    debug = values.get(names.DEBUG, False)
    found.hear(lambda: read_policy(CORSPolicy(), {}, debug=debug, can_await=True), reword)
    if rules is None or reporter is None or found.problems:
        raise PolicyError(tuple(found.problems))

    has_core_s_words = names.POLICY in values or names.RESOURCES in values
    ask = ask_receivers_async if in_async else ask_receivers
    outside = rules.policies[0] if isinstance(rules, Resources) and names.URLS_REGEX in values else None
    return Configuration(
        rules,
        debug,
        reporter if has_core_s_words else Reporter(on_decision, reword=text_in_settings(written)),
        reporter,
        tuple(found.warnings),
        _asking=dict(_asking(rules.policies if isinstance(rules, Resources) else (rules,), ask)),
        _asking_outside=None if outside is None else _asking_outside(outside, ask),
    )


def _asking(policies: tuple[CORSPolicy, ...], ask: OriginFunc) -> Iterator[tuple[int, CORSPolicy]]:
    """The policies that have no function of their own to ask, with the receivers as theirs."""
    for policy in policies:
        if policy.allow_origin_func is None:
            yield id(policy), _changed(policy, allow_origin_func=ask)


def _asking_outside(policy: CORSPolicy, ask: OriginFunc) -> CORSPolicy:
    """The policy for the paths that the given one does not cover: there the receivers alone decide."""
    return _changed(
        policy,
        allow_origins=(),
        allow_origin_regex=None,
        allow_origin_func=ask,
        allow_credentials=policy.allow_credentials is True,
    )


def _changed(policy: CORSPolicy, **changes: Unpack[PolicyOptions]) -> CORSPolicy:
    """As ``policy.replace``, but its warnings have been heard."""
    changed, _ = make_policy({**options_of(policy), **changes})
    return changed
