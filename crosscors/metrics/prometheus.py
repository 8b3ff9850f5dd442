"""Metrics for Prometheus, with the package ``prometheus_client`` (the extra ``prometheus``).

``PROMETHEUS_MULTIPROC_DIR`` is supported: the workers of a server count together.

- ``crosscors_decisions_total{kind, result, reason, policy}``: decisions of a CORS policy.
- ``crosscors_protection_total{kind, result, reason, policy, mode}``: refusals of the cross-origin protection.
- ``crosscors_policy_reloads_total{policy, result}``: attempts to get a new policy.
- ``crosscors_policy_changed_timestamp_seconds{policy}``: when a process got the policy that it serves. Of
  several workers, it is that of the one which is furthest behind.

All series of a policy are there from the start, with zeros, so that a first refusal is an increase.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakValueDictionary

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge

from crosscors.core.decision import Decision
from crosscors.core.live import LivePolicy, Published
from crosscors.core.request import CORSRequest
from crosscors.metrics.outcomes import OUTCOMES, RELOADS, Outcome, checked_name, outcome_of, reload_of

if TYPE_CHECKING:
    from collections.abc import Callable


def decisions(
    *, policy: str, registry: CollectorRegistry = REGISTRY
) -> Callable[[CORSRequest, Decision], None]:
    """Make a hook that counts decisions.

    Hooks with the same name and registry count together.

    Args:
        policy: the label ``policy``: a name of your choice for the application or its policy.
        registry: where the metrics are registered. Default: the default registry of ``prometheus_client``.

    Returns:
        The hook, for ``on_decision=``.

    Raises:
        TypeError: if ``policy`` is not a text, or empty.

    Example:
        >>> from crosscors import CORSPolicy
        >>> registry = CollectorRegistry()
        >>> hook = decisions(policy="api", registry=registry)
        >>> request = CORSRequest("GET", origin="https://app.example.com")
        >>> hook(request, CORSPolicy(allow_origins="*").decide(request))
        >>> labels = {"kind": "actual", "result": "allowed", "reason": "none", "policy": "api"}
        >>> registry.get_sample_value("crosscors_decisions_total", labels)
        1.0
    """
    name = checked_name(policy)
    metrics = _metrics_in(registry)
    count = {outcome: metrics.counter_of(outcome, name).inc for outcome in OUTCOMES}

    def hook(_: CORSRequest, decision: Decision) -> None:
        if metrics.shown_in != os.getpid():
            metrics.show()
        count[outcome_of(decision)]()

    return hook


def watch(live: LivePolicy[Any], *, policy: str, registry: CollectorRegistry = REGISTRY) -> None:
    """Show when the policy changed, and count the attempts to change it.

    With ``PROMETHEUS_MULTIPROC_DIR``, a process is shown from its first decision on that a hook of
    ``decisions`` counts, or from its first change: a process that only starts others serves no policy, and
    must not look as if it were behind.

    Args:
        live: the policy. To watch it again under the same name changes nothing.
        policy: the label ``policy``: a name of your choice, as in ``decisions``.
        registry: as in ``decisions``.

    Raises:
        TypeError: if ``policy`` is not a text, or empty.

    Example:
        >>> from crosscors import CORSPolicy
        >>> live, registry = LivePolicy(CORSPolicy()), CollectorRegistry()
        >>> watch(live, policy="api", registry=registry)
        >>> name = "crosscors_policy_changed_timestamp_seconds"
        >>> registry.get_sample_value(name, {"policy": "api"}) == live.changed_at
        True
    """
    name = checked_name(policy)
    metrics = _metrics_in(registry)
    if metrics.watched.get(name) is live:
        return
    metrics.watched[name] = live
    count = {result: metrics.reloads.labels(name, result).inc for result in RELOADS}

    def changed(_: Published[Any]) -> None:
        metrics.show()
        count["ok"]()

    def failed(error: Exception) -> None:
        count[reload_of(error)]()

    live.on_change(changed)
    live.on_failure(failed)
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        metrics.shown_in = None
    else:
        metrics.show()


class _Metrics:
    """The metrics of one registry, which takes each name once.

    Attributes:
        watched: each LivePolicy that is still in use, by its name.
        shown_in: the process whose policies are shown. A forked one has to show its own.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ("kind", "result", "reason", "policy")
        self.decisions = Counter(
            "crosscors_decisions", "Decisions of a CORS policy.", labels, registry=registry
        )
        self.protection = Counter(
            "crosscors_protection",
            "Refusals of the cross-origin protection.",
            (*labels, "mode"),
            registry=registry,
        )
        self.reloads = Counter(
            "crosscors_policy_reloads",
            "Attempts to get a new policy.",
            ("policy", "result"),
            registry=registry,
        )
        self.changed = Gauge(
            "crosscors_policy_changed_timestamp_seconds",
            "When the process that is furthest behind got the policy that it serves.",
            ("policy",),
            registry=registry,
            multiprocess_mode="livemin",
        )
        self.watched: WeakValueDictionary[str, LivePolicy[Any]] = WeakValueDictionary()
        self.shown_in: int | None = None

    def counter_of(self, outcome: Outcome, policy: str) -> Counter:
        labels = (outcome.kind, outcome.result, outcome.reason, policy)
        if outcome.mode is None:
            return self.decisions.labels(*labels)
        return self.protection.labels(*labels, outcome.mode)

    def show(self) -> None:
        """Show when this process got the policies that it serves."""
        for name, live in tuple(self.watched.items()):
            self.changed.labels(name).set(live.changed_at)
        self.shown_in = os.getpid()


def _metrics_in(registry: CollectorRegistry) -> _Metrics:
    with _lock:
        return _made.get(registry) or _made.setdefault(registry, _Metrics(registry))


_made: WeakKeyDictionary[CollectorRegistry, _Metrics] = WeakKeyDictionary()
_lock = threading.Lock()
