"""Metrics for OpenTelemetry, with the package ``opentelemetry-api`` (the extra ``opentelemetry``).

- The counter ``crosscors.decisions``: decisions of a CORS policy. Attributes: ``crosscors.kind``,
  ``crosscors.result``, ``crosscors.policy``, and if something is refused ``error.type``, the reason.
- The counter ``crosscors.protection``: refusals of the cross-origin protection, also with ``crosscors.mode``.
- The counter ``crosscors.policy.reloads``: attempts to get a new policy. Attributes: ``crosscors.policy``,
  and ``error.type`` if it failed.
- The gauge ``crosscors.policy.changed_timestamp``: when the process got the policy that it serves, in seconds
  since 1970.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation, get_meter

from crosscors.core.decision import Decision
from crosscors.core.live import LivePolicy, Published
from crosscors.core.request import CORSRequest
from crosscors.metrics.outcomes import (
    NO_REASON,
    OUTCOMES,
    RELOADS,
    Outcome,
    Reload,
    checked_name,
    outcome_of,
    reload_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def decisions(
    *, policy: str, meter_provider: MeterProvider | None = None
) -> Callable[[CORSRequest, Decision], None]:
    """Make a hook that counts decisions.

    Args:
        policy: the attribute ``crosscors.policy``: a name of your choice for the application or its policy.
        meter_provider: where the counters are made. Default: the global one, which may also be set later.

    Returns:
        The hook, for ``on_decision=``.

    Raises:
        TypeError: if ``policy`` is not a text, or empty.

    Example:
        >>> from crosscors import CORSPolicy
        >>> from crosscors.asgi import CORSMiddleware
        >>> async def app(scope, receive, send): ...
        >>> app = CORSMiddleware(app, on_decision=decisions(policy="api"), policy=CORSPolicy())
    """
    name = checked_name(policy)
    instruments = _instruments_of(meter_provider)
    attributes = {outcome: _attributes_of(outcome, name) for outcome in OUTCOMES}
    count_decision, count_refusal = instruments.decisions.add, instruments.protection.add

    def hook(_: CORSRequest, decision: Decision) -> None:
        count = count_decision if decision.protection is None else count_refusal
        count(1, attributes[outcome_of(decision)])

    return hook


def watch(live: LivePolicy[Any], *, policy: str, meter_provider: MeterProvider | None = None) -> None:
    """Show when the policy changed, and count the attempts to change it.

    Args:
        live: the policy. To watch it again under the same name changes nothing.
        policy: the attribute ``crosscors.policy``: a name of your choice, as in ``decisions``.
        meter_provider: as in ``decisions``.

    Raises:
        TypeError: if ``policy`` is not a text, or empty.

    Example:
        >>> from crosscors import CORSPolicy
        >>> watch(LivePolicy(CORSPolicy()), policy="api")
    """
    name = checked_name(policy)
    instruments = _instruments_of(meter_provider)
    if instruments.watched.get(name) is live:
        return
    instruments.watched[name] = live
    attributes = {result: _attributes_of_reload(result, name) for result in RELOADS}

    def changed(_: Published[Any]) -> None:
        instruments.reloads.add(1, attributes["ok"])

    def failed(error: Exception) -> None:
        instruments.reloads.add(1, attributes[reload_of(error)])

    live.on_change(changed)
    live.on_failure(failed)


class _Instruments:
    """The instruments of one provider.

    Attributes:
        watched: each LivePolicy that is still in use, by its name.
    """

    def __init__(self, meter_provider: MeterProvider | None) -> None:
        meter = get_meter("crosscors", meter_provider=meter_provider)
        self.decisions = meter.create_counter(
            "crosscors.decisions", "{decision}", "Decisions of a CORS policy."
        )
        self.protection = meter.create_counter(
            "crosscors.protection", "{refusal}", "Refusals of the cross-origin protection."
        )
        self.reloads = meter.create_counter(
            "crosscors.policy.reloads", "{reload}", "Attempts to get a new policy."
        )
        self.watched: WeakValueDictionary[str, LivePolicy[Any]] = WeakValueDictionary()
        meter.create_observable_gauge(
            "crosscors.policy.changed_timestamp",
            [self._observe],
            "s",
            "When the process got the policy that it serves.",
        )

    def _observe(self, _: CallbackOptions) -> Iterator[Observation]:
        for name, live in tuple(self.watched.items()):
            yield Observation(live.changed_at, {"crosscors.policy": name})


# A provider that is asked twice for an instrument warns, or forgets the second callback.
_instruments_of = cache(_Instruments)


def _attributes_of(outcome: Outcome, policy: str) -> dict[str, str]:
    attributes = {
        "crosscors.kind": outcome.kind,
        "crosscors.result": outcome.result,
        "crosscors.policy": policy,
    }
    if outcome.mode is not None:
        attributes["crosscors.mode"] = outcome.mode
    if outcome.reason != NO_REASON:
        attributes["error.type"] = outcome.reason
    return attributes


def _attributes_of_reload(result: Reload, policy: str) -> dict[str, str]:
    return {"crosscors.policy": policy} | ({} if result == "ok" else {"error.type": result})
