"""What crosscors.metrics.opentelemetry counts, read with the SDK's reader in memory."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

import crosscors.wsgi
from crosscors import CORSPolicy, LivePolicy, PolicyError
from crosscors.metrics import opentelemetry
from tests.clients import ask_wsgi, preflight
from tests.tables import table

APP, EVIL = "https://app.example.com", "https://evil.example"
POLICY = CORSPolicy(allow_origins=[APP])
Points = dict[frozenset[tuple[str, str]], float]
Read = Callable[[str], Points]


@pytest.fixture
def reader() -> InMemoryMetricReader:
    return InMemoryMetricReader()


@pytest.fixture
def provider(reader: InMemoryMetricReader) -> Iterator[MeterProvider]:
    provider = MeterProvider([reader])
    yield provider
    provider.shutdown()


@pytest.fixture
def read(provider: MeterProvider, reader: InMemoryMetricReader) -> Read:
    """The points of a metric: attributes and value."""

    def read(name: str) -> Points:
        found = reader.get_metrics_data()
        metrics: list[Any] = [
            metric
            for resource in (found.resource_metrics if found else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
        ]
        assert len(metrics) <= 1
        return {
            frozenset(point.attributes.items()): point.value
            for metric in metrics
            for point in metric.data.data_points
        }

    return read


def wsgi_app(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return []


def guarded(provider: MeterProvider, **options: Any) -> crosscors.wsgi.CORSMiddleware:
    hook = opentelemetry.decisions(policy="api", meter_provider=provider)
    return crosscors.wsgi.CORSMiddleware(wsgi_app, policy=POLICY, on_decision=hook, **options)


def attributes(kind: str, error: str | None = None, **others: str) -> frozenset[tuple[str, str]]:
    given = {"crosscors.kind": kind, "crosscors.policy": "api", **others}
    given["crosscors.result"] = "allowed" if error is None else "refused"
    return frozenset((given if error is None else {**given, "error.type": error}).items())


@table(
    "method, headers, expected",
    ("no Origin", "GET", [], attributes("not-cors")),
    ("an allowed origin", "GET", [("Origin", APP)], attributes("actual")),
    ("another origin", "GET", [("Origin", EVIL)], attributes("actual", "origin-not-allowed")),
    ("a refused method", "OPTIONS", preflight(APP, "PUT"), attributes("preflight", "method-not-allowed")),
)
def test_a_decision_is_counted_with_its_error_if_any(
    provider: MeterProvider, read: Read, method: str, headers: Any, expected: frozenset[tuple[str, str]]
) -> None:
    ask_wsgi(guarded(provider), method, headers=headers)
    assert read("crosscors.decisions") == {expected: 1}


def test_the_protection_has_a_counter_of_its_own(provider: MeterProvider, read: Read) -> None:
    ask_wsgi(guarded(provider, protect=True), "POST", headers=[("Origin", EVIL)])
    expected = attributes("actual", "origin-not-own", **{"crosscors.mode": "enforced"})
    assert read("crosscors.protection") == {expected: 1}
    assert read("crosscors.decisions") == {}


def test_two_applications_count_together_and_nothing_is_logged(
    provider: MeterProvider, read: Read, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for app in (guarded(provider), guarded(provider)):
        ask_wsgi(app)
    assert read("crosscors.decisions") == {attributes("not-cors"): 2}
    assert caplog.messages == []


def test_changes_and_failures_of_live_policies_are_counted(
    provider: MeterProvider, read: Read, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    live, other = LivePolicy(POLICY), LivePolicy(POLICY)
    for each, name in ((live, "api"), (live, "api"), (other, "shop")):
        opentelemetry.watch(each, policy=name, meter_provider=provider)
    live.replace(CORSPolicy())
    live.failed(OSError("the server is away"))
    live.failed(PolicyError(()))
    api, shop = ("crosscors.policy", "api"), ("crosscors.policy", "shop")
    assert read("crosscors.policy.reloads") == {
        frozenset({api}): 1,
        frozenset({api, ("error.type", "unavailable")}): 1,
        frozenset({api, ("error.type", "invalid")}): 1,
    }
    for _ in range(2):  # it is there each time that somebody looks
        assert read("crosscors.policy.changed_timestamp") == {
            frozenset({api}): live.changed_at,
            frozenset({shop}): other.changed_at,
        }
    assert caplog.messages == []


def test_without_a_provider_nothing_happens() -> None:
    hook = opentelemetry.decisions(policy="api")
    app = crosscors.wsgi.CORSMiddleware(wsgi_app, policy=POLICY, on_decision=hook)
    assert ask_wsgi(app, headers=[("Origin", APP)]).allowed == APP
